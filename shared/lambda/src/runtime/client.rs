//! The Runtime API: one connection, one request at a time.

use super::reply::{self, Outgoing, Reply};
use super::{ADDRESS, Failure, RuntimeError};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, TRAILER, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use std::error::Error;
use tokio::net::TcpStream;

const AGENT: HeaderValue = HeaderValue::from_static(concat!("postern/", env!("CARGO_PKG_VERSION")));
const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
/// Tells apart two times that Lambda hands out the same request. It is sent back as it came.
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const ERROR_TRAILERS: HeaderValue = HeaderValue::from_static(
    "lambda-runtime-function-error-type, lambda-runtime-function-error-body",
);
const PRELUDED: HeaderValue =
    HeaderValue::from_static("application/vnd.awslambda.http-integration-response");
/// Lambda takes and gives 6 MiB, and what is around a body in base64 is small.
const EVENT_BYTES_MAX: usize = 32 << 20;

/// An event, and by which ids its answer is known.
pub(super) struct Invocation {
    pub(super) id: Id,
    pub(super) event: Bytes,
}

pub(super) struct Id {
    pub(super) request: HeaderValue,
    invocation: Option<HeaderValue>,
}

pub(super) struct Client {
    address: String,
    host: HeaderValue,
    /// What paths begin with: an emulator may serve several functions.
    base: String,
    connection: Option<SendRequest<Outgoing>>,
}

impl Client {
    /// `address` as Lambda writes it: a host and a port. Emulators write URLs.
    pub(super) fn new(address: &str) -> Result<Self, RuntimeError> {
        let wrong = || RuntimeError::Variable {
            name: ADDRESS,
            value: address.to_owned(),
            why: "no address: write it as in `127.0.0.1:9001`",
        };
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if uri.scheme().is_some_and(|scheme| scheme != "http") || authority.as_str().contains('@') {
            return Err(wrong());
        }
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self {
            address: format!("{}:{port}", authority.host()),
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?,
            base: uri.path().trim_end_matches('/').to_owned(),
            connection: None,
        })
    }

    /// The same Runtime API by a connection of its own.
    pub(super) fn another(&self) -> Self {
        Self {
            address: self.address.clone(),
            host: self.host.clone(),
            base: self.base.clone(),
            connection: None,
        }
    }

    /// Waits for an event. Lambda freezes the function meanwhile.
    pub(super) async fn next(&mut self) -> Result<Invocation, RuntimeError> {
        let unreachable = |client: &Self, source| RuntimeError::Unreachable {
            address: client.address.clone(),
            source,
        };
        let was_connected = self.connection.is_some();
        let asked = match self.ask_for_event().await {
            // It may have been closed while nothing happened.
            Err(_) if was_connected => self.ask_for_event().await,
            asked => asked,
        };
        let response = asked.map_err(|source| unreachable(self, source))?;
        let (head, body) = response.into_parts();
        let event = Limited::new(body, EVENT_BYTES_MAX).collect().await;
        let event = event
            .map_err(|source| unreachable(self, source))?
            .to_bytes();
        if head.status != StatusCode::OK {
            let text = String::from_utf8_lossy(&event).into_owned();
            return Err(RuntimeError::Answer(format!("{}: {text}", head.status)));
        }
        let Some(request) = head.headers.get(REQUEST_ID) else {
            return Err(RuntimeError::Answer(format!("there is no {REQUEST_ID}")));
        };
        // It becomes a part of a path.
        if !request.as_bytes().iter().all(u8::is_ascii_graphic) {
            return Err(RuntimeError::Answer(format!("{REQUEST_ID} is no id")));
        }
        Ok(Invocation {
            id: Id {
                request: request.clone(),
                invocation: head.headers.get(INVOCATION_ID).cloned(),
            },
            event,
        })
    }

    pub(super) async fn respond(&mut self, id: &Id, reply: Reply) -> Result<(), Failure> {
        let is_streamed = matches!(reply, Reply::Streamed { .. });
        let mut request = self.answering(id, "response", reply.into())?;
        if is_streamed {
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, PRELUDED);
            headers.insert(RESPONSE_MODE, HeaderValue::from_static("streaming"));
            headers.insert(TRAILER, ERROR_TRAILERS);
        }
        self.tell(request).await
    }

    pub(super) async fn fail(
        &mut self,
        id: &Id,
        failure: &(dyn Error + Send + Sync),
    ) -> Result<(), Failure> {
        let told = reply::Told::of(failure);
        let mut request = self.answering(id, "error", Outgoing::whole(told.json()))?;
        request
            .headers_mut()
            .insert(ERROR_TYPE, HeaderValue::from_static(reply::ERROR_TYPE));
        self.tell(request).await
    }

    async fn ask_for_event(&mut self) -> Result<Response<Incoming>, Failure> {
        let request = self.request(Method::GET, "next", Outgoing::nothing())?;
        self.send(request).await
    }

    fn answering(&self, id: &Id, what: &str, body: Outgoing) -> Result<Request<Outgoing>, Failure> {
        let path = format!("{}/{what}", id.request.to_str()?);
        let mut request = self.request(Method::POST, &path, body)?;
        if let Some(id) = &id.invocation {
            request.headers_mut().insert(INVOCATION_ID, id.clone());
        }
        Ok(request)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Outgoing,
    ) -> Result<Request<Outgoing>, Failure> {
        let target = format!("{}/2018-06-01/runtime/invocation/{path}", self.base);
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(target)?;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(USER_AGENT, AGENT);
        Ok(request)
    }

    /// Sends an answer, and returns when it was taken.
    async fn tell(&mut self, request: Request<Outgoing>) -> Result<(), Failure> {
        let (head, body) = self.send(request).await?.into_parts();
        let text = Limited::new(body, EVENT_BYTES_MAX)
            .collect()
            .await?
            .to_bytes();
        if head.status.is_success() {
            return Ok(());
        }
        Err(format!("{}: {}", head.status, String::from_utf8_lossy(&text)).into())
    }

    async fn send(&mut self, request: Request<Outgoing>) -> Result<Response<Incoming>, Failure> {
        let mut connection = match self.connection.take() {
            Some(kept) => kept,
            None => connect(&self.address).await?,
        };
        if connection.ready().await.is_err() {
            connection = connect(&self.address).await?;
        }
        let response = connection.send_request(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }
}

async fn connect(address: &str) -> Result<SendRequest<Outgoing>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // What becomes of it, whoever sends next is told.
    tokio::spawn(connection);
    Ok(sender)
}
