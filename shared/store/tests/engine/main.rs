//! The embedded engine, seen from outside.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail like a test")]

mod contract;
mod model;
mod opening;
mod sweeping;
mod time;
