//! The client's handshake, out of the request that a holder made of it.

use http::Method;
use http::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    SEC_WEBSOCKET_EXTENSIONS, TRANSFER_ENCODING, UPGRADE,
};
use postern_gateway::{Arrival, Body};

/// What the client sent, as far as the holder has left it: its own `Accept` and what it offered as extensions are lost.
pub(super) fn handshake(mut arrival: Arrival) -> Arrival {
    arrival.method = Method::GET;
    arrival.body = Body::empty();
    let of_the_holder: Vec<HeaderName> = (arrival.headers.keys())
        .filter(|name| is_of_the_holder(name))
        .cloned()
        .collect();
    for name in of_the_holder {
        arrival.headers.remove(name);
    }
    let headers: &mut HeaderMap = &mut arrival.headers;
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    arrival
}

fn is_of_the_holder(name: &HeaderName) -> bool {
    [
        &ACCEPT,
        &CONTENT_LENGTH,
        &CONTENT_TYPE,
        &SEC_WEBSOCKET_EXTENSIONS,
        &TRANSFER_ENCODING,
    ]
    .contains(&name)
        || name.as_str() == "connection-id"
        || name.as_str().starts_with("grip-")
        || name.as_str().starts_with("meta-")
}
