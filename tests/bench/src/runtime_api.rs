//! Plays the Lambda Runtime API for one function process.
//!
//! The clocks are read here, at the protocol's own edges, so that nothing of the bench's own work is counted:
//! - wall time of a request: from handing out its event until the last byte of the answer is in;
//! - CPU time of a request: what the function's process used between two of its calls of `next`. In between, it does
//!   nothing but this request, so the kernel's nanosecond account of the process needs no averaging.

use crate::{
    http::{Acknowledge, Server, answer, json_answer},
    process::CpuClock,
};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

/// As long as a function on Lambda may take at most is too long to wait for a hung one.
const PATIENCE: Duration = Duration::from_secs(20);
const PRELUDE_CONTENT_TYPE: &str = "application/vnd.awslambda.http-integration-response";
const PRELUDE_END: &[u8] = &[0; 8];

/// The Runtime API of one function process.
pub(crate) struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
    events: mpsc::UnboundedSender<Bytes>,
    happened: mpsc::UnboundedReceiver<Happening>,
}

/// The function asked for its next event.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub(crate) at: Instant,
    /// What its process had used by then.
    pub(crate) cpu: Duration,
}

/// What the function answered to one event.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) wall: Duration,
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

enum Happening {
    Ready(Ready),
    Answered(Result<Answer>),
    Failed(String),
}

struct Shared {
    waiting: AsyncMutex<mpsc::UnboundedReceiver<Bytes>>,
    happenings: mpsc::UnboundedSender<Happening>,
    clock: OnceLock<CpuClock>,
    handed_out: Mutex<Instant>,
    invocations: AtomicU64,
}

impl RuntimeApi {
    pub(crate) async fn start(acknowledge: Acknowledge) -> Result<Self> {
        let (events, waiting) = mpsc::unbounded_channel();
        let (happenings, happened) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            waiting: AsyncMutex::new(waiting),
            happenings,
            clock: OnceLock::new(),
            handed_out: Mutex::new(Instant::now()),
            invocations: AtomicU64::new(0),
        });
        let serving = Arc::clone(&shared);
        let server = Server::start_that(acknowledge, move |request| {
            Arc::clone(&serving).serve(request)
        })
        .await?;
        Ok(Self {
            server,
            shared,
            events,
            happened,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Whose CPU time to read. To be said right after the start, before the function can have called.
    pub(crate) fn watch(&self, clock: CpuClock) {
        // A second function on one Runtime API would be a mistake in the bench; the first keeps being watched.
        let _ = self.shared.clock.set(clock);
    }

    /// Waits until the function asks for an event.
    pub(crate) async fn ready(&mut self) -> Result<Ready> {
        match self.next_happening().await? {
            Happening::Ready(ready) => Ok(ready),
            Happening::Answered(_) => bail!("the function answered without having an event"),
            Happening::Failed(error) => bail!("the function failed: {error}"),
        }
    }

    /// Hands out one event and waits for the answer, and then until the function asks for another.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<(Answer, Ready)> {
        self.events
            .send(event)
            .context("the function's Runtime API has ended")?;
        let answer = match self.next_happening().await? {
            Happening::Answered(answer) => answer?,
            Happening::Ready(_) => bail!("the function asked for another event without answering"),
            Happening::Failed(error) => bail!("the function failed: {error}"),
        };
        Ok((answer, self.ready().await?))
    }

    async fn next_happening(&mut self) -> Result<Happening> {
        tokio::time::timeout(PATIENCE, self.happened.recv())
            .await
            .with_context(|| format!("the function said nothing for {} s", PATIENCE.as_secs()))?
            .context("the function's Runtime API has ended")
    }
}

impl Shared {
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        match path.strip_prefix("/2018-06-01/runtime/") {
            Some("invocation/next") if request.method() == Method::GET => self.next().await,
            Some("init/error") => self.failed(request).await,
            Some(report) if report.ends_with("/error") => self.failed(request).await,
            Some(report) if report.ends_with("/response") => self.answered(request).await,
            _ => answer(StatusCode::NOT_FOUND, "no such path in the Runtime API"),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        let at = Instant::now();
        self.happen(match self.clock.get().map(|clock| clock.now()) {
            Some(Ok(cpu)) => Happening::Ready(Ready { at, cpu }),
            Some(Err(error)) => Happening::Failed(format!("{error:#}")),
            None => Happening::Failed("it called before its clock was known".to_owned()),
        });
        let Some(event) = self.waiting.lock().await.recv().await else {
            return answer(StatusCode::GONE, "the bench has ended");
        };
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let mut response = json_answer(event);
        for (name, value) in [
            (
                "lambda-runtime-aws-request-id",
                format!("8476a536-e9f4-11e8-9739-{number:012x}"),
            ),
            (
                "lambda-runtime-deadline-ms",
                deadline_ms(Duration::from_secs(30)).to_string(),
            ),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:us-east-1:123456789012:function:bench".to_owned(),
            ),
            (
                "lambda-runtime-trace-id",
                format!("Root=1-5bef4de7-{number:024x};Parent=9a9197af755a6419;Sampled=0"),
            ),
        ] {
            let value = value
                .parse()
                .expect("hexadecimal digits and plain words are fit for a header");
            response.headers_mut().insert(name, value);
        }
        *self.lock_handed_out() = Instant::now();
        response
    }

    async fn answered(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let collected = body.collect().await;
        let wall = self.lock_handed_out().elapsed();
        self.happen(Happening::Answered(match collected {
            Ok(collected) => {
                if let Some(error) = collected
                    .trailers()
                    .and_then(|trailers| trailers.get("lambda-runtime-function-error-type"))
                {
                    Err(anyhow::anyhow!("the answer broke off: {error:?}"))
                } else {
                    read_answer(&parts.headers, collected.to_bytes(), wall)
                }
            }
            Err(error) => Err(anyhow::Error::new(error).context("the answer broke off")),
        }));
        accepted()
    }

    async fn failed(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::from_static(b"(its report broke off)"),
        };
        self.happen(Happening::Failed(
            String::from_utf8_lossy(&body).into_owned(),
        ));
        accepted()
    }

    fn happen(&self, happening: Happening) {
        // Nobody listens any more when the bench is ending.
        let _ = self.happenings.send(happening);
    }

    fn lock_handed_out(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.handed_out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = json_answer(r#"{"status":"OK"}"#);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A streamed answer begins with a prelude that holds its status; Lambda insists on the two headers that announce it.
fn read_answer(headers: &http::HeaderMap, body: Bytes, wall: Duration) -> Result<Answer> {
    for (name, expected) in [
        ("lambda-runtime-function-response-mode", "streaming"),
        ("content-type", PRELUDE_CONTENT_TYPE),
    ] {
        let said = headers.get(name).map(http::HeaderValue::as_bytes);
        if said != Some(expected.as_bytes()) {
            bail!("a streamed answer has `{name}: {expected}`, and this one has {said:?}");
        }
    }
    let end = body
        .windows(PRELUDE_END.len())
        .position(|window| window == PRELUDE_END)
        .context(
            "a streamed answer has eight zero bytes after its prelude, and this one has none",
        )?;
    let prelude: Prelude = serde_json::from_slice(&body[..end])
        .context("the prelude of the answer is not what Lambda understands")?;
    Ok(Answer {
        wall,
        status: prelude.status_code,
        body: body.slice(end + PRELUDE_END.len()..),
    })
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prelude {
    status_code: u16,
}

fn deadline_ms(timeout: Duration) -> u128 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the bench plays Lambda here, and a function holds Lambda's deadline against the machine's clock"
    )]
    let now = SystemTime::now();
    (now.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        + timeout)
        .as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    fn streaming() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            "lambda-runtime-function-response-mode",
            HeaderValue::from_static("streaming"),
        );
        headers.insert(
            "content-type",
            HeaderValue::from_static(PRELUDE_CONTENT_TYPE),
        );
        headers
    }

    #[test]
    fn a_streamed_answer_is_taken_apart_at_the_zero_bytes() {
        let body =
            Bytes::from_static(b"{\"statusCode\":201,\"headers\":{}}\0\0\0\0\0\0\0\0hello\0");
        let answer = read_answer(&streaming(), body, Duration::ZERO).unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!(&answer.body[..], b"hello\0");
    }

    #[test]
    fn what_lambda_would_not_understand_is_refused() {
        let good = "{\"statusCode\":200}\0\0\0\0\0\0\0\0";
        for (case, headers, body) in [
            ("no announcement", HeaderMap::new(), good),
            (
                "no end of the prelude",
                streaming(),
                "{\"statusCode\":200}\0\0",
            ),
            ("no status", streaming(), "{}\0\0\0\0\0\0\0\0"),
        ] {
            let body = Bytes::from_static(body.as_bytes());
            assert!(
                read_answer(&headers, body, Duration::ZERO).is_err(),
                "{case}"
            );
        }
    }
}
