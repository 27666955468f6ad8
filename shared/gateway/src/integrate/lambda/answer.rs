//! What a function's answer to an AWS_PROXY call means. Whatever does not fit is a malformed answer: 502.

use super::stream::DELIMITER;
use crate::answer::Answer;
use crate::rejection::IntegrateRejection;
use crate::{Body, headers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// `accepted` is the first media type of the request's `Accept`.
pub(super) fn read(
    payload: &[u8],
    binary_media_types: &[String],
    accepted: Option<&str>,
) -> Result<Answer, IntegrateRejection> {
    // A function that streams, called as if it did not: its head counts, and its body is lost, as on the service.
    let head_alone = payload
        .windows(DELIMITER.len())
        .position(|window| window == DELIMITER);
    let payload = &payload[..head_alone.unwrap_or(payload.len())];
    let answer = match serde_json::from_slice(payload) {
        Ok(Value::Object(answer)) => answer,
        Ok(_) => return Err(malformed("it is not an object")),
        Err(error) => return Err(malformed(&error.to_string())),
    };
    let known = [
        "statusCode",
        "headers",
        "multiValueHeaders",
        "body",
        "isBase64Encoded",
    ];
    if let Some(unknown) = answer.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(malformed(&format!(
            "`{unknown}` is not one of {}",
            known.join(", ")
        )));
    }
    let member = |name: &str| answer.get(name).filter(|value| !value.is_null());

    let (status, listed) = head(
        member("statusCode"),
        member("headers"),
        member("multiValueHeaders"),
    )?;
    let encoded = match member("isBase64Encoded") {
        None => false,
        Some(Value::Bool(encoded)) => *encoded,
        Some(_) => return Err(malformed("isBase64Encoded is not a boolean")),
    };
    let text = match member("body") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(malformed("body is not a string")),
    };
    let wants_binary = binary_media_types.iter().any(|listed| listed == "*/*")
        || accepted
            .is_some_and(|accepted| binary_media_types.iter().any(|listed| listed == accepted));
    let body = if encoded && wants_binary {
        let decoded = STANDARD.decode(text).map_err(|error| {
            IntegrateRejection::Configuration(format!("Unable to base64 decode the body: {error}"))
        })?;
        Bytes::from(decoded)
    } else {
        Bytes::from(text.to_owned())
    };
    Ok(Answer {
        status,
        headers: headers::AWS_PROXY.apply(&listed),
        body: Body::Full(body),
        traced: true,
        may_be_packed: true,
    })
}

/// The answer to a message, to a handshake or to a connection's end, which must say whether all is well.
pub(super) fn read_of_message(payload: &[u8]) -> Result<Answer, IntegrateRejection> {
    #[derive(serde::Deserialize)]
    struct Said {
        #[serde(rename = "statusCode")]
        _status: serde::de::IgnoredAny,
    }
    // What is wrong with the rest is for the reader of the rest to say.
    let says = serde_json::from_slice::<Said>(payload).is_ok();
    let answer = read(payload, &[], None)?;
    if says {
        Ok(answer)
    } else {
        Err(malformed("it has no statusCode"))
    }
}

/// Status and headers, as buffered and streamed answers have them.
pub(super) fn head(
    status_code: Option<&Value>,
    headers: Option<&Value>,
    multi_value_headers: Option<&Value>,
) -> Result<(StatusCode, HeaderMap), IntegrateRejection> {
    let status = status(status_code)?;
    let mut listed = HeaderMap::new();
    for (name, values) in object(multi_value_headers, "multiValueHeaders")? {
        let Value::Array(values) = values else {
            return Err(malformed(&format!(
                "multiValueHeaders `{name}` is not a list"
            )));
        };
        for value in values {
            append(&mut listed, name, value)?;
        }
    }
    for (name, value) in object(headers, "headers")? {
        append(&mut listed, name, value)?;
    }
    Ok((status, listed))
}

fn status(value: Option<&Value>) -> Result<StatusCode, IntegrateRejection> {
    let number = match value {
        None => return Ok(StatusCode::OK),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    number
        .and_then(|number| u16::try_from(number).ok())
        // A final answer: what comes before it, such as 100, no client can be sent through here.
        .filter(|number| (200..600).contains(number))
        .and_then(|number| StatusCode::from_u16(number).ok())
        .ok_or_else(|| malformed("statusCode is not a status"))
}

pub(super) fn object<'v>(
    value: Option<&'v Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'v String, &'v Value)>, IntegrateRejection> {
    match value {
        None => Ok(None.into_iter().flatten()),
        Some(Value::Object(members)) => Ok(Some(members).into_iter().flatten()),
        Some(_) => Err(malformed(&format!("{name} is not an object"))),
    }
}

pub(super) fn append(
    headers: &mut HeaderMap,
    name: &str,
    value: &Value,
) -> Result<(), IntegrateRejection> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null => return Ok(()),
        Value::Array(_) | Value::Object(_) => {
            return Err(malformed(&format!("header `{name}` is not a string")));
        }
    };
    let bad = |what: &str| {
        malformed(&format!(
            "header `{name}` has {what} that HTTP does not allow"
        ))
    };
    let header = HeaderName::try_from(name).map_err(|_| bad("a name"))?;
    let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| bad("a value"))?;
    match headers.try_append(header, value) {
        Ok(_) => Ok(()),
        Err(_) => Err(malformed("there are more headers than a message can have")),
    }
}

pub(super) fn malformed(reason: &str) -> IntegrateRejection {
    IntegrateRejection::MalformedAnswer(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Status, headers and body on one line, or the status of the rejection.
    fn answer(payload: &str, binary: &[&str], accept: Option<&str>) -> String {
        let binary: Vec<_> = binary
            .iter()
            .map(|media_type| (*media_type).to_owned())
            .collect();
        match read(payload.as_bytes(), &binary, accept) {
            Err(rejection) => crate::Rejection::from(rejection)
                .answer(postern_plan::ApiKind::Rest)
                .status
                .to_string(),
            Ok(answer) => {
                let Body::Full(body) = answer.body else {
                    unreachable!("a function's answer is held in memory")
                };
                let headers: String = answer
                    .headers
                    .iter()
                    .map(|(name, value)| format!(" {name}={}", value.to_str().unwrap()))
                    .collect();
                format!(
                    "{}{headers} {}",
                    answer.status.as_u16(),
                    String::from_utf8_lossy(&body)
                )
                .trim_end()
                .to_owned()
            }
        }
    }

    #[test]
    fn answers_mean_what_they_mean_on_the_service() {
        for (payload, expected) in [
            (json!({}), "200"),
            (json!({"statusCode": 200}), "200"),
            (
                json!({"headers": {"test-header": "v"}}),
                "200 test-header=v",
            ),
            (json!({"statusCode": "201"}), "201"),
            (json!({"statusCode": "test"}), "502"),
            (json!({"statusCode": 200, "wrongValue": "v"}), "502"),
            (json!("justAString"), "502"),
            (json!(1), "502"),
            (json!([]), "502"),
            (json!({"statusCode": 200, "headers": null}), "200"),
            (json!({"headers": {"a": true}}), "200 a=true"),
            (json!({"headers": {"a": {}}}), "502"),
            (json!({"headers": {"a": []}}), "502"),
            (json!({"headers": "a"}), "502"),
            (
                json!({"multiValueHeaders": {"m": ["v1", "v2"]}}),
                "200 m=v1 m=v2",
            ),
            (json!({"multiValueHeaders": {"m": "v1"}}), "502"),
            (
                json!({"headers": {"m": "solo"}, "multiValueHeaders": {"m": ["multi"]}}),
                "200 m=multi m=solo",
            ),
            (
                json!({"headers": {"m": "solo"}, "multiValueHeaders": {"M": ["multi"]}}),
                "200 m=multi m=solo",
            ),
            (json!({"headers": {"a b": "v"}}), "502"),
            (json!({"headers": {"a": "v\r\nx: y"}}), "502"),
            (json!({"body": "text"}), "200 text"),
            (json!({"body": {}}), "502"),
            (json!({"body": 1}), "502"),
            (json!({"body": null, "isBase64Encoded": null}), "200"),
            (json!({"isBase64Encoded": "true"}), "502"),
            (json!({"statusCode": 99}), "502"),
            (json!({"statusCode": 100}), "502"),
            (json!({"statusCode": 1000}), "502"),
            (json!({"statusCode": 200.5}), "502"),
            (
                json!({"statusCode": 401, "headers": {"WWW-Authenticate": "Basic"}}),
                "401 x-amzn-remapped-www-authenticate=Basic",
            ),
        ] {
            assert_eq!(
                answer(&payload.to_string(), &[], None),
                expected,
                "{payload}"
            );
        }
        assert_eq!(answer("", &[], None), "502");
        assert_eq!(answer("{\"statusCode\": 200", &[], None), "502");
    }

    #[test]
    fn base64_is_decoded_where_the_client_accepts_a_binary_type_exactly() {
        for (binary, accept, expected) in [
            (&[][..], Some("image/png"), "200 aGk="),
            (&["image/png"], Some("image/png"), "200 hi"),
            (&["image/png"], Some("image/jpg"), "200 aGk="),
            (&["image/png"], Some("image/*"), "200 aGk="),
            (&["image/png"], Some("*/*"), "200 aGk="),
            (&["image/png"], None, "200 aGk="),
            (&["*/test"], Some("x/test"), "200 aGk="),
            (&["*/*"], None, "200 hi"),
            (&["*/*"], Some("x/y"), "200 hi"),
        ] {
            let payload = json!({"body": "aGk=", "isBase64Encoded": true}).to_string();
            assert_eq!(
                answer(&payload, binary, accept),
                expected,
                "{binary:?} {accept:?}"
            );
        }
        assert_eq!(
            answer(r#"{"body": "%", "isBase64Encoded": true}"#, &["*/*"], None),
            "500"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in "\\PC{0,80}") {
            answer(&payload, &["*/*"], None);
        }
    }
}
