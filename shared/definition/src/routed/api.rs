//! The API itself.

use crate::rest::IpAddressType;
use crate::{ApiId, Map};
use serde::{Deserialize, Serialize};

/// How every HTTP API selects its route, as answers have it.
pub const HTTP_ROUTE_SELECTION: &str = "$request.method $request.path";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    pub api_id: ApiId,
    pub name: String,
    pub protocol_type: ProtocolType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub route_selection_expression: String,
    pub api_key_selection_expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<Cors>,
    /// As ISO 8601 has it, to the second.
    pub created_date: String,
    pub disable_execute_api_endpoint: bool,
    /// Whether a deployment goes without a look at the models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_schema_validation: Option<bool>,
    pub ip_address_type: IpAddressType,
    #[serde(default)]
    pub tags: Map<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ProtocolType {
    Http,
    Websocket,
}

/// What browsers of other origins may do with an HTTP API. What is not said is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

impl Api {
    pub fn is_http(&self) -> bool {
        self.protocol_type == ProtocolType::Http
    }
}
