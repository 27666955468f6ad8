//! The answer to a streaming invocation: messages of AWS's event stream, of which each carries a piece of what the function
//! writes, and the last says how it ended. Behind this, an answer is just what the function wrote.

use crate::frame::Message;
use bytes::{Bytes, BytesMut};
use http::Response;
use http::header::CONTENT_TYPE;
use http_body::{Frame, SizeHint};
use postern_gateway::{Body, BodyError, CallError};
use std::pin::Pin;
use std::task::{Context, Poll};

/// No piece is longer than Lambda's limit for a whole answer was; a length beyond it is no length.
const MESSAGE_BYTES_MAX: usize = 24 << 20;

/// Unpacks an answer that is an event stream. Any other stays as it is.
pub(crate) fn unframed(answer: Response<Body>) -> Response<Body> {
    let is_framed = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes() == b"application/vnd.amazon.eventstream");
    if !is_framed {
        return answer;
    }
    answer.map(|body| {
        Body::stream(Unframed {
            body,
            arrived: BytesMut::new(),
            over: false,
        })
    })
}

struct Unframed {
    body: Body,
    arrived: BytesMut,
    over: bool,
}

impl Unframed {
    /// The next piece that has arrived whole, if one has.
    fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        let broken = |reason: String| {
            CallError::Network(format!("the function's stream cannot be read: {reason}"))
        };
        while !self.over {
            let message = Message::take(&mut self.arrived, MESSAGE_BYTES_MAX)
                .map_err(|malformed| broken(malformed.to_string()))?;
            let Some(message) = message else { break };
            match message.header(":event-type") {
                Some("PayloadChunk") if message.payload.is_empty() => {}
                Some("PayloadChunk") => return Ok(Some(message.payload)),
                Some("InvokeComplete") => {
                    self.over = true;
                    if let Some(reason) = failure(&message.payload) {
                        return Err(CallError::Network(format!("the function failed: {reason}")));
                    }
                }
                _ => {
                    if message.header(":message-type") != Some("event") {
                        let reason = String::from_utf8_lossy(&message.payload).into_owned();
                        return Err(broken(reason));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// How the function failed, as `{"ErrorCode":..,"ErrorDetails":..,"LogResult":..}` says; the log is nobody's business.
fn failure(complete: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(complete);
    let (_, after) = text.split_once("\"ErrorCode\"")?;
    let code = after.trim_start().strip_prefix(':')?.trim_start();
    let code = code.strip_prefix('"')?.split('"').next()?;
    Some(code.to_owned())
}

impl http_body::Body for Unframed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            match self.next() {
                Err(error) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Ok(None) if self.over => return Poll::Ready(None),
                Ok(None) => {}
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.arrived.extend_from_slice(&data);
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => {
                    self.over = true;
                    let reason = "the function's stream ended before it was complete";
                    return Poll::Ready(Some(Err(CallError::Network(reason.to_owned()).into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{self, Header, HeaderValue};
    use futures_util::stream::iter;
    use http_body_util::StreamBody;

    fn message(kind: &str, payload: &str) -> Vec<u8> {
        let text = |text: &str| HeaderValue::String(text.to_owned().into());
        let message = event_stream::Message::new(Bytes::copy_from_slice(payload.as_bytes()))
            .add_header(Header::new(":message-type", text("event")))
            .add_header(Header::new(":event-type", text(kind)));
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    }

    async fn read(stream: &[u8], piece: usize) -> String {
        let pieces: Vec<_> = stream
            .chunks(piece)
            .map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let body = Body::stream(StreamBody::new(iter(pieces)));
        let answer = Response::builder()
            .header(CONTENT_TYPE, "application/vnd.amazon.eventstream")
            .body(body)
            .unwrap();
        match unframed(answer).into_body().collect(1 << 20).await {
            Ok(body) => String::from_utf8(body.to_vec()).unwrap(),
            Err(error) => format!("! {error}"),
        }
    }

    #[tokio::test]
    async fn the_pieces_of_a_stream_are_what_the_function_wrote() {
        let chunk = |text: &str| message("PayloadChunk", text);
        let end = message("InvokeComplete", "{}");
        let failed = message(
            "InvokeComplete",
            r#"{"ErrorCode": "Function.Error", "LogResult": "x"}"#,
        );
        for (stream, expected) in [
            (
                [chunk("a"), chunk(""), chunk("bc"), end.clone()].concat(),
                "abc",
            ),
            (end.clone(), ""),
            (
                [chunk("a"), message("SomethingNew", "x"), end.clone()].concat(),
                "a",
            ),
            (
                [chunk("a"), failed].concat(),
                "! the body broke off: network error communicating with the endpoint: the function failed: Function.Error",
            ),
            (
                chunk("a"),
                "! the body broke off: network error communicating with the endpoint: the function's stream ended before it was complete",
            ),
        ] {
            for piece in [1, 5, 100_000] {
                assert_eq!(read(&stream, piece).await, expected);
            }
        }
        let garbage = read(&[0xff; 64], 64).await;
        assert!(garbage.starts_with("! "), "{garbage}");
    }

    #[tokio::test]
    async fn another_answer_stays_as_it_is() {
        let answer = unframed(Response::new(Body::from("as it is")));
        assert_eq!(answer.into_body().collect(100).await.unwrap(), "as it is");
    }
}
