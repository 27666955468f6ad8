//! Which requests or messages go where.

use super::is_false;
use crate::Map;
use serde::{Deserialize, Serialize};

/// Of a route that takes what no other does; of a response that is for everything.
pub const DEFAULT_KEY: &str = "$default";
/// Of the route of a WebSocket API that answers the handshake.
pub const CONNECT_KEY: &str = "$connect";
/// Of the one that is told of a connection's end.
pub const DISCONNECT_KEY: &str = "$disconnect";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    #[serde(default, skip_serializing_if = "is_false")]
    pub api_gateway_managed: bool,
    pub api_key_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_scopes: Option<Vec<String>>,
    pub authorization_type: AuthorizationType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_selection_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// Names of models, by what the model selection expression yields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_models: Option<Map<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<Map<ParameterConstraints>>,
    pub route_id: String,
    /// HTTP APIs: `GET /pets/{id}` or `$default`. WebSocket APIs: what the route selection expression yields.
    pub route_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_response_selection_expression: Option<String>,
    /// `integrations/{id}`; a route without one is there, and cannot be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationType {
    None,
    AwsIam,
    /// A function decides.
    Custom,
    Jwt,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterConstraints {
    #[serde(default)]
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_selection_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_models: Option<Map<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<Map<ParameterConstraints>>,
    pub route_response_id: String,
    pub route_response_key: String,
}

impl Route {
    /// The id of the integration that answers.
    pub fn integration_id(&self) -> Option<&str> {
        self.target.as_deref()?.strip_prefix("integrations/")
    }
}

/// The methods that a route of an HTTP API may name; `ANY` stands for all that no route of the same path does.
pub const METHODS: [&str; 8] = [
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

/// What a route of an HTTP API is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKey<'a> {
    /// What no other route takes.
    Default,
    Method {
        method: &'a str,
        path: &'a str,
    },
}

impl<'a> RouteKey<'a> {
    /// Reads a key, or says what is wrong with it where its form is not.
    pub fn parse(key: &'a str) -> Result<Self, Option<String>> {
        if key == DEFAULT_KEY {
            return Ok(Self::Default);
        }
        let (method, path) = key.split_once(' ').ok_or(None)?;
        let segments = path.strip_prefix('/').ok_or(None)?;
        if !METHODS.contains(&method) || path.contains(char::is_whitespace) {
            return Err(None);
        }
        let mut names = Vec::new();
        let mut segments = segments.split('/').peekable();
        while let Some(segment) = segments.next() {
            let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                if segment.contains(['{', '}']) {
                    return Err(Some(format!(
                        "a variable must be a whole segment, which `{segment}` is not"
                    )));
                }
                continue;
            };
            let is_greedy = name.ends_with('+');
            let name = name.trim_end_matches('+');
            let is_name = !name.is_empty() && !name.contains(['{', '}', '+']);
            if !is_name {
                return Err(Some(format!("`{segment}` names no variable")));
            }
            if is_greedy && segments.peek().is_some() {
                return Err(Some(format!("nothing may come after `{segment}`")));
            }
            if names.contains(&name) {
                return Err(Some(format!("there are two variables `{name}`")));
            }
            names.push(name);
        }
        Ok(Self::Method { method, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_method_and_a_path_or_the_default() {
        for (key, holds) in [
            ("$default", true),
            ("GET /", true),
            ("ANY /{proxy+}", true),
            ("GET /pets/{id}/toys/{toy}", true),
            ("GET /pets/", true),
            ("GET pets", false),
            ("get /pets", false),
            ("CONNECT /pets", false),
            ("GET /pets/{id", false),
            ("GET /pets/x{id}", false),
            ("GET /{a+}/b", false),
            ("GET /{a}/{a}", false),
            ("GET /{}", false),
            ("GET  /pets", false),
            ("GET /a b", false),
            ("$connect", false),
            ("", false),
        ] {
            assert_eq!(RouteKey::parse(key).is_ok(), holds, "{key}");
        }
    }
}
