//! What clients and functions may send and no case file can hold.

use crate::harness::{Bench, Stopped, definition};
use postern_gateway::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn bench() -> Bench {
    let integration = json!({
        "type": "AWS_PROXY", "httpMethod": "POST",
        "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations",
    });
    let method = json!({"methodIntegration": integration});
    let methods = BTreeMap::from([("GET /".to_owned(), method)]);
    let bench = Bench::new(Stopped::at(1));
    bench
        .deploy("d1", &definition(&Value::Null, &methods))
        .await;
    bench.stage(&Value::Null).await;
    bench
}

async fn status(bench: &Bench, request: &str) -> u16 {
    bench.send(request, &[], "").await.status().as_u16()
}

#[tokio::test]
async fn a_name_that_no_stage_can_have_is_no_stage() {
    let bench = bench().await;
    let long = "x".repeat(4_000);
    for request in [
        format!("GET /{long}/"),
        format!("GET /_api/{long}/dev/"),
        format!("GET /_api/a1/{long}/"),
        "GET /_api/a1/%00/".to_owned(),
    ] {
        assert_eq!(status(&bench, &request).await, 403, "{request}");
    }
    let faults = bench.journal.faults.lock().unwrap();
    assert!(
        faults.is_empty(),
        "no client makes the operator look: {faults:?}"
    );
}

#[tokio::test]
async fn a_function_may_answer_with_any_number_of_headers() {
    let bench = bench().await;
    let many: BTreeMap<String, Value> = (0..40_000)
        .map(|n| (format!("x-{n}"), json!("v")))
        .collect();
    for answer in [
        json!({"headers": many}),
        json!({"multiValueHeaders": {"x": vec!["v"; 40_000]}}),
    ] {
        *bench.backend.answer.lock().unwrap() = json!({"body": answer});
        let answered = status(&bench, "GET /dev/").await;
        assert!(matches!(answered, 200 | 502), "{answered}");
    }
}

#[tokio::test]
async fn no_function_writes_lines_of_its_own_into_the_journal() {
    let bench = bench().await;
    *bench.backend.answer.lock().unwrap() =
        json!({"headers": {"x-amz-function-error": "Unhandled"}, "body": "a\r\n{\"_aws\": {}}\nb"});
    let response = bench.send("GET /dev/", &[], "").await;
    drop::<Body>(response.into_body());
    let faults = bench.journal.faults.lock().unwrap();
    assert_eq!(faults.len(), 1);
    assert!(!faults[0].contains(['\r', '\n']), "{}", faults[0]);
}
