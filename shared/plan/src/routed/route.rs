//! A route of an HTTP API as a plan: the same plan that a REST API's method has.

use super::{FrozenIntegration, FrozenRoute, integration};
use crate::{Authorization, CachePlan, Defect, MethodPlan};
use postern_definition::routed::{AuthorizationType, RouteKey};

/// Reports every defect. The authorizer is not looked up: see [`crate::Deployed::plan`].
pub(crate) fn compile(
    route: &FrozenRoute,
    integration: Option<&FrozenIntegration>,
) -> Result<MethodPlan, Vec<Defect>> {
    let of = &route.route;
    let integration = integration.ok_or_else(|| vec![Defect::NoIntegration])?;
    Ok(MethodPlan {
        verb: match RouteKey::parse(&of.route_key) {
            Ok(RouteKey::Method { method, .. }) => method.to_owned(),
            _ => "ANY".to_owned(),
        },
        operation_name: of.operation_name.clone(),
        api_key_required: of.api_key_required,
        authorization: match of.authorization_type {
            AuthorizationType::None => Authorization::None,
            AuthorizationType::AwsIam => Authorization::Iam,
            AuthorizationType::Custom | AuthorizationType::Jwt => {
                Authorization::Unusable("the authorizer was not looked up".to_owned())
            }
        },
        scopes: of.authorization_scopes.clone().unwrap_or_default(),
        validation: None,
        integration: integration::compile(of, integration)?,
        is_two_way: true,
        cache: Some(CachePlan::of_route(of)),
    })
}
