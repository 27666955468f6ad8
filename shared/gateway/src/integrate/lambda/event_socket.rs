//! The event of a WebSocket API, and that of its authorizer: shaped as a REST API's, of handshakes, messages and ends. What has
//! no value is not there.

use super::event::{AuthorizerSaid, Event, LastOf, multi_query};
use crate::headers;
use crate::trail::{Happening, SocketTrail, Trail};
use postern_definition::Map;
use serde::Serialize;
use std::borrow::Cow;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'e> {
    #[serde(flatten)]
    asked: Option<Asked<'e>>,
    #[serde(flatten)]
    headers: Option<Headers<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_string_parameters: Option<Map<&'e str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_query_string_parameters: Option<Map<Vec<&'e str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage_variables: Option<&'e Map<String>>,
    request_context: Context<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_base64_encoded: Option<bool>,
}

/// What an authorizer is told beside the request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    method_arn: &'e str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Headers<'e> {
    headers: LastOf<'e>,
    multi_value_headers: &'e Map<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'e> {
    route_key: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<AuthorizerSaid<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_status_code: Option<u16>,
    event_type: &'e str,
    extended_request_id: &'e str,
    request_time: String,
    message_direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_reason: Option<&'e str>,
    stage: &'e str,
    connected_at: u64,
    request_time_epoch: u64,
    identity: Identity<'e>,
    request_id: &'e str,
    domain_name: &'e str,
    connection_id: &'e str,
    api_id: &'e str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cognito_identity_pool_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cognito_identity_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cognito_authentication_type: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cognito_authentication_provider: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_arn: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'e str>,
    source_ip: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'e str>,
}

impl<'e> Identity<'e> {
    fn of(trail: &'e Trail) -> Self {
        let caller = &trail.caller;
        let of_iam = caller.identity.as_deref();
        let cognito = of_iam.and_then(|identity| identity.cognito.as_ref());
        let key = caller.api_key.as_ref();
        Self {
            cognito_identity_pool_id: cognito.map(|cognito| cognito.pool_id.as_str()),
            account_id: of_iam.map(|identity| identity.account_id.as_str()),
            cognito_identity_id: cognito.map(|cognito| cognito.identity_id.as_str()),
            caller: of_iam.map(|identity| identity.user_id.as_str()),
            access_key: of_iam.and_then(|identity| identity.access_key_id.as_deref()),
            cognito_authentication_type: cognito.and_then(|c| c.authentication_type.as_deref()),
            cognito_authentication_provider: cognito
                .and_then(|c| c.authentication_provider.as_deref()),
            user_arn: of_iam.map(|identity| identity.arn.as_str()),
            user_agent: trail.user_agent.as_deref(),
            source_ip: &trail.source_ip,
            user: of_iam.map(|identity| identity.user_id.as_str()),
            api_key: key
                .map(|key| key.value.as_str())
                .filter(|key| !key.is_empty()),
            api_key_id: key.and_then(|key| key.id.as_deref()),
        }
    }
}

impl Event<'_> {
    pub(super) fn to_socket_json(&self) -> Vec<u8> {
        let all = self.headers();
        let socket = self.trail.socket.as_deref();
        let is_message = socket.is_some_and(|s| matches!(s.happening, Happening::Message { .. }));
        let wire = Wire {
            headers: (!is_message).then(|| headers(&all)),
            body: (!self.body.is_empty()).then(|| String::from_utf8_lossy(self.body)),
            is_base64_encoded: Some(false),
            ..self.of_connection()
        };
        encoded(&wire)
    }

    /// What the authorizer of a handshake is asked: of headers it is shown those too that are about the connection.
    pub(crate) fn to_socket_authorizer_json(&self, method_arn: &str) -> Vec<u8> {
        let mut all = self.headers();
        for (name, usual) in [
            ("connection", "upgrade"),
            ("content-length", "0"),
            ("upgrade", "websocket"),
        ] {
            let sent = headers::last(&self.routed.request.headers, name);
            let sent = sent.map_or_else(|| usual.to_owned(), Cow::into_owned);
            let name = match name {
                "content-length" => name,
                "connection" => "Connection",
                _ => "Upgrade",
            };
            all.insert(name.to_owned(), vec![sent]);
        }
        let wire = self.of_connection();
        encoded(&Wire {
            asked: Some(Asked {
                kind: "REQUEST",
                method_arn,
            }),
            headers: Some(headers(&all)),
            query_string_parameters: Some(wire.query_string_parameters.unwrap_or_default()),
            multi_value_query_string_parameters: Some(
                wire.multi_value_query_string_parameters.unwrap_or_default(),
            ),
            stage_variables: Some(&self.routed.variables),
            ..wire
        })
    }

    fn of_connection(&self) -> Wire<'_> {
        let Self { routed, trail, .. } = self;
        let pairs = routed.query.pairs();
        let last = pairs.iter();
        let last: Map<&str> = last.map(|(n, value)| (n.clone(), value.as_str())).collect();
        let repeated = multi_query(routed);
        let socket = trail.socket.as_deref();
        let of = |of: fn(&SocketTrail) -> Option<&str>| socket.and_then(of);
        let end = socket.and_then(|socket| socket.happening.end());
        let millis = |at: std::time::Duration| at.as_millis() as u64;
        Wire {
            asked: None,
            headers: None,
            query_string_parameters: (!last.is_empty()).then_some(last),
            multi_value_query_string_parameters: (!repeated.is_empty()).then_some(repeated),
            stage_variables: Some(&*routed.variables).filter(|variables| !variables.is_empty()),
            request_context: Context {
                route_key: &routed.resource_path,
                authorizer: trail.caller.authorizer.as_ref().map(AuthorizerSaid::of),
                message_id: of(|socket| socket.happening.message_id()),
                disconnect_status_code: end.map(|(code, _)| code),
                event_type: of(|socket| Some(socket.happening.name())).unwrap_or_default(),
                extended_request_id: &trail.extended_request_id,
                request_time: postern_telemetry::clf(trail.received_at),
                message_direction: "IN",
                disconnect_reason: end.map(|(_, reason)| reason),
                stage: routed.live.name.as_str(),
                connected_at: socket.map_or(0, |socket| millis(socket.connected_at)),
                request_time_epoch: millis(trail.received_at),
                identity: Identity::of(trail),
                request_id: &trail.request_id,
                domain_name: &trail.domain_name,
                connection_id: of(|socket| Some(&socket.connection_id)).unwrap_or_default(),
                api_id: routed.live.api.as_str(),
            },
            body: None,
            is_base64_encoded: None,
        }
    }
}

fn headers(all: &Map<Vec<String>>) -> Headers<'_> {
    Headers {
        headers: LastOf(all),
        multi_value_headers: all,
    }
}

fn encoded(event: &Wire<'_>) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event holds only what JSON can")
}
