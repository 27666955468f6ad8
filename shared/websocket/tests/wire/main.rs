//! Requests of holders and of backends, answered on an embedded store.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod connections;
mod requests;
mod sockets;
mod world;
