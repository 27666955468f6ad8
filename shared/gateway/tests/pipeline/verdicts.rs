//! What is said of a caller once, for others who ask the same: for whom it counts, and what becomes of those who wait for it.

use crate::harness::{Bench, Kept, Stopped, arrival, authorizers, definition};
use async_trait::async_trait;
use http::Response;
use postern_gateway::{
    Arrival, Backend, Body, Call, CallError, Gateway, Identity, Settings, World,
};
use postern_store::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const NOW: u64 = 1_723_055_832;
/// How many ask at once.
const MANY: u64 = 20;

async fn deploy(bench: &Bench, deployment: &str, header: &str, authorization: &str) {
    let method = json!({
        "authorizationType": authorization, "authorizerId": "guard",
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "MOCK", "requestTemplates": {"$default": "{\"statusCode\": 200}"},
            "integrationResponses": {"200": {"statusCode": "200"}},
        },
    });
    let guard = json!({
        "identitySource": format!("method.request.header.{header}"), "authorizerResultTtlInSeconds": 300,
    });
    let methods = BTreeMap::from([("GET /pets".to_owned(), method)]);
    let mut definition = definition(&json!({}), &methods);
    definition.authorizers = authorizers(&BTreeMap::from([("guard".to_owned(), guard)]));
    bench.deploy(deployment, &definition).await;
    bench.stage(&json!({"deploymentId": deployment})).await;
}

fn allowed() -> Value {
    json!({"principalId": "u1", "policyDocument": {"Version": "2012-10-17", "Statement": [
        {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}]}})
}

#[tokio::test]
async fn what_was_said_of_a_name_is_not_said_of_a_password() {
    let bench = Bench::new(Stopped::at(NOW));
    *bench.backend.guard.lock().unwrap() = allowed();
    for (deployment, header, times_asked) in [("d1", "client", 1), ("d2", "password", 2)] {
        deploy(&bench, deployment, header, "CUSTOM").await;
        for _ in 0..2 {
            let sent = arrival("GET /dev/pets", &[(header, "ann")], "");
            assert_eq!(bench.gateway.answer(sent).await.status(), 200);
            let asked = bench.backend.times_asked.load(Ordering::SeqCst);
            assert_eq!(asked, times_asked, "{header}");
        }
    }
}

/// Takes a second for everything, and then fails or not.
struct Slow {
    calls: AtomicU64,
    answer: Option<Value>,
}

#[async_trait]
impl Backend for Slow {
    async fn call(&self, _: Call) -> Result<Response<Body>, CallError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        match &self.answer {
            Some(answer) => Ok(Response::new(Body::from(answer.to_string()))),
            None => Err(CallError::Network("connection reset".to_owned())),
        }
    }
}

/// With which status many requests that came at once are answered, how many calls they made and how long that took.
async fn at_once(
    authorization: &str,
    answer: Option<Value>,
    sent: impl Fn() -> Arrival,
) -> (u16, u64, Duration) {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    let bench = Bench::over(store.clone(), clock.clone());
    deploy(&bench, "d1", "authorization", authorization).await;
    let backend = Arc::new(Slow {
        calls: AtomicU64::new(0),
        answer,
    });
    let world = World {
        store,
        backend: backend.clone(),
        clock,
        journal: Arc::new(Kept::default()),
    };
    let settings = Settings::of("123456789012", "eu-west-1");
    let gateway = Arc::new(Gateway::new(world, settings));
    let began = Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let (gateway, sent) = (gateway.clone(), sent());
        all.spawn(async move { gateway.answer(sent).await.status().as_u16() });
    }
    let mut statuses = all.join_all().await;
    statuses.dedup();
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    (
        statuses[0],
        backend.calls.load(Ordering::SeqCst),
        began.elapsed(),
    )
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_function_that_fails_does_not_wait_for_all_the_others() {
    let sent = || arrival("GET /dev/pets", &[("authorization", "token")], "");
    let (status, calls, _) = at_once("CUSTOM", Some(allowed()), sent).await;
    assert_eq!((status, calls), (200, 1));
    let (status, calls, took) = at_once("CUSTOM", None, sent).await;
    assert_eq!((status, calls), (500, MANY));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_iam_is_told_of_its_silence() {
    let sent = || Arrival {
        proven: Some(Identity {
            arn: "arn:aws:iam::123456789012:user/ann".to_owned(),
            account_id: "123456789012".to_owned(),
            ..Identity::default()
        }),
        ..arrival("GET /dev/pets", &[], "")
    };
    let (status, calls, took) = at_once("AWS_IAM", None, sent).await;
    assert_eq!((status, calls), (500, 1));
    assert!(took < Duration::from_secs(2), "{took:?}");
}
