//! Many writers at once, in one process and in several.

use crate::world::{Answer, api, call, management, on, resource, table};
use postern_management::Management;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Makes calls at the same time, spread over the processes, and gives their answers in order.
async fn at_once(
    processes: &[Arc<Management>],
    calls: Vec<(&'static str, String, String)>,
) -> Vec<Answer> {
    let running: Vec<_> = calls
        .into_iter()
        .enumerate()
        .map(|(index, (verb, target, body))| {
            let management = processes[index % processes.len()].clone();
            tokio::spawn(async move { call(&management, verb, &target, &body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in running {
        answers.push(answer.await.unwrap());
    }
    answers
}

fn create(api: &str, parent: &str, part: &str) -> (&'static str, String, String) {
    (
        "POST",
        format!("/restapis/{api}/resources/{parent}"),
        json!({ "pathPart": part }).to_string(),
    )
}

async fn resources(management: &Management, api: &str) -> Vec<serde_json::Value> {
    let target = format!("/restapis/{api}/resources?limit=500");
    let listed = call(management, "GET", &target, "").await;
    listed.body["item"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_siblings_with_one_name_exactly_one_is_made() {
    let management = Arc::new(management());
    let (api, root) = api(&management).await;
    let calls = (0..64).map(|_| create(&api, &root, "pets")).collect();
    let answers = at_once(std::slice::from_ref(&management), calls).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(
            (answer.status, answer.error.as_str()),
            (409, "ConflictException")
        );
        assert_eq!(
            answer.message(),
            "Another resource with the same parent already has this name: pets"
        );
    }
    assert_eq!(resources(&management, &api).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_variable_siblings_exactly_one_is_made() {
    let management = Arc::new(management());
    let (api, root) = api(&management).await;
    let calls = (0..32)
        .map(|n| create(&api, &root, &format!("{{v{n}}}")))
        .collect();
    let answers = at_once(std::slice::from_ref(&management), calls).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        1
    );
    assert_eq!(resources(&management, &api).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn distinct_siblings_are_all_made() {
    let management = Arc::new(management());
    let (api, root) = api(&management).await;
    let calls = (0..64)
        .map(|n| create(&api, &root, &format!("p{n}")))
        .collect();
    let answers = at_once(std::slice::from_ref(&management), calls).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    let parts: BTreeSet<_> = resources(&management, &api)
        .await
        .iter()
        .filter_map(|resource| resource["pathPart"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(parts.len(), 64);
}

/// Four processes that share a table and nothing else: each edit is made whole or refused, never lost.
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_share_a_table_lose_nothing() {
    let table = table();
    let processes: Vec<_> = (0..4).map(|_| Arc::new(on(table.clone()))).collect();
    let (api, root) = api(&processes[0]).await;
    let calls = (0..64)
        .map(|n| create(&api, &root, &format!("p{n}")))
        .collect();
    let answers = at_once(&processes, calls).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(
            answer.message(),
            "Unable to complete operation due to concurrent modification. Please try again later."
        );
    }
    assert_eq!(resources(&processes[1], &api).await.len(), made + 1);
    assert!(made >= 32, "{made} of 64 got through");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verbs_of_a_resource_are_those_of_its_methods() {
    let management = Arc::new(management());
    let (api, root) = api(&management).await;
    let verbs = [
        "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY",
    ];
    let target = |verb: &str| format!("/restapis/{api}/resources/{root}/methods/{verb}");
    let body = json!({"authorizationType": "NONE"}).to_string();
    let mut calls = Vec::new();
    for verb in verbs {
        calls.push(("PUT", target(verb), body.clone()));
        calls.push(("PUT", target(verb), body.clone()));
        calls.push(("DELETE", target(verb), String::new()));
    }
    at_once(std::slice::from_ref(&management), calls).await;
    let listed = &resources(&management, &api).await[0]["resourceMethods"];
    for verb in verbs {
        let there = call(&management, "GET", &target(verb), "").await.status == 200;
        assert_eq!(listed.get(verb).is_some(), there, "{verb}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_child_outlives_its_parent() {
    for _ in 0..10 {
        let management = Arc::new(management());
        let (api, root) = api(&management).await;
        let parent = resource(&management, &api, &root, "parent").await;
        let mut calls: Vec<_> = (0..16)
            .map(|n| create(&api, &parent, &format!("c{n}")))
            .collect();
        let delete = format!("/restapis/{api}/resources/{parent}");
        calls.insert(8, ("DELETE", delete, String::new()));
        let answers = at_once(std::slice::from_ref(&management), calls).await;
        assert_eq!(answers[8].status, 202);
        assert_eq!(resources(&management, &api).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_use_is_never_deleted() {
    for _ in 0..10 {
        let management = Arc::new(management());
        let (api, root) = api(&management).await;
        let method = format!("/restapis/{api}/resources/{root}/methods/GET");
        call(
            &management,
            "PUT",
            &method,
            r#"{"authorizationType":"NONE"}"#,
        )
        .await;
        call(
            &management,
            "PUT",
            &format!("{method}/integration"),
            r#"{"type":"MOCK"}"#,
        )
        .await;
        let deployed = call(
            &management,
            "POST",
            &format!("/restapis/{api}/deployments"),
            "",
        )
        .await;
        let id = deployed.text("id");
        let stage = json!({"stageName": "dev", "deploymentId": id}).to_string();
        let calls = vec![
            ("POST", format!("/restapis/{api}/stages"), stage),
            (
                "DELETE",
                format!("/restapis/{api}/deployments/{id}"),
                String::new(),
            ),
        ];
        let answers = at_once(std::slice::from_ref(&management), calls).await;
        let statuses = (answers[0].status, answers[1].status);
        assert!(matches!(statuses, (201, 400) | (400, 202)), "{statuses:?}");
    }
}
