//! Bodies that are held in memory, of requests and of answers, and how long they may be.

use crate::rejection::IntegrateRejection;
use crate::{Body, CallError, CollectError};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

/// AWS's limit for a request's body, and for one that is held in memory on its way back.
pub const PAYLOAD_BYTES_MAX: usize = 10_485_760;

/// Refuses a body that is told to be longer than the service takes, before one byte of it is waited for.
pub(crate) fn check_length(headers: &HeaderMap) -> Result<(), IntegrateRejection> {
    let told = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match told {
        Some(told) if told > PAYLOAD_BYTES_MAX as u64 => {
            Err(IntegrateRejection::BodyTooLarge(PAYLOAD_BYTES_MAX))
        }
        _ => Ok(()),
    }
}

/// The whole body of a request, for what cannot stream.
pub(crate) async fn collect(body: Body) -> Result<Bytes, IntegrateRejection> {
    body.collect(PAYLOAD_BYTES_MAX)
        .await
        .map_err(|error| match error {
            CollectError::TooLong(max) => IntegrateRejection::BodyTooLarge(max),
            CollectError::Broken(error) => IntegrateRejection::BodyBroken(error.to_string()),
        })
}

/// The whole body of an integration's answer. A call may also fail, or its time end, while that arrives.
pub(crate) async fn buffered(body: Body) -> Result<Bytes, IntegrateRejection> {
    body.collect(PAYLOAD_BYTES_MAX).await.map_err(broken)
}

pub(crate) fn broken(error: CollectError) -> IntegrateRejection {
    match error {
        CollectError::Broken(reason) => match reason.downcast::<CallError>() {
            Ok(failure) => IntegrateRejection::Call(*failure),
            Err(reason) => CollectError::Broken(reason).into(),
        },
        CollectError::TooLong(_) => error.into(),
    }
}
