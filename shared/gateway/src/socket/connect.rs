//! The handshake: the route `$connect`, where there is one, decides whether a client gets in.

use super::{Accepted, Connection, routed};
use crate::address::Addressed;
use crate::answer::Answer;
use crate::gateway::Served;
use crate::rejection::{Rejection, RouteRejection};
use crate::trail::{Happening, ResourceTrail, SocketTrail, Trail};
use crate::{Arrival, Body, Gateway};
use bytes::Bytes;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, Response, StatusCode};
use postern_definition::routed::CONNECT_KEY;
use postern_plan::ApiKind;
use std::pin::pin;

impl Gateway {
    /// Answers a handshake. `id` is the new connection's. An error is the answer that the client gets instead, which is an
    /// ordinary one where the API is none of WebSockets.
    pub async fn connect(&self, arrival: Arrival, id: &str) -> Result<Accepted, Response<Body>> {
        let mut trail = Trail::begin(&arrival, self.clock.now());
        let (addressed, due) = match self.address(arrival, &mut trail).await {
            Ok(found) => found,
            Err(rejection) => return Err(self.reject(&rejection.into(), trail, None).await),
        };
        if addressed.deployed.kind() != ApiKind::WebSocket {
            return Err(Box::pin(self.answer_addressed(addressed, due, trail)).await);
        }
        trail.socket = Some(Box::new(SocketTrail {
            happening: Happening::Connect,
            connection_id: id.to_owned(),
            connected_at: trail.received_at,
        }));
        let served = Served::of(&addressed);
        let asked = self
            .while_refreshing(due, pin!(self.ask_to_connect(addressed, &mut trail)))
            .await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(rejection) => return Err(self.reject(&rejection, trail, Some(served)).await),
        };
        if !answer.status.is_success() {
            return Err(self.finish(answer, trail, served.live));
        }
        let mut headers = HeaderMap::new();
        if let Some(chosen) = answer.headers.get(SEC_WEBSOCKET_PROTOCOL) {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, chosen.clone());
        }
        let connection = Connection::of(id, &served, &trail);
        self.record(answer.status, 0, trail, served.live);
        Ok(Accepted {
            connection,
            headers,
        })
    }

    async fn ask_to_connect(
        &self,
        addressed: Addressed,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        if addressed.request.path != "/" {
            let (verb, path) = (&addressed.request.method, &addressed.request.path);
            return Err(RouteRejection::NoSuchMethod {
                verb: verb.to_string(),
                path: path.clone(),
            }
            .into());
        }
        let Some(number) = addressed.deployed.route(CONNECT_KEY) else {
            trail.resource = Some(ResourceTrail::of_key(CONNECT_KEY));
            return Ok(Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Body::empty(),
                traced: false,
                may_be_packed: false,
            });
        };
        let routed = routed(addressed, (CONNECT_KEY, number), Bytes::new(), trail).await?;
        self.proceed_routed(routed, None, trail).await
    }
}
