//! Callers who bring tokens: whose pass, what is made known of them, and how often issuers are asked for their keys.

mod guarded;
mod issuer;
mod issuers;
mod keys;
mod pool;
mod routes;

use crate::harness::merge;
use serde_json::Value;

const NOW: u64 = 1_723_055_832;
const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const EXPIRED: &str = r#"{"message":"The incoming token has expired"}"#;

fn with(mut claims: Value, change: &Value) -> Value {
    merge(&mut claims, change);
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}
