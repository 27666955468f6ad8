//! Who decides whether a caller may call: a function, or a user pool.

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    /// A function that is given one header.
    Token,
    /// A function that is given the request without its body.
    Request,
    CognitoUserPools,
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
