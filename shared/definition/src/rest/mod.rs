//! REST APIs.

mod api;
mod deployment;
mod integration;
mod method;
mod resource;
mod stage;

pub use api::{ApiKeySource, EndpointConfiguration, EndpointType, IpAddressType, RestApi};
pub use deployment::Deployment;
pub use integration::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
    TlsConfig,
};
pub use method::{Method, MethodResponse, VERBS};
pub use resource::{PathPart, PathPartError, Resource};
pub use stage::{AccessLogSettings, CacheControlStrategy, CanarySettings, MethodSetting, Stage};

use crate::ResourceId;
use serde::{Deserialize, Serialize};

/// All of a REST API that a deployment freezes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub api: RestApi,
    pub resources: Vec<Resource>,
    pub methods: Vec<(ResourceId, Method)>,
}
