//! Proof of who is calling.
//!
//! A pure library: where secrets are kept, and what a caller may do, is for others to know. What it holds of a secret it never
//! prints, and compares in a time that says nothing about it.

mod identity;
pub mod jwt;
mod secret;
pub mod sigv4;

pub use identity::{CognitoIdentity, Identity};
pub use secret::{Credential, Secret};
