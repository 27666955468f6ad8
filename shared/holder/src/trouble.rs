//! What goes wrong between holder and backend, for whoever operates them. A client never sees these words.

use crate::backend::BackendError;
use postern_grip::Malformed;
use std::time::Duration;
use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Trouble {
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error("the backend gave no answer within {0:?}")]
    Timeout(Duration),
    #[error("the backend answered with status {0}; events come with 200")]
    Status(u16),
    #[error(
        "the backend answered with content type `{0}`; events come as `application/websocket-events`"
    )]
    ContentType(String),
    #[error("the backend's answer is encoded as `{0}`; events come as they are")]
    ContentEncoding(String),
    #[error("the backend's answer cannot be read: {0}")]
    Malformed(#[from] Malformed),
    #[error("the backend accepted a socket without `OPEN` at the beginning of its answer")]
    NotOpened,
    #[error(
        "a message begins with neither `c:` nor the prefix that was agreed on, and was not sent"
    )]
    Unprefixed,
    #[error("a control message is not understood, and was ignored: {0}")]
    Control(String),
    #[error("the backend sets more `Set-Meta-*` than a socket may have")]
    Meta,
    #[error("the client reads too slowly for what is published to it")]
    SlowClient,
}
