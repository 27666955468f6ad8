//! The backend that plays all others: it keeps what it is sent and answers what a test tells it to.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use http_body::{Frame, SizeHint};
use http_body_util::StreamBody;
use postern_definition::Map;
use postern_gateway::{Backend, Body, Call, CallError, Caller, Destination};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

/// Plays every backend: keeps what it is sent and answers what it is told.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) answer: Mutex<Value>,
    pub(crate) sent: Mutex<Option<Value>>,
    pub(crate) guard: Mutex<Value>,
    /// What the function was asked last.
    pub(crate) asked: Mutex<Option<Value>>,
    pub(crate) times_asked: AtomicU64,
    /// Where every call went.
    pub(crate) calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Backend for Played {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let url = match call.destination {
            Destination::Url { url, connection } => {
                let any_issuer = if connection.any_issuer {
                    " of any issuer"
                } else {
                    ""
                };
                let through = connection
                    .through
                    .map(|address| format!(" through {address}"));
                format!("{url}{any_issuer}{}", through.unwrap_or_default())
            }
            Destination::Service {
                name,
                region,
                path,
                caller,
            } => match caller {
                Caller::Gateway => format!("{name}.{region} {path}"),
                Caller::Role(arn) => format!("{name}.{region} {path} as {arn}"),
            },
        };
        self.calls.lock().unwrap().push(url.clone());
        let body = call
            .body
            .collect(usize::MAX)
            .await
            .map_err(|error| CallError::Client(error.to_string()))?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let headers: Map<Vec<String>> = call
            .headers
            .keys()
            .map(|name| {
                (
                    name.to_string(),
                    call.headers
                        .get_all(name)
                        .iter()
                        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                        .collect(),
                )
            })
            .collect();
        let is_guard = url.contains(":guard");
        let seen = if is_guard { &self.asked } else { &self.sent };
        *seen.lock().unwrap() = Some(json!({
            "method": call.method.as_str(), "url": url, "headers": headers, "body": text, "base64": STANDARD.encode(&body),
            "timeout": call.timeout.as_millis() as u64,
            "json": serde_json::from_str::<Value>(&text).unwrap_or_default(),
        }));
        let answer = if is_guard {
            self.times_asked.fetch_add(1, Ordering::SeqCst);
            let verdict = self.guard.lock().unwrap().clone();
            match verdict.get("reply") {
                Some(reply) => reply.clone(),
                None => json!({ "body": verdict }),
            }
        } else {
            self.answer.lock().unwrap().clone()
        };
        match answer.as_str() {
            Some("refused") => return Err(CallError::Network("connection refused".to_owned())),
            Some("unknown host") => return Err(CallError::Address("no such host".to_owned())),
            Some("slow") => return Err(CallError::Timeout(call.timeout)),
            Some("slow body") => {
                return Ok(Response::new(breaking(CallError::Timeout(call.timeout))));
            }
            Some("broken body of known length") => {
                let sized = Sized(breaking(CallError::Network("reset".to_owned())));
                return Ok(Response::new(Body::stream(sized)));
            }
            Some("broken body") => {
                let reset = CallError::Network("reset".to_owned());
                return Ok(Response::new(breaking(reset)));
            }
            _ => {}
        }
        let body = match (&answer["body"], answer["base64"].as_str()) {
            (_, Some(base64)) => STANDARD.decode(base64).unwrap(),
            (Value::String(text), _) => text.clone().into_bytes(),
            (Value::Null, _) => Vec::new(),
            (value, _) => value.to_string().into_bytes(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            http::StatusCode::from_u16(answer["status"].as_u64().unwrap_or(200) as u16).unwrap();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            let value = HeaderValue::from_str(value.as_str().unwrap()).unwrap();
            response
                .headers_mut()
                .append(HeaderName::try_from(name).unwrap(), value);
        }
        Ok(response)
    }
}

/// A body that begins, and then ends as calls end that fail.
fn breaking(error: CallError) -> Body {
    let frames = [Ok(Frame::data(Bytes::from_static(b"{"))), Err(error)];
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A body that says how long it is to be.
struct Sized(Body);

impl http_body::Body for Sized {
    type Data = Bytes;
    type Error = postern_gateway::BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(10)
    }
}
