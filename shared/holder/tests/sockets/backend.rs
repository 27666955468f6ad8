//! Backends that refuse, fail or talk nonsense.

use crate::support::{Answer, Bench, answer, close, echo, status, text};
use bytes::Bytes;
use http::{Request, Response};
use postern_grip::{CONTENT_TYPE, Event};
use postern_holder::{BackendError, Settings};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

type Script = fn(&Request<Bytes>, &[Event]) -> Answer;

fn body(content_type: &str, body: &'static str) -> Answer {
    let answer = Response::builder().header("content-type", content_type);
    Ok(answer.body(Bytes::from_static(body.as_bytes())).unwrap())
}

#[tokio::test]
async fn what_is_no_acceptance_is_the_clients_answer_and_nothing_is_a_bad_gateway() {
    let cases: [(&str, Script, &str, &str); 8] = [
        (
            "refused",
            |_, _| {
                let answer = Response::builder().status(403).header("x-reason", "young");
                Ok(answer.body(Bytes::from_static(b"go away")).unwrap())
            },
            "HTTP/1.1 403 Forbidden\r\nx-reason: young\r\n",
            "go away",
        ),
        ("throttled", |_, _| Ok(status(429)), "HTTP/1.1 429", "no"),
        (
            "a page",
            |_, _| body("text/plain", "hello"),
            "HTTP/1.1 200 OK",
            "hello",
        ),
        (
            "without OPEN",
            |_, _| body(CONTENT_TYPE, "TEXT 2\r\nhi\r\n"),
            "HTTP/1.1 502",
            "the backend gave no answer that can be used\n",
        ),
        (
            "empty",
            |_, _| body(CONTENT_TYPE, ""),
            "HTTP/1.1 502",
            "the backend gave no answer that can be used\n",
        ),
        (
            "malformed",
            |_, _| body(CONTENT_TYPE, "OPEN"),
            "HTTP/1.1 502",
            "the backend gave no answer that can be used\n",
        ),
        (
            "informational",
            |_, _| Ok(status(101)),
            "HTTP/1.1 502",
            "the backend gave no answer that can be used\n",
        ),
        (
            "failed",
            |_, _| Err(BackendError::Failed("it fell over".to_owned())),
            "HTTP/1.1 502",
            "the backend gave no answer that can be used\n",
        ),
    ];
    for (name, script, head_begins, expected) in cases {
        let bench = Bench::start(Settings::default(), script).await;
        let (mut client, head) = bench.shake("/").await;
        assert!(head.starts_with(head_begins), "{name}: {head}");
        let mut body = String::new();
        client.stream.read_to_string(&mut body).await.unwrap();
        assert_eq!(body, expected, "{name}");
        assert_eq!(
            bench.heard_to_the_end().await,
            [],
            "{name}: nothing was open"
        );
    }
}

#[tokio::test]
async fn the_acceptance_has_the_backends_headers() {
    let bench = Bench::start(Settings::default(), |request, events| {
        let mut answer = echo(request, events)?;
        for (name, value) in [
            ("sec-websocket-protocol", "chat1"),
            ("set-cookie", "a=b"),
            ("set-meta-user", "7"),
            ("sec-websocket-accept", "forged"),
        ] {
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        Ok(answer)
    })
    .await;
    let (_, head) = bench.shake("/").await;
    for line in [
        "\r\nsec-websocket-protocol: chat1\r\n",
        "\r\nset-cookie: a=b\r\n",
        "\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "\r\nconnection: Upgrade\r\n",
        "\r\nupgrade: websocket\r\n",
    ] {
        assert!(head.contains(line), "{line:?} in {head}");
    }
    assert!(
        !head.contains("meta") && !head.contains("content-"),
        "{head}"
    );
}

#[tokio::test]
async fn a_backend_that_fails_later_closes_the_socket_and_hears_so() {
    let cases: [(&str, Script); 6] = [
        ("status", |_, _| Ok(status(500))),
        ("content type", |_, _| body("text/plain", "")),
        ("malformed", |_, _| body(CONTENT_TYPE, "TEXT 9\r\nhi\r\n")),
        ("not text", |_, _| body(CONTENT_TYPE, "CLOSE 1\r\nx\r\n")),
        ("failure", |_, _| {
            Err(BackendError::Failed("it fell over".to_owned()))
        }),
        ("too much meta", |_, _| {
            let mut answer = answer(&[]);
            let value = "x".repeat(5_000).parse().unwrap();
            answer.headers_mut().insert("set-meta-a", value);
            Ok(answer)
        }),
    ];
    for (name, script) in cases {
        let bench = Bench::start(Settings::default(), move |request, events| match events {
            [Event::Text(_)] => script(request, events),
            _ => echo(request, events),
        })
        .await;
        let mut client = bench.connect().await;
        client.say("go").await;
        assert_eq!(
            client.closed().await,
            (1011, "Internal server error".to_owned()),
            "{name}"
        );
        client.close_back(1011).await;
        let heard = bench.heard_to_the_end().await;
        assert_eq!(
            heard,
            [text("go"), close(1011, "Internal server error")],
            "{name}"
        );
        assert_eq!(bench.troubles.lock().unwrap().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_backend_that_takes_too_long_has_failed() {
    let mut settings = Settings::default();
    settings.limits.backend_timeout = Duration::from_millis(50);
    let bench = Bench::start_slow(settings, Duration::from_millis(300), echo).await;
    let mut client = bench.connect().await;
    client.say("go").await;
    assert_eq!(client.closed().await.0, 1011);
}

#[tokio::test]
async fn there_are_no_more_sockets_than_allowed() {
    let mut settings = Settings::default();
    settings.limits.sockets_max = 1;
    let bench = Bench::start(settings, echo).await;
    let first = bench.connect().await;
    let (_, head) = bench.shake("/").await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    drop(first);
    bench.heard_to_the_end().await;
    bench.connect().await;
}
