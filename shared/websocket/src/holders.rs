//! The port to those who hold sockets.

use crate::Tag;
use async_trait::async_trait;
use postern_grip::Item;

/// The holders whose sockets are ours.
#[async_trait]
pub trait Holders: Send + Sync + 'static {
    /// The tag of whoever calls itself so, if it is one of them.
    fn tag(&self, name: &str) -> Option<Tag>;

    /// Publishes, in order. Once this returns well, nothing that is published later overtakes it.
    async fn publish(&self, holder: Tag, items: Vec<Item>) -> Result<Reached, PublishFailure>;
}

/// Whether a socket listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    Somebody,
    Nobody,
    /// The holder does not tell, as Pushpin does not.
    Untold,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishFailure {
    /// Such as a holder of a process that has ended.
    #[error("no holder is known that the connection could be with")]
    Unknown,
    /// Nothing answers there, so its sockets are gone too.
    #[error("the holder at {url} is gone: {reason}")]
    Gone { url: String, reason: String },
    #[error("the holder at {url} took no message: {reason}")]
    Failed { url: String, reason: String },
}
