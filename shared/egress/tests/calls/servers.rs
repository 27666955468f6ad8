//! The servers that the client meets: hyper where HTTP is to be right, plain sockets where it is to go wrong.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Method, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postern_egress::{Egress, Options};
use postern_gateway::{Body, BodyError, Call, Destination};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) const PLENTY: Duration = Duration::from_secs(10);

pub(crate) fn call(method: Method, url: String, body: impl Into<Body>) -> Call {
    Call {
        destination: Destination::url(url),
        method,
        headers: HeaderMap::new(),
        body: body.into(),
        timeout: PLENTY,
    }
}

pub(crate) fn get(url: String) -> Call {
    call(Method::GET, url, Body::empty())
}

pub(crate) fn egress() -> Egress {
    Egress::new(&Options::default())
}

pub(crate) async fn whole(answer: Response<Body>) -> Bytes {
    answer.into_body().collect(64 << 20).await.unwrap()
}

/// A stream whose chunks come when the test sends them. Dropping the sender ends it.
pub(crate) fn channel() -> (mpsc::UnboundedSender<Result<Bytes, BodyError>>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let frames = stream::unfold(receiver, |mut receiver| async {
        let chunk: Result<Bytes, BodyError> = receiver.recv().await?;
        Some((chunk.map(Frame::data), receiver))
    });
    (sender, Body::stream(StreamBody::new(frames)))
}

/// A port of this machine, and its address.
pub(crate) async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

pub(crate) fn where_nobody_listens() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", free.local_addr().unwrap())
}

/// Sends every request's body back as it comes, and counts the connections it accepted.
pub(crate) async fn echo_server() -> (String, Arc<AtomicUsize>) {
    let (listener, url) = listening().await;
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
pub(crate) async fn scripted_server<F, S>(script: S) -> String
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream, usize) -> F + Send + 'static,
{
    let (listener, url) = listening().await;
    tokio::spawn(async move {
        for number in 0.. {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_head(&mut socket).await;
            tokio::spawn(script(socket, number));
        }
    });
    url
}

pub(crate) async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}
