//! What a request's path addresses.

use crate::wire::Part;
use postern_definition::{ApiId, DeploymentId, StageName};
use serde::Deserialize;

macro_rules! addresses {
    ($($name:ident { $($member:ident: $type:ty),* })+) => {$(
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            pub(crate) api_id: ApiId,
            $(pub(crate) $member: $type,)*
        }

        impl Part for $name {}
    )+};
}

addresses! {
    AtApi {}
    AtRoute { route_id: String }
    AtRouteResponse { route_id: String, route_response_id: String }
    AtRouteParameter { route_id: String, request_parameter_key: String }
    AtIntegration { integration_id: String }
    AtIntegrationResponse { integration_id: String, integration_response_id: String }
    AtAuthorizer { authorizer_id: String }
    AtModel { model_id: String }
    AtDeployment { deployment_id: DeploymentId }
    AtStage { stage_name: StageName }
}

/// What a stage has set for one route.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AtRouteSettings {
    pub(crate) stage_name: StageName,
    pub(crate) route_key: String,
}

impl Part for AtRouteSettings {}
