//! @connections: who asks to send to a connection, to see it or to end it, and whether they may.

use super::{CONNECTIONS, Connection, MESSAGE_BYTES_MAX, Managed};
use crate::address::Addressed;
use crate::admit::{MANAGE_CONNECTIONS, Subject};
use crate::rejection::{IntegrateRejection, Rejection, RouteRejection};
use crate::trail::Trail;
use crate::{Arrival, Body, CollectError, Gateway};
use http::{Method, Response};
use percent_encoding::percent_decode_str;
use postern_plan::ApiKind;
use postern_telemetry::SocketMetrics;
use std::pin::pin;

impl Gateway {
    /// What a request to @connections asks for, where whoever sent it may ask that. An error is the answer that they get.
    pub async fn manage(&self, arrival: Arrival) -> Result<Managed, Response<Body>> {
        let mut trail = Trail::begin(&arrival, self.clock.now());
        let (addressed, due) = match self.address(arrival, &mut trail).await {
            Ok(found) => found,
            Err(rejection) => return Err(self.reject(&rejection.into(), trail, None).await),
        };
        if addressed.deployed.kind() != ApiKind::WebSocket {
            return Err(Box::pin(self.answer_addressed(addressed, due, trail)).await);
        }
        let managed = self
            .while_refreshing(due, pin!(self.managed(addressed, &mut trail)))
            .await;
        match managed {
            Ok(managed) => Ok(managed),
            Err(rejection) => Err(self.reject_of(ApiKind::WebSocket, &rejection, trail).await),
        }
    }

    /// Counts a message that was sent to a connection through @connections, as the service does.
    pub fn sent(&self, connection: &Connection) {
        if !self.journal.wants_metrics() {
            return;
        }
        let metrics = SocketMetrics {
            at_ms: self.clock.now().as_millis() as u64,
            api_id: connection.api.as_str(),
            stage: connection.stage.as_str(),
            route: None,
            connects: 0,
            messages: 1,
            integration_error: false,
            client_error: false,
            execution_error: false,
            integration_latency_ms: None,
            request_id: None,
        };
        self.journal.metrics(&metrics.line());
    }

    async fn managed(&self, addressed: Addressed, trail: &mut Trail) -> Result<Managed, Rejection> {
        let Addressed {
            live, mut request, ..
        } = addressed;
        let wanted = connection_of(&request.path)
            .filter(|_| matches!(request.method, Method::POST | Method::GET | Method::DELETE));
        let Some(connection_id) = wanted else {
            return Err(RouteRejection::NoSuchMethod {
                verb: request.method.to_string(),
                path: request.path,
            }
            .into());
        };
        let (region, account) = (&self.settings.region, &self.settings.account);
        let (api, stage, verb) = (&live.api, &live.name, &request.method);
        let subject = Subject {
            actions: &[MANAGE_CONNECTIONS],
            arn: format!(
                "arn:aws:execute-api:{region}:{account}:{api}/{stage}/{verb}/@connections/{connection_id}"
            ),
            routed: None,
        };
        let caller = self.signed(&mut request, &subject, trail).await?;
        self.check_may(&caller, &subject, &request.headers, trail)?;
        let what = (request.method.as_str(), CONNECTIONS);
        self.count_for_account(&live, what).await?;
        let body = request.body.collect(MESSAGE_BYTES_MAX).await;
        let body = body.map_err(|error| match error {
            CollectError::TooLong(max) => IntegrateRejection::BodyTooLarge(max),
            CollectError::Broken(error) => IntegrateRejection::BodyBroken(error.to_string()),
        })?;
        Ok(Managed {
            api: live.api.clone(),
            stage: live.name.clone(),
            connection_id,
            method: request.method,
            body,
        })
    }
}

/// The id of `/@connections/{id}`, of which all may be percent-encoded.
fn connection_of(path: &str) -> Option<String> {
    let (name, id) = path.strip_prefix('/')?.split_once('/')?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Into::into);
    let name: String = decoded(name)?;
    let id: String = decoded(id)?;
    (name == CONNECTIONS && !id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::connection_of;

    #[test]
    fn a_connection_is_named_plainly_or_encoded() {
        for (path, expected) in [
            ("/@connections/IU3kkeN4IAMCJwA=", Some("IU3kkeN4IAMCJwA=")),
            (
                "/%40connections/IU3kkeN4IAMCJwA%3D",
                Some("IU3kkeN4IAMCJwA="),
            ),
            ("/%40connections/a%2Fb", Some("a/b")),
            ("/@connections/", None),
            ("/@connections", None),
            ("/connections/a", None),
            ("/x/@connections/a", None),
            ("/@connections/%ff", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(connection_of(path).as_deref(), expected, "{path}");
        }
    }
}
