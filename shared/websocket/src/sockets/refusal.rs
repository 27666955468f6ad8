//! Requests that are no holder's, or none that can be answered.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, UPGRADE};
use http::{HeaderValue, Response, StatusCode};
use postern_gateway::CollectError;
use postern_grip::TokenError;
use thiserror::Error;

#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error("this address is for holders of WebSockets: connect to one of them")]
    NotEvents,
    #[error("the request has no `Grip-Sig`")]
    Unsigned,
    #[error("the `Grip-Sig` is not accepted: {0}")]
    Signature(#[from] TokenError),
    #[error(
        "the holder calls itself `{0}`, and no holder of that name is known: add it to POSTERN_HOLDERS"
    )]
    UnknownHolder(String),
    #[error("the request has no `Connection-Id`")]
    NoSocket,
    #[error("the request cannot be read: {0}")]
    Body(#[from] CollectError),
    #[error("the store does not answer")]
    Store,
}

impl Refusal {
    /// Whether the operator should hear of it. Anybody can send what is not signed.
    pub(super) fn is_fault(&self) -> bool {
        match self {
            Self::UnknownHolder(_) | Self::NoSocket | Self::Body(_) => true,
            Self::NotEvents | Self::Unsigned | Self::Signature(_) | Self::Store => false,
        }
    }

    pub(super) fn answer(&self) -> Response<Bytes> {
        let (status, message) = match self {
            Self::NotEvents => (StatusCode::UPGRADE_REQUIRED, self.to_string()),
            Self::Unsigned | Self::Signature(_) => (StatusCode::UNAUTHORIZED, self.to_string()),
            Self::UnknownHolder(_) => (StatusCode::FORBIDDEN, self.to_string()),
            Self::NoSocket | Self::Body(_) => (StatusCode::BAD_REQUEST, self.to_string()),
            // What refuses a handshake reaches the client.
            Self::Store => {
                let message = "Internal server error".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        };
        let body = serde_json::json!({ "message": message }).to_string();
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        answer
    }
}
