//! The little HTTP that the bench plays itself: a server made of one closure, and a client for the management API.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client as PooledClient, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{self, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A server on a free port of 127.0.0.1. Dropping it frees the port; what is being answered is finished.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// When the kernel tells a client that its bytes have arrived. A client that leaves Nagle's algorithm on (as
/// `lambda_runtime` does) holds back the second part of an answer until it has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledge {
    /// At once.
    Promptly,
    /// As Linux does by default: up to 40 ms later, in the hope of something to send along with it.
    Lazily,
}

impl Server {
    pub(crate) async fn start<H, F>(handler: H) -> Result<Self>
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        Self::start_that(Acknowledge::Lazily, handler).await
    }

    pub(crate) async fn start_that<H, F>(acknowledge: Acknowledge, handler: H) -> Result<Self>
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("no port of 127.0.0.1 is free")?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            // An error of one connection is its client's to notice.
            while let Ok((stream, _)) = listener.accept().await {
                let handler = handler.clone();
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let service = service_fn(move |request| {
                        let answer = handler(request);
                        async move { Ok::<_, Infallible>(answer.await) }
                    });
                    let _ = http1::Builder::new()
                        .serve_connection(
                            TokioIo::new(Stream {
                                stream,
                                acknowledge,
                            }),
                            service,
                        )
                        .await;
                });
            }
        });
        Ok(Self { address, accepting })
    }
}

/// A connection that acknowledges as it was told to.
struct Stream {
    stream: TcpStream,
    acknowledge: Acknowledge,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.acknowledge == Acknowledge::Promptly && read.is_ready() {
            // The kernel forgets it again, so it is said after every read.
            self.stream.set_quickack(true)?;
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

pub(crate) fn answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
}

pub(crate) fn json_answer(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = answer(StatusCode::OK, body);
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

/// A client that keeps its connections.
#[derive(Clone)]
pub(crate) struct Client(PooledClient<HttpConnector, Full<Bytes>>);

impl Client {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(PooledClient::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends a request and reads all of the answer.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>> {
        let (parts, body) = self.0.request(request).await?.into_parts();
        Ok(Response::from_parts(
            parts,
            body.collect().await?.to_bytes(),
        ))
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<Response<Bytes>> {
        let request = Request::builder()
            .method(method.clone())
            .uri(url)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .body(Full::new(match body {
                Some(body) => Bytes::from(serde_json::to_vec(body)?),
                None => Bytes::new(),
            }))?;
        self.send(request)
            .await
            .with_context(|| format!("no answer to {method} {url}"))
    }
}
