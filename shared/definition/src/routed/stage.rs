//! A name under which a deployment answers, with the settings that are live rather than frozen.

use super::is_false;
use crate::rest::{
    AccessLogSettings, CacheKey, CacheRules, CanarySettings, Flushes, MethodSetting,
};
use crate::{DeploymentId, Map, StageName};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub api_gateway_managed: bool,
    /// Whether every change of the API is deployed here. Shown only where it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_deploy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    /// As ISO 8601 has it, to the second.
    pub created_date: String,
    pub default_route_settings: RouteSettings,
    /// A stage that nothing was deployed to yet has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What became of the last deployment that a change of the API made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_deployment_status_message: Option<String>,
    pub last_updated_date: String,
    /// By route key. What a route's own settings do not say is not taken from the stage's.
    #[serde(default)]
    pub route_settings: Map<RouteSettings>,
    pub stage_name: StageName,
    #[serde(default)]
    pub stage_variables: Map<String>,
    #[serde(default)]
    pub tags: Map<String>,
    /// Not for clients: the service tells nobody.
    #[serde(default, skip_serializing_if = "Flushes::are_none")]
    pub flushes: Flushes,
    /// Not for the clients of this kind's management API either, which has no words for it.
    #[serde(default, skip_serializing_if = "StageExtras::are_none")]
    pub postern: StageExtras,
}

/// What a stage of an HTTP API has beyond AWS: what a stage of a REST API has, each member as that one's is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StageExtras {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    pub cache_cluster_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<CacheKey>,
    #[serde(skip_serializing_if = "CacheRules::are_none")]
    pub cache: CacheRules,
    /// Of which only what they say of the cache counts: the rest is said by [`RouteSettings`].
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub method_settings: Map<MethodSetting>,
}

impl StageExtras {
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_trace_enabled: Option<bool>,
    pub detailed_metrics_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
}

impl Stage {
    pub fn deploys_by_itself(&self) -> bool {
        self.auto_deploy == Some(true)
    }
}
