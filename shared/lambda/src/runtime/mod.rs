//! The loop of a Lambda function: ask for an event, answer it, ask for the next.
//!
//! This is written here, and not taken from `lambda_runtime`, because of what it costs each request: that crate sends the head of
//! a streamed answer, what is told of it, and its body in four packets through two tasks, which was a third of the time
//! of a request that calls nobody. Here they are one, wherever the body is at hand.
//!
//! A function that panics ends: Lambda answers the client with a 502 and starts another. One that Lambda gives several events at
//! a time (`AWS_LAMBDA_MAX_CONCURRENCY`) asks for as many at once.

mod client;
mod reply;

pub use reply::Reply;

use crate::Event;
use client::{Client, Invocation};
use std::error::Error;
use std::future::Future;

/// What keeps a function from answering one event.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The function cannot go on: its Runtime API does not answer, or is not there.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    #[error(
        "{0} is not set: this program is a Lambda function; deploy it, or run it with `cargo lambda watch`"
    )]
    NotOnLambda(&'static str),
    #[error("{name} is `{value}`, which is {why}")]
    Variable {
        name: &'static str,
        value: String,
        why: &'static str,
    },
    #[error("the Runtime API at {address} cannot be asked for an event: {source}")]
    Unreachable { address: String, source: Failure },
    #[error("the Runtime API gave no event: {0}")]
    Answer(String),
}

const ADDRESS: &str = "AWS_LAMBDA_RUNTIME_API";
const CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// Answers events for as long as the function lives.
pub async fn run<A, F>(answer: A) -> Result<(), RuntimeError>
where
    A: Fn(Event) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Reply, Failure>> + Send + 'static,
{
    #[expect(
        clippy::disallowed_methods,
        reason = "where the Runtime API is belongs to the runtime, and to none of the functions"
    )]
    let variable = |name: &str| std::env::var(name).ok();
    // In a box, for all that a request needs at once lies in it.
    Box::pin(run_as(&variable, answer)).await
}

async fn run_as<A, F>(
    variable: &(dyn Fn(&str) -> Option<String> + Sync),
    answer: A,
) -> Result<(), RuntimeError>
where
    A: Fn(Event) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Reply, Failure>> + Send + 'static,
{
    let address = variable(ADDRESS).ok_or(RuntimeError::NotOnLambda(ADDRESS))?;
    let concurrency = match variable(CONCURRENCY).filter(|value| !value.is_empty()) {
        None => 1,
        Some(value) => value.parse().map_err(|_| RuntimeError::Variable {
            name: CONCURRENCY,
            value,
            why: "no number",
        })?,
    };
    let client = Client::new(&address)?;
    let mut others = tokio::task::JoinSet::new();
    for _ in 1..concurrency {
        others.spawn(one_by_one(client.another(), answer.clone()));
    }
    // Whichever fails ends the function: Lambda starts another, and says so.
    tokio::select! {
        ended = one_by_one(client, answer) => ended,
        Some(Ok(ended)) = others.join_next() => ended,
    }
}

async fn one_by_one<A, F>(mut client: Client, answer: A) -> Result<(), RuntimeError>
where
    A: Fn(Event) -> F,
    F: Future<Output = Result<Reply, Failure>>,
{
    loop {
        let Invocation { id, event } = client.next().await?;
        let reply = match serde_json::from_slice(&event) {
            Ok(event) => answer(event).await,
            Err(error) => Err(error.into()),
        };
        let told = match reply {
            Ok(reply) => client.respond(&id, reply).await,
            Err(failure) => client.fail(&id, &*failure).await,
        };
        // Whoever waited for it knows as much, and the next event is not to suffer for it.
        if let Err(failure) = told {
            eprintln!(
                "the answer to {} was not taken: {failure}",
                id.request.to_str().unwrap_or_default()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use postern_gateway::Body;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// A Runtime API of one event per connection at most, which keeps what it was sent.
    struct RuntimeApi {
        listener: TcpListener,
        events: Vec<&'static str>,
    }

    impl RuntimeApi {
        async fn of(events: &[&'static str]) -> Self {
            Self {
                listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
                events: events.iter().rev().copied().collect(),
            }
        }

        fn variable(&self, base: &str) -> impl Fn(&str) -> Option<String> + Sync + use<> {
            let address = self.listener.local_addr().unwrap();
            let address = match base {
                "" => address.to_string(),
                base => format!("http://{address}{base}"),
            };
            move |name: &str| (name == ADDRESS).then(|| address.clone())
        }

        /// All that was told, when the last event was answered. `keeps` is whether connections live on.
        async fn serve(mut self, keeps: bool) -> Vec<String> {
            let mut told = vec![];
            loop {
                let (mut stream, _) = self.listener.accept().await.unwrap();
                loop {
                    let request = request(&mut stream).await;
                    if request.is_empty() {
                        break;
                    }
                    if request.starts_with("GET") {
                        let Some(event) = self.events.pop() else {
                            return told;
                        };
                        let head = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: r-1\r\nlambda-runtime-invocation-id: i-1";
                        let answer =
                            format!("{head}\r\ncontent-length: {}\r\n\r\n{event}", event.len());
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    } else {
                        told.push(request);
                        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(answer).await.unwrap();
                        if !keeps {
                            break;
                        }
                    }
                }
            }
        }
    }

    /// One request, to the end of its body.
    async fn request(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        loop {
            let is_whole = match text.split_once("\r\n\r\n") {
                Some((head, body)) if head.contains("transfer-encoding: chunked") => {
                    body.contains("\r\n0\r\n") && body.ends_with("\r\n\r\n")
                }
                Some((head, body)) => {
                    let length = head.split("content-length: ").nth(1);
                    let length = length.map_or(0, |rest| {
                        let digits = rest.split("\r\n").next().unwrap_or_default();
                        digits.parse().unwrap()
                    });
                    body.len() >= length
                }
                None => false,
            };
            if is_whole {
                return text;
            }
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return text;
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }

    /// What the function tells when it answers these events so.
    async fn told<A, F>(events: &[&'static str], keeps: bool, answer: A) -> Vec<String>
    where
        A: Fn(Event) -> F + Clone + Send + 'static,
        F: Future<Output = Result<Reply, Failure>> + Send + 'static,
    {
        let api = RuntimeApi::of(events).await;
        let variable = api.variable("/base/");
        tokio::select! {
            told = api.serve(keeps) => told,
            ended = run_as(&variable, answer) => panic!("{ended:?}"),
        }
    }

    fn stream(frames: Vec<Result<Frame<Bytes>, &'static str>>) -> Reply {
        let frames = frames
            .into_iter()
            .map(|frame| frame.map_err(postern_gateway::BodyError::from));
        Reply::Streamed {
            prelude: Bytes::from_static(b"{}"),
            body: Body::Stream(StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()),
        }
    }

    #[tokio::test]
    async fn events_are_answered_one_after_the_other_also_where_connections_end() {
        for keeps in [true, false] {
            let count = Arc::new(Mutex::new(0));
            let told = told(&["{}", "{}", "{}"], keeps, move |_| {
                let mut count = count.lock().unwrap();
                *count += 1;
                let text = format!("\"answer {count}\"");
                async move { Ok(Reply::Whole(text.into())) }
            });
            for (index, told) in told.await.iter().enumerate() {
                let target = "POST /base/2018-06-01/runtime/invocation/r-1/response HTTP/1.1\r\n";
                assert!(told.starts_with(target), "{told}");
                assert!(
                    told.contains("lambda-runtime-invocation-id: i-1\r\n"),
                    "{told}"
                );
                assert!(
                    told.ends_with(&format!("\r\n\r\n\"answer {}\"", index + 1)),
                    "{told}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_stream_says_in_its_trailers_that_it_broke_off() {
        let whole = told(&["{}"], true, |_| async {
            Ok(stream(vec![
                Ok(Frame::data("ab".into())),
                Ok(Frame::data("c".into())),
            ]))
        });
        let whole = whole.await.remove(0);
        assert!(
            whole.contains("lambda-runtime-function-response-mode: streaming\r\n"),
            "{whole}"
        );
        assert!(
            whole.ends_with(
                "\r\n\r\n2\r\n{}\r\n8\r\n\0\0\0\0\0\0\0\0\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
            ),
            "{whole}"
        );
        let broken = told(&["{}"], true, |_| async {
            Ok(stream(vec![
                Ok(Frame::data("ab".into())),
                Err("the backend went away"),
            ]))
        });
        let broken = broken.await.remove(0);
        let (_, trailers) = broken.split_once("\r\n0\r\n").unwrap();
        assert!(
            trailers.contains("lambda-runtime-function-error-type: Postern.Failure\r\n"),
            "{trailers}"
        );
        assert!(
            trailers.contains("lambda-runtime-function-error-body: eyJlcnJvclR5cGUi"),
            "{trailers}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_answered_is_an_error_and_the_next_event_is_answered() {
        let told = told(&["no JSON", "{}", "{}"], true, |event| async move {
            event.into_arrival(&crate::Trust::default())?;
            Ok(Reply::Whole("{}".into()))
        });
        let told = told.await;
        assert_eq!(told.len(), 3);
        for told in told {
            assert!(
                told.starts_with("POST /base/2018-06-01/runtime/invocation/r-1/error HTTP/1.1\r\n"),
                "{told}"
            );
            assert!(
                told.contains("{\"errorType\":\"Postern.Failure\",\"errorMessage\":\""),
                "{told}"
            );
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_on_lambda_says_what_it_is() {
        for (variables, expected) in [
            (
                &[][..],
                "AWS_LAMBDA_RUNTIME_API is not set: this program is a Lambda function; deploy it, or run it with `cargo lambda watch`",
            ),
            (
                &[(ADDRESS, "https://a")],
                "AWS_LAMBDA_RUNTIME_API is `https://a`, which is no address: write it as in `127.0.0.1:9001`",
            ),
            (
                &[(ADDRESS, "127.0.0.1:9"), (CONCURRENCY, "many")],
                "AWS_LAMBDA_MAX_CONCURRENCY is `many`, which is no number",
            ),
        ] {
            let variable = |name: &str| {
                let found = variables.iter().find(|(set, _)| *set == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let ended = run_as(&variable, |_| async { Ok(Reply::Whole("{}".into())) }).await;
            assert_eq!(ended.unwrap_err().to_string(), expected);
        }
    }

    #[tokio::test]
    async fn a_function_ends_when_its_runtime_api_has() {
        let api = RuntimeApi::of(&[]).await;
        let variable = api.variable("");
        drop(api);
        let ended = run_as(&variable, |_| async { Ok(Reply::Whole("{}".into())) }).await;
        assert!(
            matches!(ended, Err(RuntimeError::Unreachable { .. })),
            "{ended:?}"
        );
    }

    #[tokio::test]
    async fn as_many_events_are_asked_for_at_once_as_lambda_gives() {
        let api = RuntimeApi::of(&[]).await;
        let address = api.listener.local_addr().unwrap().to_string();
        let variable = move |name: &str| match name {
            ADDRESS => Some(address.clone()),
            CONCURRENCY => Some("3".to_owned()),
            _ => None,
        };
        let asked = async {
            let mut streams = vec![];
            for _ in 0..3 {
                let (mut stream, _) = api.listener.accept().await.unwrap();
                assert!(request(&mut stream).await.starts_with("GET"));
                streams.push(stream);
            }
        };
        tokio::select! {
            () = asked => {}
            ended = run_as(&variable, |_| async { Ok(Reply::Whole("{}".into())) }) => panic!("{ended:?}"),
        }
    }
}
