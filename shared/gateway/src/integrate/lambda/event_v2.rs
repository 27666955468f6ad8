//! The event of an HTTP API, payload format 2.0, for functions and for authorizers, which are told no body.

use super::event::ClientCert;
use crate::headers;
use crate::route::Routed;
use crate::trail::{AuthorizerTrail, PROTOCOL, Trail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, TRANSFER_ENCODING,
};
use percent_encoding::percent_decode_str;
use postern_definition::Map;
use postern_identity::Identity;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// A request to an HTTP API, as functions are told of it.
pub(crate) struct RoutedEvent<'e> {
    pub(crate) routed: &'e Routed,
    pub(crate) trail: &'e Trail,
    pub(crate) body: &'e [u8],
    pub(crate) account: &'e str,
    /// With the stage, unless the owner wants another; as the client wrote it. Functions are told it decoded.
    pub(crate) path: &'e str,
}

/// What an authorizer is told beside the request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    route_arn: &'e str,
    identity_source: Option<&'e [String]>,
}

/// Members without a value are left out, where format 1.0 has them null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'e> {
    version: &'static str,
    #[serde(flatten)]
    asked: Option<Asked<'e>>,
    route_key: Cow<'e, str>,
    raw_path: Cow<'e, str>,
    raw_query_string: &'e str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: Map<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    query_string_parameters: Map<String>,
    request_context: Context<'e>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    path_parameters: Map<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    stage_variables: &'e Map<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_base64_encoded: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'e> {
    account_id: &'e str,
    api_id: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Said<'e>>,
    domain_name: &'e str,
    domain_prefix: &'e str,
    http: Http<'e>,
    request_id: &'e str,
    route_key: Cow<'e, str>,
    stage: &'e str,
    time: String,
    time_epoch: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'e> {
    client_cert: ClientCert<'e>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'e> {
    method: &'e str,
    path: Cow<'e, str>,
    protocol: &'static str,
    source_ip: &'e str,
    user_agent: &'e str,
}

/// Who is calling, by whoever found it out.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Said<'e> {
    Jwt {
        claims: &'e Map<String>,
        /// The route's.
        scopes: Option<&'e [String]>,
    },
    Lambda(Option<&'e Map<Value>>),
    Iam(Iam<'e>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Iam<'e> {
    access_key: Option<&'e str>,
    account_id: &'e str,
    caller_id: &'e str,
    cognito_identity: Option<Cognito<'e>>,
    principal_org_id: Option<&'e str>,
    user_arn: &'e str,
    user_id: &'e str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cognito<'e> {
    amr: Vec<&'e str>,
    identity_id: &'e str,
    identity_pool_id: &'e str,
}

impl RoutedEvent<'_> {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let (body, is_base64_encoded) = body(self.routed, self.body);
        encoded(&Wire {
            body,
            is_base64_encoded: Some(is_base64_encoded),
            ..self.request()
        })
    }

    /// What a REQUEST authorizer is asked.
    pub(crate) fn to_authorizer_json(
        &self,
        route_arn: &str,
        identity_source: Option<&[String]>,
    ) -> Vec<u8> {
        encoded(&Wire {
            asked: Some(Asked {
                kind: "REQUEST",
                route_arn,
                identity_source,
            }),
            ..self.request()
        })
    }

    fn request(&self) -> Wire<'_> {
        let Self {
            routed,
            trail,
            account,
            path,
            ..
        } = self;
        let certificate = trail.caller.certificate.as_deref();
        Wire {
            version: "2.0",
            asked: None,
            route_key: route_key(trail),
            raw_path: decoded(path),
            raw_query_string: routed.request.query.as_deref().unwrap_or_default(),
            cookies: cookies(routed),
            headers: self.lowered_headers(),
            query_string_parameters: joined_query(routed),
            request_context: Context {
                account_id: account,
                api_id: routed.live.api.as_str(),
                authentication: certificate.map(|certificate| Authentication {
                    client_cert: ClientCert::of(certificate),
                }),
                authorizer: said(routed, trail),
                domain_name: &trail.domain_name,
                domain_prefix: trail.domain_prefix(),
                http: Http {
                    method: routed.request.method.as_str(),
                    path: decoded(path),
                    protocol: PROTOCOL,
                    source_ip: &trail.source_ip,
                    user_agent: trail.user_agent.as_deref().unwrap_or_default(),
                },
                request_id: &trail.request_id,
                route_key: route_key(trail),
                stage: routed.live.name.as_str(),
                time: postern_telemetry::clf(trail.received_at),
                time_epoch: trail.received_at.as_millis() as u64,
            },
            path_parameters: decoded_path(routed),
            stage_variables: &routed.variables,
            body: None,
            is_base64_encoded: None,
        }
    }
}

impl RoutedEvent<'_> {
    fn lowered_headers(&self) -> Map<String> {
        let mut all: Map<String> = Map::new();
        for (name, value) in &*self.routed.request.headers {
            if *name == COOKIE || !is_told(self.routed, name) {
                continue;
            }
            let value = headers::text(value);
            match all.get_mut(name.as_str()) {
                Some(before) => before.extend([",", &value]),
                None => drop(all.insert(name.as_str().to_owned(), value.into_owned())),
            }
        }
        if let Some(length) = self.untold_length() {
            all.insert(CONTENT_LENGTH.as_str().to_owned(), length);
        }
        all
    }

    /// How long the body is, where the client has not said so: functions are always told. An authorizer is not, of a body that is
    /// not read yet.
    pub(super) fn untold_length(&self) -> Option<String> {
        let headers = &self.routed.request.headers;
        let is_known = !headers.contains_key(TRANSFER_ENCODING) || !self.body.is_empty();
        (is_known && !headers.contains_key(CONTENT_LENGTH)).then(|| self.body.len().to_string())
    }
}

/// A path as HTTP APIs tell of it: an encoded slash cannot be told from a plain one any more.
pub(super) fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

pub(super) fn encoded(event: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event holds only what JSON can")
}

pub(super) fn route_key(trail: &Trail) -> Cow<'_, str> {
    trail.context("routeKey").unwrap_or_default()
}

fn said<'e>(routed: &'e Routed, trail: &'e Trail) -> Option<Said<'e>> {
    if let Some(authorizer) = &trail.caller.authorizer {
        return Some(match &authorizer.claims {
            Some(claims) => Said::Jwt {
                claims,
                scopes: scopes(routed),
            },
            None => Said::Lambda(context(authorizer)),
        });
    }
    trail.caller.identity.as_deref().map(iam).map(Said::Iam)
}

pub(super) fn scopes(routed: &Routed) -> Option<&[String]> {
    Some(routed.plan.scopes.as_slice()).filter(|scopes| !scopes.is_empty())
}

fn context(authorizer: &AuthorizerTrail) -> Option<&Map<Value>> {
    Some(&*authorizer.context).filter(|context| !context.is_empty())
}

fn iam(identity: &Identity) -> Iam<'_> {
    Iam {
        access_key: identity.access_key_id.as_deref(),
        account_id: &identity.account_id,
        caller_id: &identity.user_id,
        cognito_identity: identity.cognito.as_ref().map(|cognito| Cognito {
            amr: [
                &cognito.authentication_type,
                &cognito.authentication_provider,
            ]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect(),
            identity_id: &cognito.identity_id,
            identity_pool_id: &cognito.pool_id,
        }),
        principal_org_id: identity.organization_id.as_deref(),
        user_arn: &identity.arn,
        user_id: &identity.user_id,
    }
}

fn cookies(routed: &Routed) -> Vec<String> {
    let lines = routed.request.headers.get_all(COOKIE).iter();
    let lines: Vec<_> = lines.map(headers::text).collect();
    let cookies = lines.iter().flat_map(|line| line.split(';')).map(str::trim);
    let cookies = cookies.filter(|cookie| !cookie.is_empty());
    cookies.map(str::to_owned).collect()
}

/// Whether a function is told of a header.
pub(super) fn is_told(routed: &Routed, name: &http::HeaderName) -> bool {
    let hides = |name| headers::is_of_a_connection(name) && name != CONTENT_LENGTH;
    let is_signature = *name == AUTHORIZATION && routed.is_signed();
    !is_signature && !hides(name)
}

fn joined_query(routed: &Routed) -> Map<String> {
    let mut all: Map<String> = Map::new();
    for (name, value) in routed.query.pairs() {
        match all.get_mut(name) {
            Some(before) => before.extend([",", value]),
            None => drop(all.insert(name.clone(), value.clone())),
        }
    }
    all
}

/// Decoded, where REST APIs show the values as they stand in the path.
pub(super) fn decoded_path(routed: &Routed) -> Map<Cow<'_, str>> {
    fn told<'r>((name, raw): (&String, &'r String)) -> (String, Cow<'r, str>) {
        (name.clone(), decoded(raw))
    }
    routed.path_parameters.iter().map(told).collect()
}

/// Text as a string, everything else as base64: there is no list of binary types. What has no type counts as plain text.
pub(super) fn body<'b>(routed: &Routed, bytes: &'b [u8]) -> (Option<Cow<'b, str>>, bool) {
    if bytes.is_empty() {
        return (None, false);
    }
    let headers = &routed.request.headers;
    let is_text = !headers.contains_key(CONTENT_ENCODING)
        && (!headers.contains_key(CONTENT_TYPE) || is_text(&headers::content_type(headers)));
    // What calls itself text and is none would not survive as a string.
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => (Some(Cow::Borrowed(text)), false),
        _ => (Some(STANDARD.encode(bytes).into()), true),
    }
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type,
            "application/json" | "application/javascript" | "application/xml"
        )
}
