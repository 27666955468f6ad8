//! The WebSockets of `postern dev`: held here, and answered here, with no request between.

use crate::front::Connection;
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use postern_gateway::{Arrival, Body, ClientCertificate, Spelling};
use postern_grip::Item;
use postern_holder::{Backend, BackendError, Holder, Settings, Signing};
use postern_websocket::{Connections, Holders, Keys, PublishFailure, Reached, Sockets, Tag, World};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

const CONNECTION_ID: HeaderName = HeaderName::from_static("connection-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

pub(crate) struct Held {
    holder: Holder,
    connections: Connections,
    shown: Arc<Shown>,
}

/// The certificates of clients whose handshakes are under way, by the ids of their sockets: what a holder tells of a client has no
/// place for them.
#[derive(Default)]
struct Shown(Mutex<HashMap<String, Arc<ClientCertificate>>>);

impl Held {
    /// `world` makes of the holders, which are this process alone, all that sockets are answered with.
    pub(crate) fn new(
        mut settings: Settings,
        world: impl FnOnce(Arc<dyn Holders>) -> World,
    ) -> Self {
        let here = Arc::new(Here {
            // A name of this process alone: whatever an earlier one held is known to be gone.
            name: format!("{:016x}", rand::random::<u64>()),
            holder: OnceLock::new(),
        });
        let world = world(here.clone());
        let keys = Keys::random();
        settings.signing = Some(Signing {
            key: keys.first().clone(),
            others: Vec::new(),
            issuer: here.name.clone(),
        });
        let clock = world.clock.clone();
        let journal = world.journal.clone();
        let connections = Connections::new(world.clone());
        let shown = Arc::new(Shown::default());
        let backend = Arc::new(Answering {
            sockets: Sockets::new(world, keys),
            shown: shown.clone(),
        });
        let holder = Holder::watched(
            settings,
            backend,
            clock,
            Some(Arc::new(move |id, trouble| {
                journal.fault(&format!("socket {id}: {trouble}"));
            })),
        );
        let holder = here.holder.get_or_init(|| holder).clone();
        Self {
            holder,
            connections,
            shown,
        }
    }

    /// Answers a handshake.
    pub(crate) async fn accept(
        &self,
        mut request: Request<Incoming>,
        through: &Connection,
    ) -> Response<Body> {
        let headers = request.headers_mut();
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(through.scheme));
        headers.insert(FORWARDED_PORT, through.own.port().into());
        let connection_id = (through.certificate.as_ref()).map(|shown| self.shown.keep(shown));
        let arrival = postern_holder::Arrival {
            peer: Some(through.peer.ip()),
            connection_id: connection_id.clone(),
        };
        let (head, body) = self.holder.accept(request, arrival).await.into_parts();
        if let Some(id) = connection_id {
            self.shown.forget(&id);
        }
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        Response::from_parts(head, Body::Full(body))
    }

    /// Answers a request to @connections.
    pub(crate) async fn manage(&self, arrival: Arrival) -> Response<Body> {
        self.connections.answer(arrival).await
    }

    pub(crate) async fn shut_down(&self, within: Duration) {
        self.holder.shut_down(within).await;
    }
}

/// Whether a request asks for a WebSocket.
pub(crate) fn is_handshake<B>(request: &Request<B>) -> bool {
    let has = |name: &HeaderName, token: &str| {
        (request.headers().get_all(name).iter())
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    };
    request.method() == Method::GET && has(&UPGRADE, "websocket") && has(&CONNECTION, "upgrade")
}

/// Whether a path of an API leads to @connections.
pub(crate) fn is_of_connections(path: &str) -> bool {
    path.split('/')
        .any(|segment| segment == "@connections" || segment.eq_ignore_ascii_case("%40connections"))
}

/// The one holder there is.
struct Here {
    name: String,
    holder: OnceLock<Holder>,
}

#[async_trait]
impl Holders for Here {
    fn tag(&self, name: &str) -> Option<Tag> {
        (name == self.name).then(|| Tag::of(name))
    }

    async fn publish(&self, holder: Tag, items: Vec<Item>) -> Result<Reached, PublishFailure> {
        let here = (self.holder.get()).filter(|_| holder == Tag::of(&self.name));
        let reached = here.ok_or(PublishFailure::Unknown)?.publish_items(&items);
        Ok(match reached {
            0 => Reached::Nobody,
            _ => Reached::Somebody,
        })
    }
}

impl Shown {
    /// Returns the id that the socket is to have.
    fn keep(&self, certificate: &Arc<ClientCertificate>) -> String {
        let id = format!("{:032x}", rand::random::<u128>());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id.clone(), certificate.clone());
        id
    }

    fn of(&self, headers: &HeaderMap) -> Option<Arc<ClientCertificate>> {
        let id = headers.get(CONNECTION_ID)?.to_str().ok()?;
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).cloned()
    }

    fn forget(&self, id: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(id);
    }
}

struct Answering {
    sockets: Sockets,
    shown: Arc<Shown>,
}

#[async_trait]
impl Backend for Answering {
    async fn events(&self, request: Request<Bytes>) -> Result<Response<Bytes>, BackendError> {
        let certificate = self.shown.of(request.headers());
        Ok(self.sockets.answer(arrival(request, certificate)).await)
    }
}

fn arrival(request: Request<Bytes>, client_certificate: Option<Arc<ClientCertificate>>) -> Arrival {
    let (head, body) = request.into_parts();
    let mut headers = head.headers;
    let text = |headers: &HeaderMap, name: &HeaderName| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let host = text(&headers, &HOST).unwrap_or_default();
    let port = text(&headers, &FORWARDED_PORT).and_then(|port| port.parse().ok());
    let is_secure = text(&headers, &FORWARDED_PROTO).as_deref() == Some("https");
    Arrival {
        method: head.method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        source_ip: take_peer(&mut headers),
        headers,
        body: Body::Full(body),
        proven: None,
        spelling: Spelling::default(),
        scheme: if is_secure { "https" } else { "http" },
        port: port.unwrap_or_default(),
        client_certificate,
        vpc: None,
    }
}

/// The peer, whom the holder has added: the gateway does so itself for every edge.
fn take_peer(headers: &mut HeaderMap) -> String {
    let list = headers
        .remove(FORWARDED_FOR)
        .and_then(|value| value.to_str().map(str::to_owned).ok())
        .unwrap_or_default();
    let (before, peer) = list.rsplit_once(", ").unwrap_or(("", &list));
    if let Ok(value) = HeaderValue::from_str(before)
        && !before.is_empty()
    {
        headers.insert(FORWARDED_FOR, value);
    }
    peer.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_and_connections_are_told_from_other_requests() {
        let request = |connection: &str, upgrade: &str| {
            let request = Request::get("/").header("connection", connection);
            request.header("upgrade", upgrade).body(()).unwrap()
        };
        assert!(is_handshake(&request("keep-alive, Upgrade", "WebSocket")));
        assert!(!is_handshake(&request("keep-alive", "websocket")));
        assert!(!is_handshake(&request("Upgrade", "h2c")));
        for (path, expected) in [
            ("/dev/@connections/IU3kkeN4IAMCJwA=", true),
            ("/_api/a1/dev/%40connections/IU3kkeN4IAMCJwA%3D", true),
            ("/dev/connections/x", false),
            ("/dev/x@connections/x", false),
        ] {
            assert_eq!(is_of_connections(path), expected, "{path}");
        }
    }

    #[test]
    fn the_peer_is_the_last_whom_the_holder_named() {
        for (list, peer, rest) in [
            ("127.0.0.1", "127.0.0.1", None),
            ("1.1.1.1, 2.2.2.2, ::1", "::1", Some("1.1.1.1, 2.2.2.2")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, HeaderValue::from_static(list));
            assert_eq!(take_peer(&mut headers), peer);
            let left = headers
                .get(FORWARDED_FOR)
                .map(|value| value.to_str().unwrap());
            assert_eq!(left, rest);
        }
    }
}
