//! What a request's path addresses.

use crate::wire::{Choice, Part, Violations};
use postern_definition::rest::GatewayResponseType;
use postern_definition::{ApiId, DeploymentId, ResourceId, StageName};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct AtApi {
    pub(crate) restapi_id: ApiId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtParent {
    pub(crate) parent_id: ResourceId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtResource {
    pub(crate) restapi_id: ApiId,
    pub(crate) resource_id: ResourceId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtMethod {
    pub(crate) restapi_id: ApiId,
    pub(crate) resource_id: ResourceId,
    pub(crate) http_method: String,
}

/// A method response or an integration response.
#[derive(Debug, Deserialize)]
pub(crate) struct AtResponse {
    pub(crate) restapi_id: ApiId,
    pub(crate) resource_id: ResourceId,
    pub(crate) http_method: String,
    pub(crate) status_code: String,
}

/// Where a method is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodPlace<'a> {
    pub(crate) api: &'a ApiId,
    pub(crate) resource: &'a ResourceId,
    pub(crate) verb: &'a str,
}

impl AtMethod {
    pub(crate) fn place(&self) -> MethodPlace<'_> {
        MethodPlace {
            api: &self.restapi_id,
            resource: &self.resource_id,
            verb: &self.http_method,
        }
    }
}

impl AtResponse {
    pub(crate) fn place(&self) -> MethodPlace<'_> {
        MethodPlace {
            api: &self.restapi_id,
            resource: &self.resource_id,
            verb: &self.http_method,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtDeployment {
    pub(crate) restapi_id: ApiId,
    pub(crate) deployment_id: DeploymentId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtStage {
    pub(crate) restapi_id: ApiId,
    pub(crate) stage_name: StageName,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtModel {
    pub(crate) restapi_id: ApiId,
    pub(crate) model_name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtRequestValidator {
    pub(crate) restapi_id: ApiId,
    pub(crate) requestvalidator_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtAuthorizer {
    pub(crate) restapi_id: ApiId,
    pub(crate) authorizer_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtGatewayResponse {
    pub(crate) restapi_id: ApiId,
    pub(crate) response_type: Choice<GatewayResponseType>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtDocumentationPart {
    pub(crate) restapi_id: ApiId,
    pub(crate) part_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AtDocumentationVersion {
    pub(crate) restapi_id: ApiId,
    pub(crate) doc_version: String,
}

impl Part for AtModel {}
impl Part for AtRequestValidator {}
impl Part for AtAuthorizer {}
impl Part for AtDocumentationPart {}
impl Part for AtDocumentationVersion {}

impl Part for AtGatewayResponse {
    fn constraints(&self, violations: &mut Violations) {
        violations.bare_choice("responseType", Some(&self.response_type));
    }
}

impl Part for AtApi {}
impl Part for AtParent {}
impl Part for AtResource {}
impl Part for AtMethod {}
impl Part for AtDeployment {}
impl Part for AtStage {}

impl Part for AtResponse {
    fn constraints(&self, violations: &mut Violations) {
        violations.status_code(&self.status_code);
    }
}
