//! Rules by which a host name of one's own chooses an API. Host names themselves are one thing for all kinds of APIs: see
//! [`crate::rest::DomainName`].

use crate::{ApiId, StageName};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRule {
    pub routing_rule_id: String,
    pub routing_rule_arn: String,
    /// The lowest comes first, and no two rules of a domain name have the same.
    pub priority: u32,
    /// All must hold.
    pub conditions: Vec<RoutingRuleCondition>,
    pub actions: Vec<RoutingRuleAction>,
}

/// One of its members is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRuleCondition {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_base_paths: Option<MatchBasePaths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_headers: Option<MatchHeaders>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchBasePaths {
    pub any_of: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchHeaders {
    pub any_of: Vec<MatchHeader>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchHeader {
    pub header: String,
    /// With a star at its beginning, its end, or both.
    pub value_glob: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRuleAction {
    pub invoke_api: InvokeApi,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvokeApi {
    pub api_id: ApiId,
    pub stage: StageName,
    /// Whether the base path that matched is taken off before the API sees the path.
    #[serde(default)]
    pub strip_base_path: bool,
}
