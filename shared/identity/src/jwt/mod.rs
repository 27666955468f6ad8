//! JSON Web Tokens: read, verify against an issuer's published keys, and look at what they say.
//!
//! A token is found good by what its reader decided beforehand, and by nothing that the token says of itself: which algorithms
//! may sign is configuration, the keys are those that the issuer publishes, and a key that comes along in a header (`jwk`,
//! `jku`, `x5u`, `x5c`) is not looked at. There is no `none`, and nothing symmetric: a published key can never be a secret.
//!
//! It is written on `ring`, which the house has for TLS and signatures anyway. The crates of the field do the same sums, but
//! bring other cryptography along (`jsonwebtoken` asks for aws-lc or for a dozen crates of its own), read JSON leniently
//! (of two members of one name the last counts), and decide by the kind of a key what we want decided by configuration.
//! `ring` has no P-521, so ES512 is not among the algorithms.
//!
//! Everything here is bounded before it is read: the token's bytes, the depth of its JSON, the bytes and the number of keys.

mod address;
mod algorithm;
mod claims;
mod json;
mod keys;
mod token;

pub use address::{BadAddress, check_address, check_issuer, check_keys};
pub use algorithm::Algorithm;
pub use claims::{Claims, Untimely};
pub use keys::{BadKeySet, KeySet, Unverified};
pub use token::{Malformed, Token};

/// A token that is longer is not read. Headers of requests are no longer than this together.
pub const TOKEN_BYTES_MAX: usize = 16 * 1_024;
/// A set of keys that is longer is not read: the service's own bound.
pub const KEY_SET_BYTES_MAX: usize = 150_000;
