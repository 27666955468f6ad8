//! A name under which a deployment answers, with the settings that are live rather than frozen.

use super::StageExtras;
use crate::{DeploymentId, Map, StageName};
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub deployment_id: DeploymentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    pub stage_name: StageName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub cache_cluster_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<String>,
    pub cache_cluster_status: String,
    /// By `{resource path}/{verb}`, as the patch that set it wrote the path, or `*/*`.
    #[serde(default)]
    pub method_settings: Map<MethodSetting>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    pub tracing_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_acl_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub tags: Map<String>,
    /// Seconds since 1970, as is the next.
    pub created_date: i64,
    pub last_updated_date: i64,
    #[serde(default, skip_serializing_if = "StageExtras::are_none")]
    pub postern: StageExtras,
    /// Not for clients: the service tells nobody.
    #[serde(default, skip_serializing_if = "Flushes::are_none")]
    pub flushes: Flushes,
    /// Not for clients either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_key: Option<CacheKey>,
}

/// What the answers that are kept for a stage are encrypted with, where a method's settings ask for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(..)")
    }
}

/// How often each of a stage's caches was flushed. What is kept under another count is as good as gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flushes {
    pub data: u64,
    pub authorizers: u64,
}

impl Flushes {
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanarySettings {
    /// 0 to 100.
    pub percent_traffic: f64,
    pub deployment_id: DeploymentId,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub stage_variable_overrides: Map<String>,
    pub use_stage_cache: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessLogSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodSetting {
    pub metrics_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    pub data_trace_enabled: bool,
    pub throttling_burst_limit: i64,
    pub throttling_rate_limit: f64,
    pub caching_enabled: bool,
    pub cache_ttl_in_seconds: i64,
    pub cache_data_encrypted: bool,
    pub require_authorization_for_cache_control: bool,
    pub unauthorized_cache_control_header_strategy: CacheControlStrategy,
}

impl Default for MethodSetting {
    /// What the service fills in when the first setting of a method is made.
    fn default() -> Self {
        Self {
            metrics_enabled: false,
            logging_level: None,
            data_trace_enabled: false,
            throttling_burst_limit: 5_000,
            throttling_rate_limit: 10_000.0,
            caching_enabled: false,
            cache_ttl_in_seconds: 300,
            cache_data_encrypted: false,
            require_authorization_for_cache_control: true,
            unauthorized_cache_control_header_strategy:
                CacheControlStrategy::SucceedWithResponseHeader,
        }
    }
}

/// What happens to a client that may not bypass the cache and tries to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CacheControlStrategy {
    #[serde(rename = "FAIL_WITH_403")]
    FailWith403,
    #[serde(rename = "SUCCEED_WITH_RESPONSE_HEADER")]
    SucceedWithResponseHeader,
    #[serde(rename = "SUCCEED_WITHOUT_RESPONSE_HEADER")]
    SucceedWithoutResponseHeader,
}
