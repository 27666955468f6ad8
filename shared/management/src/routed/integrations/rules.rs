//! What must hold of an integration whichever way it came about.

use crate::rest::integrations::uri;
use crate::routed::{given, mapping, parts};
use crate::wire::Failure;
use postern_definition::Map;
use postern_definition::rest::{ConnectionType, IntegrationType, PassthroughBehavior};
use postern_definition::routed::{Api, Integration, METHODS, SUBTYPES};

const DESCRIPTION_CHARS_MAX: usize = 1_024;
const TEMPLATE_BYTES_MAX: usize = 300 * 1_024;
const EXPRESSION_CHARS_MAX: usize = 2_048;

/// The integration with what its type fixes, if it may be so.
pub(in crate::routed) fn checked(
    api: &Api,
    mut integration: Integration,
) -> Result<Integration, Failure> {
    given::within(
        "description",
        integration.description.as_deref(),
        DESCRIPTION_CHARS_MAX,
    )?;
    if let Some(method) = &integration.integration_method
        && !METHODS.contains(&method.as_str())
    {
        return Err(Failure::bad_request(
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ));
    }
    connection(&integration)?;
    if api.is_http() {
        http(api, &mut integration)?;
    } else {
        websocket(api, &mut integration)?;
    }
    Ok(integration)
}

fn connection(integration: &Integration) -> Result<(), Failure> {
    let is_private = integration.connection_type == ConnectionType::VpcLink;
    if is_private && integration.connection_id.is_none() {
        return Err(Failure::bad_request(
            "ConnectionId is a required parameter for an integration with a connection type of VPC_LINK",
        ));
    }
    if !is_private && integration.connection_id.is_some() {
        return Err(Failure::bad_request(
            "ConnectionId is only supported for an integration with a connection type of VPC_LINK",
        ));
    }
    Ok(())
}

fn required(what: &str) -> Failure {
    Failure::bad_request(format!("{what} is a required parameter for integration"))
}

fn http(api: &Api, integration: &mut Integration) -> Result<(), Failure> {
    let is_lambda = match integration.integration_type {
        IntegrationType::AwsProxy => true,
        IntegrationType::HttpProxy => false,
        _ => {
            return Err(Failure::bad_request(
                "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)",
            ));
        }
    };
    for (what, is_there) in [
        (
            "ContentHandlingStrategy",
            integration.content_handling_strategy.is_some(),
        ),
        ("RequestTemplates", integration.request_templates.is_some()),
        (
            "TemplateSelectionExpression",
            integration.template_selection_expression.is_some(),
        ),
    ] {
        if is_there {
            parts::websocket_only(api, what)?;
        }
    }
    // Some tools send it for every integration, and it means nothing here.
    integration.passthrough_behavior = None;
    integration.integration_response_selection_expression = None;
    let version = integration.payload_format_version.as_deref();
    let versions: &[&str] = if is_lambda && integration.integration_subtype.is_none() {
        &["1.0", "2.0"]
    } else {
        &["1.0"]
    };
    let version = version.ok_or_else(|| required("PayloadFormatVersion"))?;
    if !versions.contains(&version) {
        return Err(Failure::bad_request(format!(
            "Invalid PayloadFormatVersion specified: {version}. Valid options are {}",
            versions.join(",")
        )));
    }
    let is_private = integration.connection_type == ConnectionType::VpcLink;
    if integration.tls_config.is_some() && !is_private {
        return Err(Failure::bad_request(
            "TlsConfig is only supported for an integration with a connection type of VPC_LINK",
        ));
    }
    if let Some(subtype) = integration.integration_subtype.clone() {
        return service(integration, &subtype);
    }
    let target = integration.integration_uri.clone();
    let target = target.ok_or_else(|| required("IntegrationUri"))?;
    if is_lambda {
        if is_private {
            return Err(Failure::bad_request(
                "A connection type of VPC_LINK is only supported for an integration type of HTTP_PROXY",
            ));
        }
        function(&target)?;
        integration.integration_method = Some("POST".to_owned());
    } else {
        if is_private {
            private(&target)?;
        } else {
            uri::checked(IntegrationType::HttpProxy, &target)?;
        }
        integration
            .integration_method
            .get_or_insert_with(|| "ANY".to_owned());
    }
    mapping::request(integration.request_parameters.as_ref())?;
    mapping::response(integration.response_parameters.as_ref())
}

/// A function by its own ARN, or by that of its invocation.
fn function(target: &str) -> Result<(), Failure> {
    let parts: Vec<_> = target.splitn(7, ':').collect();
    if let ["arn", _, "lambda", _, _, "function", name] = parts[..] {
        if name.is_empty() {
            return Err(Failure::bad_request("Invalid ARN specified in the request"));
        }
        return Ok(());
    }
    uri::checked(IntegrationType::AwsProxy, target)
}

/// The listener of a load balancer, or a service of Cloud Map, perhaps with attributes of the instances that are wanted.
fn private(target: &str) -> Result<(), Failure> {
    let arn = target.split('?').next().unwrap_or_default();
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let is_known = match parts[..] {
        ["arn", _, "elasticloadbalancing", _, _, resource] => resource.starts_with("listener/"),
        ["arn", _, "servicediscovery", _, _, resource] => resource.starts_with("service/"),
        _ => false,
    };
    if is_known || target.contains("${stageVariables.") {
        return Ok(());
    }
    Err(Failure::bad_request(
        "For VpcLink V2, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.",
    ))
}

/// An action of a service.
fn service(integration: &mut Integration, name: &str) -> Result<(), Failure> {
    if integration.integration_type != IntegrationType::AwsProxy {
        return Err(Failure::bad_request(
            "IntegrationSubtype is only supported for an integration type of AWS_PROXY",
        ));
    }
    let Some(subtype) = SUBTYPES.iter().find(|subtype| subtype.name == name) else {
        let names: Vec<_> = SUBTYPES.iter().map(|subtype| subtype.name).collect();
        return Err(Failure::bad_request(format!(
            "Invalid integration subtype specified: {name}. Valid options are {}",
            names.join(",")
        )));
    };
    if integration.credentials_arn.is_none() {
        return Err(Failure::bad_request(format!(
            "CredentialsArn is a required parameter for the integration subtype {name}"
        )));
    }
    for (what, is_there) in [
        ("IntegrationUri", integration.integration_uri.is_some()),
        (
            "IntegrationMethod",
            integration.integration_method.is_some(),
        ),
        (
            "ConnectionType VPC_LINK",
            integration.connection_type == ConnectionType::VpcLink,
        ),
    ] {
        if is_there {
            return Err(Failure::bad_request(format!(
                "{what} is not supported for an integration with a subtype"
            )));
        }
    }
    let none = Map::new();
    let given = integration.request_parameters.as_ref().unwrap_or(&none);
    if let Some(lacking) = subtype
        .required
        .iter()
        .find(|one| !given.contains_key(**one))
    {
        return Err(Failure::bad_request(format!(
            "Parameter {lacking} is required for the integration subtype {name}"
        )));
    }
    let takes = |parameter: &&String| {
        let known = |names: &[&str]| names.contains(&parameter.as_str());
        known(subtype.required) || known(subtype.optional)
    };
    if let Some(unknown) = given.keys().find(|parameter| !takes(parameter)) {
        return Err(Failure::bad_request(format!(
            "Parameter {unknown} is not supported for the integration subtype {name}"
        )));
    }
    for value in given.values() {
        mapping::request_value(value)?;
    }
    mapping::response(integration.response_parameters.as_ref())
}

fn websocket(api: &Api, integration: &mut Integration) -> Result<(), Failure> {
    for (what, is_there) in [
        (
            "IntegrationSubtype",
            integration.integration_subtype.is_some(),
        ),
        (
            "ResponseParameters",
            integration.response_parameters.is_some(),
        ),
        ("TlsConfig", integration.tls_config.is_some()),
    ] {
        if is_there {
            parts::http_only(api, what)?;
        }
    }
    let kind = integration.integration_type;
    if kind == IntegrationType::Mock {
        integration.integration_method = None;
        integration.integration_uri = None;
    } else {
        let target = integration.integration_uri.clone();
        let target = target.ok_or_else(|| required("IntegrationUri"))?;
        if kind == IntegrationType::AwsProxy {
            function(&target)?;
            integration.integration_method = Some("POST".to_owned());
        } else {
            uri::checked(kind, &target)?;
            if integration.integration_method.is_none() {
                return Err(Failure::bad_request(
                    "Enumeration value for HttpMethod must be non-empty",
                ));
            }
        }
    }
    match integration.payload_format_version.as_deref() {
        None | Some("1.0") => {}
        Some(other) => {
            return Err(Failure::bad_request(format!(
                "Invalid PayloadFormatVersion specified: {other}. Valid options are 1.0"
            )));
        }
    }
    integration.payload_format_version = Some("1.0".to_owned());
    integration
        .passthrough_behavior
        .get_or_insert(PassthroughBehavior::WhenNoMatch);
    // What chooses the integration response is the type's, and cannot be set.
    let selection = match kind {
        IntegrationType::Aws => "$integration.response.body.errorMessage",
        _ => "${integration.response.statuscode}",
    };
    integration.integration_response_selection_expression = Some(selection.to_owned());
    given::within(
        "template selection expression",
        integration.template_selection_expression.as_deref(),
        EXPRESSION_CHARS_MAX,
    )?;
    for (key, template) in integration.request_templates.iter().flatten() {
        if template.len() > TEMPLATE_BYTES_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid request template for {key}: it has {} bytes, and at most {TEMPLATE_BYTES_MAX} are allowed",
                template.len()
            )));
        }
    }
    for parameter in integration.request_parameters.iter().flat_map(Map::keys) {
        let located = ["header", "querystring", "path"].iter().any(|location| {
            let name = parameter.strip_prefix(&format!("integration.request.{location}."));
            name.is_some_and(|name| !name.is_empty())
        });
        if !located {
            return Err(Failure::bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {parameter}]"
            )));
        }
    }
    Ok(())
}
