//! AWS_PROXY: one synchronous Invoke of a Lambda function.

use super::event::Event;
use super::{PAYLOAD_BYTES_MAX, collect, function_answer};
use crate::finish::Answer;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Body, Call, CallError, CollectError, Destination, Gateway, headers};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_plan::LambdaPlan;

/// Of a failed call's body, for the journal.
const ERROR_BYTES_MAX: usize = 300;

impl Gateway {
    pub(super) async fn lambda_proxy(
        &self,
        plan: &LambdaPlan,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        if !plan.is_post {
            return Err(IntegrateRejection::LambdaMethod);
        }
        let mut mapped = plan.mapped_headers.iter();
        if let Some(name) = mapped.find(|name| headers::is_unmappable_for_aws(name)) {
            return Err(IntegrateRejection::Configuration(format!(
                "{name} header already present"
            )));
        }
        let body = collect(std::mem::replace(&mut routed.request.body, Body::empty())).await?;
        let event = Event {
            routed: &routed,
            trail,
            body: &body,
            account: &self.settings.account,
        }
        .to_json();
        let path = plan
            .path
            .fill(
                |_| None,
                |name| routed.variables.get(name).map(String::as_str),
            )
            .into_owned();
        let mut sent = HeaderMap::new();
        sent.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        sent.insert(
            http::header::ACCEPT,
            HeaderValue::from_static("application/json"),
        );
        for (name, value) in [
            ("x-amzn-trace-id", &trail.trace_id),
            ("x-amzn-lambda-integration-tag", &trail.request_id),
        ] {
            if let Ok(value) = HeaderValue::try_from(value.as_str()) {
                sent.insert(HeaderName::from_static(name), value);
            }
        }
        let call = Call {
            destination: Destination::Service {
                name: "lambda".to_owned(),
                region: plan.region.clone(),
                path,
            },
            method: Method::POST,
            headers: sent,
            body: event.into(),
            timeout: plan.timeout,
        };

        let begun = self.clock.now();
        let called = match self.backend.call(call).await {
            // The answer is there when its last byte is, as the service's time limit has it.
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok((head, body.collect(PAYLOAD_BYTES_MAX).await))
            }
            Err(error) => Err(error),
        };
        let latency = self.clock.now().saturating_sub(begun);
        let service_status = called.as_ref().ok().map(|(head, _)| head.status.as_u16());
        let request_id = called
            .as_ref()
            .ok()
            .and_then(|(head, _)| headers::last(&head.headers, "x-amzn-requestid"));
        let integration = trail.integration.insert(IntegrationTrail {
            status: None,
            service_status,
            latency,
            request_id: request_id.map(std::borrow::Cow::into_owned),
            error: called.as_ref().err().map(ToString::to_string),
            traced: true,
        });
        let (head, payload) = called?;
        let payload = payload.map_err(|error| {
            integration.error = Some(error.to_string());
            broken(error)
        })?;
        match head.status.as_u16() {
            200 => {}
            status @ (429 | 500..) => return Err(IntegrateRejection::LambdaUnavailable(status)),
            status => {
                return Err(IntegrateRejection::LambdaRefused {
                    status,
                    message: excerpt(&payload),
                });
            }
        }
        if head.headers.contains_key("x-amz-function-error") {
            integration.error = Some(excerpt(&payload));
            return Err(IntegrateRejection::FunctionError(excerpt(&payload)));
        }
        let accepted = headers::first_accepted(&routed.request.headers);
        let answer = function_answer::read(
            &payload,
            &routed.api().binary_media_types,
            accepted.as_deref(),
        )?;
        integration.status = Some(answer.status.as_u16());
        Ok(answer)
    }
}

/// A call may also fail, or its time end, while the answer arrives.
fn broken(error: CollectError) -> IntegrateRejection {
    match error {
        CollectError::Broken(reason) => match reason.downcast::<CallError>() {
            Ok(failure) => IntegrateRejection::Call(*failure),
            Err(reason) => CollectError::Broken(reason).into(),
        },
        CollectError::TooLong(_) => error.into(),
    }
}

fn excerpt(payload: &[u8]) -> String {
    String::from_utf8_lossy(&payload[..payload.len().min(ERROR_BYTES_MAX)]).into_owned()
}
