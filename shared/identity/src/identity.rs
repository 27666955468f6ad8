//! Whom IAM takes a caller for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of a caller whose signature was found good, whoever verified it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Of a user, of a role's session (`arn:aws:sts::{account}:assumed-role/{role}/{session}`), or of an account's root.
    pub arn: String,
    pub account_id: String,
    /// `AIDA...`, or `AROA...:{session}`.
    pub user_id: String,
    pub access_key_id: Option<String>,
    pub organization_id: Option<String>,
    /// Of credentials that an identity pool gave out.
    pub cognito: Option<CognitoIdentity>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CognitoIdentity {
    pub identity_id: String,
    pub pool_id: String,
    pub authentication_type: Option<String>,
    pub authentication_provider: Option<String>,
}
