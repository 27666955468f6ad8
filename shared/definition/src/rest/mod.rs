//! REST APIs.

mod api;
mod api_key;
mod client_certificate;
mod deployment;
mod domain_name;
mod integration;
mod method;
mod resource;
mod stage;
mod usage_plan;
mod vpc_link;

pub use api::{ApiKeySource, EndpointConfiguration, EndpointType, IpAddressType, RestApi};
pub use api_key::ApiKey;
pub use client_certificate::{ClientCertificate, ClientCertificateKey};
pub use deployment::Deployment;
pub use domain_name::{
    BasePathMapping, DomainName, DomainNameAccessAssociation, MutualTlsAuthentication,
};
pub use integration::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
    TlsConfig,
};
pub use method::{Method, MethodResponse, VERBS};
pub use resource::{PathPart, PathPartError, Resource};
pub use stage::{AccessLogSettings, CacheControlStrategy, CanarySettings, MethodSetting, Stage};
pub use usage_plan::{ApiStage, QuotaPeriod, QuotaSettings, ThrottleSettings, UsagePlan};
pub use vpc_link::VpcLink;

use crate::ResourceId;
use serde::{Deserialize, Serialize};

/// All of a REST API that a deployment freezes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub api: RestApi,
    pub resources: Vec<Resource>,
    pub methods: Vec<(ResourceId, Method)>,
}
