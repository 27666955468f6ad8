//! What is said of things that are not there.

use crate::wire::Failure;

pub(super) use crate::rest::missing::{
    api, authorizer, deployment, domain_name, integration, stage, vpc_link,
};

pub(super) fn route() -> Failure {
    Failure::not_found("Invalid Route identifier specified")
}

pub(super) fn route_response() -> Failure {
    Failure::not_found("Invalid RouteResponse identifier specified")
}

pub(super) fn integration_response() -> Failure {
    Failure::not_found("Invalid IntegrationResponse identifier specified")
}

pub(super) fn model() -> Failure {
    Failure::not_found("Invalid Model identifier specified")
}

pub(super) fn parameter() -> Failure {
    Failure::not_found("Invalid parameter name specified")
}

pub(super) fn api_mapping() -> Failure {
    Failure::not_found("Invalid API mapping identifier specified")
}

pub(super) fn routing_rule() -> Failure {
    Failure::not_found("Invalid routing rule identifier specified")
}

/// Of settings that a stage has for a route.
pub(super) fn route_settings(key: &str) -> Failure {
    Failure::not_found(format!(
        "Unable to find Route by key {key} within the provided RouteSettings"
    ))
}
