//! The end of a connection: whoever made the route `$disconnect` is told of it, once, and has no say in it.

use super::{Connection, header, routed};
use crate::Gateway;
use crate::address::Addressed;
use crate::admit::{Admitted, Caller, Due};
use crate::gateway::Served;
use crate::rejection::Rejection;
use crate::socket::MESSAGE_BYTES_MAX;
use crate::trail::{Happening, Trail};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use postern_definition::routed::DISCONNECT_KEY;
use postern_plan::ApiKind;
use std::pin::pin;

impl Gateway {
    /// Tells of a connection that has ended.
    pub async fn disconnected(&self, connection: &Connection, code: u16, reason: &str) {
        let happening = Happening::Disconnect {
            code,
            reason: reason.to_owned(),
        };
        let headers = headers(connection);
        let mut trail = connection.trail(headers.clone(), happening, self.clock.now());
        // An API that is gone has nobody to be told.
        let Ok((served, due)) = self.stage_of(connection, &mut trail).await else {
            return;
        };
        let Some(number) = served.deployed.route(DISCONNECT_KEY) else {
            return;
        };
        let told = self
            .while_refreshing(
                due,
                pin!(self.tell_of_end(connection, &served, number, headers, &mut trail)),
            )
            .await;
        let status = match told {
            Ok(status) => status,
            Err(rejection) => {
                self.tell(&rejection, ApiKind::WebSocket, &trail);
                let kind = ApiKind::WebSocket;
                let refusal = self.refusal(&rejection, kind, &mut trail, Some(&served));
                refusal.await.0
            }
        };
        self.record(status, 0, trail, served.live);
    }

    async fn tell_of_end(
        &self,
        connection: &Connection,
        served: &Served,
        number: u32,
        headers: HeaderMap,
        trail: &mut Trail,
    ) -> Result<StatusCode, Rejection> {
        let addressed = Addressed {
            live: served.live.clone(),
            deployed: served.deployed.clone(),
            variables: served.variables.clone(),
            is_canary: false,
            request: connection.request(headers, Bytes::new()),
        };
        let routed = routed(addressed, (DISCONNECT_KEY, number), Bytes::new(), trail).await?;
        // No limit keeps an end from being told.
        let admitted = Admitted {
            routed,
            caller: Caller::anonymous(),
            due: Due::default(),
        };
        let answer = self.carry_out(admitted, None, trail).await?;
        let _ = answer.body.collect(MESSAGE_BYTES_MAX).await;
        Ok(answer.status)
    }
}

/// As recorded: names without values, but for the host.
fn headers(connection: &Connection) -> HeaderMap {
    let mut headers = HeaderMap::new();
    header(&mut headers, "host", &connection.domain_name);
    for name in ["x-api-key", "x-forwarded-for", "x-restapi"] {
        header(&mut headers, name, "");
    }
    headers
}
