//! The library from outside.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail like a test")]

mod corpus;
mod issuer;
mod jwt;
mod refusals;
mod round_trip;
mod vectors;
mod world;
