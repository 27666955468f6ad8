//! Holds WebSockets for a backend that cannot: a GRIP proxy, for a laptop or a container.
//!
//! A client's handshake, its messages and its end become requests to the backend, as WebSocket-over-HTTP has them ([`postern_grip::Event`]); the
//! backend's answers say what to send and whom to listen to, and at any other time it publishes to channels ([`postern_grip::Item`]). What a
//! message means is never looked at. Where the protocol leaves something open, this does what Pushpin 1.36 was seen to do, but
//! for three things: a socket whose backend fails is closed with 1011 instead of cut off, and the backend is told of it; a
//! client's Close is answered also when the backend does not; and pings are answered here unless [`Pings`] says otherwise.
//!
//! Not built: `Content-Bytes-Accepted`, items put in order by `id` and `prev-id` (they arrive in the order in which they were
//! published), `send-delayed`, and channel filters.
//!
//! It knows nothing of APIs, stages or routes, and depends on no crate that does.

mod backend;
mod control;
mod head;
mod holder;
mod http_backend;
mod mailbox;
mod protocol;
mod registry;
mod serve;
mod settings;
mod shared;
mod socket;
mod trouble;
mod wire;

pub use backend::{Backend, BackendError};
pub use holder::{Arrival, Holder};
pub use http_backend::{BaseError, HttpBackend};
#[doc(hidden)]
pub use protocol::judged;
pub use serve::serve;
pub use settings::{Limits, Pings, Settings, Signing};
pub use shared::Watch;
pub use trouble::Trouble;
