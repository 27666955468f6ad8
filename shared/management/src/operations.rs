//! Every operation of the management APIs: its name, how it looks on the wire, and who handles it.
//!
//! `call` handlers are given the whole service. `edit` handlers change one API: they read, decide, note their writes and say
//! their answer, and are run again from the read when another writer was quicker.

use crate::Management;
use crate::rest::{
    account, authorizers, deployments, documentation, gateway_responses, integration_responses,
    integrations, method_responses, methods, models, request_validators, resources, rest_apis,
    sdks, stages, tags,
};
use crate::wire::{Failure, Members, read, success};
use bytes::Bytes;
use http::Response;
use std::pin::Pin;

pub(crate) type Outcome<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, Failure>> + Send + 'a>>;

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) verb: &'static str,
    /// `{name}` is one segment, `{name+}` all that is left; `?name=value` must be in the query string.
    pub(crate) template: &'static str,
    /// The members that come in the query string.
    pub(crate) query: &'static [&'static str],
    pub(crate) status: u16,
    pub(crate) run: for<'a> fn(&'a Management, &'a Operation, &'a Members) -> Outcome<'a>,
}

macro_rules! operations {
    ($($name:ident $verb:ident $template:literal [$($query:ident)*] $status:literal $kind:ident $handler:path;)+) => {
        pub(crate) static OPERATIONS: &[Operation] = &[$(
            Operation {
                name: stringify!($name),
                verb: stringify!($verb),
                template: $template,
                query: &[$(stringify!($query)),*],
                status: $status,
                run: run!($kind $handler),
            }
        ),+];
    };
}

macro_rules! run {
    (call $handler:path) => {
        |service, operation, members| {
            Box::pin(async move {
                let input = read(operation.name, members)?;
                success(operation.status, &$handler(service, &input).await?)
            })
        }
    };
    (edit $handler:path) => {
        |service, operation, members| {
            Box::pin(async move {
                let input = read(operation.name, members)?;
                let mut edits = service.edits_of(members).await?;
                loop {
                    let mut edit = edits.begin().await?;
                    let output = $handler(&mut edit, &input).await?;
                    if edit.commit().await? {
                        return success(operation.status, &output);
                    }
                }
            })
        }
    };
}

operations! {
    GetAccount                GET    "/account" [] 200 call account::get;
    UpdateAccount             PATCH  "/account" [] 200 call account::update;

    CreateRestApi             POST   "/restapis" [] 201 call rest_apis::create;
    GetRestApis               GET    "/restapis" [position limit] 200 call rest_apis::list;
    GetRestApi                GET    "/restapis/{restapi_id}" [] 200 call rest_apis::get;
    UpdateRestApi             PATCH  "/restapis/{restapi_id}" [] 200 edit rest_apis::update;
    DeleteRestApi             DELETE "/restapis/{restapi_id}" [] 202 call rest_apis::delete;

    GetResources              GET    "/restapis/{restapi_id}/resources" [position limit embed] 200 call resources::list;
    CreateResource            POST   "/restapis/{restapi_id}/resources/{parent_id}" [] 201 edit resources::create;
    GetResource               GET    "/restapis/{restapi_id}/resources/{resource_id}" [embed] 200 call resources::get;
    UpdateResource            PATCH  "/restapis/{restapi_id}/resources/{resource_id}" [] 200 edit resources::update;
    DeleteResource            DELETE "/restapis/{restapi_id}/resources/{resource_id}" [] 202 edit resources::delete;

    PutMethod                 PUT    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" [] 201 edit methods::put;
    GetMethod                 GET    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" [] 200 call methods::get;
    UpdateMethod              PATCH  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" [] 200 edit methods::update;
    DeleteMethod              DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" [] 204 edit methods::delete;

    PutMethodResponse         PUT    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" [] 201 edit method_responses::put;
    GetMethodResponse         GET    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" [] 200 call method_responses::get;
    UpdateMethodResponse      PATCH  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" [] 201 edit method_responses::update;
    DeleteMethodResponse      DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" [] 204 edit method_responses::delete;

    PutIntegration            PUT    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" [] 201 edit integrations::put;
    GetIntegration            GET    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" [] 200 call integrations::get;
    UpdateIntegration         PATCH  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" [] 200 edit integrations::update;
    DeleteIntegration         DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" [] 204 edit integrations::delete;

    PutIntegrationResponse    PUT    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" [] 201 edit integration_responses::put;
    GetIntegrationResponse    GET    "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" [] 200 call integration_responses::get;
    UpdateIntegrationResponse PATCH  "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" [] 200 edit integration_responses::update;
    DeleteIntegrationResponse DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" [] 204 edit integration_responses::delete;

    CreateModel               POST   "/restapis/{restapi_id}/models" [] 201 edit models::create;
    GetModels                 GET    "/restapis/{restapi_id}/models" [position limit] 200 call models::list;
    GetModel                  GET    "/restapis/{restapi_id}/models/{model_name}" [flatten] 200 call models::get;
    UpdateModel               PATCH  "/restapis/{restapi_id}/models/{model_name}" [] 200 edit models::update;
    DeleteModel               DELETE "/restapis/{restapi_id}/models/{model_name}" [] 202 edit models::delete;
    GetModelTemplate          GET    "/restapis/{restapi_id}/models/{model_name}/default_template" [] 200 call models::template;

    CreateRequestValidator    POST   "/restapis/{restapi_id}/requestvalidators" [] 201 edit request_validators::create;
    GetRequestValidators      GET    "/restapis/{restapi_id}/requestvalidators" [position limit] 200 call request_validators::list;
    GetRequestValidator       GET    "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" [] 200 call request_validators::get;
    UpdateRequestValidator    PATCH  "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" [] 200 edit request_validators::update;
    DeleteRequestValidator    DELETE "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" [] 202 edit request_validators::delete;

    CreateAuthorizer          POST   "/restapis/{restapi_id}/authorizers" [] 201 edit authorizers::create;
    GetAuthorizers            GET    "/restapis/{restapi_id}/authorizers" [position limit] 200 call authorizers::list;
    GetAuthorizer             GET    "/restapis/{restapi_id}/authorizers/{authorizer_id}" [] 200 call authorizers::get;
    UpdateAuthorizer          PATCH  "/restapis/{restapi_id}/authorizers/{authorizer_id}" [] 200 edit authorizers::update;
    DeleteAuthorizer          DELETE "/restapis/{restapi_id}/authorizers/{authorizer_id}" [] 202 edit authorizers::delete;

    PutGatewayResponse        PUT    "/restapis/{restapi_id}/gatewayresponses/{response_type}" [] 201 edit gateway_responses::put;
    GetGatewayResponses       GET    "/restapis/{restapi_id}/gatewayresponses" [position limit] 200 call gateway_responses::list;
    GetGatewayResponse        GET    "/restapis/{restapi_id}/gatewayresponses/{response_type}" [] 200 call gateway_responses::get;
    UpdateGatewayResponse     PATCH  "/restapis/{restapi_id}/gatewayresponses/{response_type}" [] 200 edit gateway_responses::update;
    DeleteGatewayResponse     DELETE "/restapis/{restapi_id}/gatewayresponses/{response_type}" [] 202 edit gateway_responses::delete;

    CreateDocumentationPart   POST   "/restapis/{restapi_id}/documentation/parts" [] 201 edit documentation::parts::create;
    GetDocumentationParts     GET    "/restapis/{restapi_id}/documentation/parts" [position limit type name path locationStatus] 200 call documentation::parts::list;
    GetDocumentationPart      GET    "/restapis/{restapi_id}/documentation/parts/{part_id}" [] 200 call documentation::parts::get;
    UpdateDocumentationPart   PATCH  "/restapis/{restapi_id}/documentation/parts/{part_id}" [] 200 edit documentation::parts::update;
    DeleteDocumentationPart   DELETE "/restapis/{restapi_id}/documentation/parts/{part_id}" [] 202 edit documentation::parts::delete;

    CreateDocumentationVersion POST  "/restapis/{restapi_id}/documentation/versions" [] 201 call documentation::versions::create;
    GetDocumentationVersions  GET    "/restapis/{restapi_id}/documentation/versions" [position limit] 200 call documentation::versions::list;
    GetDocumentationVersion   GET    "/restapis/{restapi_id}/documentation/versions/{doc_version}" [] 200 call documentation::versions::get;
    UpdateDocumentationVersion PATCH "/restapis/{restapi_id}/documentation/versions/{doc_version}" [] 200 edit documentation::versions::update;
    DeleteDocumentationVersion DELETE "/restapis/{restapi_id}/documentation/versions/{doc_version}" [] 202 call documentation::versions::delete;

    CreateDeployment          POST   "/restapis/{restapi_id}/deployments" [] 201 call deployments::create;
    GetDeployments            GET    "/restapis/{restapi_id}/deployments" [position limit] 200 call deployments::list;
    GetDeployment             GET    "/restapis/{restapi_id}/deployments/{deployment_id}" [embed] 200 call deployments::get;
    UpdateDeployment          PATCH  "/restapis/{restapi_id}/deployments/{deployment_id}" [] 200 edit deployments::update;
    DeleteDeployment          DELETE "/restapis/{restapi_id}/deployments/{deployment_id}" [] 202 call deployments::delete;

    CreateStage               POST   "/restapis/{restapi_id}/stages" [] 201 edit stages::create;
    GetStages                 GET    "/restapis/{restapi_id}/stages" [deploymentId] 200 call stages::list;
    GetStage                  GET    "/restapis/{restapi_id}/stages/{stage_name}" [] 200 call stages::get;
    UpdateStage               PATCH  "/restapis/{restapi_id}/stages/{stage_name}" [] 200 edit stages::update;
    DeleteStage               DELETE "/restapis/{restapi_id}/stages/{stage_name}" [] 202 edit stages::delete;

    FlushStageCache           DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/data" [] 202 edit stages::flush::data;
    FlushStageAuthorizersCache DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers" [] 202 edit stages::flush::authorizers;

    GetSdkTypes               GET    "/sdktypes" [position limit] 200 call sdks::list;
    GetSdkType                GET    "/sdktypes/{sdktype_id}" [] 200 call sdks::get;
    GetSdk                    GET    "/restapis/{restapi_id}/stages/{stage_name}/sdks/{sdk_type}" [] 200 call sdks::generate;

    GetTags                   GET    "/tags/{resource_arn+}" [position limit] 200 call tags::get;
    TagResource               PUT    "/tags/{resource_arn+}" [] 204 call tags::tag;
    UntagResource             DELETE "/tags/{resource_arn+}" [tagKeys] 204 call tags::untag;
}
