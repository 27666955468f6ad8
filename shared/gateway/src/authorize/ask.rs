//! Asking an authorizer's function.

use crate::held::buffered;
use crate::integrate::{Event, RoutedEvent, caller, invoke_headers};
use crate::mapping::Given;
use crate::rejection::AuthorizeRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Call, Destination, Gateway, headers};
use bytes::Bytes;
use http::Method;
use postern_plan::{ApiKind, Asks, AuthorizerFormat, FunctionPlan, Source};
use postern_template::Payload;
use serde_json::{Value, json};
use std::borrow::Cow;

impl Gateway {
    #[expect(
        clippy::unused_self,
        reason = "it stands beside the question that it is part of"
    )]
    /// What the request says of who is calling, one value for each source. Nobody is asked where one is missing.
    pub(crate) fn identity_values(
        &self,
        plan: &FunctionPlan,
        routed: &Routed,
        trail: &Trail,
    ) -> Result<Vec<String>, AuthorizeRejection> {
        let body = Payload::new("");
        let given = Given {
            message: routed.message(),
            body: &body,
            variables: &routed.variables,
            trail,
        };
        let value = |source: &Source| {
            // There is no body that could be malformed.
            let values = given.values(source).ok().flatten();
            let value = values.map(|values| values.joined().into_owned());
            value.ok_or(AuthorizeRejection::Unidentified)
        };
        match &plan.asks {
            Asks::Token { source, pattern } => {
                let token = value(source)?;
                if pattern
                    .as_ref()
                    .is_some_and(|pattern| !pattern.matches(&token))
                {
                    return Err(AuthorizeRejection::Unidentified);
                }
                Ok(vec![token])
            }
            Asks::Request { sources } => sources.iter().map(value).collect(),
        }
    }

    /// The call by which a function is asked about somebody of whom the request says this.
    pub(crate) fn question(
        &self,
        plan: &FunctionPlan,
        identity: &[String],
        routed: &Routed,
        trail: &Trail,
    ) -> Result<Call, AuthorizeRejection> {
        let event = self.authorizer_event(plan, identity, routed, trail);
        let variable = |name: &str| routed.variables.get(name).map(String::as_str);
        let caller = caller(&plan.credentials, routed)
            .map_err(|error| AuthorizeRejection::Configuration(error.to_string()))?;
        Ok(Call {
            destination: Destination::Service {
                name: "lambda".to_owned(),
                region: plan.region.clone(),
                path: plan.path.fill(|_| None, variable).into_owned(),
                caller,
            },
            method: Method::POST,
            headers: invoke_headers(trail),
            body: event.into(),
            timeout: plan.within,
        })
    }

    /// Puts the question to the function, and returns what it answers as it stands.
    pub(crate) async fn put(
        &self,
        question: Call,
        trail: &mut Trail,
    ) -> Result<Bytes, AuthorizeRejection> {
        let failed = |reason: String| AuthorizeRejection::Configuration(reason);
        let asked_at = self.clock.now();
        let answer = self.backend.call(question).await;
        let (head, payload) = answer
            .map_err(|error| failed(error.to_string()))?
            .into_parts();
        let payload = buffered(payload)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let latency = self.clock.now().saturating_sub(asked_at);
        let said = trail.caller.authorizer.get_or_insert_default();
        said.latency = latency;
        said.service_status = Some(head.status.as_u16());
        said.request_id = headers::last(&head.headers, "x-amzn-requestid").map(Cow::into_owned);
        trail.log.data(|| {
            let text = String::from_utf8_lossy(&payload);
            format!("Authorizer result body before parsing: {text}")
        });
        if head.status != 200 {
            let status = head.status.as_u16();
            return Err(failed(format!("Lambda answers {status}")));
        }
        if head.headers.contains_key("x-amz-function-error") {
            return Err(refusal(&payload));
        }
        Ok(payload)
    }

    fn authorizer_event(
        &self,
        plan: &FunctionPlan,
        identity: &[String],
        routed: &Routed,
        trail: &Trail,
    ) -> Vec<u8> {
        let arn = self.method_arn(routed);
        let account = &self.settings.account;
        let event = RoutedEvent {
            routed,
            trail,
            body: &[],
            account,
            path: &trail.path,
        };
        match (&plan.asks, plan.format) {
            (Asks::Token { .. }, _) => {
                let token = identity.first().map(String::as_str);
                let event = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token});
                event.to_string().into_bytes()
            }
            (Asks::Request { .. }, _) if routed.api().kind == ApiKind::WebSocket => {
                let event = Event {
                    routed,
                    trail,
                    body: &[],
                    account,
                };
                event.to_socket_authorizer_json(&arn)
            }
            (Asks::Request { .. }, AuthorizerFormat::Unversioned) => {
                let event = Event {
                    routed,
                    trail,
                    body: &[],
                    account,
                };
                event.to_authorizer_json(&arn)
            }
            (Asks::Request { .. }, AuthorizerFormat::One) => {
                event.to_authorizer_json_v1(&arn, identity)
            }
            (Asks::Request { .. }, AuthorizerFormat::Two { .. }) => {
                let identity = Some(identity).filter(|identity| !identity.is_empty());
                event.to_authorizer_json(&arn, identity)
            }
        }
    }
}

/// A function says by an error of just this message that it knows the caller not to be one.
fn refusal(payload: &[u8]) -> AuthorizeRejection {
    let error: Option<Value> = serde_json::from_slice(payload).ok();
    let message = error
        .as_ref()
        .and_then(|error| error["errorMessage"].as_str());
    match message {
        Some("Unauthorized") => AuthorizeRejection::Refused,
        message => {
            let message = message.unwrap_or("an error without a message");
            AuthorizeRejection::Failed(message.to_owned())
        }
    }
}
