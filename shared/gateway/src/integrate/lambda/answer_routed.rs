//! What a function's answer to an HTTP API means: format 2.0 takes anything, 1.0 only what is whole.

use super::answer::{append, head, malformed, object};
use super::stream::append_cookies;
use crate::answer::Answer;
use crate::rejection::IntegrateRejection;
use crate::{Body, headers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What has no status is a body as it is, be it JSON or not.
pub(super) fn read_v2(payload: &[u8]) -> Result<Answer, IntegrateRejection> {
    let members = match parsed(payload) {
        Ok(Value::Object(members)) if members.get("statusCode").is_some_and(|s| !s.is_null()) => {
            members
        }
        value => {
            let body = match value {
                Ok(Value::String(text)) => Bytes::from(text),
                _ => Bytes::copy_from_slice(payload.trim_ascii()),
            };
            let mut headers = HeaderMap::with_capacity(1);
            headers.insert(CONTENT_TYPE, JSON);
            return Ok(answer(StatusCode::OK, headers, body));
        }
    };
    let (status, mut listed) = head(
        member(&members, "statusCode"),
        member(&members, "headers"),
        None,
    )?;
    if let Some(cookies) = member(&members, "cookies") {
        append_cookies(&mut listed, cookies)
            .map_err(|rejection| malformed(&rejection.to_string()))?;
    }
    Ok(answer(status, listed, body(&members)?))
}

pub(super) fn read_v1(payload: &[u8]) -> Result<Answer, IntegrateRejection> {
    let Value::Object(members) = parsed(payload)? else {
        return Err(malformed("it is not an object"));
    };
    let status = member(&members, "statusCode");
    let status = status.ok_or_else(|| malformed("it has no statusCode"))?;
    let (status, mut listed) = head(Some(status), None, member(&members, "multiValueHeaders"))?;
    let several = listed.clone();
    for (name, value) in object(member(&members, "headers"), "headers")? {
        if !several.contains_key(name.as_str()) {
            append(&mut listed, name, value)?;
        }
    }
    Ok(answer(status, listed, body(&members)?))
}

fn parsed(payload: &[u8]) -> Result<Value, IntegrateRejection> {
    serde_json::from_slice(payload).map_err(|error| malformed(&error.to_string()))
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members.get(name).filter(|value| !value.is_null())
}

fn body(members: &Map<String, Value>) -> Result<Bytes, IntegrateRejection> {
    let text = match member(members, "body") {
        None => "",
        Some(Value::String(text)) => text,
        Some(_) => return Err(malformed("body is not a string")),
    };
    match member(members, "isBase64Encoded") {
        None | Some(Value::Bool(false)) => Ok(Bytes::from(text.to_owned())),
        Some(Value::Bool(true)) => {
            let decoded = STANDARD.decode(text);
            let decoded = decoded.map_err(|error| malformed(&format!("body: {error}")))?;
            Ok(Bytes::from(decoded))
        }
        Some(_) => Err(malformed("isBase64Encoded is not a boolean")),
    }
}

fn answer(status: StatusCode, listed: HeaderMap, body: Bytes) -> Answer {
    let mut headers = headers::PASSED.apply(&listed);
    let has_content = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if has_content {
        headers.entry(CONTENT_TYPE).or_insert(TEXT);
    }
    Answer {
        status,
        headers,
        body: Body::Full(body),
        traced: false,
        may_be_packed: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Status, headers and body on one line, or what is wrong.
    fn told(read: fn(&[u8]) -> Result<Answer, IntegrateRejection>, payload: &str) -> String {
        match read(payload.as_bytes()) {
            Err(IntegrateRejection::MalformedAnswer(_)) => "malformed".to_owned(),
            Err(other) => other.to_string(),
            Ok(answer) => {
                let Body::Full(body) = answer.body else {
                    unreachable!("a function's answer is held in memory")
                };
                let headers = answer.headers.iter();
                let headers: String = headers
                    .map(|(name, value)| format!(" {name}={}", value.to_str().unwrap()))
                    .collect();
                let status = answer.status.as_u16();
                format!("{status}{headers} {}", String::from_utf8_lossy(&body))
            }
        }
    }

    #[test]
    fn format_2_takes_what_has_no_status_for_a_body() {
        const IS_JSON: &str = "200 content-type=application/json ";
        const IS_TEXT: &str = "content-type=text/plain; charset=utf-8";
        for (payload, expected) in [
            (r#""Hello""#, format!("{IS_JSON}Hello")),
            (r#" {"a": 1} "#, format!(r#"{IS_JSON}{{"a": 1}}"#)),
            ("[1,2]", format!("{IS_JSON}[1,2]")),
            ("7", format!("{IS_JSON}7")),
            ("", IS_JSON.to_owned()),
            (r#"{"name": "Jo","#, format!(r#"{IS_JSON}{{"name": "Jo","#)),
            ("null", format!("{IS_JSON}null")),
            (
                r#"{"statusCode":null}"#,
                format!(r#"{IS_JSON}{{"statusCode":null}}"#),
            ),
            (
                r#"{"statusCode":201,"body":"x"}"#,
                format!("201 {IS_TEXT} x"),
            ),
            (r#"{"statusCode":"404"}"#, format!("404 {IS_TEXT} ")),
            (r#"{"statusCode":204}"#, "204 ".to_owned()),
            (
                r#"{"statusCode":200,"headers":{"Content-Type":"a/b","X-N":1,"X-B":true,"x-0":null},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#,
                "200 content-type=a/b x-b=true x-n=1 set-cookie=a=1 set-cookie=b=2 hi".to_owned(),
            ),
            (
                r#"{"statusCode":200,"multiValueHeaders":{"m":["v"]},"other":1}"#,
                format!("200 {IS_TEXT} "),
            ),
            (
                r#"{"statusCode":200,"headers":{"connection":"close","content-length":"99","server":"s"}}"#,
                format!("200 server=s {IS_TEXT} "),
            ),
        ] {
            assert_eq!(told(read_v2, payload), expected, "{payload}");
        }
        for payload in [
            r#"{"statusCode":99}"#,
            r#"{"statusCode":600}"#,
            r#"{"statusCode":200.5}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"a":[]}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\r\nc: d"}}"#,
            r#"{"statusCode":200,"cookies":"a=1"}"#,
            r#"{"statusCode":200,"cookies":["a=1\r\n"]}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"isBase64Encoded":"true"}"#,
        ] {
            assert_eq!(told(read_v2, payload), "malformed", "{payload}");
        }
    }

    #[test]
    fn format_1_infers_nothing() {
        for (payload, expected) in [
            (
                json!({"statusCode": 200, "headers": {"a": "1", "B": "2"}, "multiValueHeaders": {"b": ["3", "4"]}, "body": "x"}),
                "200 b=3 b=4 a=1 content-type=text/plain; charset=utf-8 x",
            ),
            (
                json!({"statusCode": "200", "cookies": ["a=1"], "headers": {"content-type": "a/b"}}),
                "200 content-type=a/b ",
            ),
            (
                json!({"statusCode": 200, "headers": {"content-type": "a/b"}, "body": "aGk=", "isBase64Encoded": true}),
                "200 content-type=a/b hi",
            ),
            (json!("Hello"), "malformed"),
            (json!({}), "malformed"),
            (json!({"body": "x"}), "malformed"),
            (json!([]), "malformed"),
            (
                json!({"statusCode": 200, "multiValueHeaders": {"a": "b"}}),
                "malformed",
            ),
            (json!({"statusCode": 200, "body": 1}), "malformed"),
        ] {
            assert_eq!(told(read_v1, &payload.to_string()), expected, "{payload}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in "\\PC{0,80}") {
            told(read_v1, &payload);
            told(read_v2, &payload);
        }
    }
}
