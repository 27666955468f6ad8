//! REST APIs.

mod api;
mod api_key;
mod authorizer;
mod client_certificate;
mod cors;
mod deployment;
mod documentation;
mod domain_name;
mod extras;
mod gateway_response;
mod integration;
mod method;
mod model;
mod request_validator;
mod resource;
mod stage;
mod usage_plan;
mod vpc_link;

pub use api::{ApiKeySource, EndpointConfiguration, EndpointType, IpAddressType, RestApi};
pub use api_key::ApiKey;
pub use authorizer::{
    AUTHORIZER_TTL_SECONDS_DEFAULT, AUTHORIZER_TTL_SECONDS_MAX, AdditionalClaim, Authorizer,
    AuthorizerType, JwtConfiguration, JwtIssuer,
};
pub use client_certificate::{ClientCertificate, ClientCertificateKey};
pub use cors::Cors;
pub use deployment::Deployment;
pub use documentation::{
    DocumentationPart, DocumentationPartLocation, DocumentationPartType, DocumentationVersion,
};
pub use domain_name::{
    BasePathMapping, DomainName, DomainNameAccessAssociation, MutualTlsAuthentication,
};
pub use extras::{CacheRules, StageExtras};
pub use gateway_response::{GATEWAY_RESPONSE_TEMPLATE, GatewayResponse, GatewayResponseType};
pub use integration::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
    TlsConfig,
};
pub use method::{Method, MethodResponse, VERBS};
pub use model::{MODEL_REFERENCE_PREFIX, Model, referenced_model};
pub use request_validator::RequestValidator;
pub use resource::{PathPart, PathPartError, Resource};
pub use stage::{
    AccessLogSettings, CacheControlStrategy, CacheKey, CanarySettings, Flushes, MethodSetting,
    Stage,
};
pub use usage_plan::{ApiStage, QuotaPeriod, QuotaSettings, ThrottleSettings, UsagePlan};
pub use vpc_link::VpcLink;

use crate::ResourceId;
use serde::{Deserialize, Serialize};

/// All of a REST API: what a deployment freezes, and what an export says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub api: RestApi,
    pub resources: Vec<Resource>,
    pub methods: Vec<(ResourceId, Method)>,
    #[serde(default)]
    pub models: Vec<Model>,
    #[serde(default)]
    pub request_validators: Vec<RequestValidator>,
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
    /// Those that were set. What was not is as [`GatewayResponseType`] says.
    #[serde(default)]
    pub gateway_responses: Vec<GatewayResponse>,
    /// Not frozen by a deployment: a stage names the documentation version that belongs to it.
    #[serde(default)]
    pub documentation_parts: Vec<DocumentationPart>,
}

impl Definition {
    /// An API with nothing but its tree of methods.
    pub fn new(api: RestApi, resources: Vec<Resource>, methods: Vec<(ResourceId, Method)>) -> Self {
        Self {
            api,
            resources,
            methods,
            models: Vec::new(),
            request_validators: Vec::new(),
            authorizers: Vec::new(),
            gateway_responses: Vec::new(),
            documentation_parts: Vec::new(),
        }
    }
}
