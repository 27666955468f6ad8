//! What is said of things that are not there. Operations differ in which of the things they name.

use crate::Management;
use crate::wire::Failure;
use postern_definition::ApiId;

pub(crate) fn api(service: &Management, api: &ApiId) -> Failure {
    Failure::not_found(format!(
        "Invalid API identifier specified {}:{api}",
        service.account()
    ))
}

pub(crate) fn resource() -> Failure {
    Failure::not_found("Invalid Resource identifier specified")
}

pub(crate) fn method() -> Failure {
    Failure::not_found("Invalid Method identifier specified")
}

pub(crate) fn integration() -> Failure {
    Failure::not_found("Invalid Integration identifier specified")
}

pub(crate) fn response() -> Failure {
    Failure::not_found("Invalid Response status code specified")
}

pub(crate) fn parameter() -> Failure {
    Failure::not_found("Invalid parameter name specified")
}

pub(crate) fn content_type() -> Failure {
    Failure::not_found("Content-Type specified was not found")
}

pub(crate) fn deployment() -> Failure {
    Failure::not_found("Invalid Deployment identifier specified")
}

pub(crate) fn model(name: &str) -> Failure {
    Failure::not_found(format!("Invalid model name specified: {name}"))
}

pub(crate) fn request_validator() -> Failure {
    Failure::not_found("Invalid Request Validator identifier specified")
}

pub(crate) fn authorizer() -> Failure {
    Failure::not_found("Invalid Authorizer identifier specified")
}

pub(crate) fn gateway_response() -> Failure {
    Failure::not_found("Gateway response type not defined on api")
}

pub(crate) fn documentation_part() -> Failure {
    Failure::not_found("Invalid Documentation part identifier specified")
}

pub(crate) fn documentation_version() -> Failure {
    Failure::not_found("Invalid Documentation version specified")
}

pub(crate) fn sdk_type() -> Failure {
    Failure::not_found("Invalid SDK type identifier specified")
}

pub(crate) fn stage() -> Failure {
    Failure::not_found("Invalid stage identifier specified")
}

pub(crate) fn api_key() -> Failure {
    Failure::not_found("Invalid API Key identifier specified")
}

pub(crate) fn usage_plan() -> Failure {
    Failure::not_found("Invalid Usage Plan ID specified")
}

pub(crate) fn domain_name() -> Failure {
    Failure::not_found("Invalid domain name identifier specified")
}

pub(crate) fn base_path_mapping() -> Failure {
    Failure::not_found("Invalid base path mapping identifier specified")
}

pub(crate) fn access_association() -> Failure {
    Failure::not_found("Invalid domain name access association identifier specified")
}

pub(crate) fn vpc_link() -> Failure {
    Failure::not_found("Invalid Vpc Link identifier specified")
}

pub(crate) fn client_certificate() -> Failure {
    Failure::not_found("Invalid Client Certificate identifier specified")
}
