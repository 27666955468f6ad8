//! WebSocket APIs: what a handshake, a message and the end of a connection mean, and who may reach for a connection.
//!
//! Whoever holds connections asks here, and keeps what is known of a connection between two questions: nothing is read from a
//! store for the sake of a message. All three are requests like any other to the line, which has routes for them and answers by
//! the same stages; only how a route is found and how an answer is told are different. A stage that has been deployed to since
//! the handshake answers by what is deployed now.

mod connect;
mod disconnected;
mod frame;
mod manage;
mod message;

use crate::address::{Addressed, Request, Sent};
use crate::gateway::Served;
use crate::rejection::{AddressRejection, RouteRejection};
use crate::route::Routed;
use crate::trail::{
    ApiKeyTrail, AuthorizerTrail, Happening, ResourceTrail, SocketTrail, StageTrail, Trail,
};
use crate::{Arrival, Body, Gateway, Query, Spelling};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use postern_definition::{ApiId, Map, StageName};
use postern_identity::Identity;
use postern_plan::ApiKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// AWS's limit for a message, either way.
pub(crate) const MESSAGE_BYTES_MAX: usize = 131_072;

/// What requests for connections are counted as.
pub(crate) const CONNECTIONS: &str = "@connections";

/// A connection, as it was made by the handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub id: String,
    pub api: ApiId,
    pub stage: StageName,
    pub domain_name: String,
    /// Since 1970.
    pub connected_at: Duration,
    pub source_ip: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(default)]
    pub caller: ConnectionCaller,
}

/// Who was let in, as all routes are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionCaller {
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<String>,
}

/// What an authorizer said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: Map<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Map<String>>,
    latency: Duration,
}

/// A handshake that succeeds.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub connection: Connection,
    /// What the client's answer carries: the protocol that was chosen of those it offered.
    pub headers: HeaderMap,
}

/// A request to @connections that may be carried out.
#[derive(Clone, Debug)]
pub struct Managed {
    pub api: ApiId,
    pub stage: StageName,
    pub connection_id: String,
    /// POST, GET or DELETE.
    pub method: Method,
    pub body: Bytes,
}

impl Connection {
    fn of(id: &str, served: &Served, trail: &Trail) -> Self {
        let caller = &trail.caller;
        Self {
            id: id.to_owned(),
            api: served.live.api.clone(),
            stage: served.live.name.clone(),
            domain_name: trail.domain_name.clone(),
            connected_at: trail.received_at,
            source_ip: trail.source_ip.clone(),
            user_agent: trail.user_agent.clone(),
            caller: ConnectionCaller {
                authorizer: caller.authorizer.as_ref().map(|said| Said {
                    principal: said.principal.clone(),
                    context: Map::clone(&said.context),
                    claims: said.claims.as_deref().cloned(),
                    latency: said.latency,
                }),
                identity: caller.identity.as_deref().cloned(),
                api_key_id: caller.api_key.as_ref().and_then(|key| key.id.clone()),
            },
        }
    }

    /// What is known when something happens on the connection.
    fn trail(&self, headers: HeaderMap, happening: Happening, now: Duration) -> Trail {
        let mut trail = Trail::begin(
            &Arrival {
                method: Method::POST,
                host: self.domain_name.clone(),
                path: format!("/{}", self.stage),
                query: None,
                headers,
                body: Body::empty(),
                proven: None,
                source_ip: self.source_ip.clone(),
                spelling: Spelling::default(),
                scheme: "https",
                port: 443,
                client_certificate: None,
                vpc: None,
            },
            now,
        );
        trail.request_id.clone_from(&trail.extended_request_id);
        trail.user_agent.clone_from(&self.user_agent);
        let caller = &self.caller;
        trail.caller.identity = caller.identity.clone().map(Arc::new);
        // The key itself is a secret, and stays with whoever sent it.
        trail.caller.api_key = caller.api_key_id.clone().map(|id| ApiKeyTrail {
            id: Some(id),
            value: String::new(),
        });
        trail.caller.authorizer = caller.authorizer.as_ref().map(|said| AuthorizerTrail {
            principal: said.principal.clone(),
            context: Arc::new(said.context.clone()),
            claims: said.claims.clone().map(Arc::new),
            latency: said.latency,
            ..AuthorizerTrail::default()
        });
        trail.socket = Some(Box::new(SocketTrail {
            happening,
            connection_id: self.id.clone(),
            connected_at: self.connected_at,
        }));
        trail
    }

    /// What goes through the line for the connection's sake.
    fn request(&self, headers: HeaderMap, body: Bytes) -> Request {
        Request {
            method: Method::POST,
            path: "/".to_owned(),
            base_path: None,
            query: None,
            headers: Arc::new(headers),
            spelling: Spelling::default(),
            body: Body::Full(body),
            sent: Arc::new(Sent {
                method: Method::POST,
                host: self.domain_name.clone(),
                path: "/".to_owned(),
                proven: None,
            }),
        }
    }
}

impl Gateway {
    /// The stage that a connection was made to, as it is now, with what is due beside the request.
    async fn stage_of(
        &self,
        connection: &Connection,
        trail: &mut Trail,
    ) -> Result<(Served, crate::address::Due), AddressRejection> {
        let (api, stage) = (&connection.api, &connection.stage);
        let (live, due) = self.stages.find(api, stage).await?;
        let deployed = live.deployed.clone();
        if deployed.kind() != ApiKind::WebSocket {
            return Err(AddressRejection::NoSuchStage {
                kind: deployed.kind(),
                api: api.to_string(),
                stage: stage.to_string(),
            });
        }
        trail.stage = Some(StageTrail {
            account_id: self.settings.account.clone(),
            api_id: api.clone(),
            stage: stage.clone(),
            deployment_id: deployed.id().clone(),
            is_canary: None,
            base_path_matched: None,
            routing_rule_matched: None,
        });
        let variables = live.variables.clone();
        let served = Served {
            live,
            deployed,
            variables,
        };
        let due = crate::address::Due {
            stage: due,
            domain: None,
        };
        Ok((served, due))
    }
}

/// A request for which a route was chosen by its key.
async fn routed(
    addressed: Addressed,
    (key, number): (&str, u32),
    message: Bytes,
    trail: &mut Trail,
) -> Result<Routed, RouteRejection> {
    let Addressed {
        live,
        deployed,
        variables,
        is_canary,
        request,
    } = addressed;
    let resource = trail.resource.insert(ResourceTrail::of_key(key));
    let (resource_id, plan) = deployed.plan(number).await?;
    resource.id = Some(resource_id.clone());
    let query = request.query.as_deref().map(Query::parse);
    Ok(Routed {
        live,
        deployed,
        variables,
        is_canary,
        request,
        plan,
        resource_id,
        resource_path: key.to_owned(),
        path_parameters: Arc::default(),
        query: query.unwrap_or_default(),
        message: Some(Box::new(message)).filter(|message| !message.is_empty()),
    })
}

/// One header, where its value can be one.
fn header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
