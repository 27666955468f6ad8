//! Sockets from outside: what a client sees, and what the backend hears.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(
    clippy::unnecessary_wraps,
    reason = "they are what a backend does, and other backends fail"
)]

mod backend;
mod end;
mod life;
mod publish;
mod support;
