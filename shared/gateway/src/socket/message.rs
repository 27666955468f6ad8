//! A message: which route takes it, and what its sender is told.

use super::{Connection, MESSAGE_BYTES_MAX, frame, routed};
use crate::address::Addressed;
use crate::gateway::Served;
use crate::mapping::{Given, Message, key_of};
use crate::rejection::{Rejection, RouteRejection};
use crate::trail::{Happening, Trail};
use crate::{Body, Gateway, Query, Spelling};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use postern_definition::Map;
use postern_definition::routed::DEFAULT_KEY;
use postern_plan::ApiKind;
use postern_template::Payload;
use std::pin::pin;

/// What came of a message.
struct Heard {
    status: StatusCode,
    /// What the sender gets; empty where that is nothing.
    answer: Bytes,
}

impl Gateway {
    /// Takes a message that a client sent. What it is sent back at once, if anything.
    pub async fn message(&self, connection: &Connection, text: Bytes) -> Option<Bytes> {
        let happening = Happening::message(&connection.id);
        let mut trail = connection.trail(HeaderMap::new(), happening, self.clock.now());
        let (served, due) = match self.stage_of(connection, &mut trail).await {
            Ok(found) => found,
            Err(rejection) => return Some(self.refuse(&rejection.into(), trail, None).await),
        };
        let heard = self
            .while_refreshing(due, pin!(self.hear(connection, &served, text, &mut trail)))
            .await;
        match heard {
            Ok(Heard { status, answer }) => {
                self.record(status, answer.len(), trail, served.live);
                (!answer.is_empty()).then_some(answer)
            }
            Err(rejection) => Some(self.refuse(&rejection, trail, Some(served)).await),
        }
    }

    async fn hear(
        &self,
        connection: &Connection,
        served: &Served,
        text: Bytes,
        trail: &mut Trail,
    ) -> Result<Heard, Rejection> {
        let route = selected(served, &text, trail)?;
        let addressed = Addressed {
            live: served.live.clone(),
            deployed: served.deployed.clone(),
            variables: served.variables.clone(),
            is_canary: false,
            request: connection.request(HeaderMap::new(), text.clone()),
        };
        let key = (route.0.as_str(), route.1);
        let routed = routed(addressed, key, text, trail).await?;
        let is_two_way = routed.plan.is_two_way;
        let answer = self.proceed_routed(routed, None, trail).await?;
        let (status, body) = (answer.status, answer.body);
        // What nobody is sent is waited for as well, so that the call ends as it should.
        let body = body.collect(MESSAGE_BYTES_MAX).await;
        let answer = if is_two_way {
            text_of(&body.map_err(crate::held::broken)?)
        } else {
            Bytes::new()
        };
        crate::execution_log::Steps::answered(
            &mut trail.log,
            status,
            &HeaderMap::new(),
            &Body::Full(answer.clone()),
        );
        Ok(Heard { status, answer })
    }

    /// Notes why a message went no further, and says what its sender is told.
    async fn refuse(
        &self,
        rejection: &Rejection,
        mut trail: Trail,
        served: Option<Served>,
    ) -> Bytes {
        self.tell(rejection, ApiKind::WebSocket, &trail);
        let (status, ..) = self
            .refusal(rejection, ApiKind::WebSocket, &mut trail, served.as_ref())
            .await;
        let frame = frame::of(rejection, &trail);
        if let Some(served) = served {
            self.record(status, frame.len(), trail, served.live);
        }
        frame.into()
    }
}

/// The key and the number of the route that takes a message.
fn selected(served: &Served, text: &[u8], trail: &Trail) -> Result<(String, u32), RouteRejection> {
    let text = String::from_utf8_lossy(text);
    let (headers, query, path) = (HeaderMap::new(), Query::default(), Map::new());
    let given = Given {
        message: Message::Request {
            headers: &headers,
            spelling: &Spelling::default(),
            query: &query,
            whole_path: "/",
            path: &path,
            is_signed: false,
        },
        body: &Payload::new(&text),
        variables: &served.variables,
        trail,
    };
    let deployed = &served.deployed;
    let selection = deployed.api().route_selection.as_ref();
    let key = selection.map(|expression| key_of(expression, &given, None));
    let key = key.unwrap_or_default();
    // What has a name with a dollar sign is not for clients to name.
    let named = Some(key).filter(|key| !key.starts_with('$'));
    let found = named.and_then(|key| deployed.route(&key).map(|number| (key, number)));
    let default = || Some((DEFAULT_KEY.to_owned(), deployed.route(DEFAULT_KEY)?));
    found.or_else(default).ok_or_else(|| {
        // The key is the client's own, and may be long.
        RouteRejection::NoSuchMethod {
            verb: "MESSAGE".to_owned(),
            path: DEFAULT_KEY.to_owned(),
        }
    })
}

/// Messages are text.
fn text_of(body: &Bytes) -> Bytes {
    match String::from_utf8_lossy(body) {
        std::borrow::Cow::Borrowed(_) => body.clone(),
        std::borrow::Cow::Owned(text) => text.into(),
    }
}
