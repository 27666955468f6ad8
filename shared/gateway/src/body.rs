//! Bytes of a request or an answer: all there, or still arriving.

use crate::CallError;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// What broke a stream. Only ever shown to the operator.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

pub enum Body {
    Full(Bytes),
    Stream(UnsyncBoxBody<Bytes, BodyError>),
}

/// A body held in memory was longer than allowed, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    #[error("the body broke off: {0}")]
    Broken(BodyError),
}

impl Body {
    pub fn empty() -> Self {
        Self::Full(Bytes::new())
    }

    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self::Stream(body.map_err(Into::into).boxed_unsync())
    }

    /// All of it, where that is at most `max` bytes.
    pub async fn collect(self, max: usize) -> Result<Bytes, CollectError> {
        match self {
            Self::Full(bytes) if bytes.len() > max => Err(CollectError::TooLong(max)),
            Self::Full(bytes) => Ok(bytes),
            Self::Stream(mut stream) => {
                // By hand: with `http_body_util::Limited` the compiler cannot prove that a future which awaits this one may
                // move between threads.
                let mut collected = BytesMut::new();
                while let Some(frame) = stream.frame().await {
                    let Ok(data) = frame.map_err(CollectError::Broken)?.into_data() else {
                        continue;
                    };
                    if data.len() > max - collected.len() {
                        return Err(CollectError::TooLong(max));
                    }
                    collected.extend_from_slice(&data);
                }
                Ok(collected.freeze())
            }
        }
    }
}

impl Body {
    /// All of it, where that is at most `max` bytes; otherwise the same body, of which no more was waited for than that.
    pub(crate) async fn hold(self, max: usize) -> Result<Result<Bytes, Self>, CollectError> {
        let mut rest = match self {
            Self::Full(bytes) if bytes.len() > max => return Ok(Err(Self::Full(bytes))),
            Self::Full(bytes) => return Ok(Ok(bytes)),
            Self::Stream(stream) => stream,
        };
        let mut begun = BytesMut::new();
        loop {
            // A length that is told is believed before anything is waited for.
            let told = http_body::Body::size_hint(&rest).lower();
            if told.saturating_add(begun.len() as u64) > max as u64 || begun.len() > max {
                let begun = begun.freeze();
                return Ok(Err(Self::stream(Resumed { begun, rest })));
            }
            let Some(frame) = rest.frame().await else {
                return Ok(Ok(begun.freeze()));
            };
            if let Ok(data) = frame.map_err(CollectError::Broken)?.into_data() {
                begun.extend_from_slice(&data);
            }
        }
    }
}

/// A stream of which some has been taken out.
struct Resumed {
    begun: Bytes,
    rest: UnsyncBoxBody<Bytes, BodyError>,
}

impl http_body::Body for Resumed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.rest).poll_frame(cx);
        }
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.begun)))))
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (begun, rest) = (self.begun.len() as u64, self.rest.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(begun));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(begun)) {
            hint.set_upper(upper);
        }
        hint
    }
}

/// Whether a stream that [`Body::at_most`] watches went beyond its bound. Told apart from the stream, because whoever passes
/// one on learns only that it broke off.
#[derive(Clone, Default)]
pub(crate) struct TooLong(Option<Arc<AtomicBool>>);

impl TooLong {
    pub(crate) fn is_known(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}

impl Body {
    /// The body, which breaks off where it is longer than `max` bytes.
    pub(crate) fn at_most(self, max: usize) -> (Self, TooLong) {
        match self {
            Self::Full(bytes) => (Self::Full(bytes), TooLong::default()),
            Self::Stream(inner) => {
                let flag = Arc::<AtomicBool>::default();
                let too_long = TooLong(Some(flag.clone()));
                let bounded = Bounded {
                    inner: Limited::new(inner, max),
                    flag,
                };
                (Self::stream(bounded), too_long)
            }
        }
    }
}

impl Body {
    /// The body, which breaks off where nothing comes of it for that long.
    pub(crate) fn idle_at_most(self, max: Duration) -> Self {
        match self {
            Self::Full(bytes) => Self::Full(bytes),
            Self::Stream(inner) => Self::stream(Watched {
                inner,
                max,
                waiting: None,
                over: false,
            }),
        }
    }
}

struct Watched {
    inner: UnsyncBoxBody<Bytes, BodyError>,
    max: Duration,
    /// Since when it is waited for the next piece, as the alarm that rings when that has been too long.
    waiting: Option<Pin<Box<Sleep>>>,
    over: bool,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let max = self.max;
        let alarm = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(max)));
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.over = true;
        Poll::Ready(Some(Err(CallError::Timeout(max).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

struct Bounded {
    inner: Limited<UnsyncBoxBody<Bytes, BodyError>>,
    flag: Arc<AtomicBool>,
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Err(error))) = &polled
            && error.is::<LengthLimitError>()
        {
            self.flag.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::Full(bytes.into())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(stream) => Pin::new(stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(stream) => stream.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;
    use tokio::time::Instant;

    /// A body whose pieces come after so many seconds each.
    fn dripping(pauses: &'static [u64]) -> Body {
        let pieces = futures_util::stream::unfold(0, move |at| async move {
            let pause = pauses.get(at)?;
            tokio::time::sleep(Duration::from_secs(*pause)).await;
            Some((
                Ok::<_, BodyError>(Frame::data(Bytes::from_static(b"x"))),
                at + 1,
            ))
        });
        Body::stream(StreamBody::new(pieces))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_take_long_and_pause_for_as_long_as_it_is_allowed() {
        for (pauses, expected, seconds) in [
            (&[0, 0, 0][..], Ok("xxx"), 0),
            (&[29, 29, 29, 29][..], Ok("xxxx"), 116),
            (&[1, 31, 1][..], Err(Duration::from_secs(30)), 31),
            (&[31][..], Err(Duration::from_secs(30)), 30),
            (&[][..], Ok(""), 0),
        ] {
            let begun = Instant::now();
            let body = dripping(pauses).idle_at_most(Duration::from_secs(30));
            let outcome = match body.collect(100).await {
                Ok(bytes) => Ok(String::from_utf8(bytes.to_vec()).unwrap()),
                Err(CollectError::Broken(error)) => match *error.downcast::<CallError>().unwrap() {
                    CallError::Timeout(after) => Err(after),
                    other => panic!("{other}"),
                },
                Err(error) => panic!("{error}"),
            };
            assert_eq!(outcome, expected.map(str::to_owned), "{pauses:?}");
            assert_eq!(begun.elapsed().as_secs(), seconds, "{pauses:?}");
        }
        let whole = Body::from("x").idle_at_most(Duration::ZERO);
        assert_eq!(whole.collect(1).await.unwrap(), "x");
    }
}
