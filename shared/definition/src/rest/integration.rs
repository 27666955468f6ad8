//! What answers a method: a backend, and how the request is put to it and its answer put back.

use crate::Map;
use serde::{Deserialize, Serialize};

pub const TIMEOUT_MS_DEFAULT: u32 = 29_000;
pub const TIMEOUT_MS_MIN: u32 = 50;
/// AWS ends at 29 s unless a quota is raised; Lambda ends at 900 s.
pub const TIMEOUT_MS_MAX: u32 = 900_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    #[serde(rename = "type")]
    pub kind: IntegrationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<ConnectionType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// `integration.request.{location}.{name}` to where its value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Map<String>>,
    /// By content type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_templates: Option<Map<Option<String>>>,
    pub passthrough_behavior: PassthroughBehavior,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
    pub timeout_in_millis: u32,
    pub cache_namespace: String,
    #[serde(default)]
    pub cache_key_parameters: Vec<String>,
    /// By status code.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub integration_responses: Map<IntegrationResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_transfer_mode: Option<ResponseTransferMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_target: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResponse {
    pub status_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection_pattern: Option<String>,
    /// `method.response.header.{name}` to where its value comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<Map<String>>,
    /// By content type. An empty template is kept as null, as the service does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_templates: Option<Map<Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntegrationType {
    Http,
    HttpProxy,
    Aws,
    AwsProxy,
    Mock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionType {
    Internet,
    VpcLink,
}

/// What becomes of a body for whose content type there is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PassthroughBehavior {
    WhenNoMatch,
    WhenNoTemplates,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContentHandling {
    ConvertToBinary,
    ConvertToText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResponseTransferMode {
    Buffered,
    Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsConfig {
    pub insecure_skip_verification: bool,
}
