//! What every request of one socket carries besides its events: the client's handshake, the connection's id, and what the
//! backend asked us to keep.
//!
//! It lives as long as the socket, so everything in it is a copy of its own size: the headers as they came are slices of the
//! whole buffer that the handshake was read into.

use crate::trouble::Trouble;
use bytes::Bytes;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE as CONTENT_TYPE_NAME, EXPECT,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use postern_grip::CONTENT_TYPE;
use std::net::IpAddr;

const CONNECTION_ID: HeaderName = HeaderName::from_static("connection-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const GRIP_SIG: HeaderName = HeaderName::from_static("grip-sig");
const META: &str = "meta-";
const SET_META: &str = "set-meta-";

#[derive(Debug)]
pub(crate) struct Head {
    target: Box<str>,
    headers: Box<[(HeaderName, HeaderValue)]>,
    meta: Vec<(HeaderName, HeaderValue)>,
}

impl Head {
    pub(crate) fn new(request: &Parts, connection_id: &HeaderValue, peer: Option<IpAddr>) -> Self {
        let target = request
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .filter(|(name, _)| !is_hop_by_hop(&request.headers, name) && !is_of_the_holder(name))
            .map(|(name, value)| (name.clone(), own(value)))
            .collect();
        headers.extend([
            (ACCEPT, HeaderValue::from_static(CONTENT_TYPE)),
            (CONTENT_TYPE_NAME, HeaderValue::from_static(CONTENT_TYPE)),
            (SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("grip")),
            (CONNECTION_ID, own(connection_id)),
        ]);
        headers.extend(forwarded_for(&request.headers, peer).map(|value| (FORWARDED_FOR, value)));
        Self {
            target: target.into(),
            headers: headers.into(),
            meta: Vec::new(),
        }
    }

    pub(crate) fn connection_id(&self) -> &str {
        self.headers
            .iter()
            .find(|(name, _)| *name == CONNECTION_ID)
            .and_then(|(_, value)| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(crate) fn request(&self, events: Vec<u8>, signature: Option<&str>) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(events));
        *request.method_mut() = Method::POST;
        *request.uri_mut() =
            Uri::try_from(&*self.target).expect("it was the path and query of a URI when it came");
        let headers = request.headers_mut();
        headers.reserve(self.headers.len() + self.meta.len() + 1);
        for (name, value) in self.headers.iter().chain(&self.meta) {
            headers.append(name.clone(), value.clone());
        }
        if let Some(signature) = signature {
            let signature = HeaderValue::from_str(signature)
                .expect("a token is letters, digits, `-`, `_` and dots");
            headers.insert(GRIP_SIG, signature);
        }
        request
    }

    /// Keeps what an answer's `Set-Meta-*` headers say; an empty value ends it.
    pub(crate) fn keep_meta(
        &mut self,
        answer: &HeaderMap,
        bytes_max: usize,
    ) -> Result<(), Trouble> {
        for (name, value) in answer {
            if let Some(name) = name.as_str().strip_prefix(SET_META) {
                self.set_meta(name, value.as_bytes(), bytes_max)?;
            }
        }
        Ok(())
    }

    pub(crate) fn set_meta(
        &mut self,
        name: &str,
        value: &[u8],
        bytes_max: usize,
    ) -> Result<(), Trouble> {
        let name = HeaderName::try_from(format!("{META}{name}")).map_err(|_| Trouble::Meta)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| Trouble::Meta)?;
        self.meta.retain(|(kept, _)| *kept != name);
        if !value.is_empty() {
            self.meta.push((name, value));
        }
        let bytes: usize = self
            .meta
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        if bytes > bytes_max {
            return Err(Trouble::Meta);
        }
        Ok(())
    }
}

/// The headers of the backend's answer to OPEN that are for the client. The handshake's own are set by the holder.
pub(crate) fn for_client(answer: &HeaderMap, is_accepted: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in answer {
        let is_ours = is_hop_by_hop(answer, name)
            || name.as_str().starts_with(SET_META)
            || is_of_the_holder(name) && *name != CONTENT_TYPE_NAME
            || *name == SEC_WEBSOCKET_ACCEPT
            || is_accepted && name.as_str().starts_with("content-");
        if !is_ours {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// What concerns one connection only, and none beyond it (RFC 9110, 7.6.1).
fn is_hop_by_hop(headers: &HeaderMap, name: &HeaderName) -> bool {
    [
        &CONNECTION,
        &CONTENT_LENGTH,
        &EXPECT,
        &TE,
        &TRAILER,
        &TRANSFER_ENCODING,
        &UPGRADE,
    ]
    .contains(&name)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
        || headers
            .get_all(CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .any(|named| {
                named
                    .trim_ascii()
                    .eq_ignore_ascii_case(name.as_str().as_bytes())
            })
}

/// What holder and backend say to each other. From a client it would be a forgery.
fn is_of_the_holder(name: &HeaderName) -> bool {
    [&ACCEPT, &CONTENT_TYPE_NAME, &SEC_WEBSOCKET_EXTENSIONS].contains(&name)
        || matches!(
            name.as_str(),
            "connection-id" | "content-bytes-accepted" | "keep-alive-interval" | "x-forwarded-for"
        )
        || name.as_str().starts_with(META)
        || name.as_str().starts_with("grip-")
}

fn forwarded_for(headers: &HeaderMap, peer: Option<IpAddr>) -> Option<HeaderValue> {
    let mut list = Vec::new();
    for value in headers.get_all(FORWARDED_FOR) {
        list.push(value.as_bytes().to_vec());
    }
    list.extend(peer.map(|peer| peer.to_canonical().to_string().into_bytes()));
    if list.is_empty() {
        return None;
    }
    HeaderValue::from_bytes(&list.join(&b", "[..])).ok()
}

fn own(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).expect("it was a header's value before")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn shown(headers: &HeaderMap) -> String {
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines.join("\n")
    }

    fn head() -> Head {
        let (parts, ()) = Request::get("/chat/room%201?user=7&x")
            .header("host", "chat.example.com")
            .header("connection", "Upgrade, x-private")
            .header("upgrade", "websocket")
            .header("x-private", "hop")
            .header("accept", "*/*")
            .header("cookie", "a=b")
            .header("cookie", "c=d")
            .header("sec-websocket-key", "k")
            .header("sec-websocket-protocol", "chat1, chat2")
            .header("sec-websocket-extensions", "permessage-deflate")
            .header("x-forwarded-for", "203.0.113.9")
            .header("grip-sig", "forged")
            .header("meta-user", "forged")
            .header("connection-id", "forged")
            .body(())
            .unwrap()
            .into_parts();
        let peer = "::ffff:192.0.2.1".parse().unwrap();
        Head::new(&parts, &HeaderValue::from_static("id-1"), Some(peer))
    }

    #[test]
    fn a_request_carries_the_handshake_and_nothing_that_only_the_holder_may_say() {
        let mut head = head();
        assert_eq!(head.connection_id(), "id-1");
        head.set_meta("User", b"7", 100).unwrap();
        let request = head.request(b"OPEN\r\n".to_vec(), Some("e.y.J"));
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/chat/room%201?user=7&x");
        assert_eq!(
            shown(request.headers()),
            "accept: application/websocket-events\nconnection-id: id-1\n\
             content-type: application/websocket-events\ncookie: a=b\ncookie: c=d\ngrip-sig: e.y.J\n\
             host: chat.example.com\nmeta-user: 7\nsec-websocket-extensions: grip\nsec-websocket-key: k\n\
             sec-websocket-protocol: chat1, chat2\nx-forwarded-for: 203.0.113.9, 192.0.2.1"
        );
    }

    #[test]
    fn meta_is_kept_replaced_ended_and_bounded() {
        let mut head = head();
        let mut seen = String::new();
        for (name, value) in [
            ("set-meta-a", "1"),
            ("set-meta-b", "2"),
            ("set-meta-a", "3"),
            ("set-meta-b", ""),
            ("other", "x"),
        ] {
            let answer = HeaderMap::from_iter([(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )]);
            head.keep_meta(&answer, 20).unwrap();
            for (name, value) in &head.meta {
                let _ = write!(seen, "{name}={} ", value.to_str().unwrap());
            }
            seen.push('/');
        }
        assert_eq!(
            seen,
            "meta-a=1 /meta-a=1 meta-b=2 /meta-b=2 meta-a=3 /meta-a=3 /meta-a=3 /"
        );
        assert_eq!(head.set_meta("c", &[b'x'; 20], 20), Err(Trouble::Meta));
        assert_eq!(head.set_meta("no name", b"x", 200), Err(Trouble::Meta));
    }

    #[test]
    fn the_client_sees_the_backends_own_headers_only() {
        let answer: HeaderMap = [
            ("content-type", "application/websocket-events"),
            ("content-length", "6"),
            ("content-language", "en"),
            ("connection", "close"),
            ("set-cookie", "a=b"),
            ("set-meta-user", "7"),
            ("keep-alive-interval", "30"),
            ("sec-websocket-extensions", "grip"),
            ("sec-websocket-protocol", "chat1"),
        ]
        .into_iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
        assert_eq!(
            shown(&for_client(&answer, true)),
            "sec-websocket-protocol: chat1\nset-cookie: a=b"
        );
        assert_eq!(
            shown(&for_client(&answer, false)),
            "content-language: en\ncontent-type: application/websocket-events\n\
             sec-websocket-protocol: chat1\nset-cookie: a=b"
        );
    }
}
