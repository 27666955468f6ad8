//! What the front door tells everyone behind it.

use crate::headers;
use crate::trail::Trail;
use http::{HeaderMap, HeaderName, HeaderValue};

/// What the front door tells everyone behind it of where the request came from, and under which trace it goes.
pub(super) fn add(headers: &mut HeaderMap, port: u16, scheme: &str, trail: &Trail) {
    for (name, value) in [
        (
            "x-forwarded-for",
            forwarded_for(headers, &trail.source_ip).as_str(),
        ),
        ("x-forwarded-port", &port.to_string()),
        ("x-forwarded-proto", scheme),
        ("x-amzn-trace-id", &trail.trace_id),
    ] {
        let name = HeaderName::from_static(name);
        match HeaderValue::from_bytes(value.as_bytes()) {
            Ok(value) => drop(headers.insert(name, value)),
            // What the client wrote must not stand in its place.
            Err(_) => drop(headers.remove(name)),
        }
    }
}

/// The value of `X-Forwarded-For` that goes to backends: what the client claimed, and the peer's own address.
fn forwarded_for(claimed: &HeaderMap, source_ip: &str) -> String {
    let mut chain: Vec<_> = claimed
        .get_all("x-forwarded-for")
        .iter()
        .map(headers::text)
        .filter(|line| !line.trim().is_empty())
        .collect();
    chain.push(source_ip.into());
    chain.join(", ")
}
