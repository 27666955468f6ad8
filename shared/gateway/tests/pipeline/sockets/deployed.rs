//! What is deployed: that it counts at once, and what is wrong with it is told.

use super::{definition, deployed};
use crate::harness::API;
use serde_json::{Value, json};

#[tokio::test]
async fn a_stage_answers_by_what_is_deployed_now() {
    let answering = |text: &str| {
        let template = json!({"$default": "{\"statusCode\":200}"});
        json!({"$default": {"integration": {"integrationType": "MOCK", "requestTemplates": template}, "answers": true,
            "responses": {"$default": {"responseTemplates": {"$default": text}}}}})
    };
    let bench = deployed(&answering("old"), &json!({}), &json!({})).await;
    let connection = bench.connection().await;
    assert_eq!(
        bench.message(&connection, "x").await.as_deref(),
        Some("old")
    );
    let new = definition(&answering("new"), &json!({}));
    let snapshot = postern_plan::routed::freeze(&new).unwrap();
    snapshot
        .save(&*bench.store.definitions, &API.into(), &"d2".into())
        .await
        .unwrap();
    bench.put_routed_stage(&json!({"deploymentId": "d2"})).await;
    assert_eq!(
        bench.message(&connection, "x").await.as_deref(),
        Some("new")
    );
    bench.unstage().await;
    let frame = bench.message(&connection, "x").await.unwrap();
    assert!(frame.starts_with(r#"{"message": "Forbidden""#), "{frame}");
    bench.gateway.disconnected(&connection, 1006, "").await;
}

#[test]
fn routes_that_could_not_be_called_are_told_when_they_are_deployed() {
    let with = |integration: Value, responses: Value| json!({"send": {"integration": integration, "responses": responses}});
    let mock = |template: &str| json!({"integrationType": "MOCK", "requestTemplates": {"$default": template}});
    for (routes, expected) in [
        (
            json!({}),
            "At least one route is required before deploying the Api.",
        ),
        (
            with(mock("#if("), json!({})),
            "Route send: Invalid requestTemplates $default: ",
        ),
        (
            with(mock("x"), json!({"2..": {}})),
            "Route send: Invalid integrationResponseKey 2..: it is neither $default nor a pattern between slashes",
        ),
        (
            with(mock("x"), json!({"/(/": {}})),
            "Route send: Invalid integrationResponseKey /(/: ",
        ),
        (
            with(
                mock("x"),
                json!({"$default": {"responseTemplates": {"a": "#end"}}}),
            ),
            "Route send: Invalid responseTemplates a of the integration response $default: ",
        ),
        (
            with(
                mock("x"),
                json!({"$default": {"responseParameters": {"method.response.header.a": "'b'"}}}),
            ),
            "Route send: Invalid responseParameters method.response.header.a of the integration response $default: it names no header",
        ),
        (
            with(
                json!({"integrationType": "AWS_PROXY", "integrationUri": "https://a.example"}),
                json!({}),
            ),
            "Route send: Invalid integrationUri: ",
        ),
        (
            with(json!({"integrationType": "HTTP_PROXY"}), json!({})),
            "Route send: Invalid uri: it is not set",
        ),
        (
            with(
                json!({"integrationType": "AWS", "integrationUri": "arn:aws:s3:::b"}),
                json!({}),
            ),
            "Route send: Invalid uri: ",
        ),
        (
            json!({"send": {"integration": mock("x"), "target": null}}),
            "Following routes are not valid: they have no integration: send",
        ),
    ] {
        let defects = postern_plan::routed::freeze(&definition(&routes, &json!({}))).err();
        let defects: Vec<_> = defects
            .into_iter()
            .flatten()
            .map(|defect| defect.to_string())
            .collect();
        assert!(
            defects.len() == 1 && defects[0].starts_with(expected),
            "{routes}: {defects:?}"
        );
    }
}
