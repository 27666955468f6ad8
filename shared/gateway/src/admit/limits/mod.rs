//! How much: API keys and usage plans, the limits of stage and account, in the service's order.

mod exceeded;
mod keys;
mod known;
mod settings;
mod throttle;

pub(crate) use exceeded::{Exceeded, ExceededLimit};
pub(crate) use keys::{Due, Keys};
pub use settings::{Metering, OnStoreFailure, Throttle};

use super::Caller;
use crate::rejection::{AdmitRejection, ApiKeyRejection};
use crate::route::Routed;
use crate::stages::Live;
use crate::trail::{ApiKeyTrail, Trail};
use crate::{Gateway, headers};
use http::{HeaderMap, Method};
use keys::Joined;
use postern_definition::ResourceId;
use postern_definition::rest::ApiKeySource;
use postern_plan::MethodPlan;
use postern_telemetry::masked;
use std::borrow::Cow;

/// What is looked at of a request: all but its body, which nothing that waits may hold on to.
#[derive(Clone, Copy)]
pub(super) struct Asked<'r> {
    live: &'r Live,
    plan: &'r MethodPlan,
    key_source: ApiKeySource,
    headers: &'r HeaderMap,
    method: &'r Method,
    settings_verb: &'r str,
    /// Of the resource.
    path: &'r str,
    resource: &'r ResourceId,
}

impl<'r> Asked<'r> {
    pub(super) fn of(routed: &'r Routed) -> Self {
        Self {
            live: &routed.live,
            plan: &routed.plan,
            key_source: routed.api().api_key_source,
            headers: &routed.request.headers,
            method: &routed.request.method,
            settings_verb: routed.settings_verb(),
            path: &routed.resource_path,
            resource: &routed.resource_id,
        }
    }
}

/// Under which plan a request is counted.
enum Counted {
    /// None: the method wants no key.
    Free,
    By(Joined),
    /// The store did not say, and the settings let it in.
    Unknown,
}

impl Gateway {
    /// What is due for being read again is for whoever has the time, beside the rest of the request.
    pub(super) async fn check_limits(
        &self,
        asked: Asked<'_>,
        caller: &Caller,
        trail: &mut Trail,
    ) -> Result<Due, AdmitRejection> {
        let sent = sent_key(asked, caller);
        let sent = sent.as_deref().filter(|value| !value.is_empty());
        if let Some(value) = sent {
            trail.log.hide(value);
        }
        let shown = sent.map_or_else(String::new, masked);
        let (api, stage) = (&asked.live.api, &asked.live.name);
        let id = &trail.request_id;
        trail.log.info(|| {
            format!(
                "Verifying Usage Plan for request: {id}. API Key: {shown} API Stage: {api}/{stage}"
            )
        });
        let (counted, due) = if asked.plan.api_key_required {
            let value = sent.ok_or(ApiKeyRejection::Absent)?;
            self.join(value, asked.live, trail).await?
        } else {
            let verb = &asked.plan.verb;
            let path = asked.path;
            trail.log.info(|| {
                format!("API Key {shown} authorized because method '{verb} {path}' does not require API Key. Request will not contribute to throttle or quota limits")
            });
            trail.caller.api_key = sent.map(|value| ApiKeyTrail {
                id: None,
                value: value.to_owned(),
            });
            (Counted::Free, Due::default())
        };
        let checked = self.count(&counted, &shown, asked, trail).await;
        if checked.is_err() && !due.is_empty() {
            // Or whoever is refused would be for long by what is no longer so.
            self.keys.refresh(&due).await;
        }
        checked.map(|()| due)
    }

    /// Finds the key and its plan, and says so on the trail.
    async fn join(
        &self,
        value: &str,
        live: &Live,
        trail: &mut Trail,
    ) -> Result<(Counted, Due), AdmitRejection> {
        match self.keys.find(value, live).await {
            Ok((Ok(joined), due)) => {
                trail.caller.api_key = Some(ApiKeyTrail {
                    id: Some(joined.caller.id.clone()),
                    value: value.to_owned(),
                });
                Ok((Counted::By(joined), due))
            }
            Ok((Err(rejection), _)) => Err(rejection.into()),
            Err(error) => {
                trail.uncounted = true;
                self.journal.fault(&format!(
                    "{} an API key could not be looked up: {error}",
                    trail.request_id
                ));
                match self.settings.metering.on_store_failure {
                    OnStoreFailure::Refuse => Err(AdmitRejection::Uncounted),
                    OnStoreFailure::Admit => Ok((Counted::Unknown, Due::default())),
                }
            }
        }
    }
}

/// The key that came, from wherever the API takes its keys.
fn sent_key<'r>(asked: Asked<'r>, caller: &'r Caller) -> Option<Cow<'r, str>> {
    match asked.key_source {
        ApiKeySource::Authorizer => caller.usage_identifier_key.as_deref().map(Cow::Borrowed),
        ApiKeySource::Header => asked.headers.get("x-api-key").map(headers::text),
    }
}
