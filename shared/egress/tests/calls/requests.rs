//! What a server gets: the request as it was written, and nothing else.

use crate::servers::{call, egress, get, listening, read_head};
use http::{HeaderMap, HeaderValue, Method};
use postern_gateway::{Backend, Caller, Destination};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

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
    let (listener, url) = listening().await;
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
