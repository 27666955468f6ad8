//! Authorizers: functions, user pools and other issuers of tokens that decide who may call.

mod jwt;

use super::address::{AtApi, AtAuthorizer};
use super::parts::{self, Place};
use super::{mapping, missing, uses};
use crate::definitions::{AUTHORIZER, Edit, part_key};
use crate::limits;
use crate::paging::{Page, Paging};
use crate::patch::{ADD_REMOVE, ADD_REPLACE_REMOVE, Patch, REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::rest::{
    AUTHORIZER_TTL_SECONDS_MAX, Authorizer, AuthorizerType, JwtConfiguration,
};
use postern_template::Pattern;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateAuthorizer {
    name: String,
    #[serde(rename = "type")]
    kind: Choice<AuthorizerType>,
    #[serde(rename = "providerARNs")]
    provider_arns: Option<Vec<String>>,
    auth_type: Option<String>,
    authorizer_uri: Option<String>,
    authorizer_credentials: Option<String>,
    identity_source: Option<String>,
    identity_validation_expression: Option<String>,
    authorizer_result_ttl_in_seconds: Option<i64>,
    jwt_configuration: Option<JwtConfiguration>,
}

impl Part for CreateAuthorizer {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("type", Some(&self.kind));
    }
}

static TABLE: Table<Authorizer> = Table {
    rows: &[
        Row::new("/name", REPLACE, |authorizer, patch| {
            patch.text().clone_into(&mut authorizer.name);
            Ok(())
        }),
        Row::new("/type", REPLACE, kind),
        Row::new("/providerARNs", ADD_REMOVE, provider_arn),
        Row::new("/authType", REPLACE, |authorizer, patch| {
            authorizer.auth_type = patch.optional();
            Ok(())
        }),
        Row::new("/authorizerUri", REPLACE, |authorizer, patch| {
            authorizer.authorizer_uri = patch.optional();
            Ok(())
        }),
        Row::new("/authorizerCredentials", REPLACE, |authorizer, patch| {
            authorizer.authorizer_credentials = patch.optional();
            Ok(())
        }),
        Row::new(
            "/identitySource",
            ADD_REPLACE_REMOVE,
            |authorizer, patch| {
                authorizer.identity_source = patch.optional().filter(|_| !patch.removes());
                Ok(())
            },
        ),
        Row::new(
            "/identityValidationExpression",
            REPLACE,
            |authorizer, patch| {
                authorizer.identity_validation_expression = patch.optional();
                Ok(())
            },
        ),
        Row::new(
            "/authorizerResultTtlInSeconds",
            REPLACE,
            |authorizer, patch| {
                let given = patch.optional();
                let seconds = given.map(|text| text.parse().map_err(|_| invalid_ttl()));
                authorizer.authorizer_result_ttl_in_seconds =
                    seconds.transpose()?.map(ttl).transpose()?;
                Ok(())
            },
        ),
        Row::new("/jwtConfiguration", REPLACE, |authorizer, patch| {
            authorizer.jwt_configuration = Some(jwt::parse(patch.text())?);
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

fn kind(authorizer: &mut Authorizer, patch: &Patch<'_>) -> Result<(), Failure> {
    authorizer.kind = AuthorizerType::named(patch.text()).ok_or_else(|| {
        let names: Vec<_> = AuthorizerType::SET.iter().map(|(name, _)| *name).collect();
        Failure::bad_request(format!(
            "Invalid authorizer type specified. Valid options are {}",
            names.join(",")
        ))
    })?;
    Ok(())
}

fn provider_arn(authorizer: &mut Authorizer, patch: &Patch<'_>) -> Result<(), Failure> {
    let arn = patch.optional().ok_or_else(invalid_arn)?;
    let arns = authorizer.provider_arns.get_or_insert_default();
    if !patch.removes() {
        if !arns.contains(&arn) {
            arns.push(arn);
        }
        return Ok(());
    }
    if !arns.contains(&arn) {
        return Err(Failure::not_found(format!(
            "Invalid provider ARN specified: {arn}"
        )));
    }
    arns.retain(|known| *known != arn);
    if arns.is_empty() {
        return Err(no_provider());
    }
    Ok(())
}

fn no_provider() -> Failure {
    Failure::bad_request(
        "Invalid provider ARNs specified: an authorizer of type COGNITO_USER_POOLS must have at least one user pool",
    )
}

fn invalid_arn() -> Failure {
    Failure::bad_request("Invalid ARN specified in the request")
}

fn invalid_ttl() -> Failure {
    Failure::bad_request(format!(
        "Invalid authorizer result TTL specified, must be between 0 and {AUTHORIZER_TTL_SECONDS_MAX} seconds"
    ))
}

fn ttl(seconds: i64) -> Result<u32, Failure> {
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= AUTHORIZER_TTL_SECONDS_MAX)
        .ok_or_else(invalid_ttl)
}

impl AtAuthorizer {
    fn place(&self) -> Place<'_> {
        Place {
            api: &self.restapi_id,
            kind: AUTHORIZER,
            id: &self.authorizer_id,
        }
    }
}

impl CreateAuthorizer {
    fn authorizer(&self) -> Result<Authorizer, Failure> {
        let kind = self.kind.known()?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let auth_type = match kind {
            AuthorizerType::CognitoUserPools => "cognito_user_pools",
            AuthorizerType::Jwt => "jwt",
            AuthorizerType::Token | AuthorizerType::Request => "custom",
        };
        let ttl_seconds = self.authorizer_result_ttl_in_seconds.map(ttl);
        Ok(Authorizer {
            id: ids::random(ids::SHORT),
            name: self.name.clone(),
            kind,
            provider_arns: self.provider_arns.clone(),
            auth_type: given(&self.auth_type).or_else(|| Some(auth_type.to_owned())),
            authorizer_uri: given(&self.authorizer_uri),
            authorizer_credentials: given(&self.authorizer_credentials),
            identity_source: given(&self.identity_source),
            identity_validation_expression: given(&self.identity_validation_expression),
            authorizer_result_ttl_in_seconds: ttl_seconds.transpose()?,
            jwt_configuration: self.jwt_configuration.clone(),
        })
    }
}

/// What must hold of an authorizer however it came about. What its type has no use for is dropped.
fn checked(mut authorizer: Authorizer) -> Result<Authorizer, Failure> {
    if authorizer.name.trim().is_empty() {
        return Err(Failure::bad_request("Authorizer name cannot be blank"));
    }
    if authorizer.kind != AuthorizerType::Jwt {
        authorizer.jwt_configuration = None;
    }
    match authorizer.kind {
        AuthorizerType::Jwt => jwt::check(&mut authorizer)?,
        AuthorizerType::CognitoUserPools => {
            authorizer.authorizer_uri = None;
            authorizer.authorizer_credentials = None;
            let arns = authorizer.provider_arns.as_deref().unwrap_or_default();
            if arns.is_empty() {
                return Err(no_provider());
            }
            if !arns.iter().all(|arn| is_user_pool(arn)) {
                return Err(invalid_arn());
            }
        }
        AuthorizerType::Token | AuthorizerType::Request => {
            authorizer.provider_arns = None;
            let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
            if !is_function(uri) {
                return Err(Failure::bad_request(format!(
                    "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
                )));
            }
        }
    }
    check_expression(&authorizer)?;
    let sources: Vec<_> = authorizer.identity_sources().collect();
    let needed = authorizer.kind != AuthorizerType::Request || authorizer.ttl_seconds() > 0;
    if sources.is_empty() && needed {
        let why = match authorizer.kind {
            AuthorizerType::Request => " when its results are cached",
            AuthorizerType::Token | AuthorizerType::CognitoUserPools | AuthorizerType::Jwt => "",
        };
        return Err(Failure::bad_request(format!(
            "Invalid identity source specified: an authorizer of type {} must have one{why}",
            authorizer.kind.name()
        )));
    }
    if authorizer.kind == AuthorizerType::Request {
        mapping::identity_sources(&sources, mapping::ANY_OF_REQUEST)?;
    } else {
        // The whole of it, for a list of headers is no header.
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        mapping::identity_sources(&[source], mapping::ONE_HEADER)?;
    }
    Ok(authorizer)
}

/// Whether what tokens are held to can be understood. Told here, for at the next deployment it is in nobody's mind.
pub(crate) fn check_expression(authorizer: &Authorizer) -> Result<(), Failure> {
    let given = authorizer.identity_validation_expression.as_deref();
    let Some(expression) = given.filter(|expression| !expression.is_empty()) else {
        return Ok(());
    };
    Pattern::compile(expression).map(|_| ()).map_err(|error| {
        Failure::bad_request(format!(
            "Invalid identity validation expression specified: {expression} is no regular expression: it has {error}"
        ))
    })
}

/// `arn:aws:cognito-idp:{region}:{account}:userpool/{id}`
fn is_user_pool(arn: &str) -> bool {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "cognito-idp", region, account, pool]
        if !region.is_empty() && !account.is_empty() && pool.strip_prefix("userpool/").is_some_and(|id| !id.is_empty()))
}

/// `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations`
pub(crate) fn is_function(uri: &str) -> bool {
    let parts: Vec<_> = uri.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "apigateway", _, "lambda", path]
        if path.strip_prefix("path/").is_some_and(|path| path.contains("/functions/") && path.ends_with("/invocations")))
}

async fn all(edit: &Edit<'_>) -> Result<Vec<Authorizer>, Failure> {
    edit.definitions().parts(edit.id(), AUTHORIZER).await
}

/// Names tell authorizers apart in exports, so each is one authorizer's.
fn checked_name(all: &[Authorizer], authorizer: &Authorizer) -> Result<(), Failure> {
    let taken = all
        .iter()
        .any(|other| other.name == authorizer.name && other.id != authorizer.id);
    if taken {
        return Err(Failure::bad_request(format!(
            "Authorizer name must be unique. Authorizer {} already exists in this RestApi.",
            authorizer.name
        )));
    }
    Ok(())
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtApi, CreateAuthorizer),
) -> Result<Authorizer, Failure> {
    edit.api(Failure::concurrent)?;
    let authorizer = checked(input.authorizer()?)?;
    let all = all(edit).await?;
    checked_name(&all, &authorizer)?;
    let max = edit.service().limits().authorizers_per_api;
    limits::check(all.len() as u64, max, "authorizers", "API")?;
    let authorizer = jwt::resolve(edit.service(), authorizer).await?;
    let key = part_key(&at.restapi_id, AUTHORIZER, &authorizer.id);
    edit.create(key, &authorizer);
    Ok(authorizer)
}

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtApi, Paging),
) -> Result<Page<Authorizer>, Failure> {
    parts::page(service, &at.restapi_id, AUTHORIZER, paging).await
}

pub(crate) async fn get(service: &Management, at: &AtAuthorizer) -> Result<Authorizer, Failure> {
    parts::find(service.definitions(), at.place(), missing::authorizer).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtAuthorizer>,
) -> Result<Authorizer, Failure> {
    let place = input.at.place();
    let before: Authorizer = parts::find_to_edit(edit, place, missing::authorizer).await?;
    let mut after = checked(input.apply(&TABLE, &before)?)?;
    if after.name != before.name {
        checked_name(&all(edit).await?, &after)?;
    }
    if after.jwt_configuration != before.jwt_configuration {
        after = jwt::resolve(edit.service(), after).await?;
    }
    parts::store(edit, place, &before, &after);
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtAuthorizer) -> Result<(), Failure> {
    let place = at.place();
    let _: Authorizer = parts::find_to_edit(edit, place, missing::authorizer).await?;
    let id = Some(&at.authorizer_id);
    let users = uses::methods(edit, |method| method.authorizer_id.as_ref() == id).await?;
    if let Some(users) = users {
        return Err(Failure::conflict(format!(
            "Cannot delete authorizer '{}', is referenced in method: {users}",
            at.authorizer_id
        )));
    }
    edit.delete(part_key(place.api, place.kind, place.id));
    Ok(())
}
