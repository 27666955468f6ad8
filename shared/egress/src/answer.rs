//! The body of an answer as it arrives, until the call's time is over.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use postern_gateway::{Body, BodyError, CallError};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Errors are boxed [`CallError`]s, so that whoever reads the body can tell a timeout from a broken connection.
pub(crate) struct Arriving<B> {
    body: B,
    deadline: Option<Instant>,
    timeout: Duration,
    /// Made only when the body has to be waited for, which a short one does not.
    alarm: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl<B> Arriving<B>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    pub(crate) fn body(body: B, deadline: Option<Instant>, timeout: Duration) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::stream(Self {
            body,
            deadline,
            timeout,
            alarm: None,
            over: false,
        })
    }

    fn is_late(&mut self, cx: &mut Context<'_>, waiting: bool) -> bool {
        let Some(deadline) = self.deadline else {
            return false;
        };
        if !waiting {
            return Instant::now() >= deadline;
        }
        self.alarm
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)))
            .as_mut()
            .poll(cx)
            .is_ready()
    }
}

impl<B> http_body::Body for Arriving<B>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let failure = match polled {
            Poll::Ready(None) => None,
            Poll::Ready(Some(Err(error))) => Some(CallError::Network(error.to_string())),
            Poll::Pending | Poll::Ready(Some(Ok(_))) => {
                if !self.is_late(cx, polled.is_pending()) {
                    return polled.map_err(Into::into);
                }
                Some(CallError::Timeout(self.timeout))
            }
        };
        self.over = true;
        Poll::Ready(failure.map(|failure| Err(failure.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
