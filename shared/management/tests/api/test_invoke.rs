//! TestInvokeMethod: what is tried out is what stands, deployed or not.

use crate::world::{api, call, management, resource};
use serde_json::json;

#[tokio::test]
async fn a_method_is_tried_as_it_stands() {
    let management = management();
    let (api, root) = api(&management).await;
    let pets = resource(&management, &api, &root, "pets").await;
    let pet = resource(&management, &api, &pets, "{petId}").await;
    let base = format!("/restapis/{api}");
    let method = format!("{base}/resources/{pet}/methods/POST");
    let made = call(
        &management,
        "POST",
        &format!("{base}/requestvalidators"),
        r#"{"name":"all","validateRequestBody":true,"validateRequestParameters":true}"#,
    )
    .await;
    let validator = made.text("id");
    let schema = json!({"type": "object", "required": ["foo"]}).to_string();
    let model = json!({"name": "Foo", "contentType": "application/json", "schema": schema});
    let put_method = json!({
        // Neither is asked of whoever tries.
        "authorizationType": "AWS_IAM", "apiKeyRequired": true,
        "requestValidatorId": validator, "requestModels": {"application/json": "Foo"},
        "requestParameters": {"method.request.querystring.q": true},
    });
    for (verb, target, body) in [
        ("POST", format!("{base}/models"), model),
        ("PUT", method.clone(), put_method),
        (
            "PUT",
            format!("{method}/integration"),
            json!({"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}}),
        ),
        (
            "PUT",
            format!("{method}/responses/200"),
            json!({"responseParameters": {"method.response.header.x-pet": false}}),
        ),
        (
            "PUT",
            format!("{method}/integration/responses/200"),
            json!({
            "responseParameters": {"method.response.header.x-pet": "'yes'"}, "responseTemplates": {"application/json": "done"}}),
        ),
    ] {
        let made = call(&management, verb, &target, &body.to_string()).await;
        assert_eq!(made.status, 201, "{target}: {}", made.message());
    }
    let begin = |path: &str, parameters: &str, query: &str, headers: &str, body: &str| {
        [
            "Starting execution for request: {id}".to_owned(),
            format!("HTTP Method: POST, Resource Path: {path}"),
            format!("Method request path: {parameters}"),
            format!("Method request query string: {query}"),
            format!("Method request headers: {headers}"),
            format!("Method request body before transformations: {body}"),
        ]
    };
    let done = [
        "Method response body after transformations: done",
        "Method response headers: {x-pet=yes, Content-Type=application/json}",
        "Successfully completed execution",
        "Method completed with status: 200",
    ];
    let ok = json!({"Content-Type": "application/json", "x-pet": "yes"});
    let refused = json!({"x-amzn-ErrorType": "BadRequestException"});
    for (input, status, answer, headers, begun, ended) in [
        (
            json!({"pathWithQueryString": "/pets/123?q=bar", "body": "{\"foo\": \"bar\"}", "headers": {"content-type": "application/json"}}),
            200,
            "done",
            &ok,
            begin(
                "/pets/123",
                "{petId=123}",
                "{q=bar}",
                "{content-type=application/json}",
                "{\"foo\": \"bar\"}",
            ),
            done.to_vec(),
        ),
        (
            json!({"body": "{\"foo\": 1}"}),
            400,
            r#"{"message": "Missing required request parameters: [q]"}"#,
            &refused,
            begin(
                "/pets/{petId}",
                "{petId={petId}}",
                "{}",
                "{}",
                "{\"foo\": 1}",
            ),
            vec![
                "Missing required request parameters: [q]",
                "Method completed with status: 400",
            ],
        ),
        (
            json!({"pathWithQueryString": "/elsewhere?q=1", "headers": {"a": "0"}, "multiValueHeaders": {"a": ["1", "2"]}}),
            400,
            r#"{"message": "Invalid request body"}"#,
            &refused,
            begin("/elsewhere", "{}", "{q=1}", "{a=1, a=2}", ""),
            vec![
                r#"Request body does not match model schema for content type application/json: [object has missing required properties (["foo"])]"#,
                "Method completed with status: 400",
            ],
        ),
    ] {
        let tested = call(&management, "POST", &method, &input.to_string()).await;
        assert_eq!(tested.status, 200, "{input}: {}", tested.message());
        assert_eq!(tested.body["status"], status, "{input}: {}", tested.body);
        assert_eq!(tested.body["body"], answer, "{input}");
        assert_eq!(tested.body["headers"], *headers, "{input}");
        assert_eq!(tested.body["latency"], 0);
        let log = tested.text("log");
        let mut lines = log.lines();
        let id = lines
            .next()
            .unwrap()
            .strip_prefix("Execution log for request ")
            .unwrap();
        assert_eq!(id.len(), 36);
        let told: Vec<_> = lines
            .map(|line| {
                line.strip_prefix("Tue Mar 10 05:16:23 UTC 2026 : ")
                    .unwrap()
                    .replace(id, "{id}")
            })
            .collect();
        let expected: Vec<_> = begun
            .into_iter()
            .chain(ended.into_iter().map(str::to_owned))
            .collect();
        assert_eq!(told, expected, "{input}");
        assert!(log.ends_with('\n'));
    }
}

#[tokio::test]
async fn what_cannot_be_tried_says_why() {
    let management = management();
    let (api, root) = api(&management).await;
    let method = format!("/restapis/{api}/resources/{root}/methods");
    assert_eq!(
        call(
            &management,
            "PUT",
            &format!("{method}/GET"),
            r#"{"authorizationType":"NONE"}"#
        )
        .await
        .status,
        201
    );
    for (target, error, message) in [
        (
            format!("{method}/GET"),
            "BadRequestException",
            "No integration defined for method",
        ),
        (
            format!("{method}/PUT"),
            "NotFoundException",
            "Invalid Method identifier specified",
        ),
        (
            format!("/restapis/{api}/resources/none/methods/GET"),
            "NotFoundException",
            "Invalid Resource identifier specified",
        ),
        (
            format!("/restapis/none/resources/{root}/methods/GET"),
            "NotFoundException",
            "Invalid Resource identifier specified",
        ),
    ] {
        let refused = call(&management, "POST", &target, "{}").await;
        assert_eq!(
            (refused.error.as_str(), refused.message()),
            (error, message),
            "{target}"
        );
    }
}
