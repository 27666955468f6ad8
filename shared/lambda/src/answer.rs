//! An HTTP answer as Lambda takes it: streamed, or in one piece.

use crate::Reply;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Response};
use postern_gateway::Body;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// Enough for what most answers have to tell.
const PRELUDE_BYTES: usize = 512;

/// What is told of a streamed answer before its body.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prelude<'h> {
    status_code: u16,
    headers: Lines<'h>,
    cookies: Cookies<'h>,
}

/// Streams an answer. In streaming mode a body in one piece is a stream of one piece: a buffered answer would reach the client
/// empty.
pub fn streamed(response: Response<Body>) -> Reply {
    let (head, body) = response.into_parts();
    let mut prelude = Vec::with_capacity(PRELUDE_BYTES);
    let told = Prelude {
        status_code: head.status.as_u16(),
        headers: Lines(&head.headers, plain),
        cookies: Cookies(&head.headers),
    };
    serde_json::to_writer(&mut prelude, &told).expect("numbers and texts are JSON");
    Reply::Streamed {
        prelude: prelude.into(),
        body,
    }
}

/// The answer to an event that is no request, or none that can be answered.
pub fn refused(reason: &dyn std::error::Error) -> Response<Bytes> {
    let text = reason.to_string().replace(['"', '\\'], "'");
    let mut response = Response::new(Bytes::from(format!("{{\"message\":\"{text}\"}}")));
    *response.status_mut() = http::StatusCode::BAD_REQUEST;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// An answer in one piece, in the form of a Function URL, which load balancers understand as well.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'r> {
    status_code: u16,
    headers: Lines<'r>,
    cookies: Cookies<'r>,
    body: Cow<'r, str>,
    is_base64_encoded: bool,
}

/// Answers in one piece. A body that is no text travels in base64.
pub fn whole(response: &Response<Bytes>) -> Reply {
    let body = std::str::from_utf8(response.body());
    let whole = Whole {
        status_code: response.status().as_u16(),
        headers: Lines(response.headers(), text),
        cookies: Cookies(response.headers()),
        is_base64_encoded: body.is_err(),
        body: body.map_or_else(|_| STANDARD.encode(response.body()).into(), Cow::Borrowed),
    };
    let json = serde_json::to_vec(&whole).expect("numbers and texts are JSON");
    Reply::Whole(json.into())
}

/// Lambda's forms hold one line per name. Values of one name are joined, as HTTP allows for every header but `Set-Cookie`,
/// which travels apart. Beside the headers, how a value is made text.
struct Lines<'h>(&'h HeaderMap, fn(&HeaderValue) -> Cow<'_, str>);

struct Cookies<'h>(&'h HeaderMap);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(headers, text) = self;
        let names = headers.keys().filter(|name| *name != SET_COOKIE);
        serializer.collect_map(names.map(|name| {
            let mut values = headers.get_all(name).iter().map(text);
            let first = values.next().unwrap_or_default();
            let joined = values.fold(first, |mut joined, value| {
                let line = joined.to_mut();
                line.push_str(", ");
                line.push_str(&value);
                joined
            });
            (name.as_str(), joined)
        }))
    }
}

impl Serialize for Cookies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.get_all(SET_COOKIE).iter().map(text))
    }
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// In what is told of a streamed answer nothing but ASCII is understood.
fn plain(value: &HeaderValue) -> Cow<'_, str> {
    if let Ok(value) = value.to_str() {
        return value.into();
    }
    let bytes = value.as_bytes().iter();
    bytes
        .map(|byte| {
            if byte.is_ascii() {
                char::from(*byte)
            } else {
                '?'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use serde_json::{Value, json};

    fn answer<B>(lines: &[(&'static str, &str)], body: B) -> Response<B> {
        let mut response = Response::new(body);
        for (name, value) in lines {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let name = HeaderName::from_static(name);
            response.headers_mut().append(name, value);
        }
        response
    }

    fn prelude(lines: &[(&'static str, &str)]) -> Value {
        let Reply::Streamed { prelude, .. } = streamed(answer(lines, Body::empty())) else {
            panic!("a stream")
        };
        serde_json::from_slice(&prelude).unwrap()
    }

    fn json_of(response: &Response<Bytes>) -> Value {
        let Reply::Whole(json) = whole(response) else {
            panic!("in one piece")
        };
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn repeated_headers_become_one_line_and_cookies_travel_apart() {
        let lines = [
            ("a", "1"),
            ("a", "2"),
            ("set-cookie", "x=1"),
            ("set-cookie", "y=2"),
            ("b", "3"),
        ];
        let expected = json!({"statusCode": 200, "headers": {"a": "1, 2", "b": "3"}, "cookies": ["x=1", "y=2"]});
        assert_eq!(prelude(&lines), expected);
        let whole = json_of(&answer(&lines, Bytes::new()));
        assert_eq!(
            (&whole["headers"], &whole["cookies"]),
            (&expected["headers"], &expected["cookies"])
        );
    }

    #[test]
    fn every_header_of_a_streamed_answer_is_ascii() {
        let lines = [("content-disposition", "attachment; filename=é.txt")];
        assert_eq!(
            prelude(&lines)["headers"],
            json!({"content-disposition": "attachment; filename=??.txt"})
        );
    }

    #[test]
    fn an_answer_in_one_piece_is_text_or_base64() {
        for (body, expected) in [
            (
                &b"{}"[..],
                json!({"statusCode": 200, "headers": {}, "cookies": [], "body": "{}", "isBase64Encoded": false}),
            ),
            (
                b"\xff",
                json!({"statusCode": 200, "headers": {}, "cookies": [], "body": "/w==", "isBase64Encoded": true}),
            ),
            (
                b"",
                json!({"statusCode": 200, "headers": {}, "cookies": [], "body": "", "isBase64Encoded": false}),
            ),
        ] {
            assert_eq!(json_of(&answer(&[], Bytes::from_static(body))), expected);
        }
    }
}
