//! The event of an AWS_PROXY call, payload format 1.0, and that of an authorizer, which is told no body.

use crate::route::Routed;
use crate::trail::{AuthorizerTrail, CallerTrail, PROTOCOL, Trail};
use crate::{ClientCertificate, headers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use postern_definition::Map;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;

pub(crate) struct Event<'e> {
    pub(crate) routed: &'e Routed,
    pub(crate) trail: &'e Trail,
    pub(crate) body: &'e [u8],
    pub(crate) account: &'e str,
}

/// Keys in the order in which the service writes them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'e> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method_arn: Option<&'e str>,
    resource: &'e str,
    path: Cow<'e, str>,
    http_method: &'e str,
    headers: LastOf<'e>,
    multi_value_headers: &'e Map<Vec<String>>,
    query_string_parameters: Option<Map<&'e str>>,
    multi_value_query_string_parameters: Option<Map<Vec<&'e str>>>,
    path_parameters: Option<&'e Map<String>>,
    stage_variables: Option<&'e Map<String>>,
    request_context: Context<'e>,
    #[serde(flatten)]
    body: Option<EventBody<'e>>,
}

/// What an integration's event says of the body: null where there is none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventBody<'e> {
    body: Option<Cow<'e, str>>,
    is_base64_encoded: bool,
}

/// Of several values the last.
pub(super) struct LastOf<'e>(pub(super) &'e Map<Vec<String>>);

impl Serialize for LastOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0
                .iter()
                .filter_map(|(name, values)| Some((name, values.last()?))),
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'e> {
    resource_id: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<AuthorizerSaid<'e>>,
    resource_path: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'e str>,
    http_method: &'e str,
    extended_request_id: &'e str,
    request_time: String,
    path: &'e str,
    account_id: &'e str,
    protocol: &'e str,
    stage: &'e str,
    domain_prefix: &'e str,
    request_time_epoch: u64,
    request_id: &'e str,
    identity: Identity<'e>,
    domain_name: &'e str,
    deployment_id: &'e str,
    api_id: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_canary_request: Option<bool>,
}

/// What an authorizer said: a function's principal and context, or the claims of a token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizerSaid<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<&'e Map<String>>,
    #[serde(flatten)]
    context: &'e Map<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_latency: Option<u64>,
}

impl<'e> AuthorizerSaid<'e> {
    pub(super) fn of(trail: &'e AuthorizerTrail) -> Self {
        // A context that names a member of its own by one of these keeps it.
        let free = |name: &str| !trail.context.contains_key(name);
        Self {
            claims: trail.claims.as_deref().filter(|_| free("claims")),
            context: &trail.context,
            principal_id: trail.principal.as_deref().filter(|_| free("principalId")),
            integration_latency: (trail.principal.is_some() && free("integrationLatency"))
                .then_some(trail.latency.as_millis() as u64),
        }
    }
}

/// The members that are always there, null where nobody is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity<'e> {
    cognito_identity_pool_id: Option<&'e str>,
    account_id: Option<&'e str>,
    cognito_identity_id: Option<&'e str>,
    caller: Option<&'e str>,
    source_ip: &'e str,
    principal_org_id: Option<&'e str>,
    access_key: Option<&'e str>,
    cognito_authentication_type: Option<&'e str>,
    cognito_authentication_provider: Option<&'e str>,
    user_arn: Option<&'e str>,
    user_agent: Option<&'e str>,
    user: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_cert: Option<ClientCert<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpce_id: Option<&'e str>,
}

#[derive(Serialize)]
pub(super) struct ClientCert<'e> {
    #[serde(rename = "clientCertPem")]
    pem: &'e str,
    #[serde(rename = "subjectDN")]
    subject: &'e str,
    #[serde(rename = "issuerDN")]
    issuer: &'e str,
    #[serde(rename = "serialNumber")]
    serial_number: &'e str,
    validity: Validity<'e>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validity<'e> {
    not_before: &'e str,
    not_after: &'e str,
}

impl<'e> ClientCert<'e> {
    pub(super) fn of(certificate: &'e ClientCertificate) -> Self {
        Self {
            pem: &certificate.pem,
            subject: &certificate.subject,
            issuer: &certificate.issuer,
            serial_number: &certificate.serial_number,
            validity: Validity {
                not_before: &certificate.not_before,
                not_after: &certificate.not_after,
            },
        }
    }
}

impl<'e> Identity<'e> {
    pub(super) fn of(trail: &'e Trail) -> Self {
        let CallerTrail {
            identity,
            api_key,
            certificate,
            vpc,
            ..
        } = &trail.caller;
        let of_iam = identity.as_deref();
        let cognito = of_iam.and_then(|identity| identity.cognito.as_ref());
        Self {
            cognito_identity_pool_id: cognito.map(|cognito| cognito.pool_id.as_str()),
            account_id: of_iam.map(|identity| identity.account_id.as_str()),
            cognito_identity_id: cognito.map(|cognito| cognito.identity_id.as_str()),
            caller: of_iam.map(|identity| identity.user_id.as_str()),
            source_ip: &trail.source_ip,
            principal_org_id: of_iam.and_then(|identity| identity.organization_id.as_deref()),
            access_key: of_iam.and_then(|identity| identity.access_key_id.as_deref()),
            cognito_authentication_type: cognito
                .and_then(|cognito| cognito.authentication_type.as_deref()),
            cognito_authentication_provider: cognito
                .and_then(|cognito| cognito.authentication_provider.as_deref()),
            user_arn: of_iam.map(|identity| identity.arn.as_str()),
            user_agent: trail.user_agent.as_deref(),
            user: of_iam.map(|identity| identity.user_id.as_str()),
            api_key: api_key.as_ref().map(|key| key.value.as_str()),
            api_key_id: api_key.as_ref().and_then(|key| key.id.as_deref()),
            client_cert: certificate.as_deref().map(ClientCert::of),
            vpc_id: vpc.as_ref().and_then(|vpc| vpc.id.as_deref()),
            vpce_id: vpc.as_ref().map(|vpc| vpc.endpoint.as_str()),
        }
    }
}

impl Event<'_> {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let (body, is_base64_encoded) = self.body(self.body);
        let all_headers = self.headers();
        encoded(&Wire {
            body: Some(EventBody {
                body,
                is_base64_encoded,
            }),
            ..self.request(&all_headers)
        })
    }

    /// What a REQUEST authorizer is asked.
    pub(crate) fn to_authorizer_json(&self, method_arn: &str) -> Vec<u8> {
        let all_headers = self.headers();
        encoded(&Wire {
            kind: Some("REQUEST"),
            method_arn: Some(method_arn),
            ..self.request(&all_headers)
        })
    }

    fn request<'e>(&'e self, all_headers: &'e Map<Vec<String>>) -> Wire<'e> {
        let Self {
            routed,
            trail,
            account,
            ..
        } = self;
        Wire {
            kind: None,
            method_arn: None,
            resource: &routed.resource_path,
            path: match &routed.request.base_path {
                Some(base_path) => format!("{base_path}{}", routed.request.path).into(),
                None => routed.request.path.as_str().into(),
            },
            http_method: routed.request.method.as_str(),
            headers: LastOf(all_headers),
            multi_value_headers: all_headers,
            query_string_parameters: some(
                routed
                    .query
                    .pairs()
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str()))
                    .collect(),
            ),
            multi_value_query_string_parameters: some(multi_query(routed)),
            path_parameters: Some(&*routed.path_parameters)
                .filter(|parameters| !parameters.is_empty()),
            stage_variables: Some(&*routed.variables).filter(|variables| !variables.is_empty()),
            request_context: Context {
                resource_id: routed.resource_id.as_str(),
                authorizer: trail.caller.authorizer.as_ref().map(AuthorizerSaid::of),
                resource_path: &routed.resource_path,
                operation_name: routed.plan.operation_name.as_deref(),
                http_method: routed.request.method.as_str(),
                extended_request_id: &trail.extended_request_id,
                request_time: postern_telemetry::clf(trail.received_at),
                path: &trail.path,
                account_id: account,
                protocol: PROTOCOL,
                stage: routed.live.name.as_str(),
                domain_prefix: trail.domain_prefix(),
                request_time_epoch: trail.received_at.as_millis() as u64,
                request_id: &trail.request_id,
                identity: Identity::of(trail),
                domain_name: &trail.domain_name,
                deployment_id: routed.deployed.id().as_str(),
                api_id: routed.live.api.as_str(),
                is_canary_request: trail.stage.as_ref().and_then(|stage| stage.is_canary),
            },
            body: None,
        }
    }

    pub(super) fn headers(&self) -> Map<Vec<String>> {
        let mut all: Map<Vec<String>> = Map::new();
        let is_signed = self.routed.is_signed();
        for (name, value) in &*self.routed.request.headers {
            let kept_back = name == "x-http-method-override"
                || (is_signed && name == http::header::AUTHORIZATION);
            if !kept_back && !headers::is_hidden_from_integrations(name) {
                let name = self.routed.request.spelling.of_name(name).into_owned();
                all.entry(name)
                    .or_default()
                    .push(headers::text(value).into_owned());
            }
        }
        all
    }

    /// Text as a string, what the API calls binary as base64.
    fn body<'b>(&self, bytes: &'b [u8]) -> (Option<Cow<'b, str>>, bool) {
        let content_type = headers::content_type(&self.routed.request.headers);
        if bytes.is_empty() {
            (None, false)
        } else if headers::is_binary(&self.routed.api().binary_media_types, &content_type) {
            (Some(STANDARD.encode(bytes).into()), true)
        } else {
            (Some(String::from_utf8_lossy(bytes)), false)
        }
    }
}

fn encoded(event: &Wire<'_>) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event holds only what JSON can")
}

pub(super) fn multi_query(routed: &Routed) -> Map<Vec<&str>> {
    let mut all: Map<Vec<&str>> = Map::new();
    for (name, value) in routed.query.pairs() {
        all.entry(name.clone()).or_default().push(value);
    }
    all
}

/// An empty map is null in an event.
fn some<V>(map: Map<V>) -> Option<Map<V>> {
    (!map.is_empty()).then_some(map)
}
