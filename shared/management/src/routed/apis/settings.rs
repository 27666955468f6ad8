//! What may be said of an API when it is created and from then on.

use super::cors;
use super::quick_create::QuickCreate;
use crate::routed::{given, parts};
use crate::wire::{Choice, Failure};
use postern_definition::rest::IpAddressType;
use postern_definition::routed::{Api, Cors, HTTP_ROUTE_SELECTION};
use serde::Deserialize;

const NAME_CHARS_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 1_024;
const VERSION_CHARS_MAX: usize = 64;
const EXPRESSION_CHARS_MAX: usize = 2_048;
/// What chooses the API key of a request.
const API_KEY_SELECTIONS: [&str; 4] = [
    "$request.header.x-api-key",
    "${request.header.x-api-key}",
    "$context.authorizer.usageIdentifierKey",
    "${context.authorizer.usageIdentifierKey}",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Settings {
    api_key_selection_expression: Option<String>,
    cors_configuration: Option<Cors>,
    credentials_arn: Option<String>,
    description: Option<String>,
    disable_schema_validation: Option<bool>,
    disable_execute_api_endpoint: Option<bool>,
    pub(super) ip_address_type: Option<Choice<IpAddressType>>,
    name: Option<String>,
    route_key: Option<String>,
    route_selection_expression: Option<String>,
    target: Option<String>,
    version: Option<String>,
}

impl Settings {
    pub(super) fn apply(&self, api: &mut Api) -> Result<(), Failure> {
        if let Some(name) = &self.name {
            api.name.clone_from(name);
        }
        given::text(&mut api.description, self.description.as_ref());
        given::text(&mut api.version, self.version.as_ref());
        if let Some(expression) = &self.api_key_selection_expression {
            api.api_key_selection_expression.clone_from(expression);
        }
        if let Some(expression) = &self.route_selection_expression {
            // The service tells it in the first of its two spellings, whichever it was given in.
            let is_https = expression == "${request.method} ${request.path}" && api.is_http();
            let expression = if is_https {
                HTTP_ROUTE_SELECTION
            } else {
                expression
            };
            expression.clone_into(&mut api.route_selection_expression);
        }
        if let Some(cors) = &self.cors_configuration {
            api.cors_configuration = Some(cors.clone()).filter(|cors| *cors != Cors::default());
        }
        if let Some(disable) = self.disable_execute_api_endpoint {
            api.disable_execute_api_endpoint = disable;
        }
        if let Some(disable) = self.disable_schema_validation {
            if disable {
                parts::websocket_only(api, "DisableSchemaValidation")?;
            }
            api.disable_schema_validation = Some(disable);
        }
        if let Some(kind) = &self.ip_address_type {
            api.ip_address_type = kind.known()?;
        }
        checked(api)
    }

    /// What is to be made or changed of what quick create makes.
    pub(super) fn quick_create(&self, api: &Api) -> Result<Option<QuickCreate>, Failure> {
        QuickCreate::of(
            api,
            self.target.as_deref(),
            self.route_key.as_deref(),
            self.credentials_arn.as_deref(),
        )
    }
}

/// What must hold of an API whichever way it came about.
pub(in crate::routed) fn checked(api: &Api) -> Result<(), Failure> {
    given::named("Name", &api.name, NAME_CHARS_MAX)?;
    given::within(
        "description",
        api.description.as_deref(),
        DESCRIPTION_CHARS_MAX,
    )?;
    given::within("version", api.version.as_deref(), VERSION_CHARS_MAX)?;
    if !API_KEY_SELECTIONS.contains(&api.api_key_selection_expression.as_str()) {
        return Err(Failure::bad_request(format!(
            "Invalid API key selection expression specified: {}. It must be $request.header.x-api-key or $context.authorizer.usageIdentifierKey",
            api.api_key_selection_expression
        )));
    }
    let expression = &api.route_selection_expression;
    if api.is_http() {
        if expression != HTTP_ROUTE_SELECTION {
            return Err(Failure::bad_request(format!(
                "Invalid route selection expression specified: {expression}. For an API with a protocol type of HTTP it must be ${{request.method}} ${{request.path}}"
            )));
        }
    } else {
        if expression.is_empty() {
            return Err(Failure::bad_request(
                "RouteSelectionExpression is a required parameter for an API with a protocol type of WEBSOCKET",
            ));
        }
        given::within(
            "route selection expression",
            Some(expression),
            EXPRESSION_CHARS_MAX,
        )?;
    }
    if let Some(cors) = &api.cors_configuration {
        parts::http_only(api, "CorsConfiguration")?;
        cors::checked(cors)?;
    }
    Ok(())
}
