//! A deployment compiled for execution: the snapshot that is stored, the router, and one plan per method.
//!
//! Everything that can be worked out from the definition alone is worked out here, once: URIs are parsed, patterns and
//! mappings compiled, and what is wrong is refused when the API is deployed rather than when it is called.

pub mod account;
mod authorizer;
mod cache;
pub mod credential;
mod defect;
mod deployed;
mod frozen;
mod gateway_response;
mod integration;
mod layout;
pub mod live;
mod mapping;
mod method;
mod policy;
pub mod routed;
mod router;
pub mod schema;
mod segments;
mod settings;
mod snapshot;
pub mod usage;
mod validation;

pub use authorizer::{
    Asks, AuthorizerFormat, AuthorizerPlan, ClaimRule, Decides, FunctionPlan, IssuerPlan, Issuers,
    Manner, TokenPlan, UserPool,
};
pub use cache::{CachePlan, KeyParameter, ToldApart};
pub use defect::Defect;
pub use deployed::{Deployed, DeployedError};
pub use frozen::{FrozenRest, Parts};
pub use gateway_response::GatewayResponsePlan;
pub use integration::{
    Appended, AwsOperation, AwsPlan, ChosenBy, Credentials, HttpPlan, IntegrationPlan, LambdaPlan,
    LinkPlan, ParameterForm, Passes, PayloadFormat, Protocol, RequestTemplates, ResponsePlan,
    ResponseSelection, SubtypeParameter, SubtypePlan, TemplateChoice, Transform, mock_status,
};
pub use layout::{ROUTED_APIS, api_partition, stage_key, stage_sort_prefix};
pub use mapping::{
    Action, BodyPath, Change, Changes, Expression, JsonPath, RequestChanges, RequestMapping,
    ResponseChanges, Source, TextTemplate, UriTemplate, Variable,
};
pub use method::{Authorization, MethodPlan};
pub use router::{Match, Router};
pub use settings::{ApiKind, ApiSettings};
pub use snapshot::Snapshot;
pub use validation::{BodyModel, ParameterLocation, RequiredParameter, Validation};
