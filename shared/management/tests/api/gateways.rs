//! What gateways see of a change.

use crate::world::{api, call, on, table};
use postern_management::Management;
use postern_plan::live;
use postern_store::Table;
use serde_json::json;
use std::sync::Arc;

/// An API with one MOCK method on its root.
async fn answering(management: &Management) -> String {
    let (api, root) = api(management).await;
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    for (target, body) in [
        (method.clone(), json!({"authorizationType": "NONE"})),
        (format!("{method}/integration"), json!({"type": "MOCK"})),
    ] {
        assert_eq!(
            call(management, "PUT", &target, &body.to_string())
                .await
                .status,
            201
        );
    }
    api
}

async fn deploy(management: &Management, api: &str, stage: &str) -> String {
    let body = json!({"stageName": stage}).to_string();
    let made = call(
        management,
        "POST",
        &format!("/restapis/{api}/deployments"),
        &body,
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.text("id")
}

/// The deployment that a stage points to, and whether its index is at hand.
async fn seen(table: &Arc<dyn Table>, api: &str, stage: &str) -> Option<(String, bool)> {
    let beginning = live::begin(table, &api.into(), &stage.into())
        .await
        .unwrap()?;
    let pointed_to = beginning.stage.deployment()?;
    let mut deployed = beginning.deployed.iter();
    let is_at_hand = deployed.any(|deployed| deployed.id() == pointed_to);
    Some((pointed_to.to_string(), is_at_hand))
}

#[tokio::test]
async fn a_stage_brings_the_index_of_the_deployment_that_it_points_to() {
    let table = table();
    let management = on(table.clone());
    let api = answering(&management).await;
    let first = deploy(&management, &api, "dev").await;
    assert_eq!(seen(&table, &api, "dev").await, Some((first.clone(), true)));
    let second = deploy(&management, &api, "dev").await;
    assert_eq!(seen(&table, &api, "dev").await, Some((second, true)));

    let back =
        json!({"patchOperations": [{"op": "replace", "path": "/deploymentId", "value": first}]});
    let stage = format!("/restapis/{api}/stages/dev");
    assert_eq!(
        call(&management, "PATCH", &stage, &back.to_string())
            .await
            .status,
        200
    );
    assert_eq!(seen(&table, &api, "dev").await, Some((first, true)));

    assert_eq!(call(&management, "DELETE", &stage, "").await.status, 202);
    assert_eq!(seen(&table, &api, "dev").await, None);
}

#[tokio::test]
async fn a_deleted_api_has_no_stage_left_however_many_there_were() {
    let table = table();
    let management = on(table.clone());
    let api = answering(&management).await;
    let stages: Vec<_> = (0..33).map(|number| format!("s{number}")).collect();
    for stage in &stages {
        deploy(&management, &api, stage).await;
    }
    assert_eq!(
        call(&management, "DELETE", &format!("/restapis/{api}"), "")
            .await
            .status,
        202
    );
    for stage in &stages {
        assert_eq!(seen(&table, &api, stage).await, None, "{stage}");
    }
}
