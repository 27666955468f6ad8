//! What every answer carries, whoever gave it, and the record of the request.

use crate::answer::{Answer, TRACE_ID};
use crate::execution_log::Steps;
use crate::gateway::Served;
use crate::gateway_response::DefaultAnswer;
use crate::rejection::{IntegrateRejection, Rejection, ValidateRejection};
use crate::respond::Rejected;
use crate::stages::Live;
use crate::trail::{AnswerTrail, CacheTrail, Happening, RejectionTrail, SocketTrail, Trail};
use crate::{Body, BodyError, CallError, Clock, Gateway, Journal, cors};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Frame, SizeHint};
use postern_plan::ApiKind;
use postern_telemetry::{Measured, RequestMetrics, SocketMetrics};
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

const REQUEST_ID_OF_ROUTES: HeaderName = HeaderName::from_static("apigw-requestid");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const EXTENDED_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-apigw-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Gateway {
    pub(crate) fn finish(
        &self,
        answer: Answer,
        mut trail: Trail,
        live: Arc<Live>,
    ) -> Response<Body> {
        let Answer {
            status,
            mut headers,
            body,
            traced,
            may_be_packed: _,
        } = answer;
        if traced {
            trace(&mut headers, &trail);
        }
        trail.log.answered(status, &headers, &body);
        let kind = live.deployed.kind();
        self.respond(status, headers, body, trail, kind, Some(live))
    }

    pub(crate) async fn reject(
        &self,
        rejection: &Rejection,
        trail: Trail,
        served: Option<Served>,
    ) -> Response<Body> {
        let kind = match &served {
            Some(served) => served.deployed.kind(),
            None => rejection.kind(),
        };
        self.rejected_as(kind, rejection, trail, served).await
    }

    /// As an API of this kind does, for what no record is made of.
    pub(crate) async fn reject_of(
        &self,
        kind: ApiKind,
        rejection: &Rejection,
        trail: Trail,
    ) -> Response<Body> {
        self.rejected_as(kind, rejection, trail, None).await
    }

    /// Tells the operator of what is no client's fault.
    pub(crate) fn tell(&self, rejection: &Rejection, kind: ApiKind, trail: &Trail) {
        if rejection.answer(kind).status >= 500 {
            // What a backend says may be in it, and must not be able to end the line.
            let fault = format!("{} {rejection}", trail.request_id);
            self.journal.fault(&fault.replace(['\r', '\n'], " "));
        }
    }

    async fn rejected_as(
        &self,
        kind: ApiKind,
        rejection: &Rejection,
        mut trail: Trail,
        served: Option<Served>,
    ) -> Response<Body> {
        self.tell(rejection, kind, &trail);
        let (status, mut headers, body) = self
            .refusal(rejection, kind, &mut trail, served.as_ref())
            .await;
        headers.entry(CONTENT_TYPE).or_insert(JSON);
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(challenge) = rejection.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge.header());
        }
        let live = served.map(|served| served.live);
        self.respond(status, headers, body, trail, kind, live)
    }

    /// What a client is told of a rejection, but for what every answer carries.
    pub(crate) async fn refusal(
        &self,
        rejection: &Rejection,
        kind: ApiKind,
        trail: &mut Trail,
        served: Option<&Served>,
    ) -> (StatusCode, HeaderMap, Body) {
        let answer: DefaultAnswer = rejection.answer(kind);
        trail.rejection = Some(RejectionTrail {
            response_type: answer.response_type,
            message: answer.message.clone().map(Cow::into_owned),
            validation: rejection.validation_error(kind),
        });
        let Rejected {
            status,
            mut headers,
            body,
        } = self.rejected(&answer, trail, served).await;
        if let Some(error_type) = answer.error_type {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
        }
        let is_traced = match rejection {
            Rejection::Integrate(IntegrateRejection::Call(CallError::Timeout(_))) => {
                trail.integration.as_ref().is_some_and(|call| call.traced)
            }
            // No answer of an HTTP API tells it.
            Rejection::Validate(ValidateRejection::InvalidBody { traced, .. }) => {
                *traced && kind != ApiKind::Http
            }
            _ => false,
        };
        if is_traced {
            trace(&mut headers, trail);
        }
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        trail.log.rejected(rejection, status);
        (status, headers, body)
    }

    /// Writes down what came of something that is answered by no response, or by none of ours. `bytes` is what the client got.
    pub(crate) fn record(&self, status: StatusCode, bytes: usize, trail: Trail, live: Arc<Live>) {
        drop(Record {
            trail,
            live,
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            status: status.as_u16(),
            bytes: bytes as u64,
        });
    }

    fn respond(
        &self,
        status: StatusCode,
        mut headers: HeaderMap,
        body: Body,
        trail: Trail,
        kind: ApiKind,
        live: Option<Arc<Live>>,
    ) -> Response<Body> {
        let ids: &[_] = match kind {
            ApiKind::Http => &[(REQUEST_ID_OF_ROUTES, &trail.extended_request_id)],
            ApiKind::Rest | ApiKind::WebSocket => &[
                (REQUEST_ID, &trail.request_id),
                (EXTENDED_REQUEST_ID, &trail.extended_request_id),
            ],
        };
        for (name, value) in ids {
            headers.insert(
                name.clone(),
                HeaderValue::try_from(value.as_str()).expect("an id is made of visible ASCII"),
            );
        }
        if let Some(cors) = live.as_ref().and_then(|live| live.cors.as_ref()) {
            cors::mark(cors, kind, &trail, &mut headers);
        }
        if self.settings.metering.headers {
            tell_rate(&mut headers, &trail);
        }
        if kind == ApiKind::Rest {
            headers.entry(CONTENT_TYPE).or_insert(JSON);
        }
        let record = live.map(|live| Record {
            trail,
            live,
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            status: status.as_u16(),
            bytes: 0,
        });
        let mut response = Response::new(match record {
            None => body,
            Some(mut record) => match body {
                Body::Full(bytes) => {
                    record.bytes = bytes.len() as u64;
                    Body::Full(bytes)
                }
                // The request is over when its last byte is sent, or the client has gone.
                Body::Stream(_) => Body::stream(Recorded { body, record }),
            },
        });
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

pub(crate) fn trace(headers: &mut HeaderMap, trail: &Trail) {
    if let Ok(value) = HeaderValue::try_from(trail.trace_id.as_str()) {
        headers.insert(TRACE_ID, value);
    }
}

/// `RateLimit` and `RateLimit-Policy` as the IETF's draft has them, and `Retry-After` where it is of use.
fn tell_rate(headers: &mut HeaderMap, trail: &Trail) {
    // Somebody who is told 0 seconds would come too early.
    let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let mut tell = |name: HeaderName, value: String| {
        let value = HeaderValue::try_from(value).expect("a name and numbers are visible ASCII");
        headers.insert(name, value);
    };
    if let Some(rate) = &trail.rate {
        let (name, limit, left) = (rate.name, rate.limit, rate.remaining);
        let (window, reset) = (seconds(rate.window), seconds(rate.reset_after));
        tell(
            RATE_LIMIT_POLICY,
            format!("\"{name}\";q={limit};w={window}"),
        );
        tell(RATE_LIMIT, format!("\"{name}\";r={left};t={reset}"));
    }
    if let Some(after) = trail.retry_after {
        tell(RETRY_AFTER, seconds(after).to_string());
    }
}

/// Writes what was observed of a request, once, when it is dropped.
struct Record {
    trail: Trail,
    live: Arc<Live>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    status: u16,
    bytes: u64,
}

impl Drop for Record {
    fn drop(&mut self) {
        let latency = self.clock.now().saturating_sub(self.trail.received_at);
        self.trail.answer = Some(AnswerTrail {
            status: self.status,
            bytes: self.bytes,
            latency,
        });
        let access = self.live.access_log.line(|name| self.trail.context(name));
        let metrics = if self.journal.wants_metrics() {
            match &self.trail.socket {
                None => self.metrics(latency).line(),
                Some(socket) => self.metrics_of(socket).line(),
            }
        } else {
            String::new()
        };
        self.journal.request(&access, &metrics);
        if let Some(lines) = self.trail.log.lines(&self.trail.request_id) {
            self.journal.execution(&lines);
        }
    }
}

impl Record {
    fn metrics_of<'r>(&'r self, socket: &'r SocketTrail) -> SocketMetrics<'r> {
        let Trail {
            resource,
            integration,
            rejection,
            ..
        } = &self.trail;
        let route = resource.as_ref().map(|resource| resource.path.as_str());
        let detailed = route.filter(|key| {
            let setting = self.live.method_setting(key, "ANY");
            setting.is_some_and(|setting| setting.metrics_enabled)
        });
        let is_refused = rejection.is_some();
        let of_client = (400..500).contains(&self.status);
        let answered = integration.as_ref().and_then(|call| call.status);
        SocketMetrics {
            at_ms: self.trail.received_at.as_millis() as u64,
            api_id: self.live.api.as_str(),
            stage: self.live.name.as_str(),
            route: detailed,
            connects: u8::from(socket.happening == Happening::Connect),
            messages: match socket.happening {
                Happening::Message { .. } => 1 + u8::from(self.bytes > 0),
                Happening::Connect | Happening::Disconnect { .. } => 0,
            },
            integration_error: !is_refused && answered.is_some_and(|status| status >= 400),
            client_error: is_refused && of_client,
            execution_error: is_refused && !of_client,
            // A mock takes no time, and says nothing of any backend.
            integration_latency_ms: (integration.as_ref())
                .filter(|call| !call.latency.is_zero())
                .map(|call| call.latency.as_millis() as u64),
            request_id: Some(&self.trail.request_id),
        }
    }

    fn metrics(&self, latency: Duration) -> RequestMetrics<'_> {
        let resource = self
            .trail
            .resource
            .as_ref()
            .map(|resource| resource.path.as_str());
        let declared =
            (self.trail.resource.as_ref()).and_then(|resource| resource.declared.as_deref());
        let detailed = resource.filter(|path| {
            self.live
                .method_setting(path, declared.unwrap_or(&self.trail.verb))
                .is_some_and(|setting| setting.metrics_enabled)
        });
        RequestMetrics {
            at_ms: self.trail.received_at.as_millis() as u64,
            api_id: self.live.api.as_str(),
            stage: self.live.name.as_str(),
            of: match self.live.deployed.kind() {
                ApiKind::Http => Measured::Routes {
                    detailed: detailed.and_then(|_| self.trail.resource.as_ref()?.route_key()),
                    data_bytes: self.trail.data_bytes().unwrap_or_default(),
                },
                ApiKind::Rest | ApiKind::WebSocket => Measured::Methods {
                    api_name: &self.live.deployed.api().name,
                    detailed: detailed.map(|path| (self.trail.verb.as_str(), path)),
                },
            },
            status: self.status,
            latency_ms: latency.as_millis() as u64,
            integration_latency_ms: self
                .trail
                .integration
                .as_ref()
                .map(|call| call.latency.as_millis() as u64),
            cache_hit: self.trail.cache.map(CacheTrail::is_hit),
            uncounted: self.trail.uncounted,
            request_id: &self.trail.request_id,
        }
    }
}

struct Recorded {
    body: Body,
    record: Record,
}

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.record.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
