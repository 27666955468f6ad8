//! Which connection a request goes on: a used one where it can, another where that one is closed, and one to what stands before an endpoint.

use crate::servers::{PLENTY, call, echo_server, egress, get, read_head, scripted_server, whole};
use bytes::Bytes;
use futures_util::stream;
use http::Method;
use http_body::Frame;
use http_body_util::StreamBody;
use postern_gateway::{Backend, Body, BodyError, Call, CallError, Connection, Destination};
use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

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
