//! What a client is told of a message that is not answered.

use super::{ID, bench_connection, deployed, function, says, shown};
use serde_json::{Value, json};

#[tokio::test]
async fn what_goes_wrong_is_told_in_the_services_frames() {
    let schema = r#"{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}}"#;
    let models = json!({"models": [{"modelId": "m1", "name": "Text", "schema": schema}]});
    let checked = |models: Value| json!({"integration": function(), "modelSelectionExpression": "$request.body.kind", "requestModels": models});
    let never = json!({"integrationType": "HTTP", "integrationMethod": "POST", "integrationUri": "https://b.example", "passthroughBehavior": "NEVER"});
    let limited = json!({"routeSettings": {"limited": {"detailedMetricsEnabled": false, "throttlingRateLimit": 0.0, "throttlingBurstLimit": 0}}});
    let routes = json!({
        "proxy": {"integration": function()},
        "checked": checked(json!({"$default": "Text"})),
        "unmatched": checked(json!({"other": "Text"})),
        "never": {"integration": never},
        "limited": {"integration": function()},
    });
    let bench = deployed(&routes, &models, &limited).await;
    let connection = bench_connection();
    let internal = format!(
        r#"{{"message": "Internal server error", "connectionId":"{ID}", "requestId":"R"}}"#
    );
    let forbidden = internal.replace("Internal server error", "Forbidden");
    let throttled = internal.replace("Internal server error", "Too Many Requests");
    let bad = internal.replace("Internal server error", "Bad Request");
    let failed = json!({"status": 200, "headers": {"x-amz-function-error": "Unhandled"}, "body": {"errorMessage": "x"}});
    for (message, answer, expected) in [
        (
            json!({"action": "proxy"}),
            says(&json!({"statusCode": 200})),
            None,
        ),
        (json!({"action": "proxy"}), failed, Some(&internal)),
        (
            json!({"action": "proxy"}),
            says(&json!({"no": "status"})),
            Some(&internal),
        ),
        (
            json!({"action": "proxy"}),
            json!({"status": 403}),
            Some(&internal),
        ),
        (json!({"action": "proxy"}), json!("slow"), Some(&internal)),
        (json!({"action": "nothing"}), json!(null), Some(&forbidden)),
        (json!({"action": "limited"}), json!(null), Some(&throttled)),
        (json!({"action": "never"}), json!(null), Some(&bad)),
        (
            json!({"action": "checked", "text": "t"}),
            says(&json!({"statusCode": 200})),
            None,
        ),
    ] {
        bench.play(answer.clone());
        let frame = bench.message(&connection, &message.to_string()).await;
        assert_eq!(
            frame.as_deref().map(shown).as_ref(),
            expected,
            "{message} {answer}"
        );
    }
    for message in [
        json!({"action": "checked"}),
        json!({"action": "checked", "text": 1}),
        json!({"action": "unmatched", "kind": "x"}),
    ] {
        bench.play(json!(null));
        let frame = bench
            .message(&connection, &message.to_string())
            .await
            .unwrap();
        let start =
            format!(r#"{{"message" : "Bad request body", "connectionId": "{ID}", "messageId": ""#);
        assert!(
            frame.starts_with(&start) && frame.ends_with("IAMCJwA=\"}"),
            "{frame}"
        );
        assert!(bench.sent().is_null(), "{message}");
    }
}
