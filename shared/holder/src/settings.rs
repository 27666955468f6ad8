//! What differs between one holder and another. The limits are AWS's unless said otherwise.

use postern_grip::SharedKey;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Settings {
    pub limits: Limits,
    /// With it, every request to the backend carries `Grip-Sig`.
    pub signing: Option<Signing>,
    /// Whether the publish endpoint asks for a token of the signing key. Without a key, nobody can then publish.
    pub publish_needs_token: bool,
    pub pings: Pings,
}

/// How the holder proves to the backend that a request is its own.
#[derive(Clone, Debug)]
pub struct Signing {
    pub key: SharedKey,
    /// Keys of whom else may publish, so that the key can be replaced while sockets are open.
    pub others: Vec<SharedKey>,
    /// The `iss` of its tokens.
    pub issuer: String,
}

/// Who answers a client's ping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pings {
    /// The holder, and the backend hears nothing of pings and pongs: on AWS none costs an invocation.
    #[default]
    Answered,
    /// The backend, which gets PING and PONG events.
    Forwarded,
}

#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// A client's message, all its frames together.
    pub message_bytes_max: usize,
    /// A client's frame, and the frames that long messages are sent in.
    pub frame_bytes_max: usize,
    /// How long a socket may be without a message in either direction. Pings and pongs do not count.
    pub idle: Duration,
    /// How long a socket may be open.
    pub life: Duration,
    /// How long the other side may take to finish a closing handshake. Ours.
    pub close_wait: Duration,
    /// What may wait for a client that reads slowly. Ours: eight of the longest messages. One message always may.
    pub unsent_bytes_max: usize,
    /// What may wait for the backend; beyond it the client is not read. Ours. One message always may.
    pub unanswered_bytes_max: usize,
    /// How long the backend may take: an integration's 29 seconds, and one for the way.
    pub backend_timeout: Duration,
    /// The body of one request to the publish endpoint. Ours.
    pub publish_bytes_max: usize,
    /// Sockets at once, those whose handshake is held included. Ours.
    pub sockets_max: usize,
    /// Channels of one socket, and bytes of a channel's name. Ours.
    pub channels_per_socket_max: usize,
    pub channel_bytes_max: usize,
    /// What the backend may have us keep of a socket in `Set-Meta-*`, names and values together. Ours.
    pub meta_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 128 << 10,
            frame_bytes_max: 32 << 10,
            idle: Duration::from_mins(10),
            life: Duration::from_hours(2),
            close_wait: Duration::from_secs(5),
            unsent_bytes_max: 1 << 20,
            unanswered_bytes_max: 256 << 10,
            backend_timeout: Duration::from_secs(30),
            publish_bytes_max: 1 << 20,
            sockets_max: 65_536,
            channels_per_socket_max: 100,
            channel_bytes_max: 256,
            meta_bytes_max: 4 << 10,
        }
    }
}
