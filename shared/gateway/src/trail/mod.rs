//! What has been observed of a request so far. Each stage writes its own part once; `$context`, gateway responses, logs and
//! metrics read it; no stage decides by it.

mod context;
mod ids;
mod socket;

use crate::headers;
use crate::{Arrival, ClientCertificate, Vpc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
pub(crate) use ids::uuid;
use ids::{PARENT, trace_id};
use postern_definition::rest::GatewayResponseType;
use postern_definition::{ApiId, DeploymentId, Map, ResourceId, StageName};
use postern_identity::Identity;
use postern_telemetry::ExecutionLog;
use rand::Rng;
use serde_json::Value;
pub(crate) use socket::{Happening, SocketTrail};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Told of every request, whatever the client speaks to the edge.
pub(crate) const PROTOCOL: &str = "HTTP/1.1";

#[derive(Clone, Debug)]
pub(crate) struct Trail {
    pub request_id: String,
    pub extended_request_id: String,
    /// Since 1970.
    pub received_at: Duration,
    pub verb: String,
    /// As the client sees it: with the stage.
    pub path: String,
    pub source_ip: String,
    pub user_agent: Option<String>,
    pub domain_name: String,
    /// The value of `X-Amzn-Trace-Id` that goes to the backend.
    pub trace_id: String,
    /// What the client sent, shared with the request itself.
    pub client: Option<ClientTrail>,
    pub stage: Option<StageTrail>,
    /// As the values stand in the path, shared with the request itself.
    pub path_parameters: Option<Arc<Map<String>>>,
    pub resource: Option<ResourceTrail>,
    pub caller: CallerTrail,
    /// Only where the answers of the method are kept.
    pub cache: Option<CacheTrail>,
    /// The limit of which least is left, or that refused the request.
    pub rate: Option<RateTrail>,
    /// When whoever was refused may come again.
    pub retry_after: Option<Duration>,
    /// The store did not answer when the request should have been counted.
    pub uncounted: bool,
    pub integration: Option<IntegrationTrail>,
    pub rejection: Option<RejectionTrail>,
    pub log: ExecutionLog,
    pub answer: Option<AnswerTrail>,
    /// Only of what happens on a connection of a WebSocket API.
    pub socket: Option<Box<SocketTrail>>,
}

#[derive(Clone, Debug)]
pub(crate) struct ClientTrail {
    pub headers: Arc<HeaderMap>,
    pub query: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub(crate) struct StageTrail {
    pub account_id: String,
    pub api_id: ApiId,
    pub stage: StageName,
    pub deployment_id: DeploymentId,
    /// Only where the stage has a canary.
    pub is_canary: Option<bool>,
    /// Of a custom domain name.
    pub base_path_matched: Option<String>,
    /// The id of the rule of a custom domain name.
    pub routing_rule_matched: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ResourceTrail {
    /// Known once the method's plan is there.
    pub id: Option<ResourceId>,
    pub path: String,
    /// The verb that a route was declared for. `None` of a method of a REST API.
    pub declared: Option<String>,
}

impl ResourceTrail {
    /// Of a route of a WebSocket API.
    pub(crate) fn of_key(key: &str) -> Self {
        Self {
            id: None,
            path: key.to_owned(),
            declared: None,
        }
    }

    /// Of a route: `GET /pets`, or just its name.
    pub(crate) fn route_key(&self) -> Option<String> {
        let verb = self.declared.as_deref()?;
        Some(match self.path.strip_prefix('/') {
            Some(path) => format!("{verb} /{path}"),
            None => self.path.clone(),
        })
    }
}

/// Who is calling, as far as somebody has found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallerTrail {
    /// Whom IAM takes the caller for.
    pub identity: Option<Arc<Identity>>,
    /// What came of a signature.
    pub authenticate: Option<StepTrail>,
    /// What came of asking policies, but for those that are a function's answer.
    pub authorize: Option<StepTrail>,
    pub authorizer: Option<AuthorizerTrail>,
    pub api_key: Option<ApiKeyTrail>,
    pub certificate: Option<Arc<ClientCertificate>>,
    pub vpc: Option<Arc<Vpc>>,
}

/// What came of a step that lets some pass.
#[derive(Clone, Debug)]
pub(crate) struct StepTrail {
    pub status: u16,
    pub latency: Duration,
    pub error: Option<String>,
}

/// What an authorizer said, or why it said nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthorizerTrail {
    pub principal: Option<String>,
    /// What a function wants integrations and logs to know. Only of HTTP APIs are there other values than texts.
    pub context: Arc<Map<Value>>,
    /// What a token says, as texts. Only of authorizers that read tokens.
    pub claims: Option<Arc<Map<String>>>,
    pub status: Option<u16>,
    /// Of the call of a function; zero where its answer was kept.
    pub latency: Duration,
    /// The status of the Lambda service itself, where it was called.
    pub service_status: Option<u16>,
    pub request_id: Option<String>,
    pub error: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ApiKeyTrail {
    pub id: Option<String>,
    pub value: String,
}

/// What came of looking for an answer that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheTrail {
    Hit,
    Miss,
    /// The client asked for a new one, and might.
    Refresh,
}

impl CacheTrail {
    pub(crate) fn is_hit(self) -> bool {
        self == Self::Hit
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Refresh => "REFRESH",
        }
    }
}

/// A limit, and what is left of it, as far as this process knows.
#[derive(Clone, Debug)]
pub(crate) struct RateTrail {
    pub name: &'static str,
    /// The burst, or the quota.
    pub limit: i64,
    /// The time in which the bucket fills, or the period.
    pub window: Duration,
    pub remaining: i64,
    /// Until there is more.
    pub reset_after: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct IntegrationTrail {
    /// The backend's status, or the function's.
    pub status: Option<u16>,
    /// The status of the Lambda service itself.
    pub service_status: Option<u16>,
    pub latency: Duration,
    pub request_id: Option<String>,
    pub error: Option<String>,
    /// Whether the client is told the trace, as for calls of Lambda.
    pub traced: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RejectionTrail {
    pub response_type: Option<GatewayResponseType>,
    pub message: Option<String>,
    /// What is wrong with a body that does not fit its model.
    pub validation: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct AnswerTrail {
    pub status: u16,
    pub bytes: u64,
    pub latency: Duration,
}

impl Trail {
    pub(crate) fn begin(arrival: &Arrival, now: Duration) -> Self {
        let mut random = [0_u8; 43];
        rand::rng().fill_bytes(&mut random);
        Self {
            request_id: uuid(random[..16].try_into().expect("sixteen bytes were cut")),
            extended_request_id: STANDARD.encode(&random[16..27]),
            received_at: now,
            verb: arrival.method.as_str().to_owned(),
            path: arrival.path.clone(),
            source_ip: arrival.source_ip.clone(),
            user_agent: headers::last(&arrival.headers, "user-agent").map(Cow::into_owned),
            domain_name: without_port(&arrival.host).to_owned(),
            trace_id: trace_id(
                headers::last(&arrival.headers, "x-amzn-trace-id").as_deref(),
                now,
                random[27..43].try_into().expect("sixteen bytes were cut"),
            ),
            client: None,
            stage: None,
            path_parameters: None,
            resource: None,
            caller: CallerTrail::default(),
            cache: None,
            rate: None,
            retry_after: None,
            uncounted: false,
            integration: None,
            rejection: None,
            log: ExecutionLog::default(),
            answer: None,
            socket: None,
        }
    }

    /// HTTP APIs are never part of a trace: they hand on what a client says of one, and else no more than where it begins.
    pub(crate) fn is_no_parent(&mut self, client_says: Option<&str>) {
        if !client_says.is_some_and(|said| said.contains("Parent="))
            && let Some(own) = self.trace_id.find(PARENT)
        {
            self.trace_id.truncate(own);
        }
    }

    /// The bytes of the request's body, as far as its client told how many, and of the answer's.
    pub(crate) fn data_bytes(&self) -> Option<u64> {
        let headers = &self.client.as_ref()?.headers;
        let sent = headers::last(headers, "content-length").and_then(|sent| sent.parse().ok());
        Some(
            self.answer
                .as_ref()?
                .bytes
                .saturating_add(sent.unwrap_or(0)),
        )
    }

    /// The first label of the host.
    pub(crate) fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }
}

/// The colons of an IPv6 address, which stands in brackets, do not begin a port.
fn without_port(host: &str) -> &str {
    let end = match host.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    &host[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_from_its_port() {
        for (host, expected) in [
            ("a.example", "a.example"),
            ("a.example:80", "a.example"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), expected);
        }
    }
}
