//! A deployment compiled for execution: the snapshot that is stored, the router, and one plan per method.
//!
//! Everything that can be worked out from the definition alone is worked out here, once: URIs are parsed, patterns and
//! mappings compiled, and what is wrong is refused when the API is deployed rather than when it is called.

pub mod account;
mod defect;
mod deployed;
mod frozen;
mod http;
mod lambda;
mod layout;
pub mod live;
mod method;
mod mock;
mod responses;
mod router;
pub mod schema;
mod snapshot;
pub mod usage;
mod value;

pub use defect::Defect;
pub use deployed::{Deployed, DeployedError};
pub use frozen::Parts;
pub use http::{HttpPlan, RequestMapping};
pub use lambda::LambdaPlan;
pub use layout::{api_partition, stage_key, stage_sort_prefix};
pub use method::{Authorization, IntegrationPlan, MethodPlan};
pub use mock::{MockPlan, MockTemplate, mock_status};
pub use responses::{ResponsePlan, ResponseSelection};
pub use router::{Match, Router};
pub use snapshot::Snapshot;
pub use value::{Source, UriTemplate};
