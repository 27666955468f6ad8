//! The least that a reverse proxy in this language can be: `axum` in front, `hyper-util`'s pooled client behind.
//!
//! `/mock` answers a constant and every other path is forwarded, so that the laptop program has a bare counterpart on
//! both of its jobs.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use clap::Parser;
use http::{
    StatusCode, Uri,
    header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE},
    uri::{Authority, Scheme},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::net::SocketAddr;

const ANSWER: &str = include_str!("../../src/answer.json");

#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// Whom to forward to.
    #[arg(long)]
    upstream: SocketAddr,
}

#[derive(Clone)]
struct Proxy {
    client: Client<HttpConnector, Body>,
    upstream: Authority,
    host: HeaderValue,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let upstream = arguments.upstream.to_string();
    let proxy = Proxy {
        client: Client::builder(TokioExecutor::new()).build(connector),
        host: HeaderValue::from_str(&upstream)?,
        upstream: upstream.parse()?,
    };
    let router = Router::new()
        .route("/mock", any(constant))
        .fallback(forward)
        .with_state(proxy);
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |stream| {
            // Without it a small answer may wait for the client's acknowledgement. A failure costs only speed.
            let _ = stream.set_nodelay(true);
        }),
        router,
    )
    .await?;
    Ok(())
}

async fn constant() -> Response {
    ([(CONTENT_TYPE, "application/json")], ANSWER).into_response()
}

async fn forward(State(proxy): State<Proxy>, mut request: Request) -> Response {
    let mut uri = request.uri().clone().into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(proxy.upstream);
    let Ok(uri) = Uri::from_parts(uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    for name in [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    headers.insert(HOST, proxy.host);
    match proxy.client.request(request).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
