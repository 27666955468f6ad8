//! When a stage is read again, and what a request costs the store.

use crate::harness::{API, Bench, Stopped, Watched, definition, method_setting, mock};
use postern_gateway::Body;
use postern_store::{Embedded, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// An API whose one method answers with this text.
fn answering(text: &str) -> BTreeMap<String, Value> {
    BTreeMap::from([("GET /".to_owned(), mock(text))])
}

async fn get(bench: &Bench) -> String {
    let body = bench.send("GET /dev/", &[], "").await.into_body();
    String::from_utf8(body.collect(1_000).await.unwrap().to_vec()).unwrap()
}

/// A gateway whose reads of definitions are counted.
fn counted(clock: Arc<Stopped>) -> (Bench, Arc<Watched>) {
    let store = Embedded::memory(clock.clone()).unwrap();
    let table = Watched::shared(&store.definitions);
    let store = Store {
        definitions: table.clone(),
        ..store
    };
    (Bench::over(store, clock), table)
}

#[tokio::test]
async fn a_warm_request_reads_nothing() {
    let (bench, table) = counted(Stopped::at(1_000));
    bench
        .deploy("d1", &definition(&Value::Null, &answering("one")))
        .await;
    bench.stage(&Value::Null).await;
    let before = table.reads();
    assert_eq!(get(&bench).await, "one");
    // The stage with the index of its deployment, and the chunk that the method lies in.
    assert_eq!(table.reads(), before + 2);
    for _ in 0..100 {
        get(&bench).await;
    }
    assert_eq!(table.reads(), before + 2);
}

#[tokio::test]
async fn a_stage_begins_with_one_read_whatever_share_its_canary_has() {
    for (about, canary) in [
        ("without a canary", Value::Null),
        (
            "with one",
            json!({"percentTraffic": 100, "deploymentId": "d2", "useStageCache": false}),
        ),
        (
            "of the same deployment",
            json!({"percentTraffic": 100, "deploymentId": "d1", "useStageCache": false}),
        ),
    ] {
        let (bench, table) = counted(Stopped::at(1_000));
        for deployment in ["d1", "d2"] {
            let methods = answering(deployment);
            bench
                .deploy(deployment, &definition(&Value::Null, &methods))
                .await;
        }
        bench.stage(&json!({ "canarySettings": canary })).await;
        let before = table.reads();
        let expected = canary["deploymentId"].as_str().unwrap_or("d1");
        assert_eq!(get(&bench).await, expected, "{about}");
        // The other read is for the chunk that the method lies in.
        assert_eq!(table.reads(), before + 2, "{about}");
        bench.stage(&Value::Null).await;
        let reads = table.reads();
        bench.stage(&Value::Null).await;
        // No copy is made again that is there, nor left that nobody wants.
        assert_eq!(table.reads(), reads + 1, "{about}");
    }
}

#[tokio::test]
async fn a_rejection_reads_nothing_unless_the_api_says_how_to_answer_it_and_then_once() {
    for (customised, reads) in [(false, 0), (true, 1)] {
        let (bench, table) = counted(Stopped::at(1_000));
        let mut definition = definition(&Value::Null, &answering("one"));
        if customised {
            let response = json!({"responseType": "DEFAULT_4XX", "statusCode": "499"});
            definition
                .gateway_responses
                .push(serde_json::from_value(response).unwrap());
        }
        bench.deploy("d1", &definition).await;
        bench.stage(&Value::Null).await;
        let before = table.reads();
        for _ in 0..10 {
            let answer = bench.send("GET /dev/none", &[], "").await;
            assert_eq!(answer.status(), if customised { 499 } else { 403 });
        }
        // The stage with the index of its deployment, and the chunk that the gateway responses lie in.
        assert_eq!(table.reads(), before + 1 + reads);
        if customised {
            table.is_away(true);
            let answer = bench.send("GET /dev/none", &[], "").await;
            assert_eq!(answer.status(), 499, "what was read is kept");
        }
    }
}

#[tokio::test]
async fn a_rejection_is_answered_as_ever_where_the_store_does_not_say_how() {
    let (bench, table) = counted(Stopped::at(1_000));
    let mut definition = definition(&Value::Null, &answering("one"));
    let response = json!({"responseType": "DEFAULT_4XX", "statusCode": "499"});
    definition
        .gateway_responses
        .push(serde_json::from_value(response).unwrap());
    bench.deploy("d1", &definition).await;
    bench.stage(&Value::Null).await;
    table.loses_items(true);
    let answer = bench.send("GET /dev/none", &[], "").await;
    assert_eq!(answer.status(), 403);
    table.loses_items(false);
    let answer = bench.send("GET /dev/none", &[], "").await;
    assert_eq!(answer.status(), 499);
}

#[tokio::test]
async fn the_stage_is_read_again_beside_a_request_and_before_one_that_comes_late() {
    let clock = Stopped::at(1_000);
    let (bench, table) = counted(clock.clone());
    for (deployment, text) in [("d1", "one"), ("d2", "two"), ("d3", "three")] {
        bench
            .deploy(deployment, &definition(&Value::Null, &answering(text)))
            .await;
    }
    bench.stage(&Value::Null).await;
    assert_eq!(get(&bench).await, "one");

    bench.stage(&json!({"deploymentId": "d2"})).await;
    clock.forward(Duration::from_secs(4));
    assert_eq!(
        get(&bench).await,
        "one",
        "what is held is fresh for five seconds"
    );
    clock.forward(Duration::from_secs(1));
    assert_eq!(
        get(&bench).await,
        "one",
        "the request beside which the stage is read does not wait for it"
    );
    assert_eq!(get(&bench).await, "two");

    bench.stage(&json!({"deploymentId": "d3"})).await;
    clock.forward(Duration::from_secs(3_600));
    assert_eq!(
        get(&bench).await,
        "three",
        "after a long sleep the stage is read before the request goes on"
    );

    // Rolling back is pointing at the former deployment.
    bench.stage(&json!({"deploymentId": "d1"})).await;
    clock.forward(Duration::from_secs(3_600));
    let before = table.reads();
    assert_eq!(get(&bench).await, "one");
    assert!(table.reads() - before <= 3);
}

#[tokio::test]
async fn while_the_store_is_away_one_request_in_five_seconds_asks_for_it() {
    let clock = Stopped::at(1_000);
    let (bench, table) = counted(clock.clone());
    bench
        .deploy("d1", &definition(&Value::Null, &answering("one")))
        .await;
    bench.stage(&Value::Null).await;
    assert_eq!(get(&bench).await, "one");
    table.is_away(true);
    clock.forward(Duration::from_secs(3_600));
    let before = table.reads();
    for _ in 0..100 {
        assert_eq!(get(&bench).await, "one");
    }
    assert_eq!(table.reads() - before, 1);
    clock.forward(Duration::from_secs(5));
    get(&bench).await;
    assert_eq!(table.reads() - before, 2);
}

#[tokio::test]
async fn a_store_that_sees_all_writes_makes_changes_visible_at_once() {
    let bench = Bench::new(Stopped::at(1_000));
    for (deployment, text) in [("d1", "one"), ("d2", "two")] {
        bench
            .deploy(deployment, &definition(&Value::Null, &answering(text)))
            .await;
    }
    assert_eq!(
        get(&bench).await,
        "{\"message\":\"Forbidden\"}",
        "there is no stage yet"
    );
    bench.stage(&Value::Null).await;
    assert_eq!(get(&bench).await, "one");
    bench.stage(&json!({"deploymentId": "d2"})).await;
    assert_eq!(get(&bench).await, "two");
    bench.unstage().await;
    assert_eq!(
        get(&bench).await,
        "{\"message\":\"Forbidden\"}",
        "the stage is gone"
    );
}

#[tokio::test]
async fn a_canary_takes_its_share_with_its_own_variables() {
    let bench = Bench::new(Stopped::at(1_000));
    bench
        .deploy("d1", &definition(&Value::Null, &answering("stable")))
        .await;
    bench
        .deploy("d2", &definition(&Value::Null, &answering("canary")))
        .await;
    for (percent, least, most) in [(0.0, 0, 0), (100.0, 1_000, 1_000), (30.0, 200, 400)] {
        bench.stage(&json!({"canarySettings": {"percentTraffic": percent, "deploymentId": "d2", "useStageCache": false}})).await;
        let mut taken = 0;
        for _ in 0..1_000 {
            taken += usize::from(get(&bench).await == "canary");
        }
        assert!((least..=most).contains(&taken), "{percent}: {taken}");
    }
}

#[tokio::test]
async fn every_request_that_reached_a_stage_leaves_one_line_of_each_kind() {
    let bench = Bench::new(Stopped::at(1_723_055_832));
    bench
        .deploy("d1", &definition(&Value::Null, &answering("one")))
        .await;
    let format = json!({"format": "$context.requestId $context.httpMethod $context.path $context.resourcePath $context.status $context.responseLength $context.error.responseType $context.apiId"});
    let settings = json!({"*/*": method_setting(&json!({"metricsEnabled": true}))});
    bench
        .stage(&json!({"accessLogSettings": format, "methodSettings": settings}))
        .await;
    let mut ids = Vec::new();
    for request in ["GET /dev/", "GET /dev/none", "GET /nowhere/"] {
        let response = bench.send(request, &[], "").await;
        ids.push(
            response.headers()["x-amzn-requestid"]
                .to_str()
                .unwrap()
                .to_owned(),
        );
        drop::<Body>(response.into_body());
    }
    let expected = [
        format!("{} GET /dev/ / 200 3 - {API}", ids[0]),
        format!(
            "{} GET /dev/none - 403 42 MISSING_AUTHENTICATION_TOKEN {API}",
            ids[1]
        ),
    ];
    assert_eq!(*bench.journal.access.lock().unwrap(), expected);
    let metrics = bench.journal.metrics.lock().unwrap();
    let seen: Vec<_> = metrics
        .iter()
        .map(|record| (&record["Method"], &record["4XXError"], &record["requestId"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("GET"), &json!(0), &json!(ids[0])),
            (&Value::Null, &json!(1), &json!(ids[1]))
        ]
    );
}

#[tokio::test]
async fn the_metrics_of_an_http_api_go_by_its_id_and_routes() {
    let bench = Bench::new(Stopped::at(1_723_055_832));
    let integration = json!({"integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://one.example/"});
    let guarded = json!({"authorizationType": "AWS_IAM", "integration": integration});
    let routes = BTreeMap::from([("POST /pets/{id}".to_owned(), guarded)]);
    let stage = json!({
        "routeSettings": {"POST /pets/{id}": {"detailedMetricsEnabled": true}},
        "accessLogSettings": {"format": "$context.status $context.responseLength $context.dataProcessed"},
    });
    bench.deploy_routes(&json!({}), &routes, &stage).await;
    let length = [("content-length", "4")];
    for request in ["POST /dev/pets/1", "POST /dev/none"] {
        let response = bench.send(request, &length, "body").await;
        drop::<Body>(response.into_body());
    }
    let access = bench.journal.access.lock().unwrap();
    assert_eq!(*access, ["403 23 27", "404 23 27"]);
    let metrics = bench.journal.metrics.lock().unwrap();
    let seen: Vec<_> = metrics
        .iter()
        .map(|record| ["ApiId", "Route", "4xx", "DataProcessed"].map(|name| record[name].clone()))
        .collect();
    assert_eq!(
        seen,
        [
            [json!(API), json!("POST /pets/{id}"), json!(1), json!(27)],
            [json!(API), Value::Null, json!(1), json!(27)],
        ]
    );
}
