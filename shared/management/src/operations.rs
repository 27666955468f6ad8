//! Every operation of the management APIs: its name, how it looks on the wire, and who handles it.
//!
//! `call` handlers are given the whole service. `edit` handlers change one API: they read, decide, note their writes and say
//! their answer, and are run again from the read when another writer was quicker; after `redeploy` handlers, which are `edit`
//! handlers of HTTP and WebSocket APIs, what they changed is deployed to the stages that ask for every change. `either` are two
//! `edit` handlers, the second for APIs that are not REST APIs. `change` handlers
//! do the same as `edit` handlers with what belongs to the account. `import` handlers are `call` handlers whose body is a file, `file` handlers those whose answer is one.

use crate::Management;
use crate::credentials;
use crate::rest::{
    access_associations, account, api_keys, authorizers, base_path_mappings, client_certificates,
    deployments, documentation, domain_names, gateway_responses, integration_responses,
    integrations, method_responses, methods, models, openapi, request_validators, resources,
    rest_apis, sdks, stages, tags, test_invoke, usage_plans, vpc_links,
};
use crate::routed;
use crate::wire::{Failure, Member, Members, read, success};
use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, Response};
use std::pin::Pin;

pub(crate) type Outcome<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, Failure>> + Send + 'a>>;

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) verb: &'static str,
    /// `{name}` is one segment, `{name+}` all that is left; `?name=value` must be in the query string.
    pub(crate) template: &'static str,
    /// The members that come in the query string; `accepts` comes in the header `Accept`, and `parameters` are all that no
    /// member has the name of.
    pub(crate) query: &'static [&'static str],
    pub(crate) status: u16,
    /// The body is a file and not JSON.
    pub(crate) raw: bool,
    pub(crate) run: for<'a> fn(&'a Management, &'a Operation, &'a Members) -> Outcome<'a>,
}

impl Operation {
    /// Whether it is one of the newer of the two management APIs, which is about HTTP and WebSocket APIs.
    pub(crate) fn is_v2(&self) -> bool {
        self.template.starts_with("/v2/")
    }

    /// Adds the members that come with a request beside its path and its body.
    pub(crate) fn take(
        &self,
        query: Vec<(String, String)>,
        headers: &HeaderMap,
        members: &mut Members,
    ) {
        let mut parameters = serde_json::Map::new();
        for (name, value) in query {
            if !self.query.contains(&name.as_str()) {
                parameters.insert(name, value.into());
                continue;
            }
            match members.get_mut(&name) {
                Some(Member::Text(values)) => values.push(value),
                _ => {
                    members.insert(name, Member::Text(vec![value]));
                }
            }
        }
        if self.query.contains(&"parameters") {
            members.insert("parameters".to_owned(), Member::Json(parameters.into()));
        }
        if self.query.contains(&"accepts")
            && let Some(accepts) = headers.get(ACCEPT).and_then(|value| value.to_str().ok())
        {
            members.insert("accepts".to_owned(), Member::Text(vec![accepts.to_owned()]));
        }
    }
}

macro_rules! operations {
    ($($name:ident $verb:ident $template:literal [$($query:ident)*] $status:literal $kind:ident $handler:path $(, $of_routes:path)?;)+) => {
        pub(crate) static OPERATIONS: &[Operation] = &[$(
            Operation {
                name: stringify!($name),
                verb: stringify!($verb),
                template: $template,
                query: &[$(stringify!($query)),*],
                status: $status,
                raw: raw!($kind),
                run: run!($kind $handler $(, $of_routes)?),
            }
        ),+];
    };
}

macro_rules! raw {
    (import) => {
        true
    };
    ($other:ident) => {
        false
    };
}

macro_rules! edited {
    ($edits:expr, $operation:ident, $members:ident, $handler:path) => {{
        let input = read($operation.name, $members)?;
        let mut edits = $edits.await?;
        loop {
            let mut edit = edits.begin().await?;
            let output = $handler(&mut edit, &input).await?;
            if edit.commit().await? {
                return success($operation.status, &output);
            }
        }
    }};
}

macro_rules! run {
    (import $handler:path) => {
        run!(call $handler)
    };
    (file $handler:path) => {
        |service, operation, members| {
            Box::pin(async move {
                let input = read(operation.name, members)?;
                $handler(service, &input).await
            })
        }
    };
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
            Box::pin(
                async move { edited!(service.edits_of(members), operation, members, $handler) },
            )
        }
    };
    (either $handler:path, $of_routes:path) => {
        |service, operation, members| {
            Box::pin(async move {
                if service.is_of_routes(members).await? {
                    edited!(service.edits_of_routes(members), operation, members, $of_routes)
                } else {
                    edited!(service.edits_of(members), operation, members, $handler)
                }
            })
        }
    };
    (redeploy $handler:path) => {
        |service, operation, members| {
            Box::pin(async move {
                let input = read(operation.name, members)?;
                let mut edits = service.edits_of(members).await?;
                loop {
                    let mut edit = edits.begin().await?;
                    let output = $handler(&mut edit, &input).await?;
                    routed::deployments::follow(&mut edit).await?;
                    if edit.commit().await? {
                        return success(operation.status, &output);
                    }
                }
            })
        }
    };
    (change $handler:path) => {
        |service, operation, members| {
            Box::pin(async move {
                let input = read(operation.name, members)?;
                let mut changes = service.changes().await;
                loop {
                    let mut change = changes.begin().await?;
                    let output = $handler(&mut change, &input).await?;
                    if change.commit().await? {
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

    CreateApiKey              POST   "/apikeys" [] 201 change api_keys::create;
    ImportApiKeys             POST   "/apikeys?mode=import" [format failonwarnings] 201 import api_keys::import;
    GetApiKeys                GET    "/apikeys" [position limit name customerId includeValues] 200 call api_keys::list;
    GetApiKey                 GET    "/apikeys/{api_Key}" [includeValue] 200 call api_keys::get;
    UpdateApiKey              PATCH  "/apikeys/{api_Key}" [] 200 change api_keys::update;
    DeleteApiKey              DELETE "/apikeys/{api_Key}" [] 202 change api_keys::delete;

    GenerateClientCertificate POST   "/clientcertificates" [] 201 change client_certificates::generate;
    GetClientCertificates     GET    "/clientcertificates" [position limit] 200 call client_certificates::list;
    GetClientCertificate      GET    "/clientcertificates/{clientcertificate_id}" [] 200 call client_certificates::get;
    UpdateClientCertificate   PATCH  "/clientcertificates/{clientcertificate_id}" [] 200 change client_certificates::update;
    DeleteClientCertificate   DELETE "/clientcertificates/{clientcertificate_id}" [] 202 change client_certificates::delete;

    CreateDomainName          POST   "/domainnames" [] 201 change domain_names::create;
    GetDomainNames            GET    "/domainnames" [position limit resourceOwner] 200 call domain_names::list;
    GetDomainName             GET    "/domainnames/{domain_name}" [domainNameId] 200 call domain_names::get;
    UpdateDomainName          PATCH  "/domainnames/{domain_name}" [domainNameId] 200 change domain_names::update;
    DeleteDomainName          DELETE "/domainnames/{domain_name}" [domainNameId] 202 call domain_names::delete;
    CreateBasePathMapping     POST   "/domainnames/{domain_name}/basepathmappings" [domainNameId] 201 change base_path_mappings::create;
    GetBasePathMappings       GET    "/domainnames/{domain_name}/basepathmappings" [domainNameId position limit] 200 call base_path_mappings::list;
    GetBasePathMapping        GET    "/domainnames/{domain_name}/basepathmappings/{base_path}" [domainNameId] 200 call base_path_mappings::get;
    UpdateBasePathMapping     PATCH  "/domainnames/{domain_name}/basepathmappings/{base_path}" [domainNameId] 200 change base_path_mappings::update;
    DeleteBasePathMapping     DELETE "/domainnames/{domain_name}/basepathmappings/{base_path}" [domainNameId] 202 change base_path_mappings::delete;
    CreateDomainNameAccessAssociation POST "/domainnameaccessassociations" [] 201 change access_associations::create;
    GetDomainNameAccessAssociations   GET  "/domainnameaccessassociations" [position limit resourceOwner] 200 call access_associations::list;
    DeleteDomainNameAccessAssociation DELETE "/domainnameaccessassociations/{domain_name_access_association_arn+}" [] 202 change access_associations::delete;
    RejectDomainNameAccessAssociation POST "/rejectdomainnameaccessassociations" [domainNameAccessAssociationArn domainNameArn] 202 change access_associations::reject;

    CreateUsagePlan           POST   "/usageplans" [] 201 change usage_plans::create;
    GetUsagePlans             GET    "/usageplans" [position keyId limit] 200 call usage_plans::list;
    GetUsagePlan              GET    "/usageplans/{usageplanId}" [] 200 call usage_plans::get;
    UpdateUsagePlan           PATCH  "/usageplans/{usageplanId}" [] 200 change usage_plans::update;
    DeleteUsagePlan           DELETE "/usageplans/{usageplanId}" [] 202 change usage_plans::delete;
    CreateUsagePlanKey        POST   "/usageplans/{usageplanId}/keys" [] 201 change usage_plans::create_key;
    GetUsagePlanKeys          GET    "/usageplans/{usageplanId}/keys" [position limit name] 200 call usage_plans::list_keys;
    GetUsagePlanKey           GET    "/usageplans/{usageplanId}/keys/{keyId}" [] 200 call usage_plans::get_key;
    DeleteUsagePlanKey        DELETE "/usageplans/{usageplanId}/keys/{keyId}" [] 202 change usage_plans::delete_key;
    GetUsage                  GET    "/usageplans/{usageplanId}/usage" [keyId startDate endDate position limit] 200 call usage_plans::get_usage;
    UpdateUsage               PATCH  "/usageplans/{usageplanId}/keys/{keyId}/usage" [] 200 call usage_plans::update_usage;

    CreateRestApi             POST   "/restapis" [] 201 call rest_apis::create;
    ImportRestApi             POST   "/restapis?mode=import" [failonwarnings parameters] 201 import openapi::create;
    PutRestApi                PUT    "/restapis/{restapi_id}" [mode failonwarnings parameters] 200 import openapi::put;
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

    TestInvokeMethod          POST   "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" [] 200 call test_invoke::method;
    TestInvokeAuthorizer      POST   "/restapis/{restapi_id}/authorizers/{authorizer_id}" [] 200 call test_invoke::authorizer;

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
    ImportDocumentationParts  PUT    "/restapis/{restapi_id}/documentation/parts" [mode failonwarnings] 200 import openapi::import_parts;
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
    UpdateStage               PATCH  "/restapis/{restapi_id}/stages/{stage_name}" [] 200 either stages::update, stages::routed::update;
    DeleteStage               DELETE "/restapis/{restapi_id}/stages/{stage_name}" [] 202 edit stages::delete;

    GetExport                 GET    "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}" [parameters accepts] 200 file openapi::export;
    FlushStageCache           DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/data" [] 202 either stages::flush::data, stages::routed::flush_data;
    FlushStageAuthorizersCache DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers" [] 202 either stages::flush::authorizers, stages::routed::flush_authorizers;

    GetSdkTypes               GET    "/sdktypes" [position limit] 200 call sdks::list;
    GetSdkType                GET    "/sdktypes/{sdktype_id}" [] 200 call sdks::get;
    GetSdk                    GET    "/restapis/{restapi_id}/stages/{stage_name}/sdks/{sdk_type}" [] 200 call sdks::generate;
    CreateVpcLink             POST   "/vpclinks" [] 202 change vpc_links::create;
    GetVpcLinks               GET    "/vpclinks" [position limit] 200 call vpc_links::list;
    GetVpcLink                GET    "/vpclinks/{vpclink_id}" [] 200 call vpc_links::get;
    UpdateVpcLink             PATCH  "/vpclinks/{vpclink_id}" [] 200 change vpc_links::update;
    DeleteVpcLink             DELETE "/vpclinks/{vpclink_id}" [] 202 change vpc_links::delete;

    GetTags                   GET    "/tags/{resource_arn+}" [position limit] 200 call tags::get;
    TagResource               PUT    "/tags/{resource_arn+}" [] 204 call tags::tag;
    UntagResource             DELETE "/tags/{resource_arn+}" [tagKeys] 204 call tags::untag;

    // Postern's own, which API Gateway does not have.
    IssueCredentials          POST   "/_postern/credentials" [] 201 call credentials::issue;
    ListCredentials           GET    "/_postern/credentials" [position limit] 200 call credentials::list;
    ExchangeCredentials       POST   "/_postern/credentials/exchange" [] 201 call credentials::exchange;
    GetCredentials            GET    "/_postern/credentials/{access_key_id}" [] 200 call credentials::get;
    SwitchCredentials         PATCH  "/_postern/credentials/{access_key_id}" [] 200 change credentials::switch;
    RotateCredentials         POST   "/_postern/credentials/{access_key_id}/rotate" [] 200 change credentials::rotate;
    RevokeCredentials         DELETE "/_postern/credentials/{access_key_id}" [] 204 change credentials::revoke;
    ListPrincipals            GET    "/_postern/principals" [position limit] 200 call credentials::list_principals;
    GetPrincipal              GET    "/_postern/principals/{principal+}" [] 200 call credentials::get_principal;
    AttachPolicy              PUT    "/_postern/principals/{principal+}" [policyName] 200 change credentials::attach;
    DetachPolicy              DELETE "/_postern/principals/{principal+}" [policyName] 204 change credentials::detach;

    CreateApi                 POST   "/v2/apis" [] 201 call routed::apis::create;
    GetApis                   GET    "/v2/apis" [maxResults nextToken] 200 call routed::apis::list;
    ImportApi                 PUT    "/v2/apis" [basepath failOnWarnings] 201 call routed::openapi::create;
    ReimportApi               PUT    "/v2/apis/{apiId}" [basepath failOnWarnings] 201 redeploy routed::openapi::put;
    ExportApi                 GET    "/v2/apis/{apiId}/exports/{specification}" [exportVersion includeExtensions outputType stageName] 200 file routed::openapi::export;
    GetApi                    GET    "/v2/apis/{apiId}" [] 200 call routed::apis::get;
    UpdateApi                 PATCH  "/v2/apis/{apiId}" [] 200 redeploy routed::apis::update;
    DeleteApi                 DELETE "/v2/apis/{apiId}" [] 204 call routed::apis::delete;
    DeleteCorsConfiguration   DELETE "/v2/apis/{apiId}/cors" [] 204 redeploy routed::apis::delete_cors;

    CreateAuthorizer          POST   "/v2/apis/{apiId}/authorizers" [] 201 redeploy routed::authorizers::create;
    GetAuthorizers            GET    "/v2/apis/{apiId}/authorizers" [maxResults nextToken] 200 call routed::authorizers::list;
    GetAuthorizer             GET    "/v2/apis/{apiId}/authorizers/{authorizerId}" [] 200 call routed::authorizers::get;
    UpdateAuthorizer          PATCH  "/v2/apis/{apiId}/authorizers/{authorizerId}" [] 200 redeploy routed::authorizers::update;
    DeleteAuthorizer          DELETE "/v2/apis/{apiId}/authorizers/{authorizerId}" [] 204 redeploy routed::authorizers::delete;

    CreateDeployment          POST   "/v2/apis/{apiId}/deployments" [] 201 edit routed::deployments::create;
    GetDeployments            GET    "/v2/apis/{apiId}/deployments" [maxResults nextToken] 200 call routed::deployments::list;
    GetDeployment             GET    "/v2/apis/{apiId}/deployments/{deploymentId}" [] 200 call routed::deployments::get;
    UpdateDeployment          PATCH  "/v2/apis/{apiId}/deployments/{deploymentId}" [] 200 edit routed::deployments::update;
    DeleteDeployment          DELETE "/v2/apis/{apiId}/deployments/{deploymentId}" [] 204 call routed::deployments::delete;

    CreateIntegration         POST   "/v2/apis/{apiId}/integrations" [] 201 redeploy routed::integrations::create;
    GetIntegrations           GET    "/v2/apis/{apiId}/integrations" [maxResults nextToken] 200 call routed::integrations::list;
    GetIntegration            GET    "/v2/apis/{apiId}/integrations/{integrationId}" [] 200 call routed::integrations::get;
    UpdateIntegration         PATCH  "/v2/apis/{apiId}/integrations/{integrationId}" [] 200 redeploy routed::integrations::update;
    DeleteIntegration         DELETE "/v2/apis/{apiId}/integrations/{integrationId}" [] 204 redeploy routed::integrations::delete;

    CreateIntegrationResponse POST   "/v2/apis/{apiId}/integrations/{integrationId}/integrationresponses" [] 201 redeploy routed::integration_responses::create;
    GetIntegrationResponses   GET    "/v2/apis/{apiId}/integrations/{integrationId}/integrationresponses" [maxResults nextToken] 200 call routed::integration_responses::list;
    GetIntegrationResponse    GET    "/v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId}" [] 200 call routed::integration_responses::get;
    UpdateIntegrationResponse PATCH  "/v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId}" [] 200 redeploy routed::integration_responses::update;
    DeleteIntegrationResponse DELETE "/v2/apis/{apiId}/integrations/{integrationId}/integrationresponses/{integrationResponseId}" [] 204 redeploy routed::integration_responses::delete;

    CreateModel               POST   "/v2/apis/{apiId}/models" [] 201 redeploy routed::models::create;
    GetModels                 GET    "/v2/apis/{apiId}/models" [maxResults nextToken] 200 call routed::models::list;
    GetModel                  GET    "/v2/apis/{apiId}/models/{modelId}" [] 200 call routed::models::get;
    UpdateModel               PATCH  "/v2/apis/{apiId}/models/{modelId}" [] 200 redeploy routed::models::update;
    DeleteModel               DELETE "/v2/apis/{apiId}/models/{modelId}" [] 204 redeploy routed::models::delete;
    GetModelTemplate          GET    "/v2/apis/{apiId}/models/{modelId}/template" [] 200 call routed::models::template;

    CreateRoute               POST   "/v2/apis/{apiId}/routes" [] 201 redeploy routed::routes::create;
    GetRoutes                 GET    "/v2/apis/{apiId}/routes" [maxResults nextToken] 200 call routed::routes::list;
    GetRoute                  GET    "/v2/apis/{apiId}/routes/{routeId}" [] 200 call routed::routes::get;
    UpdateRoute               PATCH  "/v2/apis/{apiId}/routes/{routeId}" [] 200 redeploy routed::routes::update;
    DeleteRoute               DELETE "/v2/apis/{apiId}/routes/{routeId}" [] 204 redeploy routed::routes::delete;
    DeleteRouteRequestParameter DELETE "/v2/apis/{apiId}/routes/{routeId}/requestparameters/{requestParameterKey}" [] 204 redeploy routed::routes::delete_parameter;

    CreateRouteResponse       POST   "/v2/apis/{apiId}/routes/{routeId}/routeresponses" [] 201 redeploy routed::route_responses::create;
    GetRouteResponses         GET    "/v2/apis/{apiId}/routes/{routeId}/routeresponses" [maxResults nextToken] 200 call routed::route_responses::list;
    GetRouteResponse          GET    "/v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId}" [] 200 call routed::route_responses::get;
    UpdateRouteResponse       PATCH  "/v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId}" [] 200 redeploy routed::route_responses::update;
    DeleteRouteResponse       DELETE "/v2/apis/{apiId}/routes/{routeId}/routeresponses/{routeResponseId}" [] 204 redeploy routed::route_responses::delete;

    CreateStage               POST   "/v2/apis/{apiId}/stages" [] 201 edit routed::stages::create;
    GetStages                 GET    "/v2/apis/{apiId}/stages" [maxResults nextToken] 200 call routed::stages::list;
    GetStage                  GET    "/v2/apis/{apiId}/stages/{stageName}" [] 200 call routed::stages::get;
    UpdateStage               PATCH  "/v2/apis/{apiId}/stages/{stageName}" [] 200 edit routed::stages::update;
    DeleteStage               DELETE "/v2/apis/{apiId}/stages/{stageName}" [] 204 edit routed::stages::delete;
    DeleteAccessLogSettings   DELETE "/v2/apis/{apiId}/stages/{stageName}/accesslogsettings" [] 204 edit routed::stages::delete_access_log_settings;
    DeleteRouteSettings       DELETE "/v2/apis/{apiId}/stages/{stageName}/routesettings/{routeKey}" [] 204 edit routed::stages::delete_route_settings;
    ResetAuthorizersCache     DELETE "/v2/apis/{apiId}/stages/{stageName}/cache/authorizers" [] 204 edit routed::stages::reset_authorizers_cache;

    CreateDomainName          POST   "/v2/domainnames" [] 201 change routed::domain_names::create;
    GetDomainNames            GET    "/v2/domainnames" [maxResults nextToken] 200 call routed::domain_names::list;
    GetDomainName             GET    "/v2/domainnames/{domainName}" [] 200 call routed::domain_names::get;
    UpdateDomainName          PATCH  "/v2/domainnames/{domainName}" [] 200 change routed::domain_names::update;
    DeleteDomainName          DELETE "/v2/domainnames/{domainName}" [] 204 call domain_names::delete;
    CreateApiMapping          POST   "/v2/domainnames/{domainName}/apimappings" [] 201 change routed::api_mappings::create;
    GetApiMappings            GET    "/v2/domainnames/{domainName}/apimappings" [maxResults nextToken] 200 call routed::api_mappings::list;
    GetApiMapping             GET    "/v2/domainnames/{domainName}/apimappings/{apiMappingId}" [] 200 call routed::api_mappings::get;
    UpdateApiMapping          PATCH  "/v2/domainnames/{domainName}/apimappings/{apiMappingId}" [] 200 change routed::api_mappings::update;
    DeleteApiMapping          DELETE "/v2/domainnames/{domainName}/apimappings/{apiMappingId}" [] 204 change routed::api_mappings::delete;
    CreateRoutingRule         POST   "/v2/domainnames/{domainName}/routingrules" [domainNameId] 201 change routed::routing_rules::create;
    ListRoutingRules          GET    "/v2/domainnames/{domainName}/routingrules" [domainNameId maxResults nextToken] 200 call routed::routing_rules::list;
    GetRoutingRule            GET    "/v2/domainnames/{domainName}/routingrules/{routingRuleId}" [domainNameId] 200 call routed::routing_rules::get;
    PutRoutingRule            PUT    "/v2/domainnames/{domainName}/routingrules/{routingRuleId}" [domainNameId] 200 change routed::routing_rules::put;
    DeleteRoutingRule         DELETE "/v2/domainnames/{domainName}/routingrules/{routingRuleId}" [domainNameId] 204 change routed::routing_rules::delete;

    CreateVpcLink             POST   "/v2/vpclinks" [] 201 change routed::vpc_links::create;
    GetVpcLinks               GET    "/v2/vpclinks" [maxResults nextToken] 200 call routed::vpc_links::list;
    GetVpcLink                GET    "/v2/vpclinks/{vpcLinkId}" [] 200 call routed::vpc_links::get;
    UpdateVpcLink             PATCH  "/v2/vpclinks/{vpcLinkId}" [] 200 change routed::vpc_links::update;
    DeleteVpcLink             DELETE "/v2/vpclinks/{vpcLinkId}" [] 202 change routed::vpc_links::delete;

    GetTags                   GET    "/v2/tags/{resource-arn+}" [] 200 call tags::get;
    TagResource               POST   "/v2/tags/{resource-arn+}" [] 201 call tags::tag_v2;
    UntagResource             DELETE "/v2/tags/{resource-arn+}" [tagKeys] 204 call tags::untag;
}
