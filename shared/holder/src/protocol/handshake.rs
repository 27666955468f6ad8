//! Whether a request asks for a WebSocket, and the proof of having understood it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Version};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use thiserror::Error;

const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request that may become a WebSocket.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// The value of `Sec-WebSocket-Accept`.
    pub(crate) accept: HeaderValue,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum HandshakeError {
    #[error(
        "this address takes WebSockets only: send `Connection: Upgrade` and `Upgrade: websocket`"
    )]
    NotAsked,
    #[error("a WebSocket begins with a GET by HTTP/1.1 or later, with a `Host`")]
    Request,
    #[error("`Sec-WebSocket-Version` must be 13")]
    Version,
    #[error("`Sec-WebSocket-Key` must be 16 bytes in base64")]
    Key,
}

impl Handshake {
    pub(crate) fn read(request: &Parts) -> Result<Self, HandshakeError> {
        if !has_token(request, &UPGRADE, "websocket") || !has_token(request, &CONNECTION, "upgrade")
        {
            return Err(HandshakeError::NotAsked);
        }
        if request.method != Method::GET
            || request.version < Version::HTTP_11
            || !request.headers.contains_key(HOST)
        {
            return Err(HandshakeError::Request);
        }
        if one(request, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
            return Err(HandshakeError::Version);
        }
        let key = one(request, &SEC_WEBSOCKET_KEY).ok_or(HandshakeError::Key)?;
        if STANDARD.decode(key).map(|key| key.len()) != Ok(16) {
            return Err(HandshakeError::Key);
        }
        let proof = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, MAGIC].concat());
        let accept = HeaderValue::try_from(STANDARD.encode(proof))
            .expect("base64 has only letters, digits, `+`, `/` and `=`");
        Ok(Self { accept })
    }
}

/// The header's value if it comes once.
fn one<'a>(request: &'a Parts, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next()?;
    values
        .next()
        .is_none()
        .then(|| value.as_bytes().trim_ascii())
}

fn has_token(request: &Parts, name: &HeaderName, token: &str) -> bool {
    request
        .headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(change: impl FnOnce(&mut Parts)) -> Parts {
        let (mut parts, ()) = Request::get("/chat")
            .header("host", "server.example.com")
            .header("upgrade", "WebSocket")
            .header("connection", "keep-alive, Upgrade")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-version", "13")
            .body(())
            .unwrap()
            .into_parts();
        change(&mut parts);
        parts
    }

    fn set(parts: &mut Parts, name: &'static str, value: &'static str) {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }

    #[test]
    fn the_proof_is_that_of_the_standard() {
        let handshake = Handshake::read(&parts(|_| {})).unwrap();
        assert_eq!(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_no_handshake_is_refused_with_its_reason() {
        type Change = fn(&mut Parts);
        let cases: [(Change, HandshakeError); 9] = [
            (
                |parts| set(parts, "upgrade", "h2c"),
                HandshakeError::NotAsked,
            ),
            (
                |parts| drop(parts.headers.remove("connection")),
                HandshakeError::NotAsked,
            ),
            (|parts| parts.method = Method::POST, HandshakeError::Request),
            (
                |parts| parts.version = Version::HTTP_10,
                HandshakeError::Request,
            ),
            (
                |parts| drop(parts.headers.remove("host")),
                HandshakeError::Request,
            ),
            (
                |parts| set(parts, "sec-websocket-version", "8"),
                HandshakeError::Version,
            ),
            (
                |parts| set(parts, "sec-websocket-key", "c2hvcnQ="),
                HandshakeError::Key,
            ),
            (
                |parts| set(parts, "sec-websocket-key", "no base64"),
                HandshakeError::Key,
            ),
            (
                |parts| {
                    let again = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
                    parts.headers.append("sec-websocket-key", again);
                },
                HandshakeError::Key,
            ),
        ];
        for (index, (change, expected)) in cases.into_iter().enumerate() {
            let error = Handshake::read(&parts(change)).unwrap_err();
            assert_eq!(error, expected, "case {index}");
        }
    }
}
