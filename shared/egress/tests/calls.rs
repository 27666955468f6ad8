//! The client against real servers on this machine: hyper where HTTP is to be right, plain sockets where it is to go wrong.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, and so do its servers"
)]

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_egress::{Egress, Options};
use postern_gateway::{Backend, Body, BodyError, Call, CallError, Caller, Connection, Destination};
use std::convert::Infallible;
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const PLENTY: Duration = Duration::from_secs(10);

fn call(method: Method, url: String, body: impl Into<Body>) -> Call {
    Call {
        destination: Destination::url(url),
        method,
        headers: HeaderMap::new(),
        body: body.into(),
        timeout: PLENTY,
    }
}

fn get(url: String) -> Call {
    call(Method::GET, url, Body::empty())
}

fn egress() -> Egress {
    Egress::new(&Options::default())
}

async fn whole(answer: Response<Body>) -> Bytes {
    answer.into_body().collect(64 << 20).await.unwrap()
}

/// A stream whose chunks come when the test sends them. Dropping the sender ends it.
fn channel() -> (mpsc::UnboundedSender<Result<Bytes, BodyError>>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let frames = stream::unfold(receiver, |mut receiver| async {
        let chunk: Result<Bytes, BodyError> = receiver.recv().await?;
        Some((chunk.map(Frame::data), receiver))
    });
    (sender, Body::stream(StreamBody::new(frames)))
}

/// Sends every request's body back as it comes, and counts the connections it accepted.
async fn echo_server() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = accepted.clone();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(
                TokioIo::new(socket),
                service_fn(|request: Request<Incoming>| async move {
                    let mut answer = Response::builder();
                    for (name, value) in request.headers() {
                        answer = answer.header(format!("x-got-{name}"), value);
                    }
                    answer =
                        answer.header("x-got", format!("{} {}", request.method(), request.uri()));
                    Ok::<_, Infallible>(answer.body(request.into_body()).unwrap())
                }),
            ));
        }
    });
    (url, accepted)
}

/// Hands each accepted connection, after the head of the first request on it, to `script`.
async fn scripted_server<F, S>(script: S) -> String
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream, usize) -> F + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 0.. {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_head(&mut socket).await;
            tokio::spawn(script(socket, number));
        }
    });
    url
}

async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn what_stands_before_an_endpoint_gets_the_requests_for_it_on_connections_of_their_own() {
    let (url, accepted) = echo_server().await;
    let port = url
        .trim_end_matches('/')
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let egress = egress();
    let through = |address: &str| Call {
        destination: Destination::Url {
            url: "http://inner.example:9/x".to_owned(),
            connection: Connection {
                through: Some(address.to_owned()),
                ..Connection::default()
            },
        },
        ..get(String::new())
    };
    for _ in 0..2 {
        let answer = egress
            .call(through(&format!("127.0.0.1:{port}")))
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-got"], "GET /x");
        assert_eq!(answer.headers()["x-got-host"], "inner.example:9");
        whole(answer).await;
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    whole(
        egress
            .call(through(&format!("localhost:{port}")))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(accepted.load(Ordering::SeqCst), 2);
    let error = egress
        .call(through("nowhere.invalid:80"))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, CallError::Address(_)), "{error}");
}

#[tokio::test]
async fn a_request_arrives_as_it_was_written_and_nothing_is_added() {
    let (sender, mut heads) = mpsc::unbounded_channel();
    let url = scripted_server_heads(sender).await;
    let host = url
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut headers = HeaderMap::new();
    headers.append("x-many", HeaderValue::from_static("1"));
    headers.append("x-many", HeaderValue::from_static("2"));
    let mut named = HeaderMap::new();
    named.insert("host", HeaderValue::from_static("pets.example"));
    for (method, path, headers, body, expected) in [
        (
            Method::GET,
            "",
            HeaderMap::new(),
            "",
            format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        ),
        (
            Method::POST,
            "a%20b/?q=%7B&q",
            headers,
            "abc",
            format!(
                "POST /a%20b/?q=%7B&q HTTP/1.1\r\nx-many: 1\r\nx-many: 2\r\ncontent-length: 3\r\nhost: {host}\r\n\r\n"
            ),
        ),
        (
            Method::PUT,
            "",
            named,
            "",
            "PUT / HTTP/1.1\r\nhost: pets.example\r\ncontent-length: 0\r\n\r\n".to_owned(),
        ),
        (
            Method::from_bytes(b"PURGE").unwrap(),
            "x#fragment",
            HeaderMap::new(),
            "",
            format!("PURGE /x HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        ),
    ] {
        let mut call = call(method, format!("{url}{path}"), body);
        call.headers = headers;
        egress().call(call).await.unwrap();
        assert_eq!(heads.recv().await.unwrap(), expected);
    }
}

/// Answers every connection with an empty 200 and tells the head it got.
async fn scripted_server_heads(heads: mpsc::UnboundedSender<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            heads.send(read_head(&mut socket).await).unwrap();
            socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
        }
    });
    url
}

#[tokio::test]
async fn an_answer_comes_back_as_it_was_given() {
    let url = scripted_server(|mut socket, _| async move {
        let answer = "HTTP/1.1 302 Elsewhere\r\nLocation: /x\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 2\r\n\r\nhi";
        socket.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let answer = egress().call(get(url)).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "/x");
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(answer.headers()["content-length"], "2");
    assert_eq!(whole(answer).await, "hi");
}

#[tokio::test]
async fn bodies_stream_both_ways_chunk_by_chunk() {
    let (url, _) = echo_server().await;
    for method in [Method::POST, Method::GET] {
        let (sender, body) = channel();
        sender.send(Ok("first".into())).unwrap();
        let answer = egress()
            .call(call(method.clone(), url.clone(), body))
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-got-transfer-encoding"], "chunked");
        let mut answer = answer.into_body();
        // Each chunk is sent only when the one before has come back.
        for (arrives, next) in [
            ("first", Some("second")),
            ("second", Some("third")),
            ("third", None),
        ] {
            let frame = answer.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), arrives, "{method}");
            if let Some(next) = next {
                sender.send(Ok(next.into())).unwrap();
            }
        }
        drop(sender);
        assert!(answer.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_megabyte_goes_and_comes_back_whole() {
    let (url, _) = echo_server().await;
    let megabyte = Bytes::from(
        (0..1 << 20)
            .map(|n: u32| (n % 251) as u8)
            .collect::<Vec<_>>(),
    );
    let chunks: Vec<Result<_, BodyError>> = megabyte
        .chunks(7_001)
        .map(|chunk| Ok(Frame::data(Bytes::copy_from_slice(chunk))))
        .collect();
    let streamed = Body::stream(StreamBody::new(stream::iter(chunks)));
    for body in [Body::Full(megabyte.clone()), streamed] {
        let answer = egress()
            .call(call(Method::PUT, url.clone(), body))
            .await
            .unwrap();
        assert!(whole(answer).await == megabyte);
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (url, accepted) = echo_server().await;
    let egress = egress();
    for _ in 0..10 {
        let answer = egress
            .call(call(Method::POST, url.clone(), "x"))
            .await
            .unwrap();
        assert_eq!(whole(answer).await, "x");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn calls_at_the_same_time_share_what_connections_are_free() {
    let (url, accepted) = echo_server().await;
    let egress = egress();
    for _ in 0..5 {
        futures_util::future::join_all((0..4).map(|_| async {
            let answer = egress
                .call(call(Method::POST, url.clone(), "x"))
                .await
                .unwrap();
            assert_eq!(whole(answer).await, "x");
        }))
        .await;
    }
    assert!(accepted.load(Ordering::SeqCst) <= 4);
}

/// What happens to a program that is frozen between two requests while its backend hangs up.
#[test]
fn a_connection_closed_while_this_process_slept_costs_no_request() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            assert!(socket.read(&mut head).unwrap() > 0);
            socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let egress = egress();
    for _ in 0..2 {
        // A stream cannot be sent twice, so this would fail if any of it were gone.
        let chunk = Ok::<_, BodyError>(Frame::data(Bytes::from("x")));
        let body = Body::stream(StreamBody::new(stream::iter([chunk])));
        let call = call(Method::POST, url.clone(), body);
        runtime.block_on(async { whole(egress.call(call).await.unwrap()).await });
        // No task of the client runs meanwhile, so nothing notices that the server hung up.
        std::thread::sleep(Duration::from_millis(100));
    }
    server.join().unwrap();
}

#[tokio::test]
async fn what_is_no_address_is_told_from_what_does_not_answer() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    for (url, is_address) in [
        ("http://no-such-host.invalid/".to_owned(), true),
        ("https://no-such-host.invalid/".to_owned(), true),
        ("http://a b/".to_owned(), true),
        ("http://{host}/".to_owned(), true),
        ("http:///x".to_owned(), true),
        ("ftp://127.0.0.1/".to_owned(), true),
        ("/pets".to_owned(), true),
        (String::new(), true),
        (
            format!("{}9/", refused.trim_end_matches('/').to_owned() + "999"),
            true,
        ),
        (refused.clone(), false),
        (refused.replace("http", "https"), false),
    ] {
        let error = egress().call(get(url.clone())).await.err().unwrap();
        match error {
            CallError::Address(_) => assert!(is_address, "{url}: {error}"),
            CallError::Network(_) => assert!(!is_address, "{url}: {error}"),
            other => panic!("{url}: {other}"),
        }
    }
}

#[tokio::test]
async fn an_error_says_what_happened() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let closed = scripted_server(|socket, _| async move { drop(socket) }).await;
    for (url, part) in [
        (refused, "Connection refused"),
        (closed, "connection closed before message completed"),
        (
            "http://no-such-host.invalid/".to_owned(),
            "the host `no-such-host.invalid` has no address",
        ),
    ] {
        let error = egress().call(get(url)).await.err().unwrap().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_does_not_speak_http_is_a_network_error() {
    for (bytes, reset) in [
        ("", false),
        ("", true),
        ("HTTP/1.1 200 O", false),
        ("HTTP/1.1 200 O", true),
        ("HTTP/1.1 200 OK\r\ncontent-le", true),
        ("220 mail.example ESMTP\r\n\r\n", false),
    ] {
        let url = scripted_server(move |mut socket, _| async move {
            socket.write_all(bytes.as_bytes()).await.unwrap();
            if reset {
                socket.set_zero_linger().unwrap();
            }
        })
        .await;
        let error = egress().call(get(url)).await.err().unwrap();
        assert!(
            matches!(error, CallError::Network(_)),
            "{bytes:?} {reset}: {error:?}"
        );
    }
}

/// Answers the first request of the first connection and hangs up on the second; answers on any other connection.
async fn server_that_hangs_up_on_used_connections() -> String {
    scripted_server(|mut socket, number| async move {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        socket.write_all(answer).await.unwrap();
        if number == 0 {
            read_head(&mut socket).await;
        } else {
            tokio::time::sleep(PLENTY).await;
        }
    })
    .await
}

#[tokio::test]
async fn what_may_be_sent_twice_is_when_a_used_connection_turns_out_to_be_closed() {
    for (method, body, expected) in [
        (Method::GET, "", true),
        (Method::DELETE, "", true),
        (Method::POST, "", false),
        (Method::PUT, "x", false),
    ] {
        let url = server_that_hangs_up_on_used_connections().await;
        let egress = egress();
        whole(egress.call(get(url.clone())).await.unwrap()).await;
        let again = egress.call(call(method.clone(), url, body)).await;
        assert_eq!(again.is_ok(), expected, "{method}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_short_ends_with_a_network_error() {
    for head in [
        "content-length: 10\r\n\r\nabc",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let url = scripted_server(move |mut socket, _| async move {
            let answer = format!("HTTP/1.1 200 OK\r\n{head}");
            socket.write_all(answer.as_bytes()).await.unwrap();
        })
        .await;
        let mut body = egress().call(get(url)).await.unwrap().into_body();
        assert_eq!(
            body.frame().await.unwrap().unwrap().into_data().unwrap(),
            "abc"
        );
        let error = body.frame().await.unwrap().unwrap_err();
        let error = error.downcast::<CallError>().unwrap();
        assert!(matches!(*error, CallError::Network(_)), "{error}");
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_head_that_is_late_is_a_timeout() {
    for early in ["", "HTTP/1.1 200 OK\r\n"] {
        let url = scripted_server(move |mut socket, _| async move {
            socket.write_all(early.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let mut call = get(url);
        call.timeout = Duration::from_millis(80);
        let start = Instant::now();
        let error = egress().call(call).await.err().unwrap();
        assert_eq!(error, CallError::Timeout(Duration::from_millis(80)));
        assert!(start.elapsed() >= Duration::from_millis(80) && start.elapsed() < PLENTY);
    }
}

#[tokio::test]
async fn a_body_that_is_late_ends_with_a_timeout_after_what_came_in_time() {
    // One server falls silent, the other never does.
    for pause in [Duration::from_hours(1), Duration::ZERO] {
        let url = scripted_server(move |mut socket, _| async move {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            socket.write_all(head).await.unwrap();
            while socket.write_all(b"3\r\nabc\r\n").await.is_ok() {
                tokio::time::sleep(pause).await;
                tokio::task::yield_now().await;
            }
        })
        .await;
        let mut call = get(url);
        call.timeout = Duration::from_millis(120);
        let start = Instant::now();
        let mut body = egress().call(call).await.unwrap().into_body();
        assert!(body.frame().await.unwrap().is_ok());
        let error = loop {
            match body.frame().await.expect("the body ends with an error") {
                Ok(_) => {}
                Err(error) => break error.downcast::<CallError>().unwrap(),
            }
        };
        assert_eq!(*error, CallError::Timeout(Duration::from_millis(120)));
        assert!(start.elapsed() < PLENTY);
        assert!(body.frame().await.is_none());
    }
}

#[tokio::test]
async fn a_timeout_beyond_all_clocks_is_none() {
    let (url, _) = echo_server().await;
    let mut call = call(Method::POST, url, "x");
    call.timeout = Duration::MAX;
    assert_eq!(whole(egress().call(call).await.unwrap()).await, "x");
}

#[tokio::test]
async fn a_request_body_that_breaks_off_is_the_clients_fault() {
    let url = scripted_server(|mut socket, _| async move {
        let mut rest = vec![];
        let _ = socket.read_to_end(&mut rest).await;
    })
    .await;
    for sent in [vec![], vec!["some"]] {
        let (sender, body) = channel();
        for chunk in sent {
            sender.send(Ok(chunk.into())).unwrap();
        }
        sender.send(Err("the browser was closed".into())).unwrap();
        let error = egress()
            .call(call(Method::POST, url.clone(), body))
            .await
            .err()
            .unwrap();
        assert_eq!(
            error,
            CallError::Client("the browser was closed".to_owned())
        );
    }
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_is_through_counts() {
    let url = scripted_server(|mut socket, _| async move {
        let answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";
        socket.write_all(answer).await.unwrap();
        let mut rest = vec![];
        let _ = socket.read_to_end(&mut rest).await;
    })
    .await;
    let (_sender, body) = channel();
    let answer = egress().call(call(Method::POST, url, body)).await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(whole(answer).await, "no");
}

#[tokio::test]
async fn an_aws_service_is_not_called_unsigned() {
    let mut call = get(String::new());
    call.destination = Destination::Service {
        name: "sqs".to_owned(),
        region: "eu-west-1".to_owned(),
        path: "/".to_owned(),
        caller: Caller::Gateway,
    };
    assert_eq!(
        egress().call(call).await.err().unwrap().to_string(),
        "the call cannot be signed: `sqs` is an AWS service, and this backend calls plain URLs only"
    );
}

#[tokio::test]
async fn an_answer_without_a_body_is_not_waited_for() {
    let url = scripted_server(|mut socket, _| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
        socket.write_all(head).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let answer = egress().call(call(Method::HEAD, url, "")).await.unwrap();
    assert_eq!(answer.headers()["content-length"], "1000");
    assert_eq!(whole(answer).await, "");
}

#[tokio::test]
async fn trailers_come_through() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let service = service_fn(|_| async {
            let trailers = HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("7"),
            )]);
            let body = Full::new(Bytes::from("abc")).with_trailers(async { Some(Ok(trailers)) });
            let answer = Response::builder()
                .header("trailer", "x-sum")
                .header("transfer-encoding", "chunked");
            Ok::<_, Infallible>(answer.body(body).unwrap())
        });
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(socket), service)
            .await
    });
    let mut call = get(url);
    call.headers
        .insert("te", HeaderValue::from_static("trailers"));
    let answer = egress().call(call).await.unwrap();
    let collected = answer.into_body();
    let collected = BodyExt::collect(collected).await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-sum"], "7");
    assert_eq!(collected.to_bytes(), "abc");
}
