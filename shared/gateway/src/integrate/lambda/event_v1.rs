//! The event of an HTTP API, payload format 1.0: what REST APIs tell functions, in the HTTP APIs' own dialect.

use super::event::{Identity, LastOf};
use super::event_v2::{self, RoutedEvent};
use crate::headers;
use crate::route::Routed;
use crate::spelling::usual;
use crate::trail::{PROTOCOL, Trail};
use http::header::CONTENT_LENGTH;
use postern_definition::Map;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;

/// Members without a value are null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'e> {
    version: &'static str,
    #[serde(flatten)]
    asked: Option<Asked<'e>>,
    resource: &'e str,
    path: Cow<'e, str>,
    http_method: &'e str,
    headers: LastOf<'e>,
    multi_value_headers: &'e Map<Vec<String>>,
    query_string_parameters: Option<Map<&'e str>>,
    multi_value_query_string_parameters: Option<Map<Vec<&'e str>>>,
    request_context: Context<'e>,
    path_parameters: Option<Map<Cow<'e, str>>>,
    stage_variables: Option<&'e Map<String>>,
    #[serde(flatten)]
    body: Option<EventBody<'e>>,
}

/// What an authorizer is told beside the request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    method_arn: &'e str,
    identity_source: Cow<'e, str>,
    authorization_token: Cow<'e, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventBody<'e> {
    body: Option<Cow<'e, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'e> {
    account_id: &'e str,
    api_id: &'e str,
    authorizer: Said<'e>,
    domain_name: &'e str,
    domain_prefix: &'e str,
    extended_request_id: &'e str,
    http_method: &'e str,
    identity: Identity<'e>,
    path: Cow<'e, str>,
    protocol: &'static str,
    request_id: &'e str,
    request_time: String,
    request_time_epoch: u64,
    resource_id: Option<&'e str>,
    resource_path: &'e str,
    stage: &'e str,
}

/// What an authorizer said.
#[derive(Serialize)]
#[serde(untagged)]
enum Said<'e> {
    /// Of a token, or of nobody.
    Token {
        claims: Option<&'e Map<String>>,
        scopes: Option<&'e [String]>,
    },
    #[serde(rename_all = "camelCase")]
    Function {
        #[serde(flatten)]
        context: &'e Map<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        principal_id: Option<&'e str>,
    },
}

impl RoutedEvent<'_> {
    pub(super) fn to_json_v1(&self) -> Vec<u8> {
        let (body, is_base64_encoded) = event_v2::body(self.routed, self.body);
        let all = self.all_headers();
        event_v2::encoded(&Wire {
            body: Some(EventBody {
                body,
                is_base64_encoded,
            }),
            ..self.request_v1(&all)
        })
    }

    /// What a REQUEST authorizer is asked.
    pub(crate) fn to_authorizer_json_v1(
        &self,
        method_arn: &str,
        identity_source: &[String],
    ) -> Vec<u8> {
        let identity = identity_source.join(",");
        let all = self.all_headers();
        event_v2::encoded(&Wire {
            asked: Some(Asked {
                kind: "REQUEST",
                method_arn,
                identity_source: identity.as_str().into(),
                authorization_token: identity.as_str().into(),
            }),
            ..self.request_v1(&all)
        })
    }

    fn request_v1<'e>(&'e self, all_headers: &'e Map<Vec<String>>) -> Wire<'e> {
        let Self {
            routed,
            trail,
            account,
            path,
            ..
        } = self;
        let pairs = routed.query.pairs();
        let mut repeated: Map<Vec<&str>> = Map::new();
        for (name, value) in pairs {
            repeated.entry(name.clone()).or_default().push(value);
        }
        let last = pairs.iter();
        let last: Map<&str> = last.map(|(n, value)| (n.clone(), value.as_str())).collect();
        Wire {
            version: "1.0",
            asked: None,
            resource: &routed.resource_path,
            path: event_v2::decoded(path),
            http_method: routed.request.method.as_str(),
            headers: LastOf(all_headers),
            multi_value_headers: all_headers,
            query_string_parameters: some(last),
            multi_value_query_string_parameters: some(repeated),
            request_context: Context {
                account_id: account,
                api_id: routed.live.api.as_str(),
                authorizer: said(routed, trail),
                domain_name: &trail.domain_name,
                domain_prefix: trail.domain_prefix(),
                extended_request_id: &trail.extended_request_id,
                http_method: routed.request.method.as_str(),
                identity: Identity::of(trail),
                path: event_v2::decoded(path),
                protocol: PROTOCOL,
                request_id: &trail.request_id,
                request_time: postern_telemetry::clf(trail.received_at),
                request_time_epoch: trail.received_at.as_millis() as u64,
                resource_id: None,
                resource_path: &routed.resource_path,
                stage: routed.live.name.as_str(),
            },
            path_parameters: some(event_v2::decoded_path(routed)),
            stage_variables: Some(&*routed.variables).filter(|variables| !variables.is_empty()),
            body: None,
        }
    }
}

impl RoutedEvent<'_> {
    fn all_headers(&self) -> Map<Vec<String>> {
        const LENGTH: &str = "Content-Length";
        let mut all: Map<Vec<String>> = Map::new();
        for (name, value) in &*self.routed.request.headers {
            if event_v2::is_told(self.routed, name) {
                let told = match usual(name) {
                    _ if *name == CONTENT_LENGTH => LENGTH.to_owned(),
                    name => name.into_owned(),
                };
                let of_name = all.entry(told).or_default();
                of_name.push(headers::text(value).into_owned());
            }
        }
        if let Some(length) = self.untold_length() {
            all.insert(LENGTH.to_owned(), vec![length]);
        }
        all
    }
}

fn said<'e>(routed: &'e Routed, trail: &'e Trail) -> Said<'e> {
    match &trail.caller.authorizer {
        Some(authorizer) if authorizer.claims.is_none() => Said::Function {
            context: &authorizer.context,
            principal_id: (authorizer.principal.as_deref())
                .filter(|_| !authorizer.context.contains_key("principalId")),
        },
        authorizer => {
            let claims = authorizer.as_ref().and_then(|said| said.claims.as_deref());
            Said::Token {
                claims,
                scopes: event_v2::scopes(routed).filter(|_| claims.is_some()),
            }
        }
    }
}

/// An empty map is null.
fn some<V>(map: Map<V>) -> Option<Map<V>> {
    (!map.is_empty()).then_some(map)
}
