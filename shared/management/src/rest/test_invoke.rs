//! TestInvokeMethod and TestInvokeAuthorizer: try a method or an authorizer as it is now, deployed or not.

use super::address::{AtAuthorizer, AtMethod};
use super::{methods, missing};
use crate::Management;
use crate::definitions::{AUTHORIZER, GATEWAY_RESPONSE, MODEL, VALIDATOR, part_key};
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::Definition;
use postern_gateway::{TestAnswer, TestAuthorization, TestError, TestInvocation, told};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestInvokeMethod {
    path_with_query_string: Option<String>,
    body: Option<String>,
    headers: Option<Map<String>>,
    multi_value_headers: Option<Map<Vec<String>>>,
    stage_variables: Option<Map<String>>,
    /// Names what a backend would be shown; this version shows backends no certificate.
    #[serde(rename = "clientCertificateId")]
    _client_certificate_id: Option<String>,
}

impl Part for TestInvokeMethod {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestInvokeMethodResponse {
    status: u16,
    body: String,
    headers: Map<String>,
    multi_value_headers: Map<Vec<String>>,
    log: String,
    latency: u64,
}

pub(crate) async fn method(
    service: &Management,
    (at, input): &(AtMethod, TestInvokeMethod),
) -> Result<TestInvokeMethodResponse, Failure> {
    let place = at.place();
    let definitions = service.definitions();
    let method = methods::find(definitions, place).await?;
    let (id, api) = (place.resource, place.api);
    let resource = definitions.resource(api, id).await?;
    let resource = resource.ok_or_else(missing::resource)?;
    let record = definitions.api(api).await?;
    let (record, _) = record.ok_or_else(missing::resource)?;
    let tree = Definition::new(record.api, vec![resource], vec![(id.clone(), method)]);
    let test = TestInvocation {
        definition: Definition {
            models: definitions.parts(api, MODEL).await?,
            request_validators: definitions.parts(api, VALIDATOR).await?,
            authorizers: definitions.parts(api, AUTHORIZER).await?,
            gateway_responses: definitions.parts(api, GATEWAY_RESPONSE).await?,
            ..tree
        },
        resource: id.clone(),
        verb: at.http_method.clone(),
        path_with_query: input
            .path_with_query_string
            .clone()
            .filter(|path| !path.is_empty()),
        body: input.body.clone(),
        headers: all_headers(input.headers.as_ref(), input.multi_value_headers.as_ref()),
        stage_variables: input.stage_variables.clone().unwrap_or_default(),
    };
    let tested = service.world.gateway.test_invoke(test).await;
    tested
        .map(Into::into)
        .map_err(|error| untried(error, missing::method))
}

/// Of a name that is in both, the values that are more count.
fn all_headers(
    headers: Option<&Map<String>>,
    many: Option<&Map<Vec<String>>>,
) -> Vec<(String, String)> {
    let is_in_many = |name: &str| {
        many.iter()
            .flat_map(|many| many.keys())
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let single = headers.into_iter().flatten();
    let single = single.filter(|(name, _)| !is_in_many(name));
    let many = many.into_iter().flatten();
    let many = many.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    single
        .chain(many)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn untried(error: TestError, missing: fn() -> Failure) -> Failure {
    match error {
        TestError::NoMethod => missing(),
        TestError::Defect(defect) => Failure::bad_request(defect.to_string()),
        TestError::Unreadable(error) => Failure::internal(error.to_string()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestInvokeAuthorizer {
    path_with_query_string: Option<String>,
    headers: Option<Map<String>>,
    multi_value_headers: Option<Map<Vec<String>>>,
    stage_variables: Option<Map<String>>,
    /// No authorizer is told of a body.
    #[serde(rename = "body")]
    _body: Option<String>,
    /// For `$context` variables, of which a test has its own.
    #[serde(rename = "additionalContext")]
    _additional_context: Option<Map<String>>,
}

impl Part for TestInvokeAuthorizer {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestInvokeAuthorizerResponse {
    client_status: u16,
    log: String,
    latency: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Map<String>>,
}

pub(crate) async fn authorizer(
    service: &Management,
    (at, input): &(AtAuthorizer, TestInvokeAuthorizer),
) -> Result<TestInvokeAuthorizerResponse, Failure> {
    let definitions = service.definitions();
    let key = part_key(&at.restapi_id, AUTHORIZER, &at.authorizer_id);
    let authorizer = definitions.get(&key).await?;
    let record = definitions.api(&at.restapi_id).await?;
    let (Some(authorizer), Some((record, _))) = (authorizer, record) else {
        return Err(missing::authorizer());
    };
    let headers = input.headers.as_ref();
    let path = input.path_with_query_string.clone();
    let test = TestAuthorization {
        api: record.api,
        authorizer,
        path_with_query: path.filter(|path| !path.is_empty()),
        headers: all_headers(headers, input.multi_value_headers.as_ref()),
        stage_variables: input.stage_variables.clone().unwrap_or_default(),
    };
    let tested = service.world.gateway.test_authorize(test).await;
    let verdict = tested.map_err(|error| untried(error, missing::authorizer))?;
    Ok(TestInvokeAuthorizerResponse {
        client_status: verdict.refused_with.unwrap_or(200),
        log: verdict.log,
        latency: verdict.latency_ms,
        principal_id: verdict.principal,
        policy: verdict.policy,
        claims: verdict.claims.map(|claims| Map::clone(&claims)),
    })
}

impl From<TestAnswer> for TestInvokeMethodResponse {
    fn from(answer: TestAnswer) -> Self {
        let mut many: Map<Vec<String>> = Map::new();
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            many.entry(told(name).into_owned()).or_default().push(value);
        }
        Self {
            status: answer.status,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            headers: many
                .iter()
                .filter_map(|(name, values)| Some((name.clone(), values.last()?.clone())))
                .collect(),
            multi_value_headers: many,
            log: answer.log,
            latency: answer.latency_ms,
        }
    }
}
