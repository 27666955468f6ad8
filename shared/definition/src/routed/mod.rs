//! HTTP and WebSocket APIs: those that are made of routes, where a REST API is made of resources and methods.
//!
//! One set of types serves both, for the service has one: an API says by its [`ProtocolType`] which of the members mean something.

mod api;
mod authorizer;
mod deployment;
mod domain_name;
mod integration;
mod model;
mod route;
mod stage;
mod vpc_link;

pub use api::{Api, Cors, HTTP_ROUTE_SELECTION, ProtocolType};
pub use authorizer::{Authorizer, AuthorizerType, JwtConfiguration};
pub use deployment::Deployment;
pub use domain_name::{
    InvokeApi, MatchBasePaths, MatchHeader, MatchHeaders, RoutingRule, RoutingRuleAction,
    RoutingRuleCondition,
};
pub use integration::{
    Integration, IntegrationResponse, SUBTYPES, Subtype, TIMEOUT_MS_DEFAULT_HTTP,
    TIMEOUT_MS_DEFAULT_WEBSOCKET, TlsConfig,
};
pub use model::Model;
pub use route::{
    AuthorizationType, CONNECT_KEY, DEFAULT_KEY, DISCONNECT_KEY, METHODS, ParameterConstraints,
    Route, RouteKey, RouteResponse,
};
pub use stage::{RouteSettings, Stage, StageExtras};
pub use vpc_link::VpcLink;

use crate::Map;
use serde::{Deserialize, Serialize};

/// All of an API of routes: what a deployment freezes, and what an export says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    pub api: Api,
    #[serde(default)]
    pub routes: Vec<Route>,
    /// By the ids of their routes.
    #[serde(default)]
    pub route_responses: Map<Vec<RouteResponse>>,
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// By the ids of their integrations.
    #[serde(default)]
    pub integration_responses: Map<Vec<IntegrationResponse>>,
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
    #[serde(default)]
    pub models: Vec<Model>,
}

impl Definition {
    /// An API with nothing in it.
    pub fn new(api: Api) -> Self {
        Self {
            api,
            routes: Vec::new(),
            route_responses: Map::new(),
            integrations: Vec::new(),
            integration_responses: Map::new(),
            authorizers: Vec::new(),
            models: Vec::new(),
        }
    }
}

/// For members that are there only when they hold.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
