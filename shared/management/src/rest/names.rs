//! Enumerations by their names on the wire, in the order in which the service prints them.

use crate::wire::Enumerated;
use postern_definition::rest::{
    ApiKeySource, ConnectionType, ContentHandling, EndpointType, IntegrationType, IpAddressType,
    ResponseTransferMode,
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

/// The set of names of something that has no type of its own.
macro_rules! named {
    ($($(#[$doc:meta])* $type:ident: $($name:literal)+;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) struct $type(pub(super) &'static str);

        impl Enumerated for $type {
            const SET: &'static [(&'static str, Self)] = &[$(($name, Self($name))),+];
        }
    )+};
}

named! {
    /// The TLS versions and ciphers that an API's own host accepts.
    SecurityPolicy: "TLS_1_0" "TLS_1_2" "SecurityPolicy_TLS13_1_3_2025_09" "SecurityPolicy_TLS13_1_3_FIPS_2025_09"
        "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09" "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09"
        "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09" "SecurityPolicy_TLS13_1_2_PQ_2025_09"
        "SecurityPolicy_TLS13_1_2_2021_06" "SecurityPolicy_TLS13_2025_EDGE" "SecurityPolicy_TLS12_PFS_2025_EDGE"
        "SecurityPolicy_TLS12_2018_EDGE";
    RoutingMode: "BASE_PATH_MAPPING_ONLY" "ROUTING_RULE_ONLY" "ROUTING_RULE_THEN_BASE_PATH_MAPPING";
    ResourceOwner: "SELF" "OTHER_ACCOUNTS";
    AssociationSource: "VPCE";
    EndpointAccessMode: "BASIC" "STRICT";
    /// In gigabytes.
    CacheClusterSize: "0.5" "1.6" "6.1" "13.5" "28.4" "58.2" "118" "237";
    LoggingLevel: "OFF" "ERROR" "INFO";
}
