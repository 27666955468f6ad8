//! Authorizers that take tokens of issuers: what they may be told, and where issuers keep their keys.

use crate::Management;
use crate::wire::Failure;
use postern_definition::rest::{AdditionalClaim, Authorizer, JwtConfiguration, JwtIssuer};
use postern_identity::jwt::{self, Algorithm};
use std::collections::BTreeSet;

/// Each is asked for its keys' place whenever the configuration changes.
const ISSUERS_MAX: usize = 10;
const AUDIENCES_MAX: usize = 50;
/// What every token is held to anyway, and in a way of its own.
const CLAIMS_OF_THEIR_OWN: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "scope", "scp"];
const FORMAT: &str = "SINGLE_STRING";

/// What must hold of an authorizer of this type, whichever way it came about.
pub(super) fn check(authorizer: &mut Authorizer) -> Result<(), Failure> {
    for (is_there, name) in [
        (authorizer.provider_arns.is_some(), "providerARNs"),
        (authorizer.authorizer_uri.is_some(), "authorizerUri"),
        (
            authorizer.authorizer_credentials.is_some(),
            "authorizerCredentials",
        ),
        (
            authorizer.authorizer_result_ttl_in_seconds.is_some(),
            "authorizerResultTtlInSeconds",
        ),
        (
            authorizer.identity_validation_expression.is_some(),
            "identityValidationExpression",
        ),
    ] {
        if is_there {
            return Err(Failure::bad_request(format!(
                "Invalid {name} specified: an authorizer of type JWT has none"
            )));
        }
    }
    let Some(configuration) = &mut authorizer.jwt_configuration else {
        return Err(invalid("an authorizer of type JWT must have one"));
    };
    checked(configuration)
}

fn checked(configuration: &mut JwtConfiguration) -> Result<(), Failure> {
    let issuers = &mut configuration.issuers;
    if issuers.is_empty() || issuers.len() > ISSUERS_MAX {
        return Err(invalid(format!("it names 1 to {ISSUERS_MAX} issuers")));
    }
    let mut names = BTreeSet::new();
    for issuer in issuers {
        let name = issuer.issuer.clone();
        check_issuer(issuer)?;
        if !names.insert(name.clone()) {
            return Err(invalid(format!("the issuer {name} stands in it twice")));
        }
    }
    let algorithms = configuration.default_algorithms.as_deref();
    let algorithms = algorithms.unwrap_or_default();
    let known = Algorithm::ALL.map(Algorithm::name);
    if algorithms.is_empty() {
        return Err(invalid(format!(
            "it names no algorithm, choose from [{}]",
            known.join(", ")
        )));
    }
    for name in algorithms {
        if !known.contains(&name.as_str()) {
            return Err(invalid(format!(
                "the algorithm {name} cannot be verified, choose from [{}]",
                known.join(", ")
            )));
        }
    }
    Ok(())
}

fn check_issuer(issuer: &mut JwtIssuer) -> Result<(), Failure> {
    let name = &issuer.issuer;
    jwt::check_issuer(name)
        .map_err(|reason| invalid(format!("the issuer {name} cannot be asked: {reason}")))?;
    let audiences = &issuer.audiences;
    if audiences.is_empty()
        || audiences.len() > AUDIENCES_MAX
        || audiences.iter().any(String::is_empty)
    {
        return Err(invalid(format!(
            "the issuer {name} has 1 to {AUDIENCES_MAX} audiences, and none of them empty"
        )));
    }
    let mut claims = BTreeSet::new();
    for claim in issuer.additional_claims.iter_mut().flatten() {
        check_claim(claim)?;
        if !claims.insert(&claim.claim_name) {
            let claim = &claim.claim_name;
            return Err(invalid(format!("the claim {claim} stands twice")));
        }
    }
    Ok(())
}

fn check_claim(claim: &mut AdditionalClaim) -> Result<(), Failure> {
    let name = &claim.claim_name;
    if name.is_empty() || CLAIMS_OF_THEIR_OWN.contains(&name.as_str()) {
        return Err(invalid(format!(
            "an additional claim has a name that is not one of [{}], and not '{name}'",
            CLAIMS_OF_THEIR_OWN.join(", ")
        )));
    }
    let format = claim.format.get_or_insert_with(|| FORMAT.to_owned());
    if format != FORMAT {
        return Err(invalid(format!(
            "the format of claim {name} is {FORMAT}, and not {format}"
        )));
    }
    let expected = claim.expected_values.as_deref().unwrap_or_default();
    if expected.len() > 1 || expected.iter().any(String::is_empty) {
        return Err(invalid(format!(
            "the claim {name} has one expected value at most, and not an empty one"
        )));
    }
    Ok(())
}

fn invalid(reason: impl std::fmt::Display) -> Failure {
    Failure::bad_request(format!("Invalid JWT configuration specified: {reason}"))
}

/// From the text of a patch.
pub(super) fn parse(text: &str) -> Result<JwtConfiguration, Failure> {
    serde_json::from_str(text).map_err(invalid)
}

/// Asks issuers where their keys are. They must be there: what is found out now need not be on the first request.
pub(super) async fn resolve(
    service: &Management,
    mut authorizer: Authorizer,
) -> Result<Authorizer, Failure> {
    let configuration = authorizer.jwt_configuration.as_mut();
    for issuer in configuration.into_iter().flat_map(|c| &mut c.issuers) {
        let found = service.world.gateway.discover(&issuer.issuer).await;
        let keys = found.map_err(|reason| {
            let name = &issuer.issuer;
            let base = name.trim_end_matches('/');
            Failure::bad_request(format!(
                "Caught exception when connecting to {base}/.well-known/openid-configuration for issuer {name}. Please try again later. ({reason})"
            ))
        })?;
        issuer.jwks_uri = Some(keys);
    }
    Ok(authorizer)
}
