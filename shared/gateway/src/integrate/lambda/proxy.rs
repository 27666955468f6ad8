//! One synchronous Invoke of a function.

use super::event::Event;
use super::event_v2::RoutedEvent;
use super::{answer, answer_routed, stream};
use crate::answer::Answer;
use crate::held::{buffered, collect};
use crate::integrate::aws::{caller, excerpt};
use crate::integrate::{already_present, idle_max, set};
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Body, Call, Destination, Gateway, headers};
use http::{HeaderMap, HeaderName, HeaderValue, Method, response};
use postern_plan::{LambdaPlan, PayloadFormat};
use serde_json::Value;

impl Gateway {
    pub(crate) async fn lambda_proxy(
        &self,
        plan: &LambdaPlan,
        mut routed: Routed,
        path: Option<String>,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        if !plan.is_post {
            return Err(IntegrateRejection::LambdaMethod);
        }
        let mut mapped = plan.mapped_headers.iter();
        if let Some(name) = mapped.find(|name| headers::is_unmappable_for_aws(name)) {
            return Err(already_present(name));
        }
        let body = collect(std::mem::replace(&mut routed.request.body, Body::empty())).await?;
        let event = self.event(plan.format, &routed, path.as_deref(), &body, trail);
        let variable = |name: &str| routed.variables.get(name).map(String::as_str);
        let call = Call {
            destination: Destination::Service {
                name: "lambda".to_owned(),
                region: plan.region.clone(),
                path: plan.path.fill(|_| None, variable).into_owned(),
                caller: caller(&plan.credentials, &routed)?,
            },
            method: Method::POST,
            headers: proxy_headers(&routed, trail),
            body: event.into(),
            timeout: plan.timeout,
        };

        let begun = self.clock.now();
        let called = self.call(call, trail).await;
        let request_id = |head: &response::Parts| {
            headers::last(&head.headers, "x-amzn-requestid").map(std::borrow::Cow::into_owned)
        };
        let integration = trail.integration.insert(IntegrationTrail {
            status: None,
            service_status: None,
            latency: self.clock.now().saturating_sub(begun),
            request_id: None,
            error: called.as_ref().err().map(ToString::to_string),
            traced: plan.format == PayloadFormat::Rest,
        });
        let (head, payload) = called?.into_parts();
        integration.request_id = request_id(&head);
        if plan.streams && head.status == 200 {
            integration.service_status = Some(200);
            let mut answer = stream::read(payload).await?;
            answer.body = answer.body.idle_at_most(idle_max(routed.api()));
            integration.latency = self.clock.now().saturating_sub(begun);
            integration.status = Some(answer.status.as_u16());
            return Ok(answer);
        }
        // The answer is there when its last byte is, as the service's time limit has it.
        let payload = buffered(payload).await;
        integration.latency = self.clock.now().saturating_sub(begun);
        let payload = payload.inspect_err(|error| integration.error = Some(error.to_string()))?;
        integration.service_status = Some(head.status.as_u16());
        match head.status.as_u16() {
            200 => {}
            status @ (429 | 500..) => return Err(IntegrateRejection::LambdaUnavailable(status)),
            status => {
                let message = reason(&payload);
                integration.error = Some(message.clone());
                return Err(IntegrateRejection::LambdaRefused { status, message });
            }
        }
        if head.headers.contains_key("x-amz-function-error") {
            integration.error = Some(excerpt(&payload));
            return Err(IntegrateRejection::FunctionError(excerpt(&payload)));
        }
        let answer = match plan.format {
            PayloadFormat::Rest => {
                let accepted = headers::first_accepted(&routed.request.headers);
                let binary = &routed.api().binary_media_types;
                answer::read(&payload, binary, accepted.as_deref())
            }
            PayloadFormat::Socket => answer::read_of_message(&payload),
            PayloadFormat::V1 => answer_routed::read_v1(&payload),
            PayloadFormat::V2 => answer_routed::read_v2(&payload),
        };
        let answer = answer.inspect_err(|error| integration.error = Some(error.to_string()))?;
        integration.status = Some(answer.status.as_u16());
        Ok(answer)
    }

    fn event(
        &self,
        format: PayloadFormat,
        routed: &Routed,
        path: Option<&str>,
        body: &[u8],
        trail: &Trail,
    ) -> Vec<u8> {
        let account = &self.settings.account;
        let of_routes = RoutedEvent {
            routed,
            trail,
            body,
            account,
            path: path.unwrap_or(&trail.path),
        };
        let of_methods = Event {
            routed,
            trail,
            body,
            account,
        };
        match format {
            PayloadFormat::Rest => of_methods.to_json(),
            PayloadFormat::Socket => of_methods.to_socket_json(),
            PayloadFormat::V1 => of_routes.to_json_v1(),
            PayloadFormat::V2 => of_routes.to_json(),
        }
    }
}

/// Those of an Invoke for a method, which tell the function's log for which API it is.
fn proxy_headers(routed: &Routed, trail: &Trail) -> HeaderMap {
    let mut sent = request_headers(trail);
    let api = &routed.live.api;
    for (name, value) in [
        ("user-agent", format!("AmazonAPIGateway_{api}")),
        ("x-amzn-apigateway-api-id", api.to_string()),
    ] {
        set(&mut sent, HeaderName::from_static(name), &value);
    }
    sent
}

/// Why Lambda refuses a call, by what it answers.
fn reason(payload: &[u8]) -> String {
    let told: Value = serde_json::from_slice(payload).unwrap_or_default();
    let message = told["message"].as_str().or(told["Message"].as_str());
    message.map_or_else(|| excerpt(payload), str::to_owned)
}

/// Those of every Invoke.
pub(crate) fn request_headers(trail: &Trail) -> HeaderMap {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    let mut sent = HeaderMap::with_capacity(8);
    sent.insert(http::header::CONTENT_TYPE, JSON);
    sent.insert(http::header::ACCEPT, JSON);
    for (name, value) in [
        ("x-amzn-trace-id", &trail.trace_id),
        ("x-amzn-lambda-integration-tag", &trail.request_id),
    ] {
        set(&mut sent, HeaderName::from_static(name), value);
    }
    sent
}
