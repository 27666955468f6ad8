//! Calls to AWS services, as a server on this machine sees them.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use postern_aws::{Aws, AwsBackend, CredentialsSource, Settings};
use postern_egress::{Egress, Options};
use postern_gateway::{Backend, Body, BodyError, Call, CallError, Caller, Destination};
use postern_store::{Clock, SystemClock};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// 2015-08-30 12:36:00 UTC, always.
struct Then;

impl Clock for Then {
    fn now(&self) -> Duration {
        Duration::from_mins(24_015_636)
    }
}

pub(crate) struct Seen {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Answers `ok` to one request a connection, and tells what it got.
pub(crate) async fn server() -> (String, mpsc::UnboundedReceiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = BufReader::new(socket);
            let mut lines = vec![];
            loop {
                let mut line = String::new();
                socket.read_line(&mut line).await.unwrap();
                if line.trim_end().is_empty() {
                    break;
                }
                lines.push(line.trim_end().to_owned());
            }
            let headers: Vec<(String, String)> = lines[1..]
                .iter()
                .map(|line| line.split_once(": ").unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let length = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(0, |(_, value)| value.parse().unwrap());
            let mut body = vec![0; length];
            socket.read_exact(&mut body).await.unwrap();
            let line = lines[0].clone();
            sender
                .send(Seen {
                    line,
                    headers,
                    body,
                })
                .unwrap();
            // It serves one call to a connection, and says so, or the next call would be sent into a closing one.
            let answer =
                b"HTTP/1.1 200 OK\r\nconnection: close\r\nx-amzn-requestid: 1\r\ncontent-length: 2\r\n\r\nok";
            socket.write_all(answer).await.unwrap();
        }
    });
    (url, receiver)
}

pub(crate) fn settings(variables: &[(&str, &str)]) -> Settings {
    Settings::from_variables(|name| {
        let found = variables.iter().find(|(set, _)| *set == name);
        found.map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

pub(crate) fn backend(variables: &[(&str, &str)]) -> AwsBackend {
    let egress = Egress::new(&Options::default());
    Aws::new(settings(variables), egress, Arc::new(Then)).backend()
}

pub(crate) fn call(service: &str, path: &str, body: impl Into<Body>) -> Call {
    Call {
        destination: Destination::Service {
            name: service.to_owned(),
            region: "eu-west-1".to_owned(),
            path: path.to_owned(),
            caller: Caller::Gateway,
        },
        method: Method::POST,
        headers: HeaderMap::new(),
        body: body.into(),
        timeout: Duration::from_secs(10),
    }
}

/// A body of which `chunks` come, and then nothing more, without an end.
fn stalled(chunks: Vec<Result<Bytes, BodyError>>) -> Body {
    struct Stalled(std::collections::VecDeque<Result<Bytes, BodyError>>);
    impl http_body::Body for Stalled {
        type Data = Bytes;
        type Error = BodyError;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, BodyError>>> {
            match self.0.pop_front() {
                Some(chunk) => std::task::Poll::Ready(Some(chunk.map(http_body::Frame::data))),
                None => std::task::Poll::Pending,
            }
        }
    }
    Body::stream(Stalled(chunks.into()))
}

#[tokio::test]
async fn a_call_to_a_service_is_signed() {
    let (url, mut seen) = server().await;
    let backend = backend(&[
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ]);
    let mut call = call("sqs", "/123456789012/pets?a=b", "{}");
    for (name, value) in [
        ("x-amz-target", "AmazonSQS.SendMessage"),
        ("content-type", "application/x-amz-json-1.0"),
        ("authorization", "Bearer of-the-client"),
    ] {
        call.headers.insert(name, HeaderValue::from_static(value));
    }
    let answer = backend.call(call).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-amzn-requestid"], "1");
    assert_eq!(answer.into_body().collect(100).await.unwrap(), "ok");
    let seen = seen.recv().await.unwrap();
    assert_eq!(seen.line, "POST /123456789012/pets?a=b HTTP/1.1");
    assert_eq!(seen.body, b"{}");
    assert_eq!(seen.header("host"), url.strip_prefix("http://"));
    assert_eq!(seen.header("x-amz-date"), Some("20150830T123600Z"));
    assert_eq!(seen.header("x-amz-security-token"), Some("token"));
    assert_eq!(seen.header("x-amz-target"), Some("AmazonSQS.SendMessage"));
    let authorization = seen.header("authorization").unwrap();
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/sqs/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=";
    assert!(authorization.starts_with(expected), "{authorization}");
    assert_eq!(
        seen.headers
            .iter()
            .filter(|(name, _)| name == "authorization")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_function_is_called_by_its_plain_name_at_an_emulator() {
    let (url, mut seen) = server().await;
    let (elsewhere, mut seen_elsewhere) = server().await;
    let backend = backend(&[
        ("AWS_ENDPOINT_URL_LAMBDA", &url),
        ("AWS_ENDPOINT_URL", &elsewhere),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    let path = "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:pets:live/invocations";
    backend.call(call("lambda", path, "{}")).await.unwrap();
    assert_eq!(
        seen.recv().await.unwrap().line,
        "POST /2015-03-31/functions/pets/invocations?Qualifier=live HTTP/1.1"
    );
    // Only Lambda has such names.
    backend.call(call("states", path, "{}")).await.unwrap();
    assert_eq!(
        seen_elsewhere.recv().await.unwrap().line,
        format!("POST {path} HTTP/1.1")
    );
}

#[tokio::test]
async fn a_plain_url_is_called_as_it_is() {
    let (url, mut seen) = server().await;
    let mut call = call("", "", "body");
    call.destination = Destination::url(format!("{url}/x"));
    backend(&[]).call(call).await.unwrap();
    let seen = seen.recv().await.unwrap();
    assert_eq!(seen.line, "POST /x HTTP/1.1");
    let names: Vec<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-length", "host"]);
}

#[tokio::test]
async fn a_stream_is_held_to_be_signed() {
    let (url, mut seen) = server().await;
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let backend = backend(&[&keys[..], &[("AWS_ENDPOINT_URL", &url)]].concat());
    let body = Body::stream(http_body_util::Full::new(Bytes::from_static(b"streamed")));
    backend.call(call("sqs", "/", body)).await.unwrap();
    let seen = seen.recv().await.unwrap();
    assert_eq!(seen.header("content-length"), Some("8"));
    assert_eq!(seen.body, b"streamed");
}

#[tokio::test]
async fn what_cannot_be_sent_says_why() {
    let (url, _seen) = server().await;
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let backend = backend(&[&keys[..], &[("AWS_ENDPOINT_URL", &url)]].concat());
    for (call, expected) in [
        (
            call("sqs", "/", vec![0; (10 << 20) + 1]),
            "the call cannot be signed: a signature covers the whole body, and this one is longer than 10485760 bytes",
        ),
        (
            call("sqs", "/", stalled(vec![Ok(vec![0; 11 << 20].into())])),
            "the call cannot be signed: a signature covers the whole body, and this one is longer than 10485760 bytes",
        ),
        (
            call(
                "sqs",
                "/",
                stalled(vec![Ok("x".into()), Err("closed".into())]),
            ),
            "the client's body broke off: closed",
        ),
        (
            call("sqs.evil.example/", "/", ""),
            "invalid endpoint address: `sqs.evil.example/` is no name of an AWS service",
        ),
        (
            call("sqs", "@evil.example/", ""),
            "invalid endpoint address: the path `@evil.example/` for `sqs` does not begin with a slash",
        ),
    ] {
        let error = backend.call(call).await.err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn the_time_of_a_call_counts_from_its_body_to_its_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let backend = backend(&[&keys[..], &[("AWS_ENDPOINT_URL", &url)]].concat());
    // The first body never ends; the second is never answered, for nobody accepts.
    for body in [stalled(vec![]), Body::empty()] {
        let mut call = call("sqs", "/", body);
        call.timeout = Duration::from_millis(60);
        let error = backend.call(call).await.err().unwrap();
        assert_eq!(error, CallError::Timeout(Duration::from_millis(60)));
    }
}

/// Without the feature `profiles` nothing is looked for, so nothing on the machine that runs this can be found.
#[cfg(not(feature = "profiles"))]
#[tokio::test]
async fn without_credentials_an_emulator_is_called_and_aws_is_not() {
    let (url, mut seen) = server().await;
    let backend = backend(&[("AWS_ENDPOINT_URL_LAMBDA", &url)]);
    backend.call(call("lambda", "/", "")).await.unwrap();
    let seen = seen.recv().await.unwrap();
    let authorization = seen.header("authorization").unwrap();
    let expected = "AWS4-HMAC-SHA256 Credential=test/20150830/eu-west-1/lambda/aws4_request, ";
    assert!(authorization.starts_with(expected), "{authorization}");
    let error = backend.call(call("sqs", "/", "")).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "the call cannot be signed: there are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    );
}

#[tokio::test]
async fn a_store_at_aws_needs_a_region() {
    let settings = Settings {
        credentials: CredentialsSource::Chain,
        ..settings(&[])
    };
    let aws = Aws::new(
        settings,
        Egress::new(&Options::default()),
        Arc::new(SystemClock),
    );
    let error = aws.connect("postern").err().unwrap();
    assert_eq!(
        error.to_string(),
        "no region is set for the store on DynamoDB: set AWS_REGION"
    );
}
