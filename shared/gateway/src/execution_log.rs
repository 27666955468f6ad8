//! The steps of a request as its execution log tells them. Everything here does nothing where no log was asked for.

use crate::rejection::{AdmitRejection, AuthorizeRejection, IntegrateRejection, Rejection};
use crate::route::Routed;
use crate::trail::Trail;
use crate::{Body, Call, CallError, CollectError, Destination, Gateway, headers, told};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body::Body as _;
use postern_telemetry::{ExecutionLog, LoggingLevel, java_headers, java_map};
use std::borrow::Cow;

/// A streamed answer that is longer, or does not say how long it is, is not held for the log.
const HELD_BYTES_MAX: usize = 1 << 20;

pub(crate) trait Steps {
    fn started(&mut self, request_id: &str, routed: &Routed);
    fn requested(&mut self, routed: &Routed, body: &[u8]);
    fn calling(&mut self, call: &Call);
    fn called(&mut self, head: (StatusCode, &HeaderMap), latency_ms: u128);
    fn endpoint_body(&mut self, body: &Body);
    fn answered(&mut self, status: StatusCode, headers: &HeaderMap, body: &Body);
    fn rejected(&mut self, rejection: &Rejection, status: StatusCode);
}

impl Steps for ExecutionLog {
    fn started(&mut self, request_id: &str, routed: &Routed) {
        self.info(|| format!("Starting execution for request: {request_id}"));
        let request = &routed.request;
        self.info(|| {
            format!(
                "HTTP Method: {}, Resource Path: {}",
                request.method, request.path
            )
        });
    }

    fn requested(&mut self, routed: &Routed, body: &[u8]) {
        self.data(|| {
            let path = java_map(routed.path_parameters.iter());
            format!("Method request path: {path}")
        });
        self.data(|| {
            let query = java_map(
                routed
                    .query
                    .pairs()
                    .iter()
                    .map(|(name, value)| (name, value)),
            );
            format!("Method request query string: {query}")
        });
        self.data(|| {
            let request = &routed.request;
            let named = |name| request.spelling.of_name(name);
            let fields = fields(&request.headers, named);
            format!("Method request headers: {}", java_headers(fields))
        });
        self.data(|| format!("Method request body before transformations: {}", text(body)));
    }

    fn calling(&mut self, call: &Call) {
        let uri = || match &call.destination {
            Destination::Url { url, .. } => url.clone(),
            Destination::Service {
                name, region, path, ..
            } => {
                format!("https://{name}.{region}.amazonaws.com{path}")
            }
        };
        self.data(|| format!("Endpoint request URI: {}", uri()));
        self.data(|| format!("Endpoint request headers: {}", shown(&call.headers)));
        self.data(|| {
            format!(
                "Endpoint request body after transformations: {}",
                body_text(&call.body)
            )
        });
        self.data(|| format!("Sending request to {}", uri()));
    }

    fn called(&mut self, (status, headers): (StatusCode, &HeaderMap), latency_ms: u128) {
        self.data(|| {
            format!(
                "Received response. Status: {}, Integration latency: {latency_ms} ms",
                status.as_u16()
            )
        });
        self.data(|| format!("Endpoint response headers: {}", shown(headers)));
    }

    fn endpoint_body(&mut self, body: &Body) {
        self.data(|| {
            format!(
                "Endpoint response body before transformations: {}",
                body_text(body)
            )
        });
    }

    fn answered(&mut self, status: StatusCode, headers: &HeaderMap, body: &Body) {
        self.data(|| {
            format!(
                "Method response body after transformations: {}",
                body_text(body)
            )
        });
        self.data(|| format!("Method response headers: {}", shown(headers)));
        self.info(|| "Successfully completed execution".to_owned());
        self.info(|| format!("Method completed with status: {}", status.as_u16()));
    }

    fn rejected(&mut self, rejection: &Rejection, status: StatusCode) {
        self.error(|| failure(rejection));
        self.info(|| format!("Method completed with status: {}", status.as_u16()));
    }
}

/// Why a request failed, in the service's words where they are known and in the rejection's own otherwise.
fn failure(rejection: &Rejection) -> String {
    if let Rejection::Admit(AdmitRejection::Exceeded(exceeded)) = rejection {
        return exceeded.to_string();
    }
    let configuration =
        |reason: &str| format!("Execution failed due to configuration error: {reason}");
    if let Rejection::Integrate(rejection) = rejection {
        match rejection {
            IntegrateRejection::Configuration(reason) => return configuration(reason),
            IntegrateRejection::MalformedAnswer(_) => {
                return configuration("Malformed Lambda proxy response");
            }
            IntegrateRejection::LambdaRefused { status: 403, .. } => {
                return configuration("Invalid permissions on Lambda function");
            }
            IntegrateRejection::Call(CallError::Address(_)) => {
                return configuration("Invalid endpoint address");
            }
            IntegrateRejection::Call(CallError::Timeout(_)) => {
                return "Execution failed due to a timeout error".to_owned();
            }
            IntegrateRejection::Call(CallError::Network(reason)) => {
                return format!(
                    "Execution failed due to a network error communicating with endpoint: {reason}"
                );
            }
            _ => {}
        }
    }
    let text = rejection.to_string();
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// As the service writes them: first what it adds itself.
fn shown(map: &HeaderMap) -> String {
    const FIRST: [&str; 5] = [
        "x-amzn-lambda-integration-tag",
        "x-amzn-apigateway-api-id",
        "accept",
        "user-agent",
        "x-amzn-trace-id",
    ];
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by_key(|(name, _)| {
        let place = FIRST.iter().position(|first| name == first);
        place.unwrap_or(FIRST.len())
    });
    let named = fields
        .into_iter()
        .map(|(name, value)| (told(name), headers::text(value)));
    java_headers(named)
}

fn fields<'m>(
    map: &'m HeaderMap,
    named: impl Fn(&'m HeaderName) -> Cow<'m, str>,
) -> impl Iterator<Item = (Cow<'m, str>, Cow<'m, str>)> {
    map.iter()
        .map(move |(name, value)| (named(name), headers::text(value)))
}

/// As much of a body as a line holds.
fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(4_096)]).into_owned()
}

fn body_text(body: &Body) -> String {
    match body {
        Body::Full(bytes) => text(bytes),
        Body::Stream(_) => "[Streamed]".to_owned(),
    }
}

impl Trail {
    /// Begins the log that the method's settings ask for, unless one is kept already.
    pub(crate) fn begin_log(&mut self, routed: &Routed) {
        if self.log.is_kept() {
            return;
        }
        let setting = routed
            .live
            .method_setting(&routed.resource_path, routed.settings_verb());
        let Some(setting) = setting else { return };
        let level = setting.logging_level.as_deref().unwrap_or_default();
        let level = LoggingLevel::parse(level);
        self.log = ExecutionLog::begin(level, setting.data_trace_enabled, self.received_at);
        let extended_id = &self.extended_request_id;
        self.log
            .info(|| format!("Extended Request Id: {extended_id}"));
    }

    /// Notes what an authorizer made of a token.
    pub(crate) fn log_bearer(&mut self, authorizer: &str, refused: Option<&AuthorizeRejection>) {
        let request = &self.request_id;
        self.log
            .info(|| format!("Starting authorizer: {authorizer} for request: {request}"));
        match refused.map(AuthorizeRejection::status) {
            None => self
                .log
                .info(|| "Successfully completed authorizer execution".to_owned()),
            Some(401) => self
                .log
                .error(|| format!("Unauthorized request: {request}")),
            // The rejection itself says all there is to say.
            Some(_) => {}
        }
    }

    /// Notes that the method's execution begins.
    pub(crate) fn log_start(&mut self, routed: &Routed) {
        self.begin_log(routed);
        self.log.started(&self.request_id, routed);
    }
}

impl Gateway {
    /// Calls the backend, and tells the log what was sent and what came back.
    pub(crate) async fn call(
        &self,
        call: Call,
        trail: &mut Trail,
    ) -> Result<Response<Body>, CallError> {
        self.call_and_tell(call, trail, true).await
    }

    /// As [`Gateway::call`], for an answer of which not even a log may hold back the first byte.
    pub(crate) async fn call_streaming(
        &self,
        call: Call,
        trail: &mut Trail,
    ) -> Result<Response<Body>, CallError> {
        self.call_and_tell(call, trail, false).await
    }

    async fn call_and_tell(
        &self,
        call: Call,
        trail: &mut Trail,
        may_be_held: bool,
    ) -> Result<Response<Body>, CallError> {
        if !trail.log.wants_data() {
            return self.backend.call(call).await;
        }
        trail.log.calling(&call);
        let begun = self.clock.now();
        let called = self.backend.call(call).await;
        let latency = self.clock.now().saturating_sub(begun);
        trail.log.later(latency);
        let (head, body) = called?.into_parts();
        trail
            .log
            .called((head.status, &head.headers), latency.as_millis());
        let longest = body.size_hint().upper();
        let is_small = may_be_held && longest.is_some_and(|bytes| bytes <= HELD_BYTES_MAX as u64);
        let body = match body {
            body if is_small => match body.collect(HELD_BYTES_MAX).await {
                Ok(bytes) => Body::Full(bytes),
                // A call may also fail, or its time end, while the answer arrives.
                Err(CollectError::Broken(error)) => {
                    let failure = error.downcast::<CallError>();
                    return Err(failure.map_or_else(|e| CallError::Network(e.to_string()), |e| *e));
                }
                Err(error @ CollectError::TooLong(_)) => {
                    return Err(CallError::Network(error.to_string()));
                }
            },
            body => body,
        };
        trail.log.endpoint_body(&body);
        Ok(Response::from_parts(head, body))
    }
}
