//! APIs in the few words that a test is about: everything else is filled in as the management APIs would.

use super::{API, GUARD, merge};
use postern_definition::ResourceId;
use postern_definition::rest::{
    Authorizer, Definition, Method, Model, RequestValidator, Resource, RestApi,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Resources for all paths, and the methods on them.
pub(crate) fn definition(api: &Value, methods: &BTreeMap<String, Value>) -> Definition {
    let mut whole = json!({
        "id": API, "name": "pets", "createdDate": 0, "apiKeySource": "HEADER", "rootResourceId": "root",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "disableExecuteApiEndpoint": false,
    });
    merge(&mut whole, api);
    let api: RestApi = serde_json::from_value(whole).unwrap();
    let mut resources: BTreeMap<String, Resource> = BTreeMap::new();
    let mut all = Vec::new();
    for (target, method) in methods {
        let (verb, path) = target.split_once(' ').unwrap();
        let mut method = method.clone();
        method["methodIntegration"] = with_defaults(&method["methodIntegration"]);
        let mut whole =
            json!({"httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": false});
        merge(&mut whole, &method);
        let id = ResourceId::from(format!("r{path}"));
        let resource = resources
            .entry(path.to_owned())
            .or_insert_with(|| Resource {
                id: id.clone(),
                parent_id: None,
                path_part: None,
                path: path.to_owned(),
                methods: std::collections::BTreeSet::new(),
            });
        resource.methods.insert(verb.to_owned());
        let method: Method =
            serde_json::from_value(whole).unwrap_or_else(|error| panic!("{target}: {error}"));
        all.push((id, method));
    }
    Definition::new(api, resources.into_values().collect(), all)
}

/// Models of JSON, except where the schema is a text.
pub(crate) fn models(schemas: &BTreeMap<String, Value>) -> Vec<Model> {
    let model = |(name, schema): (&String, &Value)| Model {
        id: format!("m{name}"),
        name: name.clone(),
        description: None,
        schema: Some(
            schema
                .as_str()
                .map_or_else(|| schema.to_string(), str::to_owned),
        ),
        content_type: "application/json".to_owned(),
    };
    schemas.iter().map(model).collect()
}

pub(crate) fn validators(all: &BTreeMap<String, Value>) -> Vec<RequestValidator> {
    let validator = |(id, members): (&String, &Value)| {
        let mut whole =
            json!({"id": id, "validateRequestBody": false, "validateRequestParameters": false});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(validator).collect()
}

pub(crate) fn authorizers(all: &BTreeMap<String, Value>) -> Vec<Authorizer> {
    let authorizer = |(id, members): (&String, &Value)| {
        let mut whole = json!({"id": id, "name": id, "type": "TOKEN", "identitySource": "method.request.header.Authorization",
            "authorizerUri": GUARD});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(authorizer).collect()
}

fn with_defaults(integration: &Value) -> Value {
    let mut whole = json!({"passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r"});
    merge(&mut whole, integration);
    whole
}

/// A method that answers by itself, with what this template makes.
pub(crate) fn mock(template: &str) -> Value {
    json!({
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "MOCK", "requestTemplates": {"$default": "{\"statusCode\": 200}"},
            "integrationResponses": {"200": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
        },
    })
}

/// The settings of a method on a stage, with these members in place of the usual ones: it counts, logs, limits and keeps nothing.
pub(crate) fn method_setting(members: &Value) -> Value {
    let mut setting = json!({
        "metricsEnabled": false, "dataTraceEnabled": false, "throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0,
        "cachingEnabled": false, "cacheTtlInSeconds": 300, "cacheDataEncrypted": false,
        "requireAuthorizationForCacheControl": true, "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    });
    merge(&mut setting, members);
    setting
}
