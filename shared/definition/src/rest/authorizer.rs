//! Who decides whether a caller may call: a function, a user pool, or whoever issued the caller's token.

use serde::{Deserialize, Serialize};

/// What holds where an authorizer says nothing.
pub const AUTHORIZER_TTL_SECONDS_DEFAULT: u32 = 300;
pub const AUTHORIZER_TTL_SECONDS_MAX: u32 = 3_600;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorizer {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: AuthorizerType,
    /// User pools; there are some exactly where the type asks for them.
    #[serde(rename = "providerARNs", skip_serializing_if = "Option::is_none")]
    pub provider_arns: Option<Vec<String>>,
    /// A remark for imports and exports, which nothing depends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials: Option<String>,
    /// One mapping expression, or several with commas between them for a `REQUEST` authorizer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    /// Shown only where it was given; see [`Authorizer::ttl_seconds`] for what holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// Whose tokens count; it is there exactly where the type asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
}

/// Whose tokens count, and what they must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtConfiguration {
    #[serde(default)]
    pub issuers: Vec<JwtIssuer>,
    /// By which algorithms tokens may be signed, whoever issued them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_algorithms: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtIssuer {
    /// As its tokens name it, letter for letter.
    #[serde(default)]
    pub issuer: String,
    /// A token must be for one of these.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Where its keys are; found out when the authorizer is made, and not for its owner to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_claims: Option<Vec<AdditionalClaim>>,
}

/// What else a token must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdditionalClaim {
    #[serde(default)]
    pub claim_name: String,
    /// `SINGLE_STRING` is the only one there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether a token without the claim is refused.
    #[serde(default)]
    pub required: bool,
    /// What the claim must be where it is there: one value, or none where any will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_values: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    /// A function that is given one header.
    Token,
    /// A function that is given the request without its body.
    Request,
    CognitoUserPools,
    /// Tokens of issuers that publish their keys.
    Jwt,
}

impl Authorizer {
    /// How long a decision is kept. Zero keeps none.
    pub fn ttl_seconds(&self) -> u32 {
        self.authorizer_result_ttl_in_seconds
            .unwrap_or(AUTHORIZER_TTL_SECONDS_DEFAULT)
    }

    /// The identity sources one by one.
    pub fn identity_sources(&self) -> impl Iterator<Item = &str> {
        self.identity_source
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|source| !source.is_empty())
    }
}
