//! @connections, and whoever asks a WebSocket API for something else than a WebSocket.

use super::{FORBIDDEN, ID, definition as of_routes, deployed};
use crate::harness::{API, Answer, Bench, Stopped, arrival, definition, mock};
use crate::iam::{ANN, ANN_ARN, NOW, ann, credential, principal, proven, put, put_principal};
use postern_gateway::Arrival;
use serde_json::{Value, json};

async fn bench() -> Bench {
    let template = json!({"$default": "{\"statusCode\":200}"});
    let routes = json!({"$default": {"integration": {"integrationType": "MOCK", "requestTemplates": template}}});
    deployed(&routes, &json!({}), &json!({})).await
}

fn may(effect: &str, what: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": "execute-api:ManageConnections",
        "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/{what}")}})
}

fn forbidden() -> String {
    format!("403 {FORBIDDEN}")
}

/// What may be carried out, or the answer.
async fn managed(bench: &Bench, arrival: Arrival) -> String {
    match bench.gateway.manage(arrival).await {
        Ok(managed) => format!(
            "{} {} {} {} {}",
            managed.method,
            managed.api,
            managed.stage,
            managed.connection_id,
            String::from_utf8_lossy(&managed.body)
        ),
        Err(answer) => {
            let answer = Answer::of(answer).await;
            assert!(answer.header("x-amzn-requestid").is_some());
            format!("{} {}", answer.status, answer.body)
        }
    }
}

#[tokio::test]
async fn who_signs_reaches_the_connections_that_policies_allow() {
    let bench = bench().await;
    assert_eq!(NOW, 1_723_055_832);
    put(&bench.store, &credential(ANN, ANN_ARN)).await;
    let policies = [
        may("Allow", "dev/POST/@connections/*"),
        may("Allow", "dev/GET/@connections/IU*"),
        may("Deny", "dev/POST/@connections/secret"),
    ];
    put_principal(&bench.store, &principal(ANN_ARN, &policies)).await;
    let encoded = "/dev/%40connections/IU3kkeN4IAMCJwA%3D";
    for (request, body, expected) in [
        (
            format!("POST {encoded}"),
            "hi",
            format!("POST {API} dev {ID} hi"),
        ),
        (
            format!("POST /dev/@connections/{ID}"),
            "hi",
            format!("POST {API} dev {ID} hi"),
        ),
        (format!("GET {encoded}"), "", format!("GET {API} dev {ID} ")),
        (format!("DELETE {encoded}"), "", forbidden()),
        ("GET /dev/@connections/other".to_owned(), "", forbidden()),
        ("POST /dev/@connections/secret".to_owned(), "", forbidden()),
        (format!("PUT {encoded}"), "", forbidden()),
        ("POST /dev/@connections".to_owned(), "", forbidden()),
        ("POST /other/@connections/a".to_owned(), "", forbidden()),
    ] {
        let found = managed(&bench, ann().header(&request, &[], body)).await;
        assert_eq!(found, expected, "{request}");
    }
    for (request, expected) in [
        (
            format!("POST {encoded}"),
            r#"403 {"message":"Missing Authentication Token"}"#,
        ),
        ("POST /other/@connections/a".to_owned(), &forbidden()),
    ] {
        assert_eq!(
            managed(&bench, arrival(&request, &[], "")).await,
            expected,
            "{request}"
        );
    }
    let fits = "x".repeat(131_072);
    let found = managed(&bench, ann().header(&format!("POST {encoded}"), &[], &fits)).await;
    assert!(found.starts_with("POST ") && found.ends_with('x'));
    let long = fits + "x";
    let found = managed(&bench, ann().header(&format!("POST {encoded}"), &[], &long)).await;
    assert_eq!(found, r#"413 {"message":"Request Too Long"}"#);
    let forged = Arrival {
        body: postern_gateway::Body::from("other"),
        ..ann().header(&format!("POST {encoded}"), &[], "hi")
    };
    assert!(managed(&bench, forged).await.starts_with("403 "));
}

#[tokio::test]
async fn iam_is_asked_about_the_connection_of_a_caller_whom_aws_has_proven() {
    const USER: &str = "arn:aws:iam::123456789012:user/eve";
    let bench = bench().await;
    let decision = |decision: &str| {
        *bench.backend.answer.lock().unwrap() = json!({"body": format!(
            "<member><EvalActionName>execute-api:ManageConnections</EvalActionName><EvalDecision>{decision}</EvalDecision></member>"
        )});
    };
    decision("allowed");
    let request = format!("POST /dev/@connections/{ID}");
    let found = managed(&bench, proven(&request, USER)).await;
    assert_eq!(found, format!("POST {API} dev {ID} "));
    let asked = bench.backend.sent.lock().unwrap().take().unwrap();
    let form = asked["body"].as_str().unwrap();
    for part in [
        "ActionNames.member.1=execute-api%3AManageConnections&ResourceArns",
        "%2Fdev%2FPOST%2F%40connections%2FIU3kkeN4IAMCJwA%3D",
    ] {
        assert!(form.contains(part), "{form}");
    }
    decision("implicitDeny");
    let found = managed(&bench, proven("GET /dev/@connections/other", USER)).await;
    assert_eq!(found, forbidden());
}

#[tokio::test]
async fn who_asks_for_no_socket_is_told_what_the_api_speaks() {
    let bench = bench().await;
    for (request, status, body) in [
        ("GET /dev", 426, r#"{"message":"Upgrade Required"}"#),
        ("POST /dev/", 426, r#"{"message":"Upgrade Required"}"#),
        ("GET /dev/pets", 403, FORBIDDEN),
        ("GET /other", 403, FORBIDDEN),
    ] {
        let answer = Answer::of(bench.send(request, &[], "").await).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{request}"
        );
        let upgrade = (status == 426).then_some("websocket");
        assert_eq!(answer.header("upgrade"), upgrade, "{request}");
    }
}

#[tokio::test]
async fn a_handshake_for_another_kind_of_api_is_an_ordinary_request() {
    let bench = Bench::new(Stopped::at(NOW));
    let methods = [("GET /pets".to_owned(), mock("hi"))].into();
    bench.deploy("d1", &definition(&json!({}), &methods)).await;
    bench.stage(&json!({})).await;
    let answer = bench
        .gateway
        .connect(arrival("GET /dev/pets", &[], ""), ID)
        .await;
    let answer = answer.unwrap_err();
    assert_eq!(answer.status(), 200);
    let answer = bench
        .gateway
        .manage(arrival("GET /dev/@connections/a", &[], ""))
        .await;
    assert_eq!(answer.unwrap_err().status(), 403);
}

#[tokio::test]
async fn requests_for_connections_count_against_the_accounts_throttle() {
    let clock = Stopped::at(NOW);
    let store = postern_store::Embedded::memory(clock.clone()).unwrap();
    let metering = postern_gateway::Metering {
        account: postern_gateway::Throttle::Of {
            rate: 1.0,
            burst: 2,
        },
        ..postern_gateway::Metering::default()
    };
    let bench = Bench::limited(store, clock, metering);
    let template = json!({"$default": "{\"statusCode\":200}"});
    let routes = json!({"$default": {"integration": {"integrationType": "MOCK", "requestTemplates": template}}});
    let definition = of_routes(&routes, &json!({}));
    bench.deploy_routed(&definition, &json!({})).await;
    put(&bench.store, &credential(ANN, ANN_ARN)).await;
    let policies = [may("Allow", "*")];
    put_principal(&bench.store, &principal(ANN_ARN, &policies)).await;
    let request = format!("POST /dev/@connections/{ID}");
    let mut found = Vec::new();
    for _ in 0..3 {
        found.push(managed(&bench, ann().header(&request, &[], "")).await);
    }
    assert_eq!(found[1], format!("POST {API} dev {ID} "));
    assert_eq!(found[2], r#"429 {"message":"Too Many Requests"}"#);
    let refused = bench.gateway.manage(ann().header(&request, &[], "")).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.headers()["x-amzn-errortype"],
        "LimitExceededException"
    );
}
