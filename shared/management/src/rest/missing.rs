//! What is said of things that are not there. Operations differ in which of the things they name.

use crate::Management;
use crate::wire::Failure;
use postern_definition::ApiId;

pub(super) fn api(service: &Management, api: &ApiId) -> Failure {
    Failure::not_found(format!(
        "Invalid API identifier specified {}:{api}",
        service.account()
    ))
}

pub(super) fn resource() -> Failure {
    Failure::not_found("Invalid Resource identifier specified")
}

pub(super) fn method() -> Failure {
    Failure::not_found("Invalid Method identifier specified")
}

pub(super) fn integration() -> Failure {
    Failure::not_found("Invalid Integration identifier specified")
}

pub(super) fn response() -> Failure {
    Failure::not_found("Invalid Response status code specified")
}

pub(super) fn parameter() -> Failure {
    Failure::not_found("Invalid parameter name specified")
}

pub(super) fn content_type() -> Failure {
    Failure::not_found("Content-Type specified was not found")
}

pub(super) fn deployment() -> Failure {
    Failure::not_found("Invalid Deployment identifier specified")
}

pub(super) fn model(name: &str) -> Failure {
    Failure::not_found(format!("Invalid model name specified: {name}"))
}

pub(super) fn request_validator() -> Failure {
    Failure::not_found("Invalid Request Validator identifier specified")
}

pub(super) fn authorizer() -> Failure {
    Failure::not_found("Invalid Authorizer identifier specified")
}

pub(super) fn gateway_response() -> Failure {
    Failure::not_found("Gateway response type not defined on api")
}

pub(super) fn documentation_part() -> Failure {
    Failure::not_found("Invalid Documentation part identifier specified")
}

pub(super) fn documentation_version() -> Failure {
    Failure::not_found("Invalid Documentation version specified")
}

pub(super) fn sdk_type() -> Failure {
    Failure::not_found("Invalid SDK type identifier specified")
}

pub(super) fn stage() -> Failure {
    Failure::not_found("Invalid stage identifier specified")
}

pub(super) fn api_key() -> Failure {
    Failure::not_found("Invalid API Key identifier specified")
}

pub(super) fn usage_plan() -> Failure {
    Failure::not_found("Invalid Usage Plan ID specified")
}

pub(super) fn domain_name() -> Failure {
    Failure::not_found("Invalid domain name identifier specified")
}

pub(super) fn base_path_mapping() -> Failure {
    Failure::not_found("Invalid base path mapping identifier specified")
}

pub(super) fn access_association() -> Failure {
    Failure::not_found("Invalid domain name access association identifier specified")
}

pub(super) fn vpc_link() -> Failure {
    Failure::not_found("Invalid Vpc Link identifier specified")
}

pub(super) fn client_certificate() -> Failure {
    Failure::not_found("Invalid Client Certificate identifier specified")
}
