//! HTTP and WebSocket APIs: what deployments freeze, what stages bring to gateways, and many writers.

use crate::world::{Answer, NOW, call, limited, management, on, store, table, timed};
use postern_definition::routed::Stage;
use postern_management::{Limits, Management};
use postern_plan::Deployed;
use postern_plan::live::{self, AnyStage};
use postern_plan::routed::Frozen;
use postern_store::{Clock, Table};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

async fn api(management: &Management, body: &str) -> String {
    let made = call(management, "POST", "/v2/apis", body).await;
    assert_eq!(made.status, 201, "{}", made.message());
    made.text("apiId")
}

const HTTP: &str = r#"{"name":"test","protocolType":"HTTP"}"#;
const WEBSOCKET: &str =
    r#"{"name":"test","protocolType":"WEBSOCKET","routeSelectionExpression":"$request.body.a"}"#;

async fn made(management: &Management, target: &str, body: serde_json::Value) -> Answer {
    let answer = call(management, "POST", target, &body.to_string()).await;
    assert_eq!(answer.status, 201, "{target}: {}", answer.message());
    answer
}

async fn stage(table: &Arc<dyn Table>, api: &str, name: &str) -> Stage {
    let begun = live::begin(table, &api.into(), &name.into()).await.unwrap();
    match begun.unwrap().stage {
        AnyStage::Routed(stage) => stage,
        AnyStage::Rest(_) => panic!("{api} is no REST API"),
    }
}

/// What a stage points to, whose index came with it.
async fn frozen(table: &Arc<dyn Table>, api: &str, name: &str) -> Frozen {
    let begun = live::begin(table, &api.into(), &name.into()).await.unwrap();
    let id = begun.unwrap().deployed[0].id().clone();
    Frozen::load(table.clone(), &api.into(), &id).await.unwrap()
}

#[tokio::test]
async fn a_deployment_freezes_all_that_an_api_is_made_of() {
    let table = table();
    let management = on(table.clone());
    let api = api(&management, WEBSOCKET).await;
    let at = |path: &str| format!("/v2/apis/{api}{path}");
    made(
        &management,
        &at("/models"),
        json!({"name": "M", "schema": "{}"}),
    )
    .await;
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
    made(
        &management,
        &at("/authorizers"),
        json!({"name": "a", "authorizerType": "REQUEST", "identitySource": [], "authorizerUri": uri}),
    )
    .await;
    let mock = made(
        &management,
        &at("/integrations"),
        json!({"integrationType": "MOCK"}),
    )
    .await;
    let mock = mock.text("integrationId");
    let of = at(&format!("/integrations/{mock}/integrationresponses"));
    made(
        &management,
        &of,
        json!({"integrationResponseKey": "$default"}),
    )
    .await;
    let target = format!("integrations/{mock}");
    // Enough for more than one segment.
    for number in 0..40 {
        let route = json!({"routeKey": format!("r{number:02}"), "target": target, "operationName": "o".repeat(60),
            "requestModels": {"$default": "M"}, "modelSelectionExpression": "x".repeat(1_500)});
        made(&management, &at("/routes"), route).await;
    }
    let route = made(
        &management,
        &at("/routes"),
        json!({"routeKey": "$connect", "target": target}),
    )
    .await;
    let route = route.text("routeId");
    let of = at(&format!("/routes/{route}/routeresponses"));
    made(&management, &of, json!({"routeResponseKey": "$default"})).await;
    let deployed = made(&management, &at("/deployments"), json!({})).await;
    let deployment = deployed.text("deploymentId").as_str().into();

    // Changed since, which the deployment does not see.
    let gone = at(&format!("/routes/{route}"));
    let deleted = call(&management, "DELETE", &gone, "").await;
    assert_eq!(deleted.status, 204);

    let id = api.as_str().into();
    let frozen = Frozen::load(table, &id, &deployment).await.unwrap();
    assert_eq!(frozen.api().name, "test");
    assert_eq!(frozen.route_keys().len(), 41);
    assert!(frozen.route_keys().is_sorted());
    for (number, key) in frozen.route_keys().iter().enumerate() {
        let found = frozen.route(number as u32).await.unwrap();
        assert_eq!(found.route.route_key, *key);
        assert_eq!(found.responses.len(), usize::from(key == "$connect"));
    }
    assert!(frozen.route(41).await.is_err());
    let integration = frozen.integration(&mock).await.unwrap().unwrap();
    assert_eq!(integration.responses.len(), 1);
    assert!(frozen.integration("nothere").await.unwrap().is_none());
    assert_eq!(frozen.model("M").await.unwrap().unwrap().schema, "{}");
    assert!(frozen.model("A").await.unwrap().is_none());
    assert_eq!(frozen.authorizers().await.unwrap()[0].name, "a");
    let definition = frozen.definition().await.unwrap();
    assert_eq!(definition.routes.len(), 41);
    assert_eq!(definition.route_responses[&route].len(), 1);
    assert_eq!(definition.integration_responses[&mock].len(), 1);
    assert_eq!(definition.models.len(), 1);
}

#[tokio::test]
async fn a_stage_brings_the_index_of_what_it_points_to() {
    let table = table();
    let management = on(table.clone());
    let quick = r#"{"name":"q","protocolType":"HTTP","target":"https://b.example"}"#;
    let api = api(&management, quick).await;
    let begun = frozen(&table, &api, "$default").await;
    let pointed_to = stage(&table, &api, "$default").await.deployment_id;
    assert_eq!(pointed_to.as_ref(), Some(begun.id()));
    assert_eq!(begun.route_keys(), ["$default"]);

    // With the next change comes the next index, in the same place.
    let routes = format!("/v2/apis/{api}/routes");
    made(&management, &routes, json!({"routeKey": "GET /a"})).await;
    let begun = frozen(&table, &api, "$default").await;
    assert_eq!(begun.route_keys(), ["GET /a", "$default"]);

    let deleted = call(&management, "DELETE", &format!("/v2/apis/{api}"), "").await;
    assert_eq!(deleted.status, 204);
    let begun = live::begin(&table, &api.as_str().into(), &"$default".into()).await;
    assert!(begun.unwrap().is_none());
}

#[tokio::test]
async fn a_reset_of_the_authorizers_cache_reaches_the_gateways() {
    let table = table();
    let management = on(table.clone());
    let api = api(&management, HTTP).await;
    let stages = format!("/v2/apis/{api}/stages");
    made(&management, &stages, json!({"stageName": "s"})).await;
    let target = format!("{stages}/s/cache/authorizers");
    for count in 1..3 {
        assert_eq!(call(&management, "DELETE", &target, "").await.status, 204);
        assert_eq!(stage(&table, &api, "s").await.flushes.authorizers, count);
    }
    let shown = call(&management, "GET", &format!("{stages}/s"), "").await;
    assert!(shown.body.get("flushes").is_none());
}

#[tokio::test]
async fn of_routes_with_one_key_exactly_one_is_made_and_the_stage_has_the_last_change() {
    let table = table();
    let management = Arc::new(on(table.clone()));
    let api = api(&management, HTTP).await;
    let at = |path: &str| format!("/v2/apis/{api}{path}");
    let auto = json!({"stageName": "auto", "autoDeploy": true});
    made(&management, &at("/stages"), auto).await;
    let mut writers = Vec::new();
    for writer in 0..8 {
        let (table, target) = (table.clone(), at("/routes"));
        writers.push(tokio::spawn(async move {
            // Each a process of its own, as far as the table can tell.
            let management = on(table);
            let mut won = 0;
            for key in [String::from("GET /same"), format!("GET /own/{writer}")] {
                loop {
                    let body = json!({ "routeKey": key }).to_string();
                    let answer = call(&management, "POST", &target, &body).await;
                    if answer.status == 409 && answer.message().contains("concurrent") {
                        continue;
                    }
                    won += usize::from(answer.status == 201);
                    break;
                }
            }
            won
        }));
    }
    let mut won = 0;
    for writer in writers {
        won += writer.await.unwrap();
    }
    assert_eq!(won, 9);
    assert_eq!(frozen(&table, &api, "auto").await.route_keys().len(), 9);
}

#[tokio::test]
async fn every_item_is_on_one_page_and_the_last_page_has_no_token() {
    let management = management();
    let api = api(&management, HTTP).await;
    let routes = format!("/v2/apis/{api}/routes");
    for number in 0..5 {
        let route = json!({"routeKey": format!("GET /{number}")});
        made(&management, &routes, route).await;
    }
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    let mut token = String::new();
    loop {
        let target = format!("{routes}?maxResults=2{token}");
        let page = call(&management, "GET", &target, "").await;
        let items = page.body["items"].as_array().unwrap();
        sizes.push(items.len());
        seen.extend(items.iter().map(|item| item["routeKey"].to_string()));
        match page.text("nextToken").as_str() {
            "" => break,
            next => token = format!("&nextToken={next}"),
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn one_more_than_there_may_be_is_refused_by_the_name_that_this_api_has_for_it() {
    let limits = Limits {
        routes_per_api: 1,
        integrations_per_api: 1,
        stages_per_api: 1,
        vpc_links_v2: 1,
        ..Limits::NONE
    };
    let management = limited(table(), limits);
    let api = api(&management, HTTP).await;
    let at = |path: &str| format!("/v2/apis/{api}{path}");
    let integration = json!({"integrationType": "HTTP_PROXY", "integrationUri": "https://b.example", "payloadFormatVersion": "1.0"});
    for (target, first, second) in [
        (
            at("/routes"),
            json!({"routeKey": "GET /a"}),
            json!({"routeKey": "GET /b"}),
        ),
        (at("/integrations"), integration.clone(), integration),
        (
            at("/stages"),
            json!({"stageName": "a"}),
            json!({"stageName": "b"}),
        ),
        (
            "/v2/vpclinks".to_owned(),
            json!({"name": "a", "subnetIds": ["subnet-1"]}),
            json!({"name": "b", "subnetIds": ["subnet-1"]}),
        ),
    ] {
        made(&management, &target, first).await;
        let refused = call(&management, "POST", &target, &second.to_string()).await;
        assert_eq!(
            (refused.status, refused.error.as_str()),
            (429, "TooManyRequestsException"),
            "{target}"
        );
    }
}

/// Lists within a route or an authorizer, however they come to be there.
#[tokio::test]
async fn more_scopes_or_audiences_than_there_may_be_are_refused() {
    let limits = Limits {
        audiences_per_authorizer: 2,
        scopes_per_route: 3,
        ..Limits::NONE
    };
    let management = limited(table(), limits);
    let api = api(&management, HTTP).await;
    let at = |path: &str| format!("/v2/apis/{api}{path}");
    let authorizer = |name: &str, audience: &[&str]| {
        json!({"name": name, "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": {"issuer": "https://issuer.example", "audience": audience}})
    };
    let two = authorizer("a", &["1", "2"]);
    let two = made(&management, &at("/authorizers"), two).await;
    let id = two.text("authorizerId");
    let route = |key: &str, scopes: &[&str]| json!({"routeKey": key, "authorizationType": "JWT", "authorizerId": id, "authorizationScopes": scopes});
    let three = route("GET /a", &["1", "2", "3"]);
    let three = made(&management, &at("/routes"), three).await;
    let route_id = three.text("routeId");
    let document = |scopes: &[&str], audience: &[&str]| {
        json!({"openapi": "3.0.1", "info": {"title": "t", "version": "1"},
            "components": {"securitySchemes": {"j": {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": {
                "type": "jwt", "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {"issuer": "https://issuer.example", "audience": audience}}}}},
            "paths": {"/a": {"get": {"security": [{"j": scopes}], "responses": {"200": {"description": "ok"}}}}}})
    };
    let file = |scopes: &[&str], audience: &[&str]| json!({"body": document(scopes, audience).to_string()});
    let full = |things: &str, of: &str| {
        format!(
            "Maximum number of {things} for this {of} has been reached. Please contact AWS if you need additional {things}."
        )
    };
    let audiences = Some(full("audiences", "Authorizer"));
    let scopes = Some(full("authorization scopes", "route"));
    for (verb, target, body, refused) in [
        (
            "POST",
            at("/authorizers"),
            authorizer("b", &["1", "2", "3"]),
            &audiences,
        ),
        (
            "PATCH",
            at(&format!("/authorizers/{id}")),
            json!({"jwtConfiguration": {"audience": ["1", "2", "3"]}}),
            &audiences,
        ),
        (
            "POST",
            at("/routes"),
            route("GET /b", &["1", "2", "3", "4"]),
            &scopes,
        ),
        (
            "PATCH",
            at(&format!("/routes/{route_id}")),
            json!({"authorizationScopes": ["1", "2", "3", "4"]}),
            &scopes,
        ),
        (
            "PUT",
            "/v2/apis".to_owned(),
            file(&["1", "2", "3", "4"], &["1"]),
            &scopes,
        ),
        ("PUT", at(""), file(&["1"], &["1", "2", "3"]), &audiences),
        ("PUT", at(""), file(&["1", "2", "3"], &["1", "2"]), &None),
    ] {
        let answer = call(&management, verb, &target, &body.to_string()).await;
        let expected = refused.as_deref().map_or(201, |_| 429);
        assert_eq!(answer.status, expected, "{verb} {target} {}", answer.body);
        assert_eq!(answer.message(), refused.as_deref().unwrap_or_default());
    }
}

/// A document larger than a transaction makes all of an API, and the deployment that follows has all of it.
#[tokio::test]
async fn a_document_larger_than_a_transaction_is_imported_whole() {
    let table = table();
    let management = on(table.clone());
    let mut paths = serde_json::Map::new();
    for number in 0..150 {
        let operation = json!({"x-amazon-apigateway-integration":
            {"type": "http_proxy", "uri": "https://b.example", "payloadFormatVersion": "1.0"}});
        paths.insert(format!("/{number}"), json!({ "get": operation }));
    }
    let document =
        json!({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths});
    let body = json!({ "body": document.to_string() }).to_string();
    let imported = call(&management, "PUT", "/v2/apis", &body).await;
    assert_eq!(imported.status, 201, "{}", imported.message());
    let api = imported.text("apiId");
    let stages = format!("/v2/apis/{api}/stages");
    let auto = json!({"stageName": "auto", "autoDeploy": true});
    made(&management, &stages, auto).await;
    let count = || async {
        let frozen = frozen(&table, &api, "auto").await;
        let definition = frozen.definition().await.unwrap();
        (definition.routes.len(), definition.integrations.len())
    };
    assert_eq!(count().await, (150, 150));
    let again = call(&management, "PUT", &format!("/v2/apis/{api}"), &body).await;
    assert_eq!(again.status, 201, "{}", again.message());
    assert_eq!(count().await, (150, 150));
}

#[tokio::test]
async fn a_document_that_contradicts_itself_is_refused_and_one_that_says_too_much_only_when_asked_to()
 {
    let management = management();
    let document = |path: serde_json::Value| {
        let iam = json!({"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"});
        let document = json!({"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"get": path}},
            "components": {"securitySchemes": {"one": iam, "two": iam}}});
        json!({ "body": document.to_string() }).to_string()
    };
    let twice = document(json!({"security": [{"one": []}, {"two": []}]}));
    let mocked = document(json!({"x-amazon-apigateway-integration": {"type": "mock"}}));
    let mock = "Unable to put integration on 'GET' for resource at path '/a': Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)";
    for (target, body, expected) in [
        (
            "/v2/apis",
            &twice,
            "Errors found during import:\n\tMultiple security requirements are not supported: the route GET /a has more than one",
        ),
        (
            "/v2/apis?failOnWarnings=true",
            &mocked,
            &format!("Warnings found during import:\n\t{mock}"),
        ),
    ] {
        let refused = call(&management, "PUT", target, body).await;
        assert_eq!(
            (refused.status, refused.error.as_str(), refused.message()),
            (400, "BadRequestException", expected)
        );
    }
    let imported = call(&management, "PUT", "/v2/apis", &mocked).await;
    let warning = imported.body["warnings"][0].as_str().unwrap_or_default();
    assert!(warning.starts_with(mock), "{warning}");
    let routes = format!("/v2/apis/{}/routes", imported.text("apiId"));
    let routes = call(&management, "GET", &routes, "").await;
    assert_eq!(routes.body["items"][0]["routeKey"], "GET /a");
    assert!(routes.body["items"][0].get("target").is_none());
}

/// Every change makes one. Those that a stage points to stay, those that were made by name, the last ten, and the young.
#[tokio::test]
async fn automatic_deployments_that_nobody_will_go_back_to_are_taken_away() {
    struct Hands(AtomicU64);
    impl Clock for Hands {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }
    let store = store();
    let table = store.definitions.clone();
    let clock = Arc::new(Hands(AtomicU64::new(NOW)));
    let tables = (table.clone(), store.usage.clone());
    let management = timed(tables, Limits::NONE, clock.clone());
    let api = api(&management, HTTP).await;
    let at = |path: &str| format!("/v2/apis/{api}{path}");
    let target = json!({"integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "https://b.example", "payloadFormatVersion": "1.0"});
    let target = made(&management, &at("/integrations"), target).await;
    let target = format!("integrations/{}", target.text("integrationId"));
    let route = json!({"routeKey": "GET /", "target": target});
    made(&management, &at("/routes"), route).await;
    let automatic = json!({"stageName": "auto", "autoDeploy": true});
    let first = made(&management, &at("/stages"), automatic).await;
    let first = first.text("deploymentId");
    let pinned = json!({"stageName": "pinned", "deploymentId": first});
    made(&management, &at("/stages"), pinned).await;
    let by_name = made(&management, &at("/deployments"), json!({})).await;
    let by_name = by_name.text("deploymentId");
    let change = async |number: usize, wait: u64| {
        clock.0.fetch_add(wait, Ordering::Relaxed);
        let description = json!({"description": number.to_string()}).to_string();
        let changed = call(&management, "PATCH", &at(""), &description).await;
        assert_eq!(changed.status, 200);
        let stage = call(&management, "GET", &at("/stages/auto"), "").await;
        stage.text("deploymentId")
    };
    let there = async || {
        let list = call(&management, "GET", &at("/deployments?maxResults=500"), "").await;
        let items = list.body["items"].as_array().unwrap().clone();
        let ids = items.iter().map(|item| item["deploymentId"].as_str());
        ids.map(|id| id.unwrap().to_owned()).collect::<HashSet<_>>()
    };
    // Many at once: gateways may be answering by any of them.
    let mut all = Vec::new();
    for number in 0..40 {
        all.push(change(number, 1).await);
    }
    assert_eq!(there().await.len(), 42);
    // Some at a time, so that no change takes long; in the end the last eleven, and the two that are for good.
    all.push(change(40, 4_000).await);
    assert_eq!(there().await.len(), 43 - 20);
    all.push(change(41, 1).await);
    all.push(change(42, 1).await);
    let mut expected: HashSet<String> = all[all.len() - 11..].iter().cloned().collect();
    expected.extend([first.clone(), by_name.clone()]);
    assert_eq!(there().await, expected);
    for (id, is_there) in [
        (&all[0], false),
        (&first, true),
        (&by_name, true),
        (&all[42], true),
    ] {
        let deployment = id.as_str().into();
        let found = Deployed::load(table.clone(), &api.as_str().into(), &deployment).await;
        assert_eq!(found.is_ok(), is_there);
    }
    let gone = json!({"autoDeploy": false, "deploymentId": all[0]}).to_string();
    let gone = call(&management, "PATCH", &at("/stages/auto"), &gone).await;
    assert_eq!(gone.message(), "Deployment id does not exist");
    let back = json!({"autoDeploy": false, "deploymentId": all[33]}).to_string();
    let back = call(&management, "PATCH", &at("/stages/auto"), &back).await;
    assert_eq!(back.text("deploymentId"), all[33], "{}", back.body);
}
