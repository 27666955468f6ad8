//! APIs as large as they come on DynamoDB, and many edits at once.

use crate::dynamodb::{aws, unique_prefix};
use bytes::Bytes;
use http::Request;
use postern_aws::Aws;
use postern_definition::rest::{Definition, Method, Resource, RestApi};
use postern_definition::{ApiId, DeploymentId, ResourceId};
use postern_gateway::{Backend, Body, Call, CallError, Gateway, Settings, StandardOutput};
use postern_management::{Limits, Management, World};
use postern_plan::{Deployed, FrozenRest, IntegrationPlan, Snapshot};
use postern_store::{Embedded, Store, SystemClock, Table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const VERBS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];
/// AWS's limit for a mapping template.
const TEMPLATE_BYTES_MAX: usize = 300 << 10;

async fn definitions(aws: &Aws) -> Arc<dyn Table> {
    let prefix = unique_prefix();
    aws.tables(&prefix).unwrap().create().await.unwrap();
    aws.connect(&prefix).unwrap().definitions
}

/// Visible ASCII that deflates to four fifths of itself.
fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        match char::from(b'!' + ((state >> 33) % 94) as u8) {
            // What would begin something in the template language.
            '$' | '#' => ' ',
            c => c,
        }
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// An API whose methods, by verb and path, answer with a template each.
fn definition(templates: &BTreeMap<(String, &'static str), String>) -> Definition {
    let api: RestApi = serde_json::from_value(json!({
        "id": "a1b2c3d4e5", "name": "large", "createdDate": 0, "apiKeySource": "HEADER", "rootResourceId": "root",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "disableExecuteApiEndpoint": false,
    }))
    .unwrap();
    let mut resources: BTreeMap<&str, Resource> = BTreeMap::new();
    let mut methods = Vec::new();
    for ((path, verb), template) in templates {
        let id = ResourceId::from(format!("r{path}"));
        let resource = resources.entry(path).or_insert_with(|| Resource {
            id: id.clone(),
            parent_id: None,
            path_part: None,
            path: path.clone(),
            methods: std::collections::BTreeSet::new(),
        });
        resource.methods.insert((*verb).to_owned());
        let method: Method = serde_json::from_value(json!({
            "httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": false,
            "methodResponses": {"200": {"statusCode": "200"}},
            "methodIntegration": {
                "type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
                "integrationResponses": {"200": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
            },
        }))
        .unwrap();
        methods.push((id, method));
    }
    Definition::new(api, resources.into_values().collect(), methods)
}

#[tokio::test]
async fn a_large_api_and_a_long_template_come_back_from_a_snapshot() {
    let Some(aws) = aws() else { return };
    let table = definitions(&aws).await;
    let many = (0..4_000).map(|nth| {
        let path = format!("/r{}", nth / 4);
        ((path, VERBS[nth % 4]), noise(nth, 2_000))
    });
    // Together the three are more than an item holds.
    let long = (0..3).map(|nth| {
        (
            (format!("/long{nth}"), "GET"),
            noise(nth, TEMPLATE_BYTES_MAX),
        )
    });
    let api = ApiId::from("a1b2c3d4e5");
    for (deployment, templates) in [
        ("many", many.collect()),
        ("long", long.collect::<BTreeMap<_, _>>()),
    ] {
        let deployment = DeploymentId::from(deployment);
        let definition = definition(&templates);
        let snapshot =
            Snapshot::freeze(&definition).unwrap_or_else(|defects| panic!("{defects:?}"));
        snapshot.save(&*table, &api, &deployment).await.unwrap();
        let deployed = Deployed::load(table.clone(), &api, &deployment)
            .await
            .unwrap();
        for (path, verb) in templates.keys() {
            let found = deployed.find(verb, path).unwrap();
            let (_, plan) = deployed.plan(found.method).await.unwrap();
            let is_mock = matches!(plan.integration, IntegrationPlan::Mock(_));
            assert!(is_mock, "{verb} {path}");
        }
        let frozen = FrozenRest::load(table.clone(), &api, deployed.id())
            .await
            .unwrap();
        assert!(frozen.definition().await.unwrap() == definition);
        Snapshot::delete(&*table, &api, &deployment).await.unwrap();
        assert!(
            Deployed::load(table.clone(), &api, &deployment)
                .await
                .is_err()
        );
    }
}

/// A process of its own, as far as the table can tell.
fn management(table: &Arc<dyn Table>) -> Arc<Management> {
    Arc::new(Management::new(World {
        definitions: table.clone(),
        usage: table.clone(),
        gateway: gateway(table.clone(), Arc::new(SystemClock)),
        clock: Arc::new(SystemClock),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        limits: Limits::NONE,
    }))
}

async fn ask(management: &Management, verb: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = Bytes::from(if body.is_null() {
        String::new()
    } else {
        body.to_string()
    });
    let request = Request::builder().method(verb).uri(path).body(body);
    let (head, body) = management.answer(request.unwrap()).await.into_parts();
    (
        head.status.as_u16(),
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}

/// The statuses of as many resources made at once, spread over processes.
async fn storm(
    processes: &[Arc<Management>],
    below: &str,
    parts: Vec<String>,
) -> BTreeMap<u16, usize> {
    let mut under_way = tokio::task::JoinSet::new();
    for (nth, part) in parts.into_iter().enumerate() {
        let (process, below) = (processes[nth % processes.len()].clone(), below.to_owned());
        under_way.spawn(async move {
            ask(&process, "POST", &below, &json!({"pathPart": part}))
                .await
                .0
        });
    }
    let mut statuses = BTreeMap::new();
    while let Some(status) = under_way.join_next().await {
        *statuses.entry(status.unwrap()).or_default() += 1;
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_resources_made_at_once_none_is_lost_and_none_is_made_twice() {
    let Some(aws) = aws() else { return };
    let table = definitions(&aws).await;
    let one = [management(&table)];
    let (_, api) = ask(&one[0], "POST", "/restapis", &json!({"name": "storm"})).await;
    let (id, root) = (
        api["id"].as_str().unwrap(),
        api["rootResourceId"].as_str().unwrap(),
    );
    let resources = format!("/restapis/{id}/resources");
    let below = format!("{resources}/{root}");

    let distinct = (0..64).map(|nth| format!("p{nth}")).collect();
    let statuses = storm(&one, &below, distinct).await;
    assert_eq!(statuses, BTreeMap::from([(201, 64)]));
    let statuses = storm(&one, &below, vec!["same".to_owned(); 64]).await;
    assert_eq!(statuses, BTreeMap::from([(201, 1), (409, 63)]));

    // Several processes: who comes too late too often is told to try again, and what was answered with 201 is there.
    let several: Vec<_> = std::iter::repeat_with(|| management(&table))
        .take(4)
        .collect();
    let distinct = (0..64).map(|nth| format!("q{nth}")).collect();
    let statuses = storm(&several, &below, distinct).await;
    let made = statuses.get(&201).copied().unwrap_or_default();
    assert_eq!(
        made + statuses.get(&409).copied().unwrap_or_default(),
        64,
        "{statuses:?}"
    );
    assert!(made > 0);
    let statuses = storm(&several, &below, vec!["twin".to_owned(); 64]).await;
    assert_eq!(statuses.get(&201), Some(&1), "{statuses:?}");
    assert_eq!(statuses.get(&409), Some(&63), "{statuses:?}");

    let (_, listed) = ask(
        &one[0],
        "GET",
        &format!("{resources}?limit=500"),
        &Value::Null,
    )
    .await;
    // The root, those of one process and of several, and the two that were wanted by all.
    assert_eq!(listed["item"].as_array().unwrap().len(), 1 + 64 + made + 2);
}

/// A gateway that tries methods out, and whose backends are all away.
fn gateway(definitions: Arc<dyn Table>, clock: Arc<dyn postern_store::Clock>) -> Arc<Gateway> {
    struct Away;
    #[async_trait::async_trait]
    impl Backend for Away {
        async fn call(&self, _: Call) -> Result<http::Response<Body>, CallError> {
            Err(CallError::Network("away".to_owned()))
        }
    }
    let world = postern_gateway::World {
        store: Store {
            definitions,
            ..Embedded::memory(clock.clone()).unwrap()
        },
        backend: Arc::new(Away),
        clock,
        journal: Arc::new(StandardOutput),
    };
    Arc::new(Gateway::new(
        world,
        Settings::of("123456789012", "us-east-1"),
    ))
}
