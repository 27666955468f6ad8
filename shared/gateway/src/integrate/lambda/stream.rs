//! A function's answer as a stream: a JSON head, eight NUL bytes, and then the body as it is made.

use super::answer;
use crate::answer::Answer;
use crate::held::broken;
use crate::rejection::IntegrateRejection;
use crate::{Body, CollectError, headers};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use std::pin::Pin;
use std::task::{Context, Poll};

pub(super) const DELIMITER: [u8; 8] = [0; 8];
/// The delimiter must be within this.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// All that a head may have.
const MEMBERS: [&str; 4] = ["statusCode", "headers", "multiValueHeaders", "cookies"];

/// Returns when the head is there; the body streams.
pub(super) async fn read(stream: Body) -> Result<Answer, IntegrateRejection> {
    let mut stream = stream;
    let mut begun = BytesMut::new();
    let at = loop {
        let looked_at = begun.len().saturating_sub(DELIMITER.len() - 1);
        match stream.frame().await {
            None => return Err(malformed("it ended before the eight NUL bytes")),
            Some(Err(error)) => return Err(broken(CollectError::Broken(error))),
            Some(Ok(frame)) => begun.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
        }
        let found = begun[looked_at..]
            .windows(DELIMITER.len())
            .position(|window| window == DELIMITER);
        match found {
            Some(at) if looked_at + at <= HEAD_BYTES_MAX => break looked_at + at,
            None if begun.len() <= HEAD_BYTES_MAX + DELIMITER.len() => {}
            _ => {
                return Err(malformed(
                    "the eight NUL bytes are not within the first 16 KB",
                ));
            }
        }
    };
    let head = begun.split_to(at);
    let begun = begun.split_off(DELIMITER.len()).freeze();
    let head: Map<String, Value> =
        serde_json::from_slice(&head).map_err(|error| malformed(&error.to_string()))?;
    if let Some(unknown) = head.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        let known = MEMBERS.join(", ");
        return Err(malformed(&format!("`{unknown}` is not one of {known}")));
    }
    let member = |name: &str| head.get(name).filter(|value| !value.is_null());
    let (status, mut listed) = answer::head(
        member("statusCode"),
        member("headers"),
        member("multiValueHeaders"),
    )
    .map_err(|rejection| malformed(&rejection.to_string()))?;
    if let Some(cookies) = member("cookies") {
        append_cookies(&mut listed, cookies)?;
    }
    Ok(Answer {
        status,
        headers: headers::AWS_PROXY.apply(&listed),
        body: Body::stream(Begun {
            begun,
            rest: stream,
        }),
        traced: true,
        may_be_packed: false,
    })
}

pub(super) fn append_cookies(
    headers: &mut HeaderMap,
    cookies: &Value,
) -> Result<(), IntegrateRejection> {
    let Some(cookies) = cookies.as_array() else {
        return Err(malformed("cookies is not a list"));
    };
    for cookie in cookies {
        let value = cookie
            .as_str()
            .and_then(|cookie| http::HeaderValue::try_from(cookie).ok())
            .ok_or_else(|| malformed("a cookie has characters that HTTP does not allow"))?;
        headers
            .try_append(http::header::SET_COOKIE, value)
            .map_err(|_| malformed("there are more cookies than a message can have"))?;
    }
    Ok(())
}

/// 500, where an answer that is not streamed is 502.
fn malformed(reason: &str) -> IntegrateRejection {
    IntegrateRejection::Configuration(format!("malformed stream of a Lambda function: {reason}"))
}

/// What came with the head, and then the rest.
struct Begun {
    begun: Bytes,
    rest: Body,
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = crate::BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, crate::BodyError>>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.rest).poll_frame(cx);
        }
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.begun)))))
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::iter;
    use http_body_util::StreamBody;

    /// Status, headers and body on one line, or the status of the rejection. The stream comes in pieces of a few bytes.
    async fn answer(stream: &[u8], piece: usize) -> String {
        let pieces: Vec<_> = stream
            .chunks(piece)
            .map(|piece| Ok::<_, crate::BodyError>(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        match read(Body::stream(StreamBody::new(iter(pieces)))).await {
            Err(rejection) => crate::Rejection::from(rejection)
                .answer(postern_plan::ApiKind::Rest)
                .status
                .to_string(),
            Ok(answer) => {
                let headers: String = answer
                    .headers
                    .iter()
                    .map(|(name, value)| format!(" {name}={}", value.to_str().unwrap()))
                    .collect();
                let status = answer.status.as_u16();
                let body = answer.body.collect(100_000).await.unwrap();
                format!("{status}{headers} {}", String::from_utf8_lossy(&body))
            }
        }
    }

    #[tokio::test]
    async fn the_head_comes_first_and_the_rest_is_the_body() {
        const NULS: &str = "\0\0\0\0\0\0\0\0";
        let far = format!("{}{{}}{NULS}x", " ".repeat(HEAD_BYTES_MAX));
        let near = format!("{}{{}}{NULS}x", " ".repeat(HEAD_BYTES_MAX - 2));
        for (stream, expected) in [
            (format!("{{}}{NULS}"), "200 "),
            (format!("{{}}{NULS}a\0b"), "200 a\0b"),
            (
                format!(
                    r#"{{"statusCode":201,"headers":{{"content-type":"a/b","server":"s"}},"cookies":["a=1","b=2"]}}{NULS}hi"#
                ),
                "201 content-type=a/b x-amzn-remapped-server=s set-cookie=a=1 set-cookie=b=2 hi",
            ),
            (
                format!(r#"{{"multiValueHeaders":{{"m":["1","2"]}}}}{NULS}"#),
                "200 m=1 m=2 ",
            ),
            (format!(r#"{{"body":"x"}}{NULS}"#), "500"),
            (format!("[]{NULS}"), "500"),
            (format!("hello{NULS}"), "500"),
            (NULS.to_owned(), "500"),
            ("{}\0\0\0\0\0\0\0".to_owned(), "500"),
            (String::new(), "500"),
            (near, "200 x"),
            (far, "500"),
        ] {
            for piece in [1, 3, 7, 100_000] {
                assert_eq!(
                    answer(stream.as_bytes(), piece).await,
                    expected,
                    "in pieces of {piece}: {stream:.60}"
                );
            }
        }
    }
}
