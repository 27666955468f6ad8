//! Signature Version 4: a request that only the owner of a secret can have made.
//!
//! Both sides are served from here: who signs and who verifies write a request down in the same form ([`canonical`]) and make
//! the same signature of it ([`signature`]). [`Presented::read`] takes apart what a request shows for itself, and says whose
//! secret to look up; [`Presented::verify`] compares. What AWS's services answer to a refused request is in [`Refusal`].

pub mod canonical;
mod presented;
mod refusal;
pub mod signature;
mod verify;

pub use presented::{Form, Presented, claimed_key};
pub use refusal::Refusal;
pub use verify::{Proven, verify};

use http::HeaderMap;

pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What a scope ends with.
pub const TERMINATOR: &str = "aws4_request";
/// Seconds that the clocks of the two sides may be apart.
pub const CLOCK_SKEW_SECONDS_MAX: u64 = 300;
/// Seconds that a signature in a query may be good for.
pub const EXPIRES_SECONDS_MAX: u64 = 604_800;

pub const DATE: &str = "x-amz-date";
pub const TOKEN: &str = "x-amz-security-token";
pub const CONTENT_HASH: &str = "x-amz-content-sha256";

/// A request as it came over the wire.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Still percent-encoded, with the stage or base path: what the client sent.
    pub path: &'a str,
    /// Still percent-encoded, without the question mark.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub payload: Payload<'a>,
}

#[derive(Clone, Copy)]
pub enum Payload<'a> {
    Body(&'a [u8]),
    /// Of a body that is not at hand: the SHA-256 that was computed of it, in lower-case hexadecimal digits.
    Hash(&'a str),
}

/// What a signature must be for.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Such as `execute-api`.
    pub service: &'a str,
    pub region: &'a str,
    /// Whether a signature may leave out the body. Then somebody on the way can replace it.
    pub unsigned_payloads: bool,
    /// Headers, in lower case, that change what a request means here: who sends one signs it.
    pub must_sign: &'a [&'a str],
}
