//! An HTTP answer as Lambda takes it: streamed, or in one piece.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::Stream;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Body as _;
use lambda_runtime::{MetadataPrelude, StreamResponse};
use postern_gateway::{Body, BodyError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Streams an answer. In streaming mode a body in one piece is a stream of one piece: a buffered answer would reach the client
/// empty.
pub fn streamed(response: Response<Body>) -> StreamResponse<Pieces> {
    let (head, body) = response.into_parts();
    let (mut headers, cookies) = one_line_each(head.headers);
    for value in headers.values_mut().filter(|value| value.to_str().is_err()) {
        *value = plain(value);
    }
    StreamResponse {
        metadata_prelude: MetadataPrelude {
            status_code: head.status,
            headers,
            cookies,
        },
        stream: Pieces(body),
    }
}

/// The runtime writes headers as JSON, and one whose value is not plain ASCII as an empty list, which no source understands.
fn plain(value: &HeaderValue) -> HeaderValue {
    let bytes = value.as_bytes().iter();
    let bytes: Vec<_> = bytes
        .map(|byte| if byte.is_ascii() { *byte } else { b'?' })
        .collect();
    HeaderValue::from_bytes(&bytes)
        .expect("a header value with other visible bytes is a header value")
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

/// A body as the runtime wants it.
pub struct Pieces(Body);

impl Stream for Pieces {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::task::ready!(Pin::new(&mut self.0).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                // Trailers have no place in Lambda's form.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
            }
        }
    }
}

/// An answer in one piece, in the form of a Function URL, which load balancers understand as well.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Buffered {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<Bytes>> for Buffered {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        let (headers, cookies) = one_line_each(head.headers);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let is_base64_encoded = std::str::from_utf8(&body).is_err();
        Self {
            status_code: head.status.as_u16(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            cookies,
            body: if is_base64_encoded {
                STANDARD.encode(&body)
            } else {
                String::from_utf8_lossy(&body).into_owned()
            },
            is_base64_encoded,
        }
    }
}

/// Lambda's forms hold one line per name. Values of one name are joined, as HTTP allows for every header but `Set-Cookie`,
/// which travels apart.
fn one_line_each(mut headers: HeaderMap) -> (HeaderMap, Vec<String>) {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let cookies = headers.get_all(SET_COOKIE).iter().map(text).collect();
    headers.remove(SET_COOKIE);
    if headers.len() == headers.keys_len() {
        return (headers, cookies);
    }
    let joined = headers.keys().map(|name| {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        let value = HeaderValue::from_bytes(&values.join(&b", "[..]))
            .expect("header values joined are a header value");
        (name.clone(), value)
    });
    (joined.collect(), cookies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use serde_json::json;

    #[test]
    fn repeated_headers_become_one_line_and_cookies_travel_apart() {
        let lines = [
            ("a", "1"),
            ("a", "2"),
            ("set-cookie", "x=1"),
            ("set-cookie", "y=2"),
            ("b", "3"),
        ];
        let headers: HeaderMap = lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let (headers, cookies) = one_line_each(headers);
        assert_eq!(
            (&headers["a"], &headers["b"], headers.len()),
            (&"1, 2".parse().unwrap(), &"3".parse().unwrap(), 2)
        );
        assert_eq!(cookies, ["x=1", "y=2"]);
    }

    #[test]
    fn every_header_of_a_streamed_answer_is_text_for_the_runtime() {
        let mut response = Response::new(Body::empty());
        let value = HeaderValue::from_bytes("attachment; filename=é.txt".as_bytes()).unwrap();
        response.headers_mut().insert("content-disposition", value);
        let prelude = serde_json::to_value(streamed(response).metadata_prelude).unwrap();
        assert_eq!(
            prelude["headers"],
            json!({"content-disposition": "attachment; filename=??.txt"})
        );
    }

    #[test]
    fn a_buffered_answer_is_text_or_base64() {
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
            let buffered = Buffered::from(Response::new(Bytes::from_static(body)));
            assert_eq!(serde_json::to_value(buffered).unwrap(), expected);
        }
    }
}
