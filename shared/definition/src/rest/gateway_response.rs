//! The answers that the gateway itself gives, and what an owner makes of them.

use crate::Map;
use serde::{Deserialize, Serialize};

/// The template of every gateway response that nobody set, for `application/json`.
pub const GATEWAY_RESPONSE_TEMPLATE: &str = r#"{"message":$context.error.messageString}"#;

/// A gateway response as its owner set it: only what was set is there, for what was not falls back on the type's own status and
/// template, and some backends' failures answer with another status than their type's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    pub response_type: GatewayResponseType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// `gatewayresponse.header.{name}` to where its value comes from.
    #[serde(default)]
    pub response_parameters: Map<String>,
    /// By content type. Not VTL: only variables are replaced.
    #[serde(default)]
    pub response_templates: Map<String>,
}

impl GatewayResponse {
    /// One of which nothing is set.
    pub fn new(response_type: GatewayResponseType) -> Self {
        Self {
            response_type,
            status_code: None,
            response_parameters: Map::new(),
            response_templates: Map::new(),
        }
    }
}

macro_rules! types {
    ($($type:ident $name:literal $status:expr;)+) => {
        /// What made the gateway answer itself. In the order of their names, which is the order in which they are listed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum GatewayResponseType {
            $(#[serde(rename = $name)] $type),+
        }

        impl GatewayResponseType {
            pub const ALL: &'static [Self] = &[$(Self::$type),+];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$type => $name),+
                }
            }

            /// The status of one that nobody set. The two that stand for others have none.
            pub fn status(self) -> Option<u16> {
                match self {
                    $(Self::$type => $status),+
                }
            }
        }
    };
}

types! {
    AccessDenied "ACCESS_DENIED" Some(403);
    ApiConfigurationError "API_CONFIGURATION_ERROR" Some(500);
    AuthorizerConfigurationError "AUTHORIZER_CONFIGURATION_ERROR" Some(500);
    AuthorizerFailure "AUTHORIZER_FAILURE" Some(500);
    BadRequestBody "BAD_REQUEST_BODY" Some(400);
    BadRequestParameters "BAD_REQUEST_PARAMETERS" Some(400);
    Default4xx "DEFAULT_4XX" None;
    Default5xx "DEFAULT_5XX" None;
    ExpiredToken "EXPIRED_TOKEN" Some(403);
    IntegrationFailure "INTEGRATION_FAILURE" Some(504);
    IntegrationTimeout "INTEGRATION_TIMEOUT" Some(504);
    InvalidApiKey "INVALID_API_KEY" Some(403);
    InvalidSignature "INVALID_SIGNATURE" Some(403);
    MissingAuthenticationToken "MISSING_AUTHENTICATION_TOKEN" Some(403);
    QuotaExceeded "QUOTA_EXCEEDED" Some(429);
    RequestTooLarge "REQUEST_TOO_LARGE" Some(413);
    ResourceNotFound "RESOURCE_NOT_FOUND" Some(404);
    Throttled "THROTTLED" Some(429);
    Unauthorized "UNAUTHORIZED" Some(401);
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" Some(415);
    WafFiltered "WAF_FILTERED" Some(403);
}

impl GatewayResponseType {
    /// The one that stands for this where this was not set.
    pub fn fallback(self) -> Option<Self> {
        match self.status()? {
            400..=499 => Some(Self::Default4xx),
            _ => Some(Self::Default5xx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GatewayResponseType as Type;

    #[test]
    fn types_are_in_the_order_of_their_names() {
        assert_eq!(Type::ALL.len(), 21);
        assert!(Type::ALL.is_sorted_by_key(|t| t.name()));
        assert!(Type::ALL.is_sorted());
    }

    #[test]
    fn each_falls_back_on_the_default_of_its_class_and_the_defaults_on_nothing() {
        for (kind, expected) in [
            (Type::Throttled, Some(Type::Default4xx)),
            (Type::IntegrationTimeout, Some(Type::Default5xx)),
            (Type::Default4xx, None),
            (Type::Default5xx, None),
        ] {
            assert_eq!(kind.fallback(), expected, "{kind:?}");
        }
    }
}
