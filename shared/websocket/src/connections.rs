//! @connections: what a backend may do to an open connection, from anywhere.

use crate::registry::{Ended, Record, TOUCH_EVERY};
use crate::{ConnectionId, Managed, PublishFailure, Reached, Registry, World};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use postern_gateway::{Arrival, Body};
use postern_grip::{Action, Closing, Item};
use serde_json::json;
use std::fmt::Display;

/// The reason of a connection that a DELETE has closed, as `$disconnect` hears it.
pub(crate) const DELETED: &str = "Connection Closed Normally";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

pub struct Connections {
    world: World,
    registry: Registry,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    NoId(String),
    TooLong,
    Gone,
    NoSuchMethod,
    Internal,
}

impl Connections {
    pub fn new(world: World) -> Self {
        let registry = Registry::new(world.table.clone(), world.clock.clone(), world.limits);
        Self { world, registry }
    }

    /// Answers a request to `/{stage}/@connections/{id}`.
    pub async fn answer(&self, arrival: Arrival) -> Response<Body> {
        let managed = match self.world.line.manage(arrival).await {
            Ok(managed) => managed,
            Err(refusal) => return refusal,
        };
        self.carry_out(managed)
            .await
            .unwrap_or_else(|refusal| refusal.answer())
    }

    async fn carry_out(&self, managed: Managed) -> Result<Response<Body>, Refusal> {
        let text = managed.connection_id.clone();
        let id: ConnectionId = text.parse().map_err(|()| Refusal::NoId(text))?;
        let is_known = [Method::POST, Method::GET, Method::DELETE].contains(&managed.method);
        if !is_known {
            return Err(Refusal::NoSuchMethod);
        }
        if managed.body.len() > self.world.limits.message_bytes_max {
            return Err(Refusal::TooLong);
        }
        let record = self
            .registry
            .find(&managed.connection_id)
            .await
            .map_err(|error| self.fault(id, &error))?
            .filter(|record| {
                record.connection.api == managed.api && record.connection.stage == managed.stage
            })
            .ok_or(Refusal::Gone)?;
        if managed.method == Method::POST {
            self.post(id, &record, &managed.body).await
        } else if managed.method == Method::DELETE {
            self.delete(id, &record).await
        } else {
            Ok(shown(&record))
        }
    }

    async fn post(
        &self,
        id: ConnectionId,
        record: &Record,
        body: &Bytes,
    ) -> Result<Response<Body>, Refusal> {
        let text = String::from_utf8_lossy(body).into_owned();
        let publish = self.publish(id, record, Action::Text(text));
        let touch = self.touch(id, record);
        let (published, ()) = futures_util::future::join(publish, touch).await;
        published?;
        self.world.line.sent(&record.connection);
        Ok(answer(StatusCode::OK, Body::empty()))
    }

    /// Whoever asks twice is told that the connection is gone, also while its holder still says goodbye to the client.
    async fn delete(&self, id: ConnectionId, record: &Record) -> Result<Response<Body>, Refusal> {
        let was_open = (self.registry.close(&record.connection.id).await)
            .map_err(|error| self.fault(id, &error))?;
        if !was_open {
            return Err(Refusal::Gone);
        }
        let close = Action::Close(Some(Closing::ours(1000, DELETED)));
        match self.publish(id, record, close).await {
            // It is gone now, whoever has ended it.
            Ok(()) | Err(Refusal::Gone) => Ok(answer(StatusCode::NO_CONTENT, Body::empty())),
            Err(refusal) => Err(refusal),
        }
    }

    async fn publish(
        &self,
        id: ConnectionId,
        record: &Record,
        action: Action,
    ) -> Result<(), Refusal> {
        let item = Item {
            channel: record.connection.id.clone(),
            action,
        };
        let published = self.world.holders.publish(id.holder(), vec![item]).await;
        match published {
            Ok(Reached::Somebody | Reached::Untold) => Ok(()),
            Ok(Reached::Nobody) => {
                self.clean_up(id, record).await;
                Err(Refusal::Gone)
            }
            Err(failure @ (PublishFailure::Gone { .. } | PublishFailure::Unknown)) => {
                let _ = self.fault(id, &failure);
                self.clean_up(id, record).await;
                Err(Refusal::Gone)
            }
            Err(failure @ PublishFailure::Failed { .. }) => Err(self.fault(id, &failure)),
        }
    }

    /// Takes away a connection that its holder knows nothing of, and tells its API, unless that has happened.
    async fn clean_up(&self, id: ConnectionId, record: &Record) {
        let connection = &record.connection;
        let (code, reason) = match self.registry.end(&connection.id).await {
            Ok(Ended::Now) => (1006, ""),
            Ok(Ended::Deleted) => (1000, DELETED),
            Ok(Ended::Before) => return,
            Err(error) => {
                let _ = self.fault(id, &error);
                return;
            }
        };
        self.world.line.disconnected(connection, code, reason).await;
    }

    /// A message to the client is use, too.
    async fn touch(&self, id: ConnectionId, record: &Record) {
        let now = self.world.clock.now();
        if now < record.active_at.saturating_add(TOUCH_EVERY) {
            return;
        }
        if let Err(error) = self.registry.touch(&record.connection).await {
            let _ = self.fault(id, &error);
        }
    }

    fn fault(&self, id: ConnectionId, what: &dyn Display) -> Refusal {
        let told = format!("connections: connection {id}: {what}");
        self.world.journal.fault(&told);
        Refusal::Internal
    }
}

fn shown(record: &Record) -> Response<Body> {
    let connection = &record.connection;
    let shown = json!({
        "connectedAt": postern_telemetry::iso8601(connection.connected_at),
        "identity": {
            "sourceIp": connection.source_ip,
            "userAgent": connection.user_agent.as_deref().unwrap_or_default(),
        },
        "lastActiveAt": postern_telemetry::iso8601(record.active_at),
    });
    answer(StatusCode::OK, Body::from(shown.to_string()))
}

impl Refusal {
    fn answer(&self) -> Response<Body> {
        let (status, error, message) = match self {
            Self::NoId(id) => (
                StatusCode::BAD_REQUEST,
                "BadRequestException",
                format!("Invalid connectionId: {id}"),
            ),
            Self::TooLong => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "PayloadTooLargeException",
                "Message too long".to_owned(),
            ),
            Self::NoSuchMethod => (
                StatusCode::FORBIDDEN,
                "ForbiddenException",
                "Forbidden".to_owned(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerErrorException",
                "Internal server error".to_owned(),
            ),
            // Recorded from AWS: this one has no body.
            Self::Gone => (StatusCode::GONE, "GoneException", String::new()),
        };
        let body = match message.as_str() {
            "" => Body::empty(),
            message => Body::from(json!({ "message": message }).to_string()),
        };
        let mut answer = answer(status, body);
        let error = HeaderValue::from_static(error);
        answer.headers_mut().insert(ERROR_TYPE, error);
        answer
    }
}

fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let is_empty = matches!(&body, Body::Full(bytes) if bytes.is_empty());
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(REQUEST_ID, request_id());
    if !is_empty {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    answer
}

fn request_id() -> HeaderValue {
    let hex = format!("{:032x}", rand::random::<u128>());
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    HeaderValue::try_from(parts.join("-")).expect("digits, letters and hyphens")
}
