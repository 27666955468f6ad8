//! TestInvokeMethod: tries a method as it is now, deployed or not.

use super::address::AtMethod;
use super::{methods, missing};
use crate::Management;
use crate::definitions::{AUTHORIZER, GATEWAY_RESPONSE, MODEL, VALIDATOR};
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::Definition;
use postern_gateway::{TestAnswer, TestError, TestInvocation};
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
        headers: input.all_headers(),
        stage_variables: input.stage_variables.clone().unwrap_or_default(),
    };
    let tested = service.world.gateway.test_invoke(test).await;
    tested.map(Into::into).map_err(|error| match error {
        TestError::NoMethod => missing::method(),
        TestError::Defect(defect) => Failure::bad_request(defect.to_string()),
        TestError::Unreadable(error) => Failure::internal(error.to_string()),
    })
}

impl TestInvokeMethod {
    /// Of a name that is in both, the values that are more count.
    fn all_headers(&self) -> Vec<(String, String)> {
        let many = self.multi_value_headers.iter().flatten();
        let many = many.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let is_in_many = |name: &str| {
            self.multi_value_headers
                .iter()
                .flat_map(Map::keys)
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        let single = self.headers.iter().flatten();
        let single = single.filter(|(name, _)| !is_in_many(name));
        single
            .chain(many)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

impl From<TestAnswer> for TestInvokeMethodResponse {
    fn from(answer: TestAnswer) -> Self {
        let mut many: Map<Vec<String>> = Map::new();
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            many.entry(cased(name.as_str())).or_default().push(value);
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

/// The names that the service writes with capitals.
fn cased(name: &str) -> String {
    match name {
        "content-type" => "Content-Type",
        "x-amzn-errortype" => "x-amzn-ErrorType",
        "x-amzn-trace-id" => "X-Amzn-Trace-Id",
        name => name,
    }
    .to_owned()
}
