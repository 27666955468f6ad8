//! A verb on a resource: what a request must bring, and what clients may get.

use super::Integration;
use crate::Map;
use serde::{Deserialize, Serialize};

/// In the order in which the service prints them.
pub const VERBS: [&str; 8] = [
    "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY",
];

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    pub http_method: String,
    /// As it was given: `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS`, `JWT`, in any case of letters.
    pub authorization_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<String>,
    pub api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_validator_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// `method.request.{location}.{name}` to whether it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Map<bool>>,
    /// Content type to model name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_models: Option<Map<String>>,
    /// By status code.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub method_responses: Map<MethodResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method_integration: Option<Integration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_scopes: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodResponse {
    pub status_code: String,
    /// `method.response.header.{name}` to whether it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<Map<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_models: Option<Map<String>>,
}
