//! This crate against real servers: DynamoDB Local for the store, plain sockets for what is signed and how calls fail.
//!
//! DynamoDB Local is not part of a checkout. Where it listens is told by `POSTERN_TEST_DYNAMODB`, which `tests/run` sets;
//! without it the tests of the store are left out, and say so.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and so do its servers"
)]

mod backend;
mod calls;
mod dynamodb;
mod large;
#[cfg(feature = "profiles")]
mod profiles;
mod roles;
mod store;
