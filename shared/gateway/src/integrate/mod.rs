//! The integration: what it is sent, and what it answers.

mod aws;
mod changes;
mod http;
mod lambda;
mod link;
mod mock;
mod parameters;
mod request;
mod subtype;

pub(crate) use aws::caller;
pub(crate) use lambda::{Event, RoutedEvent, invoke_headers};
pub(crate) use link::Links;
pub use link::VpcLinks;

use crate::Gateway;
use crate::answer::Answer;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::validate::Validated;
use ::http::{HeaderMap, HeaderName, HeaderValue, Method};
use parameters::Parameters;
use postern_definition::rest::EndpointType;
use postern_plan::{ApiSettings, IntegrationPlan, UriTemplate};
use std::time::Duration;

impl Gateway {
    pub(crate) async fn integrate(
        &self,
        validated: Validated,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let Validated { mut routed, .. } = validated;
        let plan = routed.plan.clone();
        let Some(changes) = plan.integration.changes() else {
            return self.call_integration(routed, None, trail).await;
        };
        // In boxes, for few requests are changed, and all would carry the size of that.
        let mut path = None;
        if !changes.request.are_none() {
            let changing = changes::of_request(&changes.request, &mut routed, trail);
            path = Box::pin(changing).await?;
        }
        let variables = routed.variables.clone();
        let answer = self.call_integration(routed, path, trail).await?;
        match changes.responses.get(&answer.status.as_u16()) {
            None => Ok(answer),
            Some(changes) => Box::pin(changes::of_answer(changes, answer, &variables, trail)).await,
        }
    }

    /// `path` goes on in place of the path that would.
    async fn call_integration(
        &self,
        routed: Routed,
        path: Option<String>,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let plan = routed.plan.clone();
        match &plan.integration {
            IntegrationPlan::Mock(transform) => mock::answer(transform, routed, trail).await,
            IntegrationPlan::Http(http, transform) => {
                self.http_custom(http, transform, routed, trail).await
            }
            IntegrationPlan::HttpProxy(http) => self.http_proxy(http, routed, path, trail).await,
            IntegrationPlan::Aws(aws, transform) => self.aws(aws, transform, routed, trail).await,
            IntegrationPlan::Lambda(lambda) => self.lambda_proxy(lambda, routed, path, trail).await,
            IntegrationPlan::Subtype(subtype) => self.subtype(subtype, routed, trail).await,
        }
    }
}

/// How long nothing may come of an answer that streams.
fn idle_max(api: &ApiSettings) -> Duration {
    Duration::from_secs(if api.endpoint_types.contains(&EndpointType::Edge) {
        30
    } else {
        300
    })
}

fn method(name: &str) -> Result<Method, IntegrateRejection> {
    Method::from_bytes(name.as_bytes())
        .map_err(|_| IntegrateRejection::Configuration(format!("`{name}` is not a method")))
}

/// Whether an integration called by this method is sent a body.
fn has_body(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A URI with its parameters and stage variables filled in. A parameter that nothing filled makes the address invalid.
fn filled(
    uri: &UriTemplate,
    parameters: &Parameters,
    routed: &Routed,
) -> Result<String, IntegrateRejection> {
    let filled = parameters.fill(uri, &routed.variables).into_owned();
    if filled.contains(['{', '}']) {
        return Err(IntegrateRejection::Configuration(format!(
            "Invalid endpoint address: {filled}"
        )));
    }
    Ok(filled)
}

/// What cannot be a header's value leaves the header out: the client's own must not stand in its place.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    match HeaderValue::from_bytes(value.as_bytes()) {
        Ok(value) => drop(headers.insert(name, value)),
        Err(_) => drop(headers.remove(name)),
    }
}

fn already_present(name: &str) -> IntegrateRejection {
    IntegrateRejection::Configuration(format!("{name} header already present"))
}
