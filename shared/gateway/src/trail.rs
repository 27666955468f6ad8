//! What has been observed of a request so far. Each stage writes its own part once; `$context`, gateway responses, logs and
//! metrics read it; no stage decides by it.

use crate::headers;
use crate::socket::SocketTrail;
use crate::{Arrival, ClientCertificate, Vpc};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use postern_definition::rest::GatewayResponseType;
use postern_definition::{ApiId, DeploymentId, Map, ResourceId, StageName};
use postern_identity::Identity;
use postern_telemetry::ExecutionLog;
use rand::Rng;
use serde_json::Value;
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
    fn route_key(&self) -> Option<String> {
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

    /// The value of a `$context` variable. The name comes without `$context.`.
    pub(crate) fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        let number =
            |number: u128| -> Option<Cow<'_, str>> { Some(Cow::Owned(number.to_string())) };
        match name {
            "requestId" => Some(self.request_id.as_str().into()),
            "extendedRequestId" => Some(self.extended_request_id.as_str().into()),
            "requestTime" => Some(postern_telemetry::clf(self.received_at).into()),
            "requestTimeEpoch" => number(self.received_at.as_millis()),
            "httpMethod" => Some(self.verb.as_str().into()),
            "path" => Some(self.path.as_str().into()),
            "protocol" => Some(PROTOCOL.into()),
            "identity.sourceIp" => Some(self.source_ip.as_str().into()),
            "identity.userAgent" => self.user_agent.as_deref().map(Cow::Borrowed),
            "domainName" => Some(self.domain_name.as_str().into()),
            "domainPrefix" => Some(self.domain_prefix().into()),
            "accountId" => text(&self.stage.as_ref()?.account_id),
            "apiId" => text(self.stage.as_ref()?.api_id.as_str()),
            "stage" => text(self.stage.as_ref()?.stage.as_str()),
            "deploymentId" => text(self.stage.as_ref()?.deployment_id.as_str()),
            "isCanaryRequest" => Some(
                if self.stage.as_ref()?.is_canary? {
                    "true"
                } else {
                    "false"
                }
                .into(),
            ),
            "customDomain.basePathMatched" => {
                text(self.stage.as_ref()?.base_path_matched.as_deref()?)
            }
            "customDomain.routingRuleIdMatched" => {
                text(self.stage.as_ref()?.routing_rule_matched.as_deref()?)
            }
            "resourceId" => text(self.resource.as_ref()?.id.as_ref()?.as_str()),
            "routeKey" if self.socket.is_some() => text(&self.resource.as_ref()?.path),
            "routeKey" => Some(self.resource.as_ref()?.route_key()?.into()),
            "resourcePath" => text(&self.resource.as_ref()?.path),
            "xrayTraceId" => self
                .trace_id
                .split(';')
                .find_map(|part| part.strip_prefix("Root="))
                .map(Cow::Borrowed),
            "integrationLatency" | "integration.latency" => {
                number(self.integration.as_ref()?.latency.as_millis())
            }
            "integration.status" => number(self.integration.as_ref()?.status?.into()),
            "integrationStatus" | "integration.integrationStatus" => {
                number(self.integration.as_ref()?.service_status?.into())
            }
            "integration.requestId" | "awsEndpointRequestId" => {
                text(self.integration.as_ref()?.request_id.as_deref()?)
            }
            "integration.error" | "integrationErrorMessage" => {
                text(self.integration.as_ref()?.error.as_deref()?)
            }
            "error.message" => text(self.rejection.as_ref()?.message.as_deref()?),
            "error.messageString" => Some(
                Value::from(self.rejection.as_ref()?.message.as_deref())
                    .to_string()
                    .into(),
            ),
            "error.validationErrorString" => text(self.rejection.as_ref()?.validation.as_deref()?),
            "error.responseType" => text(self.rejection.as_ref()?.response_type?.name()),
            "status" => number(self.answer.as_ref()?.status.into()),
            "responseLength" => number(self.answer.as_ref()?.bytes.into()),
            "responseLatency" => number(self.answer.as_ref()?.latency.as_millis()),
            _ => match &self.socket {
                None => self.caller.context(name),
                Some(socket) => socket.context(name).or_else(|| self.caller.context(name)),
            },
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

    /// The first label of the host.
    pub(crate) fn domain_prefix(&self) -> &str {
        self.domain_name.split('.').next().unwrap_or_default()
    }
}

impl CallerTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        if let Some(name) = name.strip_prefix("authorizer.") {
            return self.authorizer.as_ref()?.context(name);
        }
        if let Some(name) = name.strip_prefix("authenticate.") {
            return self.authenticate.as_ref()?.context(name);
        }
        if let Some(name) = name.strip_prefix("authorize.") {
            return self.authorize.as_ref()?.context(name);
        }
        let name = name.strip_prefix("identity.")?;
        if let Some(name) = name.strip_prefix("clientCert.") {
            return Some(Cow::Borrowed(self.certificate.as_ref()?.member(name)?));
        }
        match name {
            "apiKey" => return text(&self.api_key.as_ref()?.value),
            "vpcId" => return text(self.vpc.as_ref()?.id.as_deref()?),
            "vpceId" => return text(&self.vpc.as_ref()?.endpoint),
            "apiKeyId" => return text(self.api_key.as_ref()?.id.as_deref()?),
            _ => {}
        }
        let identity = self.identity.as_ref()?;
        let cognito = identity.cognito.as_ref();
        match name {
            "accountId" => text(&identity.account_id),
            "caller" | "user" => text(&identity.user_id),
            "userArn" => text(&identity.arn),
            "accessKey" => text(identity.access_key_id.as_deref()?),
            "principalOrgId" => text(identity.organization_id.as_deref()?),
            "cognitoIdentityId" => text(&cognito?.identity_id),
            "cognitoIdentityPoolId" => text(&cognito?.pool_id),
            "cognitoAuthenticationType" => text(cognito?.authentication_type.as_deref()?),
            "cognitoAuthenticationProvider" => text(cognito?.authentication_provider.as_deref()?),
            _ => None,
        }
    }
}

impl ClientCertificate {
    fn member(&self, name: &str) -> Option<&str> {
        Some(match name {
            "clientCertPem" => &self.pem,
            "subjectDN" => &self.subject,
            "issuerDN" => &self.issuer,
            "serialNumber" => &self.serial_number,
            "validity.notBefore" => &self.not_before,
            "validity.notAfter" => &self.not_after,
            _ => return None,
        })
    }
}

impl StepTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "status" => Some(self.status.to_string().into()),
            "latency" => Some(self.latency.as_millis().to_string().into()),
            "error" => self.error.as_deref().map(Cow::Borrowed),
            _ => None,
        }
    }
}

impl AuthorizerTrail {
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = |text: &'_ str| -> Option<Cow<'_, str>> { Some(Cow::Owned(text.to_owned())) };
        if let Some(name) = name.strip_prefix("claims.") {
            return text(self.claims.as_ref()?.get(name)?);
        }
        // What the function said comes before what is said of it.
        match self.context.get(name) {
            None => {}
            Some(Value::Null) => return None,
            Some(Value::String(value)) => return text(value),
            Some(value) => return text(&value.to_string()),
        }
        match name {
            "principalId" => text(self.principal.as_deref()?),
            "status" => text(&self.status?.to_string()),
            "integrationStatus" => text(&self.service_status?.to_string()),
            "requestId" => text(self.request_id.as_deref()?),
            "latency" | "integrationLatency" => text(&self.latency.as_millis().to_string()),
            "error" => text(self.error.as_deref()?),
            _ => None,
        }
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

/// A version 4 UUID of random bytes.
pub(crate) fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let hex = hex(&random);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)] as char)
        .collect()
}

/// What a gateway that is part of a trace says of itself in it.
const PARENT: &str = ";Parent=";

/// A trace header with a parent is kept; one with only a root gets a parent; without one a trace begins here, unsampled.
fn trace_id(incoming: Option<&str>, now: Duration, random: [u8; 16]) -> String {
    let incoming = incoming.unwrap_or_default();
    let has = |field: &str| {
        incoming
            .split(';')
            .any(|part| part.trim_start().starts_with(field))
    };
    let (root, parent) = random.split_at(8);
    match (has("Root="), has("Parent=")) {
        (true, true) => incoming.to_owned(),
        (true, false) => format!("{incoming}{PARENT}{}", hex(parent)),
        (false, _) => {
            // Twelve bytes of root are needed, and eight of parent: they share four, which no trace can tell.
            let unique = [root, &parent[..4]].concat();
            format!(
                "Root=1-{:08x}-{}{PARENT}{};Sampled=0",
                now.as_secs(),
                hex(&unique),
                hex(parent)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_forms() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        let extended = STANDARD.encode([7; 11]);
        assert_eq!((extended.len(), extended.ends_with('=')), (16, true));
    }

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

    #[test]
    fn a_trace_goes_on_or_begins() {
        let now = Duration::from_secs(0x66b3_c1aa);
        for (incoming, expected) in [
            (
                Some("Root=1-a-b;Parent=c;Sampled=1"),
                "Root=1-a-b;Parent=c;Sampled=1",
            ),
            (Some("Root=1-a-b"), "Root=1-a-b;Parent=0707070707070707"),
            (
                None,
                "Root=1-66b3c1aa-070707070707070707070707;Parent=0707070707070707;Sampled=0",
            ),
            (
                Some("nonsense"),
                "Root=1-66b3c1aa-070707070707070707070707;Parent=0707070707070707;Sampled=0",
            ),
        ] {
            assert_eq!(trace_id(incoming, now, [7; 16]), expected);
        }
    }
}
