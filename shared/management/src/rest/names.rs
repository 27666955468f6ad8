//! Enumerations by their names on the wire, in the order in which the service prints them.

use crate::wire::Enumerated;
use postern_definition::rest::{
    ApiKeySource, AuthorizerType, ConnectionType, ContentHandling, DocumentationPartType,
    EndpointType, GatewayResponseType, IntegrationType, IpAddressType, ResponseTransferMode,
};

impl Enumerated for ApiKeySource {
    const SET: &'static [(&'static str, Self)] =
        &[("AUTHORIZER", Self::Authorizer), ("HEADER", Self::Header)];
}

impl Enumerated for EndpointType {
    const SET: &'static [(&'static str, Self)] = &[
        ("PRIVATE", Self::Private),
        ("EDGE", Self::Edge),
        ("REGIONAL", Self::Regional),
    ];
}

impl Enumerated for IpAddressType {
    const SET: &'static [(&'static str, Self)] =
        &[("ipv4", Self::Ipv4), ("dualstack", Self::Dualstack)];
}

impl Enumerated for IntegrationType {
    const SET: &'static [(&'static str, Self)] = &[
        ("HTTP", Self::Http),
        ("MOCK", Self::Mock),
        ("AWS_PROXY", Self::AwsProxy),
        ("HTTP_PROXY", Self::HttpProxy),
        ("AWS", Self::Aws),
    ];
}

impl Enumerated for ConnectionType {
    const SET: &'static [(&'static str, Self)] =
        &[("INTERNET", Self::Internet), ("VPC_LINK", Self::VpcLink)];
}

impl Enumerated for ContentHandling {
    const SET: &'static [(&'static str, Self)] = &[
        ("CONVERT_TO_BINARY", Self::ConvertToBinary),
        ("CONVERT_TO_TEXT", Self::ConvertToText),
    ];
}

impl Enumerated for ResponseTransferMode {
    const SET: &'static [(&'static str, Self)] =
        &[("BUFFERED", Self::Buffered), ("STREAM", Self::Stream)];
}

impl Enumerated for AuthorizerType {
    const SET: &'static [(&'static str, Self)] = &[
        ("TOKEN", Self::Token),
        ("REQUEST", Self::Request),
        ("COGNITO_USER_POOLS", Self::CognitoUserPools),
        ("JWT", Self::Jwt),
    ];
}

impl Enumerated for GatewayResponseType {
    const SET: &'static [(&'static str, Self)] = &[
        ("REQUEST_TOO_LARGE", Self::RequestTooLarge),
        ("RESOURCE_NOT_FOUND", Self::ResourceNotFound),
        (
            "AUTHORIZER_CONFIGURATION_ERROR",
            Self::AuthorizerConfigurationError,
        ),
        (
            "MISSING_AUTHENTICATION_TOKEN",
            Self::MissingAuthenticationToken,
        ),
        ("BAD_REQUEST_BODY", Self::BadRequestBody),
        ("INVALID_SIGNATURE", Self::InvalidSignature),
        ("INVALID_API_KEY", Self::InvalidApiKey),
        ("BAD_REQUEST_PARAMETERS", Self::BadRequestParameters),
        ("AUTHORIZER_FAILURE", Self::AuthorizerFailure),
        ("UNAUTHORIZED", Self::Unauthorized),
        ("INTEGRATION_TIMEOUT", Self::IntegrationTimeout),
        ("ACCESS_DENIED", Self::AccessDenied),
        ("DEFAULT_4XX", Self::Default4xx),
        ("DEFAULT_5XX", Self::Default5xx),
        ("WAF_FILTERED", Self::WafFiltered),
        ("QUOTA_EXCEEDED", Self::QuotaExceeded),
        ("THROTTLED", Self::Throttled),
        ("API_CONFIGURATION_ERROR", Self::ApiConfigurationError),
        ("UNSUPPORTED_MEDIA_TYPE", Self::UnsupportedMediaType),
        ("INTEGRATION_FAILURE", Self::IntegrationFailure),
        ("EXPIRED_TOKEN", Self::ExpiredToken),
    ];
}

impl Enumerated for DocumentationPartType {
    const SET: &'static [(&'static str, Self)] = &[
        ("RESPONSE_BODY", Self::ResponseBody),
        ("RESPONSE", Self::Response),
        ("METHOD", Self::Method),
        ("MODEL", Self::Model),
        ("AUTHORIZER", Self::Authorizer),
        ("RESPONSE_HEADER", Self::ResponseHeader),
        ("RESOURCE", Self::Resource),
        ("PATH_PARAMETER", Self::PathParameter),
        ("REQUEST_BODY", Self::RequestBody),
        ("QUERY_PARAMETER", Self::QueryParameter),
        ("API", Self::Api),
        ("REQUEST_HEADER", Self::RequestHeader),
    ];
}

/// The set of names of something that has no type of its own.
macro_rules! named {
    ($($(#[$doc:meta])* $type:ident: $($name:literal)+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $type(pub(crate) &'static str);

        impl Enumerated for $type {
            const SET: &'static [(&'static str, Self)] = &[$(($name, Self($name))),+];
        }
    )+};
}

named! {
    /// The TLS versions and ciphers that an API's own host accepts.
    SecurityPolicy: "TLS_1_0" "TLS_1_2" "SecurityPolicy_TLS13_1_3_2025_09" "SecurityPolicy_TLS13_1_3_FIPS_2025_09"
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09" "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09"
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09" "SecurityPolicy_TLS13_1_2_Ext2_PQ_2025_09"
        "SecurityPolicy_TLS13_1_2_Ext2_FIPS_PQ_2025_09" "SecurityPolicy_TLS13_1_2_PQ_2025_09"
        "SecurityPolicy_TLS13_1_2_2021_06" "SecurityPolicy_TLS13_2025_EDGE" "SecurityPolicy_TLS12_PFS_2025_EDGE"
        "SecurityPolicy_TLS12_2018_EDGE";
    RoutingMode: "BASE_PATH_MAPPING_ONLY" "ROUTING_RULE_ONLY" "ROUTING_RULE_THEN_BASE_PATH_MAPPING";
    ResourceOwner: "SELF" "OTHER_ACCOUNTS";
    AssociationSource: "VPCE";
    EndpointAccessMode: "BASIC" "STRICT";
    /// In gigabytes.
    CacheClusterSize: "0.5" "1.6" "6.1" "13.5" "28.4" "58.2" "118" "237";
    LoggingLevel: "OFF" "ERROR" "INFO";
    /// Whether documentation parts say something.
    LocationStatus: "DOCUMENTED" "UNDOCUMENTED";
}
