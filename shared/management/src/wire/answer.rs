//! How outcomes become HTTP answers.

use super::Failure;
use super::failure::Kind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::json;

/// What only the operator should read about an answer: the program that serves it finds this among its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// The answer to an operation that was done. `()` has no body.
pub(crate) fn success<T: Serialize>(status: u16, output: &T) -> Result<Response<Bytes>, Failure> {
    let body = serde_json::to_vec(output).map_err(|error| Failure::internal(error.to_string()))?;
    let body = if body == b"null" {
        Bytes::new()
    } else {
        body.into()
    };
    Ok(answer(status, body))
}

/// A moment, in seconds since 1970, as HTTP and WebSocket APIs tell it.
pub(crate) fn iso8601(seconds: i64) -> String {
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

/// The seconds since 1970 of what [`iso8601`] wrote, and of anything else those of 1970.
pub(crate) fn seconds_of(text: &str) -> i64 {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let small = |from| u8::try_from(number(from, from + 2)?).ok();
    let moment = || {
        let month = time::Month::try_from(small(5)?).ok()?;
        let day = time::Date::from_calendar_date(number(0, 4)?.into(), month, small(8)?).ok()?;
        let time = time::Time::from_hms(small(11)?, small(14)?, small(17)?).ok()?;
        Some(day.with_time(time).assume_utc().unix_timestamp())
    };
    moment().unwrap_or_default()
}

/// An object without members, for answers that are one.
#[derive(Debug, Serialize)]
pub(crate) struct Nothing {}

/// The answer that is a file.
pub(crate) fn document(
    text: String,
    content_type: &'static str,
    name: &str,
) -> Result<Response<Bytes>, Failure> {
    let mut response = answer(200, text.into());
    let named =
        HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).map_err(|_| {
            Failure::bad_request("The version of the API cannot be part of a file's name")
        })?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, named);
    Ok(response)
}

pub(crate) fn failure(failure: Failure) -> Response<Bytes> {
    // What refuses access writes it with a capital.
    let name = match failure.kind {
        Kind::AccessDenied => "Message",
        _ => "message",
    };
    let body = json!({ name: failure.message }).to_string();
    let mut response = answer(failure.kind.status(), body.into());
    let headers = response.headers_mut();
    headers.insert(
        "x-amzn-errortype",
        HeaderValue::from_static(failure.kind.name()),
    );
    if let Some(seconds) = failure.kind.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    if let Some(detail) = failure.detail {
        response.extensions_mut().insert(Fault(detail));
    }
    response
}

fn answer(status: u16, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    for (name, value) in [
        ("x-amzn-requestid", request_id(rand::random())),
        (
            "x-amz-apigw-id",
            STANDARD.encode(rand::random::<[u8; 11]>()),
        ),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

/// A random UUID.
fn request_id(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_store::StoreError;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        for (random, expected) in [
            (0, "00000000-0000-4000-8000-000000000000"),
            (u128::MAX, "ffffffff-ffff-4fff-bfff-ffffffffffff"),
        ] {
            assert_eq!(request_id(random), expected);
        }
    }

    #[test]
    fn every_answer_carries_its_ids_and_nothing_has_no_body() {
        let response = success(204, &()).unwrap();
        assert_eq!(response.status(), 204);
        assert!(response.body().is_empty());
        assert_eq!(response.headers()["x-amz-apigw-id"].len(), 16);
        assert_eq!(response.headers()["x-amzn-requestid"].len(), 36);
    }

    #[test]
    fn a_failure_names_its_type_in_the_header_and_its_detail_to_the_operator_alone() {
        let response = failure(Failure::internal("secret".to_owned()));
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-amzn-errortype"], "InternalFailure");
        assert_eq!(response.body(), r#"{"message":"Internal failure"}"#);
        assert_eq!(
            response.extensions().get(),
            Some(&Fault("secret".to_owned()))
        );

        let reason = "slow".to_owned();
        let response = failure(StoreError::Unavailable { reason }.into());
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
