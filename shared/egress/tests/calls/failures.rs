//! How a call fails: no address, no answer, half an answer, too late, or by its own client.

use crate::servers::{
    PLENTY, call, channel, echo_server, egress, get, scripted_server, where_nobody_listens, whole,
};
use http::Method;
use http_body_util::BodyExt;
use postern_gateway::{Backend, CallError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn what_is_no_address_is_told_from_what_does_not_answer() {
    let refused = where_nobody_listens();
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
    let refused = where_nobody_listens();
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
