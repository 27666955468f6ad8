//! The WebSocket protocol (RFC 6455) on the server's side: bytes in, messages out, and the other way round. It does no I/O and
//! knows nothing of backends.
//!
//! It is our own, and not one of the public crates, because of what a holder of many idle sockets needs and none of them has all of:
//!
//! - Frames and messages have limits of their own (32 KB and 128 KB on AWS), and long messages leave in frames of that size.
//!   `tokio-websockets` and `fastwebsockets` limit only one of the two; `tungstenite` does not cut what it sends.
//! - Memory follows the bytes that are under way. Crates built on a framed stream keep a buffer for each direction for as long
//!   as a socket lives, which would be most of what an idle one costs; here an idle socket has none.
//! - The holder decides who answers a ping, and when a close is answered: the backend may. Most crates do both by themselves.
//! - No `unsafe` (`fastwebsockets` and `tokio-websockets` unmask with it), and no dependency: SHA-1 comes from `ring`.
//!
//! Text is checked as it arrives, to the byte, so that a bad message is refused before it is complete. Extensions are not
//! offered, as on AWS.

mod decoder;
mod encoder;
mod handshake;
mod utf8;

pub(crate) use decoder::{Decoder, Incoming, Violation};
pub(crate) use encoder::{Opcode, control, message};
pub(crate) use handshake::{Handshake, HandshakeError};

use bytes::{Bytes, BytesMut};
use postern_grip::Closing;

/// What a client's bytes mean when they arrive in pieces of that size, for those who send anything at all: each message and control
/// frame by its name and payload, and then what is wrong, if anything.
pub fn judged(
    bytes: &[u8],
    piece: usize,
    frame_bytes_max: usize,
    message_bytes_max: usize,
) -> (Vec<(&'static str, Bytes)>, Option<String>) {
    let mut decoder = Decoder::new(frame_bytes_max, message_bytes_max);
    let mut arrived = BytesMut::new();
    let mut heard = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        arrived.extend_from_slice(piece);
        loop {
            match decoder.next(&mut arrived) {
                Ok(Some(incoming)) => heard.push(match incoming {
                    Incoming::Text(text) => ("text", text),
                    Incoming::Binary(bytes) => ("binary", bytes),
                    Incoming::Ping(bytes) => ("ping", bytes),
                    Incoming::Pong(bytes) => ("pong", bytes),
                    Incoming::Close(closing) => {
                        ("close", Closing::payload(closing.as_ref()).into())
                    }
                }),
                Ok(None) => break,
                Err(violation) => return (heard, Some(violation.to_string())),
            }
        }
    }
    (heard, None)
}
