//! A route of a WebSocket API as a plan: the same plan that a REST API's method has.
//!
//! What an owner writes for messages differs from what is written for requests in names, and in what chooses among templates and
//! models: an expression, and not a content type.

use super::{FrozenIntegration, FrozenRoute};
use crate::integration::{AwsPlan, both};
use crate::integration::{ChosenBy, HttpPlan, LambdaPlan, RequestTemplates, ResponseSelection};
use crate::{Authorization, Defect, Expression, IntegrationPlan, MethodPlan, Transform};
use postern_definition::Map;
use postern_definition::rest::{self, IntegrationType, PassthroughBehavior};
use postern_definition::routed::{AuthorizationType, CONNECT_KEY, DEFAULT_KEY, Integration};

/// Reports every defect. The authorizer is not looked up: see [`crate::Deployed::plan`].
pub(crate) fn compile(
    route: &FrozenRoute,
    integration: Option<&FrozenIntegration>,
) -> Result<MethodPlan, Vec<Defect>> {
    let of = &route.route;
    let integration = integration.ok_or_else(|| vec![Defect::NoIntegration])?;
    // Who is let in is let in to all routes: what others ask for counts for nothing, as on the service.
    let guards = of.route_key == CONNECT_KEY;
    let selects_default = of.route_response_selection_expression.as_deref() == Some(DEFAULT_KEY);
    let has_response = (route.responses.iter()).any(|r| r.route_response_key == DEFAULT_KEY);
    Ok(MethodPlan {
        verb: "ANY".to_owned(),
        operation_name: of.operation_name.clone(),
        api_key_required: of.api_key_required && guards,
        authorization: match of.authorization_type {
            AuthorizationType::AwsIam if guards => Authorization::Iam,
            AuthorizationType::Custom | AuthorizationType::Jwt if guards => {
                Authorization::Unusable("the authorizer was not looked up".to_owned())
            }
            _ => Authorization::None,
        },
        scopes: of.authorization_scopes.clone().unwrap_or_default(),
        validation: None,
        integration: compile_integration(integration)?,
        // The answer to a handshake is the client's own.
        is_two_way: guards || selects_default && has_response,
        cache: None,
    })
}

fn compile_integration(frozen: &FrozenIntegration) -> Result<IntegrationPlan, Vec<Defect>> {
    let of = &frozen.integration;
    let as_method = as_of_method(of);
    let transform = || {
        let requests = RequestTemplates::compile(&as_method);
        let responses = ResponseSelection::of_messages(&frozen.responses);
        both(requests, responses).map(|(mut requests, responses)| {
            if let Some(expression) = &of.template_selection_expression {
                requests.chosen_by = ChosenBy::Expression(Expression::parse(expression));
            }
            Transform {
                requests,
                responses,
            }
        })
    };
    match of.integration_type {
        IntegrationType::Mock => transform().map(IntegrationPlan::Mock),
        IntegrationType::Http => both(HttpPlan::compile(&as_method), transform())
            .map(|(plan, transform)| IntegrationPlan::Http(plan, transform)),
        IntegrationType::HttpProxy => HttpPlan::compile(&as_method).map(IntegrationPlan::HttpProxy),
        IntegrationType::Aws => both(AwsPlan::compile(&as_method), transform())
            .map(|(plan, transform)| IntegrationPlan::Aws(plan, transform)),
        IntegrationType::AwsProxy => LambdaPlan::compile_socket(of).map(IntegrationPlan::Lambda),
    }
}

/// The integration of a REST API's method that does the same, but for what chooses templates and responses.
fn as_of_method(of: &Integration) -> rest::Integration {
    let source = |source: &String| match source.strip_prefix("route.request.") {
        Some(place) => format!("method.request.{place}"),
        None => source.clone(),
    };
    let parameters = of.request_parameters.as_ref().map(|all| {
        let pairs = all.iter().map(|(target, of)| (target.clone(), source(of)));
        pairs.collect()
    });
    let templates = of.request_templates.as_ref().map(|all| {
        let texts = all
            .iter()
            .map(|(key, text)| (key.clone(), Some(text.clone())));
        texts.collect()
    });
    rest::Integration {
        kind: of.integration_type,
        http_method: of.integration_method.clone(),
        uri: of.integration_uri.clone(),
        connection_type: Some(of.connection_type),
        connection_id: of.connection_id.clone(),
        credentials: of.credentials_arn.clone(),
        request_parameters: parameters,
        request_templates: templates,
        passthrough_behavior: of
            .passthrough_behavior
            .unwrap_or(PassthroughBehavior::WhenNoMatch),
        content_handling: of.content_handling_strategy,
        timeout_in_millis: of.timeout_in_millis,
        cache_namespace: of.integration_id.clone(),
        cache_key_parameters: Vec::new(),
        integration_responses: Map::new(),
        tls_config: None,
        response_transfer_mode: None,
        integration_target: None,
    }
}
