//! The holder: handshakes in, sockets held, and what is published handed to them.

use crate::backend::Backend;
use crate::head::{Head, for_client};
use crate::protocol::{Handshake, HandshakeError};
use crate::registry::{Delivery, Member, NoPlace};
use crate::settings::Settings;
use crate::shared::{Shared, Throttled, Watch};
use crate::socket::{Socket, check, going_away, is_events};
use crate::trouble::Trouble;
use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use postern_grip::{Event, Events, Item, REACHED};
use postern_store::Clock;
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Holds WebSockets for a backend. A clone holds the same ones.
#[derive(Clone)]
pub struct Holder {
    shared: Arc<Shared>,
}

/// What is known of a client besides its request.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// Added to `X-Forwarded-For`.
    pub peer: Option<IpAddr>,
    /// The connection's id. Without one the holder makes a UUID.
    pub connection_id: Option<String>,
}

impl Holder {
    pub fn new(settings: Settings, backend: Arc<dyn Backend>, clock: Arc<dyn Clock>) -> Self {
        Self::watched(settings, backend, clock, None)
    }

    /// With somebody who is told what goes wrong with the backend.
    pub fn watched(
        settings: Settings,
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        watch: Option<Watch>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings,
                backend,
                clock,
                registry: Arc::default(),
                watch,
            }),
        }
    }

    /// Answers a handshake, once the backend has. The connection that the request came on must allow upgrades.
    pub async fn accept<B>(
        &self,
        mut request: Request<B>,
        arrival: Arrival,
    ) -> Response<Full<Bytes>> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let handshake = match Handshake::read(&parts) {
            Ok(handshake) => handshake,
            Err(error) => return refuse_handshake(&error),
        };
        let member = match self.shared.registry.admit(&self.shared.settings.limits) {
            Ok(member) => member,
            Err(NoPlace::Full) => {
                return text(StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open");
            }
            Err(NoPlace::Shut) => {
                return text(StatusCode::SERVICE_UNAVAILABLE, "this holder is stopping");
            }
        };
        let connection_id = arrival.connection_id.unwrap_or_else(uuid);
        let Ok(connection_id) = HeaderValue::try_from(connection_id) else {
            let message = "the connection's id cannot be a header's value";
            return text(StatusCode::INTERNAL_SERVER_ERROR, message);
        };
        let head = Head::new(&parts, &connection_id, arrival.peer);
        // Let go of the buffer that the handshake was read into.
        drop(parts);
        let (answer, answered) = oneshot::channel();
        // Apart from the client's connection: a backend that has accepted is told of a client that did not wait.
        tokio::spawn(open(
            self.shared.clone(),
            member,
            head,
            handshake,
            upgrade,
            answer,
        ));
        answered
            .await
            .unwrap_or_else(|_| text(StatusCode::BAD_GATEWAY, NO_ANSWER))
    }

    /// Answers a request to the publish endpoint.
    pub async fn publish<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if !matches!(request.uri().path(), "/publish" | "/publish/") {
            return text(StatusCode::NOT_FOUND, "there is only /publish/");
        }
        if request.method() != Method::POST {
            let mut answer = text(
                StatusCode::METHOD_NOT_ALLOWED,
                "items are published by POST",
            );
            answer
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("POST"));
            return answer;
        }
        if let Err(reason) = self.check_publisher(request.headers()) {
            let mut answer = text(StatusCode::UNAUTHORIZED, &reason);
            answer
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return answer;
        }
        let limits = &self.shared.settings.limits;
        let body = Limited::new(request.into_body(), limits.publish_bytes_max).collect();
        let body = match tokio::time::timeout(limits.backend_timeout, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                let message = format!("items have {} bytes at most", limits.publish_bytes_max);
                return text(StatusCode::PAYLOAD_TOO_LARGE, &message);
            }
            Ok(Err(_)) => return text(StatusCode::BAD_REQUEST, "the body broke off"),
            Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"),
        };
        match Item::read_all(&body) {
            Ok(items) => {
                let reached = self.publish_items(&items);
                let mut answer = text(StatusCode::OK, "Published");
                answer.headers_mut().insert(REACHED, reached.into());
                answer
            }
            Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
        }
    }

    /// Publishes without HTTP, for a backend in this process. Returns how many sockets listened, each counted for each item.
    pub fn publish_items(&self, items: &[Item]) -> usize {
        let frame_bytes_max = self.shared.settings.limits.frame_bytes_max;
        let mut reached = 0;
        for item in items {
            let delivery = Delivery::of(item, frame_bytes_max);
            reached += self.shared.registry.publish(&item.channel, &delivery);
        }
        reached
    }

    /// How many sockets are held, those whose handshake or whose end is under way included.
    pub fn sockets(&self) -> usize {
        self.shared.registry.len()
    }

    /// Accepts no more, closes every socket with 1001 and waits until each is closed and the backend told, or until the time is
    /// up: then it returns how many are left.
    pub async fn shut_down(&self, within: Duration) -> usize {
        self.shared.registry.shut(&going_away());
        let _ = tokio::time::timeout(within, self.shared.registry.emptied()).await;
        self.sockets()
    }

    fn check_publisher(&self, headers: &HeaderMap) -> Result<(), String> {
        let settings = &self.shared.settings;
        if !settings.publish_needs_token {
            return Ok(());
        }
        let Some(signing) = &settings.signing else {
            return Err(
                "publishing needs a token, and this holder has no key to check one".to_owned(),
            );
        };
        let token = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or("publishing needs `Authorization: Bearer` and a token of the shared key")?;
        let now = self.shared.clock.now();
        let verified = signing.key.verify(token, now).map(drop);
        if signing
            .others
            .iter()
            .any(|key| key.verify(token, now).is_ok())
        {
            return Ok(());
        }
        verified.map_err(|error| format!("the token is not accepted: {error}"))
    }
}

const NO_ANSWER: &str = "the backend gave no answer that can be used";

/// Asks the backend about a new socket, answers the client, and runs the socket to its end.
async fn open(
    shared: Arc<Shared>,
    member: Member,
    head: Head,
    handshake: Handshake,
    upgrade: OnUpgrade,
    answer: oneshot::Sender<Response<Full<Bytes>>>,
) {
    let mut events = Vec::new();
    Event::Open.write(&mut events);
    let (headers, events) = match opened(shared.call(&head, events, Throttled::Answer).await) {
        Ok(Opened::Accepted(headers, events)) => (headers, events),
        Ok(Opened::Refused(refusal)) => {
            drop(member);
            let _ = answer.send(refusal);
            return;
        }
        Err(trouble) => {
            shared.report(head.connection_id(), &trouble);
            drop(member);
            let _ = answer.send(text(StatusCode::BAD_GATEWAY, NO_ANSWER));
            return;
        }
    };
    let mut socket = Socket::new(shared, member, head);
    socket.begin(&headers, events);
    if answer.send(switch(&headers, handshake)).is_err() {
        socket.run_without_client().await;
        return;
    }
    drop(headers);
    match upgrade.await {
        Ok(client) => socket.run(TokioIo::new(client)).await,
        Err(_) => socket.run_without_client().await,
    }
}

enum Opened {
    /// With what follows OPEN.
    Accepted(HeaderMap, Events),
    Refused(Response<Full<Bytes>>),
}

fn opened(answer: Result<Response<Bytes>, Trouble>) -> Result<Opened, Trouble> {
    let answer = answer?;
    if answer.status() != StatusCode::OK || !is_events(answer.headers()) {
        // What is no WebSocket answer at all goes to the client as it is, as Pushpin has it: a page that says why, a redirect.
        if answer.status().is_informational() {
            return Err(Trouble::Status(answer.status().as_u16()));
        }
        let (parts, body) = answer.into_parts();
        let mut refusal = Response::new(Full::new(body));
        *refusal.status_mut() = parts.status;
        *refusal.headers_mut() = for_client(&parts.headers, false);
        return Ok(Opened::Refused(refusal));
    }
    check(&answer)?;
    let (parts, body) = answer.into_parts();
    let mut events = Events::new(body);
    match events.next() {
        Some(Ok(Event::Open)) => Ok(Opened::Accepted(parts.headers, events)),
        Some(Err(malformed)) => Err(malformed.into()),
        _ => Err(Trouble::NotOpened),
    }
}

fn switch(headers: &HeaderMap, handshake: Handshake) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let mut headers = for_client(headers, true);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, handshake.accept);
    *answer.headers_mut() = headers;
    answer
}

fn refuse_handshake(error: &HandshakeError) -> Response<Full<Bytes>> {
    let status = match error {
        HandshakeError::NotAsked | HandshakeError::Version => StatusCode::UPGRADE_REQUIRED,
        HandshakeError::Request | HandshakeError::Key => StatusCode::BAD_REQUEST,
    };
    let mut answer = text(status, &error.to_string());
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    answer
}

fn text(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(format!("{message}\n")));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
}

/// Version 4: random but for the six bits that say so.
fn uuid() -> String {
    let random: u128 = rand::random();
    let uuid = random & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{uuid:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_random_uuid() {
        for _ in 0..100 {
            let id = uuid();
            let parts: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
        assert_ne!(uuid(), uuid());
    }
}
