//! Asking an authorizer's function.

use super::Verdict;
use crate::integrate::{Event, buffered, caller, invoke_headers};
use crate::mapping::Given;
use crate::rejection::AuthorizeRejection;
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Call, Destination, Gateway};
use http::Method;
use postern_plan::{Asks, AuthorizerPlan, Source};
use postern_template::Payload;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a function gets to decide.
const WITHIN: Duration = Duration::from_secs(29);

impl Gateway {
    /// The call by which a function is asked. Nobody is asked where the request does not say who is calling.
    pub(crate) fn question(
        &self,
        plan: &AuthorizerPlan,
        routed: &Routed,
        trail: &Trail,
    ) -> Result<Call, AuthorizeRejection> {
        let event = self.authorizer_event(plan, routed, trail)?;
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
            timeout: WITHIN,
        })
    }

    /// The function's verdict.
    pub(crate) async fn ask(
        &self,
        question: Call,
        trail: &mut Trail,
    ) -> Result<Verdict, AuthorizeRejection> {
        let failed = |reason: String| AuthorizeRejection::Configuration(reason);
        let answer = self.call(question, trail).await;
        let (head, payload) = answer
            .map_err(|error| failed(error.to_string()))?
            .into_parts();
        let payload = buffered(payload)
            .await
            .map_err(|error| failed(error.to_string()))?;
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
        Verdict::read(&payload).map_err(|error| failed(error.to_string()))
    }

    fn authorizer_event(
        &self,
        plan: &AuthorizerPlan,
        routed: &Routed,
        trail: &Trail,
    ) -> Result<Vec<u8>, AuthorizeRejection> {
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
            values.map(|values| values.joined().into_owned())
        };
        let arn = self.method_arn(routed);
        match &plan.asks {
            Asks::Token { source, pattern } => {
                let token = value(source).ok_or(AuthorizeRejection::Unidentified)?;
                if pattern
                    .as_ref()
                    .is_some_and(|pattern| !pattern.matches(&token))
                {
                    return Err(AuthorizeRejection::Unidentified);
                }
                let event = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token});
                Ok(event.to_string().into_bytes())
            }
            Asks::Request { sources } => {
                if sources.iter().any(|source| value(source).is_none()) {
                    return Err(AuthorizeRejection::Unidentified);
                }
                let event = Event {
                    routed,
                    trail,
                    body: &[],
                    account: &self.settings.account,
                };
                Ok(event.to_authorizer_json(&arn))
            }
        }
    }

    /// What is asked for: the method as the client names it.
    fn method_arn(&self, routed: &Routed) -> String {
        format!(
            "arn:aws:execute-api:{}:{}:{}/{}/{}{}",
            self.settings.region,
            self.settings.account,
            routed.live.api,
            routed.live.name,
            routed.request.method,
            routed.request.path,
        )
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
            AuthorizeRejection::Configuration(format!("the function failed: {message}"))
        }
    }
}
