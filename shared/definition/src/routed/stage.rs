//! A name under which a deployment answers, with the settings that are live rather than frozen.

use super::is_false;
use crate::rest::{AccessLogSettings, Flushes};
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
