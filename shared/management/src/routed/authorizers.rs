//! Authorizers: functions that decide who may call, and issuers of tokens.

use super::address::{AtApi, AtAuthorizer};
use super::{given, missing, parts, routes};
use crate::definitions::{AUTHORIZER, Edit, part_key, part_prefix};
use crate::limits::{Limits, room, within};
use crate::paging::{Items, Tokens};
use crate::rest::authorizers::is_function;
use crate::wire::{Choice, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::rest::AUTHORIZER_TTL_SECONDS_MAX;
use postern_definition::routed::{Api, Authorizer, AuthorizerType, JwtConfiguration, Route};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 128;
const HTTP_SOURCES: [&str; 4] = [
    "$request.header.",
    "$request.querystring.",
    "$context.",
    "$stageVariables.",
];
const WEBSOCKET_SOURCES: [&str; 4] = [
    "route.request.header.",
    "route.request.querystring.",
    "context.",
    "stageVariables.",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateAuthorizer {
    authorizer_type: Choice<AuthorizerType>,
    name: String,
}

/// What may be said of an authorizer when it is created and from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    authorizer_credentials_arn: Option<String>,
    authorizer_payload_format_version: Option<String>,
    authorizer_result_ttl_in_seconds: Option<i64>,
    authorizer_type: Option<Choice<AuthorizerType>>,
    authorizer_uri: Option<String>,
    enable_simple_responses: Option<bool>,
    identity_source: Option<Vec<String>>,
    identity_validation_expression: Option<String>,
    jwt_configuration: Option<JwtConfiguration>,
    name: Option<String>,
}

impl Part for CreateAuthorizer {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("authorizerType", self.authorizer_type.as_ref());
    }
}

impl Given {
    fn apply(&self, api: &Api, authorizer: &mut Authorizer) -> Result<(), Failure> {
        if let Some(name) = &self.name {
            authorizer.name.clone_from(name);
        }
        if let Some(kind) = &self.authorizer_type {
            authorizer.authorizer_type = kind.known()?;
        }
        given::text(
            &mut authorizer.authorizer_credentials_arn,
            self.authorizer_credentials_arn.as_ref(),
        );
        given::text(
            &mut authorizer.authorizer_payload_format_version,
            self.authorizer_payload_format_version.as_ref(),
        );
        if let Some(seconds) = self.authorizer_result_ttl_in_seconds {
            authorizer.authorizer_result_ttl_in_seconds = Some(ttl(seconds)?);
        }
        given::text(&mut authorizer.authorizer_uri, self.authorizer_uri.as_ref());
        if let Some(enable) = self.enable_simple_responses {
            authorizer.enable_simple_responses = Some(enable);
        }
        if let Some(sources) = &self.identity_source {
            authorizer.identity_source.clone_from(sources);
        }
        given::text(
            &mut authorizer.identity_validation_expression,
            self.identity_validation_expression.as_ref(),
        );
        if let Some(jwt) = &self.jwt_configuration {
            let known = authorizer.jwt_configuration.get_or_insert_default();
            if !jwt.audience.is_empty() {
                known.audience.clone_from(&jwt.audience);
            }
            given::text(&mut known.issuer, jwt.issuer.as_ref());
        }
        checked(api, authorizer)
    }
}

fn ttl(seconds: i64) -> Result<u32, Failure> {
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= AUTHORIZER_TTL_SECONDS_MAX)
        .ok_or_else(|| {
            Failure::bad_request(format!(
                "Invalid authorizer result TTL specified, must be between 0 and {AUTHORIZER_TTL_SECONDS_MAX} seconds"
            ))
        })
}

/// Whether an authorizer takes tokens for no more audiences than it may.
pub(super) fn within_limits(limits: &Limits, authorizer: &Authorizer) -> Result<(), Failure> {
    let configuration = authorizer.jwt_configuration.as_ref();
    let audiences = configuration.map_or(0, |jwt| jwt.audience.len());
    let max = limits.audiences_per_authorizer;
    within(audiences, max, "audiences", "Authorizer")
}

/// What must hold of an authorizer whichever way it came about.
pub(super) fn checked(api: &Api, authorizer: &Authorizer) -> Result<(), Failure> {
    given::named("Authorizer name", &authorizer.name, NAME_CHARS_MAX)?;
    match authorizer.authorizer_type {
        AuthorizerType::Jwt => jwt(api, authorizer),
        AuthorizerType::Request => request(api, authorizer),
    }
}

fn jwt(api: &Api, authorizer: &Authorizer) -> Result<(), Failure> {
    for (what, is_there) in [
        ("AuthorizerUri", authorizer.authorizer_uri.is_some()),
        (
            "AuthorizerCredentialsArn",
            authorizer.authorizer_credentials_arn.is_some(),
        ),
        (
            "AuthorizerPayloadFormatVersion",
            authorizer.authorizer_payload_format_version.is_some(),
        ),
        (
            "EnableSimpleResponses",
            authorizer.enable_simple_responses == Some(true),
        ),
    ] {
        if is_there {
            return Err(Failure::bad_request(format!(
                "{what} is not supported for JWT authorizers"
            )));
        }
    }
    let [source] = authorizer.identity_source.as_slice() else {
        return Err(Failure::bad_request(
            "JWT authorizer requires exactly one identity source",
        ));
    };
    // Beyond the service, a handshake of a WebSocket API may bring a token as well.
    let located = if api.is_http() {
        &HTTP_SOURCES[..2]
    } else {
        &WEBSOCKET_SOURCES[..2]
    };
    if !is_source(source, located) {
        return Err(invalid_source(source, located));
    }
    let configuration = authorizer.jwt_configuration.as_ref();
    let issuer = configuration.and_then(|jwt| jwt.issuer.as_deref());
    let Some(issuer) = issuer else {
        return Err(Failure::bad_request(
            "Issuer is a required parameter for JWT authorizer",
        ));
    };
    // A tool on the same machine may stand in for an issuer.
    let is_url = ["https://", "http://localhost", "http://127.0.0.1"]
        .iter()
        .any(|start| issuer.starts_with(start));
    if !is_url || issuer.contains(char::is_whitespace) {
        return Err(Failure::bad_request(format!(
            "Invalid issuer: {issuer}. Issuer must have a valid URL of the scheme https"
        )));
    }
    if configuration.is_none_or(|jwt| jwt.audience.is_empty()) {
        return Err(Failure::bad_request(
            "Audience is a required parameter for JWT authorizer",
        ));
    }
    Ok(())
}

fn request(api: &Api, authorizer: &Authorizer) -> Result<(), Failure> {
    if authorizer.jwt_configuration.is_some() {
        return Err(Failure::bad_request(
            "JwtConfiguration is not supported for REQUEST authorizers",
        ));
    }
    let uri = authorizer.authorizer_uri.as_deref();
    let uri = uri.ok_or_else(|| {
        Failure::bad_request("AuthorizerUri is a required parameter for REQUEST authorizer")
    })?;
    if !is_function(uri) {
        return Err(Failure::bad_request(format!(
            "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
        )));
    }
    let version = authorizer.authorizer_payload_format_version.as_deref();
    let is_simple = authorizer.enable_simple_responses == Some(true);
    let located: &[&str] = if api.is_http() {
        match version {
            Some("1.0" | "2.0") => {}
            None => {
                return Err(Failure::bad_request(
                    "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer",
                ));
            }
            Some(other) => {
                return Err(Failure::bad_request(format!(
                    "Invalid AuthorizerPayloadFormatVersion specified: {other}. Valid options are 1.0,2.0"
                )));
            }
        }
        if is_simple && version != Some("2.0") {
            return Err(Failure::bad_request(
                "EnableSimpleResponses is only supported for an AuthorizerPayloadFormatVersion of 2.0",
            ));
        }
        let is_cached = authorizer.authorizer_result_ttl_in_seconds > Some(0);
        if is_cached && authorizer.identity_source.is_empty() {
            return Err(Failure::bad_request(
                "At least one identity source is required when caching is enabled for the authorizer",
            ));
        }
        &HTTP_SOURCES
    } else {
        if version.is_some() {
            parts::http_only(api, "AuthorizerPayloadFormatVersion")?;
        }
        if is_simple {
            parts::http_only(api, "EnableSimpleResponses")?;
        }
        if authorizer.authorizer_result_ttl_in_seconds > Some(0) {
            parts::http_only(api, "AuthorizerResultTtlInSeconds")?;
        }
        &WEBSOCKET_SOURCES
    };
    let mut sources = authorizer.identity_source.iter();
    match sources.find(|source| !is_source(source, located)) {
        Some(source) => Err(invalid_source(source, located)),
        None => Ok(()),
    }
}

fn is_source(source: &str, located: &[&str]) -> bool {
    let named = |prefix: &&str| source.len() > prefix.len() && source.starts_with(*prefix);
    located.iter().any(named) && !source.contains(char::is_whitespace)
}

fn invalid_source(source: &str, located: &[&str]) -> Failure {
    Failure::bad_request(format!(
        "Invalid identity source specified: {source}. It must begin with one of {}",
        located.join(", ")
    ))
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input, given): &(AtApi, CreateAuthorizer, Given),
) -> Result<Authorizer, Failure> {
    let api = parts::api(edit)?;
    let mut authorizer = Authorizer {
        authorizer_id: ids::random(ids::SHORT),
        name: input.name.clone(),
        authorizer_type: input.authorizer_type.known()?,
        authorizer_uri: None,
        authorizer_credentials_arn: None,
        authorizer_payload_format_version: None,
        authorizer_result_ttl_in_seconds: None,
        enable_simple_responses: None,
        identity_source: Vec::new(),
        identity_validation_expression: None,
        jwt_configuration: None,
    };
    given.apply(&api, &mut authorizer)?;
    within_limits(edit.service().limits(), &authorizer)?;
    unique(edit, &authorizer).await?;
    let max = edit.service().limits().authorizers_per_api;
    room(edit, "Authorizers", &part_prefix(AUTHORIZER), max).await?;
    let key = part_key(&at.api_id, AUTHORIZER, &authorizer.authorizer_id);
    edit.create(key, &authorizer);
    Ok(authorizer)
}

async fn unique(edit: &Edit<'_, Api>, authorizer: &Authorizer) -> Result<(), Failure> {
    let all: Vec<Authorizer> = edit.definitions().parts(edit.id(), AUTHORIZER).await?;
    let is_taken = all.iter().any(|known| {
        known.name == authorizer.name && known.authorizer_id != authorizer.authorizer_id
    });
    if is_taken {
        return Err(Failure::conflict(format!(
            "Authorizer name must be unique. Authorizer {} already exists in this API.",
            authorizer.name
        )));
    }
    Ok(())
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Authorizer>, Failure> {
    parts::page(service, &at.api_id, AUTHORIZER, tokens).await
}

pub(crate) async fn get(service: &Management, at: &AtAuthorizer) -> Result<Authorizer, Failure> {
    let place = (AUTHORIZER, at.authorizer_id.as_str());
    parts::find(service, &at.api_id, place, missing::authorizer).await
}

async fn find(edit: &Edit<'_, Api>, id: &str) -> Result<Authorizer, Failure> {
    parts::find_to_edit(edit, (AUTHORIZER, id), missing::authorizer).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtAuthorizer, Given),
) -> Result<Authorizer, Failure> {
    let before = find(edit, &at.authorizer_id).await?;
    let mut after = before.clone();
    given.apply(&parts::api(edit)?, &mut after)?;
    if after != before {
        within_limits(edit.service().limits(), &after)?;
        unique(edit, &after).await?;
        edit.put(part_key(&at.api_id, AUTHORIZER, &at.authorizer_id), &after);
    }
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtAuthorizer) -> Result<(), Failure> {
    let authorizer = find(edit, &at.authorizer_id).await?;
    let id = &authorizer.authorizer_id;
    let uses = |route: &Route| route.authorizer_id.as_ref() == Some(id);
    if let Some(users) = routes::users(edit, uses).await? {
        return Err(Failure::conflict(format!(
            "Cannot delete authorizer '{}', is referenced in route: {users}",
            authorizer.name
        )));
    }
    edit.delete(part_key(&at.api_id, AUTHORIZER, id));
    Ok(())
}
