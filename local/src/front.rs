//! Who a request on the one port is for.

use crate::held::{Held, is_handshake, is_of_connections};
use crate::lingering::Lingering;
use crate::pages;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use postern_gateway::{Arrival, Body, ClientCertificate, CollectError, Gateway, Spelling};
use postern_management::Management;
use std::net::SocketAddr;
use std::sync::Arc;

/// Of a management request. AWS takes import files of 6 MB.
const MANAGEMENT_BYTES_MAX: usize = 10_485_760;

pub(crate) struct Front {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) held: Held,
    pub(crate) management: Arc<Management>,
    /// Whether only who signs, and may, manages.
    pub(crate) requires_auth: bool,
}

/// What a request came through.
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) own: SocketAddr,
    pub(crate) scheme: &'static str,
    /// What the client showed, and was found good.
    pub(crate) certificate: Option<Arc<ClientCertificate>>,
}

impl Front {
    pub(crate) async fn answer(
        &self,
        request: Request<Incoming>,
        through: &Connection,
        spelling: Spelling,
    ) -> Response<Body> {
        let host = host(&request);
        let path = request.uri().path();
        if self.gateway.is_asked_for(&host, path).await {
            if is_handshake(&request) {
                return self.held.accept(request, through).await;
            }
            let connection = connection(request.version(), request.headers());
            let is_of_connections = is_of_connections(path);
            let arrival = arrival(request, host, through, spelling);
            let mut response = if is_of_connections {
                self.held.manage(arrival).await
            } else {
                self.gateway.answer(arrival).await
            };
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static(connection));
            return response;
        }
        let own = path.strip_prefix("/_postern/");
        if let Some(page) = own.filter(|page| !is_managed(page)) {
            return ours(page);
        }
        if !self.requires_auth && pages::is_foreign(&host, request.headers()) {
            return json(
                StatusCode::FORBIDDEN,
                &serde_json::json!({ "message": "this request comes from a web page of another site; who manages this Postern from pages has them on this machine, or starts it with --require-auth" }),
            );
        }
        self.manage(request, through.peer).await
    }

    async fn manage(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let (head, body) = request.into_parts();
        match Body::stream(Lingering::new(body))
            .collect(MANAGEMENT_BYTES_MAX)
            .await
        {
            Ok(body) => {
                let request = Request::from_parts(head, body);
                let answer = if self.requires_auth {
                    let source_ip = peer.ip().to_string();
                    self.management.answer_signed(request, &source_ip).await
                } else {
                    self.management.answer(request).await
                };
                answer.map(Body::Full)
            }
            Err(CollectError::TooLong(max)) => {
                let message = format!("the request has more than {max} bytes; send less");
                json(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    &serde_json::json!({ "message": message }),
                )
            }
            Err(CollectError::Broken(_)) => json(
                StatusCode::BAD_REQUEST,
                &serde_json::json!({ "message": "the request broke off" }),
            ),
        }
    }
}

/// Whether a page of ours is an operation of the management API.
fn is_managed(page: &str) -> bool {
    page.starts_with("credentials") || page.starts_with("principals")
}

/// What the answer says of the connection: as the service does, it always says something.
fn connection(version: Version, headers: &HeaderMap) -> &'static str {
    let asked = headers
        .get(CONNECTION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let asks = |what: &str| {
        let mut tokens = asked.split(',');
        tokens.any(|token| token.trim().eq_ignore_ascii_case(what))
    };
    let closes = asks("close") || version == Version::HTTP_10 && !asks("keep-alive");
    if closes { "close" } else { "keep-alive" }
}

/// The host that was asked for, in the request's line or in its header. Capitals mean nothing in it.
fn host<B>(request: &Request<B>) -> String {
    let header = || {
        request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
    };
    request
        .uri()
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(header)
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn arrival(
    request: Request<Incoming>,
    host: String,
    through: &Connection,
    spelling: Spelling,
) -> Arrival {
    let (head, body) = request.into_parts();
    Arrival {
        method: head.method,
        host,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: if hyper::body::Body::is_end_stream(&body) {
            Body::empty()
        } else {
            Body::stream(Lingering::new(body))
        },
        proven: None,
        source_ip: through.peer.ip().to_string(),
        spelling,
        scheme: through.scheme,
        port: through.own.port(),
        client_certificate: through.certificate.clone(),
        vpc: None,
    }
}

fn ours(page: &str) -> Response<Body> {
    match page {
        "health" => json(
            StatusCode::OK,
            &serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
        ),
        _ => json(
            StatusCode::NOT_FOUND,
            &serde_json::json!({ "message": "there is no such page; /_postern/health says whether Postern is up" }),
        ),
    }
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
