//! What a holder of WebSockets and its backend say to each other: GRIP, with WebSocket-over-HTTP.
//!
//! Events ([`Event`]) tell both ways what happens on a socket, items ([`Item`]) are published to whoever listens to a channel,
//! and tokens of a shared key ([`SharedKey`]), or of a public one ([`PublicKey`]), prove to each side that it hears the other. Both `holder` and `websocket` stand
//! on this, so that there is one reading of the protocol. It does no I/O and knows nothing of APIs.

mod close;
mod events;
mod item;
mod signature;

/// In the answer of a holder of ours to what was published: how many sockets listened.
pub const REACHED: &str = "x-postern-reached";

pub use close::{CONTROL_BYTES_MAX, CloseError, Closing, REASON_BYTES_MAX};
pub use events::{CONTENT_TYPE, Event, Events, Malformed};
pub use item::{Action, Item, PublishError};
pub use signature::{PublicKey, SharedKey, TokenError};
