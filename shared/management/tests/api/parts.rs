//! What belongs to one API: limits, pages, and what a deployment freezes of it.

use crate::world::{api, call, limited, management, on, ready_on, resource, table};
use postern_definition::rest::{GatewayResponseType, Stage};
use postern_management::Limits;
use postern_plan::FrozenRest;
use postern_plan::live::{self, AnyStage};
use postern_store::Table;
use serde_json::json;
use std::sync::Arc;

/// As many as there may be of each, and then one more.
#[tokio::test]
async fn one_more_than_there_may_be_is_refused_and_there_is_room_again_after_a_deletion() {
    let limits = Limits {
        resources_per_api: 3,
        stages_per_api: 2,
        authorizers_per_api: 1,
        documentation_parts_per_api: 2,
        ..Limits::NONE
    };
    let management = limited(table(), limits);
    let (api, root) = api(&management).await;
    let at = |path: &str| format!("/restapis/{api}{path}");
    let method = at(&format!("/resources/{root}/methods/GET"));
    for (target, body) in [
        (method.clone(), r#"{"authorizationType":"NONE"}"#),
        (format!("{method}/integration"), r#"{"type":"MOCK"}"#),
    ] {
        assert_eq!(call(&management, "PUT", &target, body).await.status, 201);
    }
    let deployed = call(&management, "POST", &at("/deployments"), "{}").await;
    let deployment = deployed.text("id");
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
    let authorizer = |name: &str| json!({"name": name, "type": "REQUEST", "authorizerUri": uri, "authorizerResultTtlInSeconds": 0});
    let part =
        |path: &str| json!({"location": {"type": "RESOURCE", "path": path}, "properties": "{}"});
    let stage = |name: &str| json!({"stageName": name, "deploymentId": deployment});
    let resource = |part: &str| json!({"pathPart": part});
    // The root is a resource too.
    for (target, bodies, things, key) in [
        (
            format!("/resources/{root}"),
            vec![resource("a"), resource("b"), resource("c")],
            "resources",
            "id",
        ),
        (
            "/stages".to_owned(),
            vec![stage("a"), stage("b"), stage("c")],
            "stages",
            "stageName",
        ),
        (
            "/authorizers".to_owned(),
            vec![authorizer("a"), authorizer("b")],
            "authorizers",
            "id",
        ),
        (
            "/documentation/parts".to_owned(),
            vec![part("/a"), part("/b"), part("/c")],
            "documentation parts",
            "id",
        ),
    ] {
        let (last, fitting) = bodies.split_last().unwrap();
        let mut made = String::new();
        for body in fitting {
            let answer = call(&management, "POST", &at(&target), &body.to_string()).await;
            assert_eq!(answer.status, 201, "{target}: {}", answer.message());
            made = answer.text(key);
        }
        let refused = call(&management, "POST", &at(&target), &last.to_string()).await;
        assert_eq!(
            (refused.status, refused.error.as_str(), refused.message()),
            (
                429,
                "LimitExceededException",
                format!("Maximum number of {things} for this API has been reached. Please contact AWS if you need additional {things}.").as_str()
            )
        );
        let of = target.strip_suffix(&format!("/{root}")).unwrap_or(&target);
        let deleted = call(&management, "DELETE", &at(&format!("{of}/{made}")), "").await;
        assert_eq!(deleted.status, 202);
        let answer = call(&management, "POST", &at(&target), &last.to_string()).await;
        assert_eq!(answer.status, 201, "{target}: {}", answer.message());
    }
    // A deployment that would make a stage too many makes nothing.
    let body = json!({"stageName": "d"}).to_string();
    let refused = call(&management, "POST", &at("/deployments"), &body).await;
    assert_eq!(refused.error, "LimitExceededException");
    let deployments = call(&management, "GET", &at("/deployments"), "").await;
    assert_eq!(deployments.body["item"].as_array().unwrap().len(), 1);
}

#[test]
fn the_limits_are_the_services_own() {
    let limits = Limits::default();
    assert_eq!(
        [
            limits.resources_per_api,
            limits.stages_per_api,
            limits.authorizers_per_api,
            limits.documentation_parts_per_api,
        ],
        [300, 10, 10, 2_000]
    );
}

/// However few of those that are read are wanted, pages are full and nothing is told twice.
#[tokio::test]
async fn a_filtered_list_comes_in_full_pages() {
    let management = management();
    let (api, _) = api(&management).await;
    let parts = format!("/restapis/{api}/documentation/parts");
    for number in 0..40 {
        let location = match number % 4 {
            0 => json!({"type": "RESOURCE", "path": format!("/{number}")}),
            _ => json!({"type": "MODEL", "name": format!("m{number}")}),
        };
        let body = json!({"location": location, "properties": "{}"}).to_string();
        assert_eq!(call(&management, "POST", &parts, &body).await.status, 201);
    }
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    let mut position = String::new();
    loop {
        let target = format!("{parts}?type=RESOURCE&limit=4{position}");
        let page = call(&management, "GET", &target, "").await;
        let items = page.body["item"].as_array().unwrap();
        sizes.push(items.len());
        seen.extend(items.iter().map(|item| item["id"].to_string()));
        match page.text("position").as_str() {
            "" => break,
            next => position = format!("&position={next}"),
        }
    }
    assert_eq!(sizes, [4, 4, 2]);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 10);
}

#[tokio::test]
async fn a_deployment_freezes_the_parts_with_the_methods() {
    let table = table();
    let management = on(table.clone());
    let (api, root) = api(&management).await;
    let pets = resource(&management, &api, &root, "pets").await;
    let at = |path: &str| format!("/restapis/{api}{path}");
    let method = at(&format!("/resources/{pets}/methods/GET"));
    for (verb, target, body) in [
        (
            "POST",
            at("/models"),
            r#"{"name":"Pet","contentType":"application/json","schema":"{}"}"#,
        ),
        (
            "POST",
            at("/requestvalidators"),
            r#"{"name":"v","validateRequestBody":true}"#,
        ),
        (
            "POST",
            at("/authorizers"),
            r#"{"name":"a","type":"COGNITO_USER_POOLS","providerARNs":["arn:aws:cognito-idp:r:1:userpool/p"],"identitySource":"method.request.header.A"}"#,
        ),
        (
            "PUT",
            at("/gatewayresponses/THROTTLED"),
            r#"{"statusCode":"430"}"#,
        ),
        (
            "PUT",
            method.clone(),
            r#"{"authorizationType":"NONE","requestModels":{"application/json":"Pet"}}"#,
        ),
        ("PUT", format!("{method}/integration"), r#"{"type":"MOCK"}"#),
    ] {
        let made = call(&management, verb, &target, body).await;
        assert_eq!(made.status, 201, "{target}: {}", made.message());
    }
    let made = call(&management, "POST", &at("/deployments"), "{}").await;
    let deployment = made.text("id").as_str().into();

    // Changed since, which the deployment does not see.
    let patch =
        r#"{"patchOperations":[{"op":"replace","path":"/schema","value":"{\"type\":\"null\"}"}]}"#;
    let patched = call(&management, "PATCH", &at("/models/Pet"), patch).await;
    assert_eq!(patched.status, 200);

    let deployed = FrozenRest::load(table, &api.as_str().into(), &deployment).await;
    let deployed = deployed.unwrap();
    let model = deployed.model("Pet").await.unwrap().unwrap();
    assert_eq!(model.schema.as_deref(), Some("{}"));
    let parts = deployed.parts().await.unwrap();
    let throttled = &parts.gateway_responses[&GatewayResponseType::Throttled];
    assert_eq!(throttled.status_code.as_deref(), Some("430"));
    let definition = deployed.definition().await.unwrap();
    let names: Vec<_> = definition.models.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["Empty", "Error", "Pet"]);
    assert_eq!(definition.request_validators.len(), 1);
    assert_eq!(definition.authorizers[0].name, "a");
    assert_eq!(definition.methods[0].0.as_str(), pets);
    let paths: Vec<_> = definition.resources.iter().map(|r| &r.path).collect();
    assert_eq!(paths.len(), 2);
}

/// The stage `dev` as gateways read it.
async fn stage_of(table: &Arc<dyn Table>, api: &str) -> Stage {
    let begin = live::begin(table, &api.into(), &"dev".into()).await;
    match begin.unwrap().unwrap().stage {
        AnyStage::Rest(stage) => stage,
        AnyStage::Routed(_) => panic!("{api} is a REST API"),
    }
}

#[tokio::test]
async fn a_flush_reaches_the_gateways_with_the_stage_and_outlives_its_patches() {
    let table = table();
    let ready = ready_on(&table).await;
    let stage = format!("/restapis/{}/stages/dev", ready.api);
    let flushes = || async {
        let flushes = stage_of(&table, &ready.api).await.flushes;
        (flushes.data, flushes.authorizers)
    };
    assert_eq!(flushes().await, (0, 0));
    let patch = r#"{"patchOperations":[{"op":"replace","path":"/description","value":"d"}]}"#;
    for (verb, path, body, expected) in [
        ("DELETE", "/cache/data", "", (1, 0)),
        ("DELETE", "/cache/data", "", (2, 0)),
        ("DELETE", "/cache/authorizers", "", (2, 1)),
        ("PATCH", "", patch, (2, 1)),
    ] {
        let target = format!("{stage}{path}");
        let done = call(&ready.management, verb, &target, body).await;
        assert!(done.status < 300, "{target}");
        assert_eq!(flushes().await, expected, "{target}");
    }
}

#[tokio::test]
async fn a_stage_that_encrypts_has_a_key_which_nobody_is_shown_and_a_flush_changes() {
    let table = table();
    let ready = ready_on(&table).await;
    let stage = format!("/restapis/{}/stages/dev", ready.api);
    let key = || async { stage_of(&table, &ready.api).await.cache_key };
    let patch = |path: &str, value: &str| {
        format!(r#"{{"patchOperations":[{{"op":"replace","path":"{path}","value":"{value}"}}]}}"#)
    };
    let mut seen = vec![key().await];
    for (verb, path, body, changes) in [
        ("PATCH", "", patch("/*/*/caching/enabled", "true"), false),
        (
            "PATCH",
            "",
            patch("/*/*/caching/dataEncrypted", "true"),
            true,
        ),
        ("PATCH", "", patch("/description", "d"), false),
        ("DELETE", "/cache/authorizers", String::new(), false),
        ("DELETE", "/cache/data", String::new(), true),
    ] {
        let done = call(&ready.management, verb, &format!("{stage}{path}"), &body).await;
        assert!(done.status < 300 && !done.body.to_string().contains("Key"));
        let now = key().await;
        assert_eq!(seen.last() != Some(&now), changes, "{verb} {path} {body}");
        seen.push(now);
    }
    assert_eq!((seen[0].is_none(), seen[5].is_some()), (true, true));
    let shown = call(&ready.management, "GET", &stage, "").await;
    assert_eq!(
        (shown.status, &shown.body["cacheKey"]),
        (200, &serde_json::Value::Null)
    );
}

#[tokio::test]
async fn a_cache_that_is_turned_on_or_resized_is_empty() {
    let table = table();
    let ready = ready_on(&table).await;
    let stage = format!("/restapis/{}/stages/dev", ready.api);
    for (path, value, expected) in [
        ("/cacheClusterEnabled", "true", 1),
        ("/cacheClusterEnabled", "true", 1),
        ("/cacheClusterEnabled", "false", 1),
        ("/cacheClusterEnabled", "true", 2),
        ("/cacheClusterSize", "0.5", 2),
        ("/cacheClusterSize", "1.6", 3),
    ] {
        let patch = format!(
            r#"{{"patchOperations":[{{"op":"replace","path":"{path}","value":"{value}"}}]}}"#
        );
        let done = call(&ready.management, "PATCH", &stage, &patch).await;
        assert_eq!(
            (done.status, &done.body["flushes"]),
            (200, &serde_json::Value::Null)
        );
        assert_eq!(
            stage_of(&table, &ready.api).await.flushes.data,
            expected,
            "{path} {value}"
        );
    }
}
