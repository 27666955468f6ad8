//! A path that a backend may read as another one: who signs must be allowed both it and what it was routed as.

use crate::harness::{API, Bench, Stopped, arrival, definition};
use postern_gateway::{Arrival, Identity};
use postern_plan::credential::{Principal, principal_key};
use postern_store::{Condition, Write, encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: u64 = 1_723_055_832;
const ANN: &str = "arn:aws:iam::123456789012:user/ann";

async fn bench() -> Bench {
    let method = json!({
        "authorizationType": "AWS_IAM",
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "MOCK", "requestTemplates": {"$default": "{\"statusCode\": 200}"},
            "integrationResponses": {"200": {"statusCode": "200"}},
        },
    });
    let methods = ["GET /open/{proxy+}", "GET /shut/{proxy+}"].map(str::to_owned);
    let methods: BTreeMap<_, _> = methods.map(|target| (target, method.clone())).into();
    let bench = Bench::new(Stopped::at(NOW));
    bench.deploy("d1", &definition(&json!({}), &methods)).await;
    bench.stage(&json!({})).await;
    bench
}

/// As Lambda hands over a request whose signature it has verified.
fn proven(path: &str) -> Arrival {
    Arrival {
        proven: Some(Identity {
            arn: ANN.to_owned(),
            account_id: "123456789012".to_owned(),
            user_id: "AIDAEXAMPLE".to_owned(),
            ..Identity::default()
        }),
        ..arrival(&format!("GET /dev{path}"), &[], "")
    }
}

async fn status(bench: &Bench, path: &str) -> u16 {
    bench.gateway.answer(proven(path)).await.status().as_u16()
}

/// Of a policy that allows `/open` and all below it.
const PATHS: [(&str, u16); 6] = [
    ("/open/a", 200),
    ("/open/a%2Fb", 200),
    ("/open/x/..%2Fa", 200),
    ("/shut/a", 403),
    ("/shut/x/..%2F..%2Fopen/a", 403),
    ("/shut/%2E%2e/open/a", 403),
];

#[tokio::test]
async fn a_callers_own_policies_are_not_climbed_around() {
    let bench = bench().await;
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "execute-api:Invoke",
        "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/dev/GET/open/*"),
    }});
    let ann = Principal {
        arn: ANN.to_owned(),
        account_id: "123456789012".to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization_id: None,
        tags: [].into(),
        policies: [("p".to_owned(), policy.to_string())].into(),
        created_at: 0,
    };
    let write = Write::put(principal_key(ANN), encode(&ann), Condition::Always);
    bench.store.definitions.write(write).await.unwrap();
    for (path, expected) in PATHS {
        assert_eq!(status(&bench, path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn iam_is_asked_about_both_readings_of_a_path() {
    let bench = bench().await;
    let member = |action: &str| {
        format!(
            "<member><EvalDecision>allowed</EvalDecision><EvalActionName>execute-api:{action}</EvalActionName></member>"
        )
    };
    let body = member("Invoke") + &member("InvalidateCache");
    *bench.backend.answer.lock().unwrap() = json!({ "body": body });
    for (path, times) in [("/open/a", 1), ("/open/a/", 0), ("/shut/..%2Fopen/a", 1)] {
        bench.backend.calls.lock().unwrap().clear();
        assert_eq!(status(&bench, path).await, 200, "{path}");
        let calls = bench.backend.calls.lock().unwrap().len();
        assert_eq!(calls, times, "{path}");
    }
    // The last one was about the path as it was routed: about the other IAM had been asked before.
    let asked = bench.backend.sent.lock().unwrap().take().unwrap();
    let form = asked["body"].as_str().unwrap_or_default();
    assert!(form.contains("%2FGET%2Fshut%2F..%252Fopen%2Fa"), "{form}");
    let no: Value = json!({ "body": body.replace("allowed", "implicitDeny") });
    *bench.backend.answer.lock().unwrap() = no;
    assert_eq!(status(&bench, "/shut/../open/a").await, 403);
}
