//! What a function answers to an event, on its way to Lambda.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};
use postern_gateway::Body;
use serde::Serialize;
use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// What is told of a function's failure, by type.
pub(super) const ERROR_TYPE: &str = "Postern.Failure";
const TRAILER_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const TRAILER_BODY: HeaderName = HeaderName::from_static("lambda-runtime-function-error-body");

/// An answer as Lambda takes it. [`crate::streamed`] and [`crate::whole`] make one.
pub enum Reply {
    /// What is told of the answer, and its body.
    Streamed { prelude: Bytes, body: Body },
    /// JSON.
    Whole(Bytes),
}

/// A failure in Lambda's words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    error_type: &'static str,
    error_message: String,
}

impl Told {
    pub(super) fn of(failure: &dyn Error) -> Self {
        Self {
            error_type: ERROR_TYPE,
            error_message: failure.to_string(),
        }
    }

    pub(super) fn json(&self) -> Bytes {
        serde_json::to_vec(self).expect("two texts are JSON").into()
    }
}

/// What stands between what is told of a streamed answer and its body. Emulators look for a chunk that is just this.
const MARK: Bytes = Bytes::from_static(&[0; 8]);

/// The body of a request to the Runtime API. It never fails: a stream that breaks off says so in its trailers, which is how
/// Lambda learns of it after the answer has begun.
pub(super) struct Outgoing {
    first: Option<Bytes>,
    mark: Option<Bytes>,
    rest: Option<Body>,
}

impl Outgoing {
    pub(super) fn nothing() -> Self {
        Self {
            first: None,
            mark: None,
            rest: None,
        }
    }

    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            first: Some(bytes),
            mark: None,
            rest: None,
        }
    }
}

impl From<Reply> for Outgoing {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Whole(bytes) => Self::whole(bytes),
            Reply::Streamed { prelude, body } => Self {
                first: Some(prelude),
                mark: Some(MARK),
                rest: Some(body),
            },
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let at_hand = self.first.take().or_else(|| self.mark.take());
        if let Some(data) = at_hand {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        while let Some(rest) = &mut self.rest {
            let frame = match ready!(Pin::new(rest).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Frame::data(data),
                    // Trailers have no place in Lambda's form.
                    Err(_) => continue,
                },
                Some(Err(error)) => {
                    self.rest = None;
                    Frame::trailers(broken_off(&*error))
                }
                None => break,
            };
            return Poll::Ready(Some(Ok(frame)));
        }
        self.rest = None;
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }

    /// Of a stream nothing is said, so that it is sent in chunks: Lambda takes it in no other way.
    fn size_hint(&self) -> SizeHint {
        match (&self.first, &self.rest) {
            (_, Some(_)) => SizeHint::default(),
            (first, None) => SizeHint::with_exact(first.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}

fn broken_off(error: &dyn Error) -> HeaderMap {
    let told = STANDARD.encode(Told::of(error).json());
    let mut trailers = HeaderMap::new();
    trailers.insert(TRAILER_TYPE, HeaderValue::from_static(ERROR_TYPE));
    if let Ok(told) = HeaderValue::try_from(told) {
        trailers.insert(TRAILER_BODY, told);
    }
    trailers
}
