//! What is known of a connection, as it travels with each of its holder's requests: in `Meta-*` headers, which the holder keeps for
//! the socket's life.
//!
//! The connection is under a seal of the shared key, bound to the holder's own id of the socket: whoever could slip a header past a
//! holder could otherwise be anybody. The times are not, for whoever forged them would only harm their own connection.

use crate::{Connection, Keys};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

const CONNECTION: HeaderName = HeaderName::from_static("meta-connection");
const SET_CONNECTION: HeaderName = HeaderName::from_static("set-meta-connection");
const TIMES: HeaderName = HeaderName::from_static("meta-times");
const SET_TIMES: HeaderName = HeaderName::from_static("set-meta-times");

/// A longer connection stays in the registry, and only its id travels: holders and what lies between bound the headers of a request.
const SEALED_BYTES_MAX: usize = 3_000;
/// Begins the id of a connection that is to be looked up. Not a character of base64.
const LOOK_UP: &str = "*";

/// A connection as a holder's request tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Whole(Box<Connection>),
    /// The id of one in the registry.
    Stored(String),
}

/// When a connection was last used, and when the registry was last told so. In seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) active: u64,
    pub(crate) touched: u64,
}

/// Has the holder keep a connection.
pub(crate) fn keep(headers: &mut HeaderMap, connection: &Connection, socket: &str, keys: &Keys) {
    let json = serde_json::to_vec(connection).unwrap_or_default();
    let mut sealed = URL_SAFE_NO_PAD.encode(json);
    if sealed.len() > SEALED_BYTES_MAX {
        sealed = format!("{LOOK_UP}{}", connection.id);
    }
    let seal = keys.first().tag(&sealable(&sealed, socket));
    let value = HeaderValue::try_from(format!("{sealed}.{seal}"))
        .expect("ids and base64 have only letters, digits, `-`, `_` and `=`");
    headers.insert(SET_CONNECTION, value);
}

/// The connection that a request is about. Nothing where its seal is not ours.
pub(crate) fn kept(headers: &HeaderMap, socket: &str, keys: &Keys) -> Option<Kept> {
    let (sealed, seal) = headers.get(CONNECTION)?.to_str().ok()?.rsplit_once('.')?;
    if !keys.is_tag(&sealable(sealed, socket), seal) {
        return None;
    }
    if let Some(id) = sealed.strip_prefix(LOOK_UP) {
        return Some(Kept::Stored(id.to_owned()));
    }
    let json = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    serde_json::from_slice(&json).ok().map(Kept::Whole)
}

fn sealable(sealed: &str, socket: &str) -> Vec<u8> {
    [b"connection:", socket.as_bytes(), b"\n", sealed.as_bytes()].concat()
}

impl Times {
    pub(crate) fn at(now: Duration) -> Self {
        Self {
            active: now.as_secs(),
            touched: now.as_secs(),
        }
    }

    /// What cannot be read was long ago.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let read = || {
            let (active, touched) = headers.get(TIMES)?.to_str().ok()?.split_once(' ')?;
            Some(Self {
                active: active.parse().ok()?,
                touched: touched.parse().ok()?,
            })
        };
        read().unwrap_or_default()
    }

    pub(crate) fn keep(self, headers: &mut HeaderMap) {
        let value = HeaderValue::try_from(format!("{} {}", self.active, self.touched))
            .expect("digits and a space");
        headers.insert(SET_TIMES, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_gateway::socket::ConnectionCaller;

    fn connection(agent: usize) -> Connection {
        Connection {
            id: "IU3kkeN4IAMCJwA=".to_owned(),
            api: "a1".into(),
            stage: "dev".into(),
            domain_name: "localhost".to_owned(),
            connected_at: Duration::from_millis(1_689_794_896_145),
            source_ip: "127.0.0.1".to_owned(),
            user_agent: Some("ü".repeat(agent)),
            caller: ConnectionCaller::default(),
        }
    }

    /// As the holder sends back what it was told to keep.
    fn sent_back(headers: &HeaderMap) -> HeaderMap {
        let back = headers.iter().map(|(name, value)| {
            let name = name.as_str().strip_prefix("set-").unwrap();
            (HeaderName::try_from(name).unwrap(), value.clone())
        });
        back.collect()
    }

    #[test]
    fn a_connection_comes_back_to_the_socket_that_it_was_made_for() {
        let keys = Keys::random();
        for (agent, is_whole) in [(0, true), (1_000, true), (5_000, false)] {
            let connection = connection(agent);
            let mut headers = HeaderMap::new();
            keep(&mut headers, &connection, "socket-1", &keys);
            Times {
                active: 7,
                touched: 5,
            }
            .keep(&mut headers);
            assert!(headers.values().all(|value| value.len() < 4_000));
            let back = sent_back(&headers);
            let expected = if is_whole {
                Kept::Whole(Box::new(connection))
            } else {
                Kept::Stored(connection.id)
            };
            assert_eq!(kept(&back, "socket-1", &keys), Some(expected));
            assert_eq!(kept(&back, "socket-2", &keys), None);
            assert_eq!(kept(&back, "socket-1", &Keys::random()), None);
            assert_eq!(
                Times::read(&back),
                Times {
                    active: 7,
                    touched: 5
                }
            );
        }
    }

    #[test]
    fn what_was_not_sealed_is_nobodys_connection() {
        let keys = Keys::random();
        for value in ["", ".", "e30.x", "*IU3kkeN4IAMCJwA=.", "*IU3kkeN4IAMCJwA="] {
            let headers = HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static(value))]);
            assert_eq!(kept(&headers, "s", &keys), None, "{value}");
        }
        for value in ["", "1", "x y", "-1 0"] {
            let headers = HeaderMap::from_iter([(TIMES, HeaderValue::from_static(value))]);
            assert_eq!(Times::read(&headers), Times::default(), "{value}");
        }
    }
}
