//! Packed request bodies, for an API that has compression on: everything behind this sees them unpacked.
//!
//! Whether the coding is known is looked at before the method is, as on the service. The bytes themselves are unpacked only
//! for a request that may go on, so that nobody who may not can make the gateway work.

use crate::address::Addressed;
use crate::admit::Admitted;
use crate::coding::{Coding, Undecodable};
use crate::rejection::{IntegrateRejection, UnpackRejection};
use crate::{Body, CollectError, PAYLOAD_BYTES_MAX, headers};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use std::sync::Arc;

/// Refuses what could not be unpacked later.
pub(crate) fn check(addressed: &Addressed) -> Result<(), UnpackRejection> {
    if addressed.deployed.api().minimum_compression_size.is_none() {
        return Ok(());
    }
    match coding_name(&addressed.request.headers) {
        Some(name) if Coding::named(&name).is_none() => Err(UnpackRejection::UnknownCoding(name)),
        _ => Ok(()),
    }
}

/// A body shorter than the API's bound stays as it is.
pub(crate) async fn unpack(mut admitted: Admitted) -> Result<Admitted, UnpackRejection> {
    let routed = &mut admitted.routed;
    let Some(least) = routed.api().minimum_compression_size else {
        return Ok(admitted);
    };
    let Some(coding) = coding_name(&routed.request.headers).and_then(|name| Coding::named(&name))
    else {
        return Ok(admitted);
    };
    let packed = std::mem::replace(&mut routed.request.body, Body::empty())
        .collect(PAYLOAD_BYTES_MAX)
        .await
        .map_err(|error| match error {
            CollectError::TooLong(max) => IntegrateRejection::BodyTooLarge(max),
            CollectError::Broken(error) => IntegrateRejection::BodyBroken(error.to_string()),
        })?;
    if packed.is_empty() || packed.len() < least as usize {
        routed.request.body = Body::Full(packed);
        return Ok(admitted);
    }
    let unpacked = coding
        .unpack(&packed, PAYLOAD_BYTES_MAX)
        .map_err(|error| match error {
            Undecodable::TooLong => IntegrateRejection::BodyTooLarge(PAYLOAD_BYTES_MAX).into(),
            Undecodable::Malformed(reason) => UnpackRejection::Malformed(reason),
        })?;
    let headers = Arc::make_mut(&mut routed.request.headers);
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
    routed.request.body = Body::Full(unpacked);
    Ok(admitted)
}

/// Identity is no coding.
fn coding_name(headers: &HeaderMap) -> Option<String> {
    let name = headers::last(headers, CONTENT_ENCODING.as_str())?;
    let name = name.trim();
    (!name.is_empty() && !name.eq_ignore_ascii_case("identity")).then(|| name.to_owned())
}
