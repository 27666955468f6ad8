//! What the execution log of a request says, line by line.

use crate::harness::{Bench, FUNCTION, Stopped, definition, method_setting, models, validators};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is told of a key where none came, nor was wanted.
const VERIFYING: &str =
    "Verifying Usage Plan for request: {id}. API Key:  API Stage: a1b2c3d4e5/dev";
const VERIFIED: &str = "Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/dev";

fn map(value: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// An API with a method of each kind, on a stage that logs as `setting` says.
async fn bench(setting: &Value) -> Bench {
    let bench = Bench::new(Stopped::at(1_773_119_783));
    let mut whole = definition(
        &json!({}),
        &map(json!({
            "GET /stream": {"methodIntegration": {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://backend.example/x", "responseTransferMode": "STREAM"}},
            "GET /pets/{id}": {"methodIntegration": {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://backend.example/x"}},
            "POST /f": {"methodIntegration": {"type": "AWS_PROXY", "httpMethod": "POST",
                "uri": FUNCTION}},
            "POST /v": {"requestValidatorId": "v", "requestModels": {"application/json": "M"}, "methodIntegration": {"type": "MOCK"}},
        })),
    );
    whole.models = models(&map(json!({"M": {"required": ["NoteId"]}})));
    whole.request_validators = validators(&map(json!({"v": {"validateRequestBody": true}})));
    bench.deploy("d1", &whole).await;
    let settings = json!({"*/*": method_setting(setting)});
    bench.stage(&json!({"methodSettings": settings})).await;
    bench
}

/// The lines of one request, its ids replaced.
async fn lines(bench: &Bench, request: &str, headers: &[(&str, &str)], body: &str) -> Vec<String> {
    let response = bench.send(request, headers, body).await;
    let id = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (id, extended) = (id("x-amzn-requestid"), id("x-amz-apigw-id"));
    response.into_body().collect(usize::MAX).await.unwrap();
    let mut logged = std::mem::take(&mut *bench.journal.executions.lock().unwrap());
    assert!(logged.len() < 2, "one write");
    let logged = logged.pop().unwrap_or_default();
    let prefix = format!("({id}) ");
    logged
        .lines()
        .map(|line| line.strip_prefix(&prefix).unwrap())
        .map(|line| line.replace(&id, "{id}").replace(&extended, "{extended}"))
        .collect()
}

#[tokio::test]
async fn every_step_is_told_where_data_is_traced() {
    let bench = bench(&json!({"loggingLevel": "INFO", "dataTraceEnabled": true})).await;
    *bench.backend.answer.lock().unwrap() =
        json!({"status": 201, "headers": {"x-a": "1"}, "body": "made"});
    let headers = [
        ("x-amzn-trace-id", "Root=1-a-b;Parent=c"),
        ("authorization", "Bearer 0123456789abcdef"),
    ];
    let logged = lines(&bench, "GET /dev/pets/7?a=1&b=%20", &headers, "").await;
    let host = "Host=a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com";
    let forwarded = "X-Forwarded-For=198.51.100.7, X-Forwarded-Port=443, X-Forwarded-Proto=https";
    let expected = [
        "Extended Request Id: {extended}".to_owned(),
        VERIFYING.to_owned(),
        "API Key  authorized because method 'GET /pets/{id}' does not require API Key. Request will not contribute to throttle or quota limits".to_owned(),
        VERIFIED.to_owned(),
        "Starting execution for request: {id}".to_owned(),
        "HTTP Method: GET, Resource Path: /pets/7".to_owned(),
        "Method request path: {id=7}".to_owned(),
        "Method request query string: {a=1, b= }".to_owned(),
        format!(
            "Method request headers: {{{host}, X-Amzn-Trace-Id=Root=1-a-b;Parent=c, Authorization=*****************abcdef, {forwarded}}}"
        ),
        "Method request body before transformations: ".to_owned(),
        "Endpoint request URI: http://backend.example/x?a=1&b=%20".to_owned(),
    ];
    assert_eq!(logged[..expected.len()], expected);
    assert!(
        logged[11].starts_with("Endpoint request headers: {"),
        "{}",
        logged[11]
    );
    assert!(!logged[11].contains("0123456789"), "{}", logged[11]);
    assert_eq!(
        logged[12..],
        [
            "Endpoint request body after transformations: ",
            "Sending request to http://backend.example/x?a=1&b=%20",
            "Received response. Status: 201, Integration latency: 0 ms",
            "Endpoint response headers: {x-a=1}",
            "Endpoint response body before transformations: made",
            "Method response body after transformations: made",
            "Method response headers: {x-a=1}",
            "Successfully completed execution",
            "Method completed with status: 201",
        ]
    );
}

#[tokio::test]
async fn what_streams_is_not_held_for_the_log() {
    let bench = bench(&json!({"loggingLevel": "INFO", "dataTraceEnabled": true})).await;
    // It breaks off at once, which the log would not outlive.
    *bench.backend.answer.lock().unwrap() = json!("broken body of known length");
    let response = bench.send("GET /dev/stream", &[], "").await;
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect(100).await.is_err());
    let logged = bench.journal.executions.lock().unwrap().concat();
    assert!(
        logged.contains("Endpoint response body before transformations: [Streamed]"),
        "{logged}"
    );
}

#[tokio::test]
async fn the_level_says_which_requests_are_told() {
    let begun = [
        "Extended Request Id: {extended}",
        VERIFYING,
        "API Key  authorized because method 'POST /v' does not require API Key. Request will not contribute to throttle or quota limits",
        VERIFIED,
        "Starting execution for request: {id}",
        "HTTP Method: POST, Resource Path: /v",
    ];
    let failed = [
        r#"Request body does not match model schema for content type application/json: [object has missing required properties (["NoteId"])]"#,
        "Method completed with status: 400",
    ];
    for (setting, request, body, expected) in [
        (json!({}), "POST /dev/v", "{}", vec![]),
        (
            json!({"loggingLevel": "OFF", "dataTraceEnabled": true}),
            "POST /dev/v",
            "{}",
            vec![],
        ),
        (
            json!({"loggingLevel": "INFO"}),
            "POST /dev/v",
            "{}",
            [&begun[..], &failed].concat(),
        ),
        (
            json!({"loggingLevel": "ERROR"}),
            "POST /dev/v",
            "{}",
            [&begun[..], &failed].concat(),
        ),
        (
            json!({"loggingLevel": "INFO"}),
            "POST /dev/none",
            "{}",
            vec![],
        ),
    ] {
        let bench = bench(&setting).await;
        assert_eq!(
            lines(&bench, request, &[], body).await,
            expected,
            "{setting} {request}"
        );
    }
}

#[tokio::test]
async fn a_failure_is_told_in_the_services_words() {
    let bench = bench(&json!({"loggingLevel": "ERROR"})).await;
    for (request, answer, expected) in [
        ("GET /dev/pets/7", json!({"status": 200}), vec![]),
        (
            "GET /dev/pets/7",
            json!("slow"),
            vec![
                "Execution failed due to a timeout error",
                "Method completed with status: 504",
            ],
        ),
        (
            "GET /dev/pets/7",
            json!("unknown host"),
            vec![
                "Execution failed due to configuration error: Invalid endpoint address",
                "Method completed with status: 500",
            ],
        ),
        (
            "POST /dev/f",
            json!({"status": 200, "body": "{}x"}),
            vec![
                "Execution failed due to configuration error: Malformed Lambda proxy response",
                "Method completed with status: 502",
            ],
        ),
        (
            "POST /dev/f",
            json!({"status": 403, "body": "{}"}),
            vec![
                "Execution failed due to configuration error: Invalid permissions on Lambda function",
                "Method completed with status: 500",
            ],
        ),
        (
            "POST /dev/f",
            json!({"status": 200, "headers": {"x-amz-function-error": "Unhandled"}, "body": "oh\nno"}),
            vec![
                "Lambda execution failed with status 200 due to customer function error: oh\\u000ano",
                "Method completed with status: 502",
            ],
        ),
    ] {
        *bench.backend.answer.lock().unwrap() = answer.clone();
        let logged = lines(&bench, request, &[], "").await;
        assert_eq!(
            logged.get(6..).unwrap_or_default(),
            expected,
            "{request} {answer}"
        );
    }
}
