//! From Lambda's event to the management APIs and back.

use bytes::Bytes;
use postern_gateway::Body;
use postern_lambda::{Event, Failure, Reply, Trust, refused, whole};
use postern_management::Management;
use std::sync::Arc;

/// `requires_auth` is whether Postern itself proves who manages, where Lambda has not done so.
pub(crate) async fn answer(
    management: Arc<Management>,
    event: Event,
    requires_auth: bool,
) -> Result<Reply, Failure> {
    let arrival = match event.into_arrival(&Trust::default()) {
        Ok(arrival) => arrival,
        Err(error) => return Ok(whole(&refused(&error))),
    };
    let target = match &arrival.query {
        Some(query) => format!("{}?{query}", arrival.path),
        None => arrival.path,
    };
    let Body::Full(body) = arrival.body else {
        unreachable!("an event's body is all there")
    };
    let mut request = match http::Request::builder()
        .method(arrival.method)
        .uri(target)
        .body(body)
    {
        Ok(request) => request,
        Err(error) => return Ok(whole(&refused(&error))),
    };
    *request.headers_mut() = arrival.headers;
    // Whom a URL that asks for IAM lets in may manage: that is what its permission says.
    let response: http::Response<Bytes> = if requires_auth && arrival.proven.is_none() {
        let source_ip = arrival.source_ip;
        management.answer_signed(request, &source_ip).await
    } else {
        management.answer(request).await
    };
    Ok(whole(&response))
}
