//! The client against real servers on this machine.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and so do its servers"
)]

mod answers;
mod connections;
mod failures;
mod requests;
mod servers;
