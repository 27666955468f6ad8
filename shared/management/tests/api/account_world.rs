//! What tests of the account share.

use crate::world::{Answer, call};
use postern_management::Management;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn made(management: &Management, target: &str, body: &Value) -> Answer {
    let answer = call(management, "POST", target, &body.to_string()).await;
    assert!(answer.status < 300, "{target}: {}", answer.message());
    answer
}

pub(crate) async fn key(management: &Management, name: &str) -> String {
    made(
        management,
        "/apikeys",
        &json!({"name": name, "enabled": true}),
    )
    .await
    .text("id")
}

pub(crate) async fn plan(management: &Management, body: &Value) -> String {
    made(management, "/usageplans", body).await.text("id")
}

pub(crate) async fn join(management: &Management, plan: &str, key: &str) -> Answer {
    let body = json!({"keyId": key, "keyType": "API_KEY"}).to_string();
    call(
        management,
        "POST",
        &format!("/usageplans/{plan}/keys"),
        &body,
    )
    .await
}

pub(crate) fn patch(op: &str, path: &str, value: &str) -> String {
    json!({"patchOperations": [{"op": op, "path": path, "value": value}]}).to_string()
}

/// Processes that share a table and nothing else.
pub(crate) async fn at_once(
    processes: &[Arc<Management>],
    calls: impl Iterator<Item = (&'static str, String, String)>,
) -> Vec<u16> {
    let running: Vec<_> = calls
        .enumerate()
        .map(|(n, (verb, target, body))| {
            let management = processes[n % processes.len()].clone();
            tokio::spawn(async move { call(&management, verb, &target, &body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in running {
        statuses.push(one.await.unwrap());
    }
    statuses
}

pub(crate) async fn api_with_stages(
    management: &Management,
    count: usize,
) -> (String, Vec<String>) {
    let api = made(management, "/restapis", &json!({"name": "a"})).await;
    let (api, root) = (api.text("id"), api.text("rootResourceId"));
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    call(
        management,
        "PUT",
        &method,
        r#"{"authorizationType":"NONE"}"#,
    )
    .await;
    call(
        management,
        "PUT",
        &format!("{method}/integration"),
        r#"{"type":"MOCK"}"#,
    )
    .await;
    let deployment = made(
        management,
        &format!("/restapis/{api}/deployments"),
        &json!({}),
    )
    .await;
    let mut stages = Vec::new();
    for n in 0..count {
        let body = json!({"stageName": format!("s{n}"), "deploymentId": deployment.text("id")});
        made(management, &format!("/restapis/{api}/stages"), &body).await;
        stages.push(format!("s{n}"));
    }
    (api, stages)
}
