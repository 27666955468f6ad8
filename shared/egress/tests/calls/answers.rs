//! What comes back: heads, bodies in whole and in chunks, and trailers.

use crate::servers::{call, channel, echo_server, egress, get, listening, scripted_server, whole};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_gateway::{Backend, Body, BodyError};
use std::convert::Infallible;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
    let (listener, url) = listening().await;
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
