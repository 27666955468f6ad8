//! What logs and metrics tell of what happens on connections, and of who was let in.

use super::{ID, allow, deployed, function, says};
use crate::harness::{API, Bench, arrival};
use crate::iam::{ANN, ANN_ARN, ann, credential, principal, put, put_principal};
use postern_gateway::Arrival;
use serde_json::{Value, json};

#[tokio::test]
async fn what_happens_is_logged_and_counted_under_the_services_names() {
    let names = [
        "eventType",
        "routeKey",
        "connectionId",
        "status",
        "authorizer.principalId",
        "disconnectStatusCode",
        "error.validationErrorString",
        "messageDirection",
    ];
    let format: Vec<_> = names
        .iter()
        .map(|name| format!("$context.{name}"))
        .collect();
    let stage = json!({"accessLogSettings": {"format": format.join(" ")}, "defaultRouteSettings": {"detailedMetricsEnabled": true, "loggingLevel": "INFO"}});
    let routes = json!({
        "$connect": {"integration": function()}, "$disconnect": {"integration": function()},
        "send": {"integration": function(), "answers": true},
    });
    let bench = deployed(&routes, &json!({}), &stage).await;
    let taken = || {
        let access = bench
            .journal
            .access
            .lock()
            .unwrap()
            .drain(..)
            .collect::<Vec<_>>();
        let metrics = bench
            .journal
            .metrics
            .lock()
            .unwrap()
            .drain(..)
            .collect::<Vec<_>>();
        assert_eq!((access.len(), metrics.len()), (1, 1), "{access:?}");
        let counts = [
            "ConnectCount",
            "MessageCount",
            "IntegrationError",
            "ClientError",
            "ExecutionError",
        ];
        let counts: Vec<_> = counts
            .iter()
            .map(|name| metrics[0][*name].to_string())
            .collect();
        format!(
            "{} | {} {}",
            access[0],
            metrics[0]["Route"].as_str().unwrap_or_default(),
            counts.concat()
        )
    };
    bench.play(says(&json!({"statusCode": 200, "body": "hi"})));
    let connection = bench.connection().await;
    assert_eq!(
        taken(),
        format!("CONNECT $connect {ID} 200 - - - IN | $connect 10000")
    );
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 200 - - - IN | send 02000")
    );
    bench.play(says(&json!({"statusCode": 503})));
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 503 - - - IN | send 01100")
    );
    bench.play(json!("refused"));
    bench.message(&connection, r#"{"action":"send"}"#).await;
    assert_eq!(
        taken(),
        format!("MESSAGE send {ID} 502 - - - IN | send 02001")
    );
    bench.message(&connection, "nothing").await;
    assert_eq!(taken(), format!("MESSAGE - {ID} 403 - - - IN |  02010"));
    bench.gateway.disconnected(&connection, 1000, "bye").await;
    assert_eq!(
        taken(),
        format!("DISCONNECT $disconnect {ID} 502 - 1000 - IN | $disconnect 00001")
    );
    assert!(bench.journal.executions.lock().unwrap().len() >= 5);
    // What @connections sends is a message like any other, and in no access log.
    bench.gateway.sent(&connection);
    let record = bench.journal.metrics.lock().unwrap().pop().unwrap();
    let dimensions = &record["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(*dimensions, json!([["ApiId"], ["ApiId", "Stage"]]));
    for (name, value) in [
        ("ApiId", json!(API)),
        ("Stage", json!("dev")),
        ("ConnectCount", json!(0)),
        ("MessageCount", json!(1)),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(bench.journal.access.lock().unwrap().is_empty());
}

#[tokio::test]
async fn logs_tell_what_was_found_of_a_caller() {
    let names = [
        "authenticate.status",
        "authenticate.latency",
        "authorizer.status",
        "authorizer.integrationStatus",
        "authorizer.requestId",
        "authorizer.integrationLatency",
        "authorize.status",
        "authorize.latency",
        "status",
        "authenticate.error",
        "authorizer.error",
        "authorize.error",
    ];
    let format: Vec<_> = names
        .iter()
        .map(|name| format!("$context.{name}"))
        .collect();
    let stage = json!({"accessLogSettings": {"format": format.join(" ")}});
    let guarded = json!({"$connect": {"integration": function(), "authorizationType": "CUSTOM", "authorizerId": "a1"}});
    let signed = json!({"$connect": {"integration": function(), "authorizationType": "AWS_IAM"}});
    let guarded = deployed(&guarded, &json!({}), &stage).await;
    let may = |effect: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}});
    let logged = async |bench: &Bench, arrival: Arrival| {
        bench.play(says(&json!({"statusCode": 200})));
        let _ = bench.gateway.connect(arrival, ID).await;
        bench.journal.access.lock().unwrap().pop().unwrap()
    };
    let reply =
        |body: Value| json!({"reply": {"headers": {"x-amzn-requestid": "r-1"}, "body": body}});
    let failing = |message: &str| {
        json!({"reply": {"headers": {"x-amzn-requestid": "r-1", "x-amz-function-error": "Unhandled"},
        "body": {"errorMessage": message}}})
    };
    for (guard, expected) in [
        (
            reply(allow("dev/$connect")),
            "- - 200 200 r-1 0 - - 200 - - -",
        ),
        (
            reply(allow("dev/other")),
            "- - 403 200 r-1 0 - - 403 - The client is not authorized to perform this operation. -",
        ),
        (
            failing("Unauthorized"),
            "- - 401 200 r-1 0 - - 401 - the authorizer says that the caller is not one -",
        ),
        (
            failing("oh"),
            "- - 500 200 r-1 0 - - 500 - the authorizer's function failed: oh -",
        ),
        (
            json!({"reply": {"status": 429}}),
            "- - 500 429 - 0 - - 500 - the authorizer cannot decide: Lambda answers 429 -",
        ),
    ] {
        *guarded.backend.guard.lock().unwrap() = guard.clone();
        let line = logged(&guarded, arrival("GET /dev?token=t", &[], "")).await;
        assert_eq!(line, expected, "{guard}");
    }
    let bench = deployed(&signed, &json!({}), &stage).await;
    let line = logged(&bench, arrival("GET /dev", &[], "")).await;
    assert!(
        line.starts_with("403 0 - - - - - - 403 the signature proves nothing: "),
        "{line}"
    );
    for (effect, expected) in [
        ("Allow", "200 0 - - - - 200 0 200 - - -"),
        (
            "Deny",
            "200 0 - - - - 403 0 403 - - The client is not authorized to perform this operation.",
        ),
    ] {
        let bench = deployed(&signed, &json!({}), &stage).await;
        put(&bench.store, &credential(ANN, ANN_ARN)).await;
        put_principal(&bench.store, &principal(ANN_ARN, &[may(effect)])).await;
        let line = logged(&bench, ann().header("GET /dev", &[], "")).await;
        assert_eq!(line, expected, "{effect}");
    }
}
