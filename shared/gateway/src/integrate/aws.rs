//! AWS: a call of an AWS service, made by the owner's templates and mappings, and signed by whoever implements the backend.

mod actions;

use super::parameters::Parameters;
use super::request::{self, Prepared};
use super::{filled, has_body, set};
use crate::answer::Answer;
use crate::held::buffered;
use crate::rejection::IntegrateRejection;
use crate::respond::{self, Answered};
use crate::route::Routed;
use crate::trail::{IntegrationTrail, Trail};
use crate::{Call, Caller, Destination, Gateway, headers};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, REFERER, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use postern_plan::{ApiKind, AwsOperation, AwsPlan, Credentials, Transform};
use serde_json::Value;
use std::borrow::Cow;

/// Of a failed call's body, for the journal.
const ERROR_BYTES_MAX: usize = 300;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Gateway {
    pub(super) async fn aws(
        &self,
        plan: &AwsPlan,
        transform: &Transform,
        mut routed: Routed,
        trail: &mut Trail,
    ) -> Result<Answer, IntegrateRejection> {
        let method = super::method(&plan.method)?;
        let prepared =
            request::prepare(&transform.requests, Some(&plan.mapping), &mut routed, trail).await?;
        let service = filled(&plan.service, &prepared.parameters, &routed)?;
        let action = match &plan.operation {
            AwsOperation::Path(_) => None,
            AwsOperation::Action(action) => Some(filled(action, &prepared.parameters, &routed)?),
        };
        let json = action
            .as_deref()
            .and_then(|action| actions::json_target(&service, action, &prepared.body));
        let body = match (&json, plan.invokes) {
            _ if !has_body(&method) => Bytes::new(),
            // Functions and JSON services want a document, where the client sent nothing.
            (Some(_), _) | (_, true) if prepared.is_passed_through && prepared.body.is_empty() => {
                Bytes::from_static(b"{}")
            }
            _ => prepared.body.clone(),
        };
        let mut path = match (&plan.operation, &action) {
            (AwsOperation::Path(path), _) => filled(path, &prepared.parameters, &routed)?,
            (AwsOperation::Action(_), action) => {
                format!("/?Action={}", action.as_deref().unwrap_or_default())
            }
        };
        prepared.parameters.append_query(&mut path, &[]);
        let call = Call {
            headers: self.request_headers(plan, &prepared, &body, json, &routed, trail)?,
            destination: Destination::Service {
                name: service,
                region: plan.region.clone(),
                path,
                caller: caller(&plan.credentials, &routed)?,
            },
            method,
            body: body.into(),
            timeout: plan.timeout,
        };
        let (head, body) = self.call_service(call, plan.invokes, trail).await?;
        let status = head.status.as_u16();
        let is_of_messages = routed.api().kind == ApiKind::WebSocket;
        let selection = if plan.invokes {
            function_error(status, &body)?
        } else if is_of_messages {
            error_message(&body).unwrap_or_default()
        } else {
            status.to_string()
        };
        // A WebSocket API has no other status to give for a function that failed.
        let has_failed = is_of_messages && plan.invokes && !selection.is_empty();
        let answered = Answered {
            selection,
            status: if has_failed { 502 } else { status }.to_string(),
            headers: head.headers,
            body,
            remapping: &headers::MAPPED,
            traced: true,
        };
        respond::to_answer(
            &transform.responses,
            answered,
            prepared.overrides,
            &routed,
            trail,
        )
    }

    /// Calls a service of AWS, and notes on the trail what came of it.
    pub(super) async fn call_service(
        &self,
        call: Call,
        traced: bool,
        trail: &mut Trail,
    ) -> Result<(Parts, Bytes), IntegrateRejection> {
        let begun = self.clock.now();
        let called = match self.call(call, trail).await {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                buffered(body).await.map(|body| (head, body))
            }
            Err(error) => Err(error.into()),
        };
        let status = called.as_ref().ok().map(|(head, _)| head.status.as_u16());
        let request_id = called.as_ref().ok().and_then(|(head, _)| {
            headers::last(&head.headers, "x-amzn-requestid")
                .or_else(|| headers::last(&head.headers, "x-amz-request-id"))
        });
        trail.integration = Some(IntegrationTrail {
            status,
            service_status: status,
            latency: self.clock.now().saturating_sub(begun),
            request_id: request_id.map(Cow::into_owned),
            error: called.as_ref().err().map(ToString::to_string),
            traced,
        });
        called
    }

    fn request_headers(
        &self,
        plan: &AwsPlan,
        prepared: &Prepared,
        body: &Bytes,
        json: Option<actions::JsonTarget>,
        routed: &Routed,
        trail: &Trail,
    ) -> Result<HeaderMap, IntegrateRejection> {
        let mut sent = HeaderMap::with_capacity(10);
        sent.insert(ACCEPT, JSON);
        set(
            &mut sent,
            USER_AGENT,
            &format!("AmazonAPIGateway_{}", routed.live.api),
        );
        if let Some(json) = json {
            set(&mut sent, CONTENT_TYPE, json.content_type);
            set(
                &mut sent,
                HeaderName::from_static("x-amz-target"),
                &json.target,
            );
        } else if !body.is_empty() {
            let client = routed.request.headers.get(CONTENT_TYPE);
            let client = client.filter(|_| !plan.invokes && has_body(&routed.request.method));
            sent.insert(CONTENT_TYPE, client.cloned().unwrap_or(JSON));
        }
        for (name, value) in [
            ("x-amzn-apigateway-api-id", routed.live.api.to_string()),
            ("x-amzn-trace-id", trail.trace_id.clone()),
            ("x-amz-source-account", self.settings.account.clone()),
            ("x-amz-source-arn", self.source_arn(routed)),
        ] {
            set(&mut sent, HeaderName::from_static(name), &value);
        }
        if plan.invokes {
            let tag = HeaderName::from_static("x-amzn-lambda-integration-tag");
            set(&mut sent, tag, &trail.request_id);
        }
        set_mapped(&mut sent, &prepared.parameters)?;
        Ok(sent)
    }

    /// What the service is called on behalf of. A method declared `ANY` is `*`.
    fn source_arn(&self, routed: &Routed) -> String {
        if routed.api().kind == ApiKind::WebSocket {
            return self.method_arn(routed);
        }
        let verb = match routed.plan.verb.as_str() {
            "ANY" => "*",
            verb => verb,
        };
        format!(
            "arn:aws:execute-api:{}:{}:{}/{}/{verb}{}",
            self.settings.region,
            self.settings.account,
            routed.live.api,
            routed.live.name,
            routed.resource_path,
        )
    }
}

fn set_mapped(sent: &mut HeaderMap, parameters: &Parameters) -> Result<(), IntegrateRejection> {
    for (name, value) in &parameters.headers {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            continue;
        };
        if headers::is_unmappable_for_aws(name.as_str()) {
            return Err(super::already_present(name.as_str()));
        }
        if name != REFERER && !headers::is_mapped_in_vain(&name) {
            set(sent, name, value);
        }
    }
    Ok(())
}

/// In whose name the service is called.
pub(crate) fn caller(
    credentials: &Credentials,
    routed: &Routed,
) -> Result<Caller, IntegrateRejection> {
    match credentials {
        Credentials::Own => Ok(Caller::Gateway),
        Credentials::Role(arn) => {
            let variable = |name: &str| routed.variables.get(name).map(String::as_str);
            Ok(Caller::Role(arn.fill(|_| None, variable).into_owned()))
        }
        Credentials::Caller => Err(IntegrateRejection::Configuration(
            "the caller's own credentials cannot be passed on, for a signature does not hold them: \
             give the integration a role instead of arn:aws:iam::*:user/*"
                .to_owned(),
        )),
    }
}

/// The text by which the answer of a function selects its response: what went wrong in it, or nothing.
fn function_error(status: u16, body: &[u8]) -> Result<String, IntegrateRejection> {
    let message = || error_message(body);
    match status {
        200..=299 => Ok(message().unwrap_or_default()),
        // The document that the function should get is none; the client is told so, in Lambda's words.
        400 => Ok(String::new()),
        // Emulators answer so where a function fails.
        500.. if message().is_some() => Ok(message().unwrap_or_default()),
        429 | 500.. => Err(IntegrateRejection::LambdaUnavailable(status)),
        _ => Err(IntegrateRejection::LambdaRefused {
            status,
            message: excerpt(body),
        }),
    }
}

fn error_message(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer.get("errorMessage")?.as_str().map(str::to_owned)
}

pub(super) fn excerpt(payload: &[u8]) -> String {
    String::from_utf8_lossy(&payload[..payload.len().min(ERROR_BYTES_MAX)]).into_owned()
}
