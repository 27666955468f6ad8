//! What is said about an API and its parts, and named states of it.

use serde::{Deserialize, Serialize};

/// What is said about what a location names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationPart {
    pub id: String,
    pub location: DocumentationPartLocation,
    /// A JSON object, as text.
    pub properties: String,
}

/// What a part is about. Members that are absent stand for any.
#[derive(Clone, Debug, PartialEq, Hash, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationPartLocation {
    #[serde(rename = "type")]
    pub kind: DocumentationPartType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Hash, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentationPartType {
    Api,
    Authorizer,
    Model,
    Resource,
    Method,
    PathParameter,
    QueryParameter,
    RequestHeader,
    RequestBody,
    Response,
    ResponseHeader,
    ResponseBody,
}

impl DocumentationPartType {
    /// Whether its location has a path and a method.
    pub fn has_path(self) -> bool {
        !matches!(self, Self::Api | Self::Authorizer | Self::Model)
    }

    pub fn has_method(self) -> bool {
        self.has_path() && self != Self::Resource
    }

    pub fn has_status_code(self) -> bool {
        matches!(
            self,
            Self::Response | Self::ResponseHeader | Self::ResponseBody
        )
    }

    /// Whether its location has a name, and must have one.
    pub fn has_name(self) -> bool {
        matches!(
            self,
            Self::Authorizer
                | Self::Model
                | Self::PathParameter
                | Self::QueryParameter
                | Self::RequestHeader
                | Self::ResponseHeader
        )
    }
}

/// A state of an API's documentation that has a name. The parts that it froze are kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentationVersion {
    pub version: String,
    /// Seconds since 1970.
    pub created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
