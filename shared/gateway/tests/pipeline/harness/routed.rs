//! HTTP APIs in few words, as `definitions` has REST APIs.

use super::{API, GUARD, merge};
use postern_definition::routed::{Authorizer, Definition, Model};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An HTTP API of these routes, each with an integration of its own.
pub(super) fn definition(api: &Value, routes: &BTreeMap<String, Value>) -> Definition {
    let mut whole = json!({
        "apiId": API, "name": "pets", "protocolType": "HTTP", "routeSelectionExpression": "$request.method $request.path",
        "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": "2024-08-07T18:37:12Z",
        "disableExecuteApiEndpoint": false, "ipAddressType": "ipv4",
    });
    merge(&mut whole, api);
    let mut definition = Definition::new(serde_json::from_value(whole).unwrap());
    for (number, (key, members)) in routes.iter().enumerate() {
        let mut integration = json!({
            "integrationId": format!("i{number}"), "connectionType": "INTERNET", "timeoutInMillis": 30000,
            "payloadFormatVersion": "1.0",
        });
        merge(&mut integration, &members["integration"]);
        let mut route = json!({
            "routeId": format!("r{number}"), "routeKey": key, "target": format!("integrations/i{number}"),
            "apiKeyRequired": false, "authorizationType": "NONE",
        });
        merge(&mut route, members);
        let integration = serde_json::from_value(integration);
        let integration = integration.unwrap_or_else(|error| panic!("{key}: {error}"));
        definition.integrations.push(integration);
        definition
            .routes
            .push(serde_json::from_value(route).unwrap());
    }
    definition
}

pub(super) fn models(schemas: &BTreeMap<String, Value>) -> Vec<Model> {
    let model = |(name, schema): (&String, &Value)| {
        let whole = json!({"modelId": name, "name": name, "schema": schema.to_string(), "contentType": "application/json"});
        serde_json::from_value(whole).unwrap()
    };
    schemas.iter().map(model).collect()
}

pub(super) fn authorizers(all: &BTreeMap<String, Value>) -> Vec<Authorizer> {
    let authorizer = |(id, members): (&String, &Value)| {
        let mut whole = json!({"authorizerId": id, "name": id, "authorizerType": "REQUEST", "authorizerPayloadFormatVersion": "2.0",
            "identitySource": ["$request.header.Authorization"], "authorizerUri": GUARD});
        merge(&mut whole, members);
        serde_json::from_value(whole).unwrap()
    };
    all.iter().map(authorizer).collect()
}
