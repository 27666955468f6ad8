//! The library from outside.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail like a test")]

mod cases;
mod documentation;
mod exports;
mod generated;
mod http;
mod large;
mod merging;
mod normal;
mod robustness;
mod round_trip;
mod settings;
mod world;
