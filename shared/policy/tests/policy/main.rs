//! The library from outside.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail like a test")]

mod cases;
mod limits;
mod properties;
