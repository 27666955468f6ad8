//! What answers a route, as a plan.

use super::FrozenIntegration;
use crate::{Defect, IntegrationPlan};
use postern_definition::Map;
use postern_definition::rest::{Integration, IntegrationType, Method, PassthroughBehavior};
use postern_definition::routed::{Route, RouteKey};

/// Reports every defect.
pub(crate) fn compile(
    route: &Route,
    frozen: &FrozenIntegration,
) -> Result<IntegrationPlan, Vec<Defect>> {
    let of = &frozen.integration;
    if of.integration_subtype.is_some() {
        let reason = "actions of services are not called yet";
        return Err(vec![Defect::invalid("integrationSubtype", reason)]);
    }
    // Put as the integration of a REST API's method that does the same.
    let uri = of.integration_uri.as_deref();
    let integration = Integration {
        kind: of.integration_type,
        http_method: of.integration_method.clone(),
        uri: match of.integration_type {
            IntegrationType::AwsProxy => uri.map(invocation),
            _ => uri.map(str::to_owned),
        },
        connection_type: Some(of.connection_type),
        connection_id: of.connection_id.clone(),
        credentials: of.credentials_arn.clone(),
        request_parameters: Some(path_parameters(&route.route_key)),
        request_templates: None,
        passthrough_behavior: PassthroughBehavior::WhenNoMatch,
        content_handling: None,
        timeout_in_millis: of.timeout_in_millis,
        cache_namespace: of.integration_id.clone(),
        cache_key_parameters: Vec::new(),
        integration_responses: Map::new(),
        tls_config: None,
        response_transfer_mode: None,
        integration_target: None,
    };
    let method = Method {
        http_method: "ANY".to_owned(),
        authorization_type: "NONE".to_owned(),
        authorizer_id: None,
        api_key_required: false,
        request_validator_id: None,
        operation_name: None,
        request_parameters: None,
        request_models: None,
        method_responses: Map::new(),
        method_integration: None,
        authorization_scopes: None,
    };
    IntegrationPlan::compile(&method, &integration)
}

/// The form that names the call, of a function's ARN too.
fn invocation(uri: &str) -> String {
    match uri.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "lambda", region, ..] => format!(
            "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{uri}/invocations"
        ),
        _ => uri.to_owned(),
    }
}

/// Every variable of the path goes where the URI names it.
fn path_parameters(key: &str) -> Map<String> {
    let Ok(RouteKey::Method { path, .. }) = RouteKey::parse(key) else {
        return Map::new();
    };
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_end_matches('+'))
        .map(|name| {
            let target = format!("integration.request.path.{name}");
            (target, format!("method.request.path.{name}"))
        })
        .collect()
}
