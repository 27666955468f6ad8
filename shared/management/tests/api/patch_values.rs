//! What the texts of patches are taken for, at every path whose value is no text.

use crate::world::{call, management};
use postern_management::Management;
use serde_json::{Value, json};

/// One of each thing that has such a path.
struct Things {
    management: Management,
    api: String,
    method: String,
    key: String,
    plan: String,
    validator: String,
    authorizer: String,
}

async fn id_of(management: &Management, verb: &str, target: &str, body: Value) -> String {
    let answer = call(management, verb, target, &body.to_string()).await;
    assert!(answer.status < 300, "{verb} {target} {}", answer.body);
    answer.text("id")
}

async fn things() -> Things {
    let management = management();
    let make =
        async |verb: &str, target: &str, body: Value| id_of(&management, verb, target, body).await;
    let made = call(&management, "POST", "/restapis", r#"{"name":"test"}"#).await;
    let api = format!("/restapis/{}", made.text("id"));
    let method = format!(
        "{api}/resources/{}/methods/GET",
        made.text("rootResourceId")
    );
    let integration = json!({"type": "HTTP", "httpMethod": "GET", "uri": "https://b.example/"});
    let authorizer = json!({"name": "a", "type": "REQUEST", "identitySource": "method.request.header.A",
        "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"});
    let declared = json!({"responseParameters": {"method.response.header.A": false}});
    let method_body = json!({"authorizationType": "NONE", "requestParameters": {"method.request.header.A": false}});
    make("PUT", &method, method_body).await;
    make("PUT", &format!("{method}/responses/200"), declared).await;
    make("PUT", &format!("{method}/integration"), integration).await;
    let deployment = json!({"stageName": "dev"});
    make("POST", &format!("{api}/deployments"), deployment).await;
    let of_api = format!("{api}/requestvalidators");
    let validator = make("POST", &of_api, json!({"name": "v"})).await;
    let of_api = format!("{api}/authorizers");
    let authorizer = make("POST", &of_api, authorizer).await;
    let key = make("POST", "/apikeys", json!({})).await;
    let stages = json!([{"apiId": made.text("id"), "stage": "dev"}]);
    let plan = json!({"name": "p", "apiStages": stages, "quota": {"limit": 10, "period": "WEEK"}});
    let plan = make("POST", "/usageplans", plan).await;
    Things {
        validator: format!("{api}/requestvalidators/{validator}"),
        authorizer: format!("{api}/authorizers/{authorizer}"),
        key: format!("/apikeys/{key}"),
        plan: format!("/usageplans/{plan}"),
        api,
        method,
        management,
    }
}

impl Things {
    fn stage(&self) -> String {
        format!("{}/stages/dev", self.api)
    }

    async fn patch(&self, target: &str, path: &str, value: Option<&str>) -> (u16, Value) {
        let mut patch = json!({"op": "replace", "path": path});
        if let Some(value) = value {
            patch["value"] = json!(value);
        }
        let body = json!({"patchOperations": [patch]}).to_string();
        let answer = call(&self.management, "PATCH", target, &body).await;
        (answer.status, answer.body)
    }
}

/// As recorded of some of them: `true` in any case is true, and everything else is false.
#[tokio::test]
async fn only_true_is_true_and_nothing_is_refused_where_a_boolean_is_wanted() {
    let things = things().await;
    let (stage, response) = (things.stage(), format!("{}/responses/200", things.method));
    let integration = format!("{}/integration", things.method);
    for (target, path, member) in [
        (
            &things.api,
            "/disableExecuteApiEndpoint",
            "/disableExecuteApiEndpoint",
        ),
        (&things.key, "/enabled", "/enabled"),
        (
            &things.validator,
            "/validateRequestBody",
            "/validateRequestBody",
        ),
        (
            &things.validator,
            "/validateRequestParameters",
            "/validateRequestParameters",
        ),
        (&things.method, "/apiKeyRequired", "/apiKeyRequired"),
        (
            &things.method,
            "/requestParameters/method.request.header.A",
            "/requestParameters/method.request.header.A",
        ),
        (
            &response,
            "/responseParameters/method.response.header.A",
            "/responseParameters/method.response.header.A",
        ),
        (
            &integration,
            "/tlsConfig/insecureSkipVerification",
            "/tlsConfig/insecureSkipVerification",
        ),
        (&stage, "/cacheClusterEnabled", "/cacheClusterEnabled"),
        (&stage, "/tracingEnabled", "/tracingEnabled"),
        (
            &stage,
            "/canarySettings/useStageCache",
            "/canarySettings/useStageCache",
        ),
        (
            &stage,
            "/*/*/metrics/enabled",
            "/methodSettings/*~1*/metricsEnabled",
        ),
        (
            &stage,
            "/*/*/logging/dataTrace",
            "/methodSettings/*~1*/dataTraceEnabled",
        ),
        (
            &stage,
            "/*/*/caching/enabled",
            "/methodSettings/*~1*/cachingEnabled",
        ),
        (
            &stage,
            "/*/*/caching/dataEncrypted",
            "/methodSettings/*~1*/cacheDataEncrypted",
        ),
        (
            &stage,
            "/*/*/caching/requireAuthorizationForCacheControl",
            "/methodSettings/*~1*/requireAuthorizationForCacheControl",
        ),
    ] {
        for (value, meant) in [
            (Some("true"), true),
            (Some("false"), false),
            (Some("True"), true),
            (Some("maybe"), false),
            (Some("TRUE"), true),
            (Some(""), false),
            (Some("true"), true),
            (None, false),
            (Some("1"), false),
        ] {
            let (status, answer) = things.patch(target, path, value).await;
            assert!(status < 300, "{target} {path} = {value:?}: {answer}");
            assert_eq!(
                answer.pointer(member),
                Some(&json!(meant)),
                "{target} {path} = {value:?}: {answer}"
            );
        }
    }
}

/// Text that is no number is nobody's wish for one, so it is refused with words that name the path or what it is.
#[tokio::test]
async fn what_is_no_number_is_refused_where_a_number_is_wanted() {
    const NO_NUMBERS: [&str; 8] = ["soon", "1x", "NaN", "inf", "-inf", "1,5", "0x10", "--1"];
    const NO_WHOLE_NUMBERS: [&str; 3] = ["1.5", "1e2", "99999999999999999999"];
    let things = things().await;
    let stage = things.stage();
    let integration = format!("{}/integration", things.method);
    let named = &things.plan;
    let api = things.api.trim_start_matches("/restapis/");
    let throttle = format!("/apiStages/{api}:dev/throttle/~1/GET");
    for (target, path, member, right, wrong, said) in [
        (
            &things.api,
            "/minimumCompressionSize",
            "/minimumCompressionSize",
            ["0", "10485760"],
            &["-1", "10485761"][..],
            "Invalid minimum compression size",
        ),
        (
            &things.authorizer,
            "/authorizerResultTtlInSeconds",
            "/authorizerResultTtlInSeconds",
            ["0", "3600"],
            &["-1", "3601"],
            "Invalid authorizer result TTL",
        ),
        (
            &integration,
            "/timeoutInMillis",
            "/timeoutInMillis",
            ["50", "900000"],
            &["49", "900001", ""],
            "imeout",
        ),
        (
            &stage,
            "/*/*/throttling/burstLimit",
            "/methodSettings/*~1*/throttlingBurstLimit",
            ["-1", "2147483647"],
            &["-2", "2147483648", ""],
            "throttling/burstLimit",
        ),
        (
            &stage,
            "/*/*/caching/ttlInSeconds",
            "/methodSettings/*~1*/cacheTtlInSeconds",
            ["0", "3600"],
            &["-1", "3601", ""],
            "caching/ttlInSeconds",
        ),
        (
            named,
            "/throttle/burstLimit",
            "/throttle/burstLimit",
            ["0", "2147483647"],
            &["-1", "2147483648", ""],
            "burst",
        ),
        (
            named,
            &format!("{throttle}/burstLimit"),
            "/apiStages/0/throttle/~1~1GET/burstLimit",
            ["0", "2147483647"],
            &["-1", "2147483648", ""],
            "burst",
        ),
        (
            named,
            "/quota/limit",
            "/quota/limit",
            ["1", "2147483647"],
            &["-1", "2147483648", ""],
            "quota",
        ),
        (
            named,
            "/quota/offset",
            "/quota/offset",
            ["0", "6"],
            &["-1", "7", ""],
            "quota",
        ),
    ] {
        for text in right {
            let (status, answer) = things.patch(target, path, Some(text)).await;
            let number: i64 = text.parse().unwrap();
            assert_eq!(status, 200, "{target} {path} = {text}: {answer}");
            assert_eq!(
                answer.pointer(member),
                Some(&json!(number)),
                "{path} = {text}: {answer}"
            );
        }
        for text in NO_NUMBERS.iter().chain(&NO_WHOLE_NUMBERS).chain(wrong) {
            refused(&things, target, path, text, said).await;
        }
    }
    for (target, path, member, right, wrong, said) in [
        (
            &stage,
            "/canarySettings/percentTraffic",
            "/canarySettings/percentTraffic",
            ["0.5", "100"],
            &["-0.1", "100.1", ""][..],
            "Invalid percentTraffic",
        ),
        (
            &stage,
            "/*/*/throttling/rateLimit",
            "/methodSettings/*~1*/throttlingRateLimit",
            ["-1", "0.1"],
            &["-0.5", "-2", ""],
            "throttling/rateLimit",
        ),
        (
            named,
            "/throttle/rateLimit",
            "/throttle/rateLimit",
            ["0.5", "10000"],
            &["-1", ""],
            "rate",
        ),
        (
            named,
            &format!("{throttle}/rateLimit"),
            "/apiStages/0/throttle/~1~1GET/rateLimit",
            ["0.5", "10000"],
            &["-1", ""],
            "rate",
        ),
    ] {
        for text in right {
            let (status, answer) = things.patch(target, path, Some(text)).await;
            let number: f64 = text.parse().unwrap();
            assert_eq!(status, 200, "{target} {path} = {text}: {answer}");
            assert_eq!(
                answer.pointer(member),
                Some(&json!(number)),
                "{path} = {text}: {answer}"
            );
        }
        for text in NO_NUMBERS.iter().chain(wrong) {
            refused(&things, target, path, text, said).await;
        }
    }
}

async fn refused(things: &Things, target: &str, path: &str, text: &str, said: &str) {
    let (status, answer) = things.patch(target, path, Some(text)).await;
    let message = answer["message"].as_str().unwrap_or_default();
    assert_eq!(status, 400, "{target} {path} = {text}: {answer}");
    // Either where it stands in the request, or what it is.
    let is_named = message.contains(path) || message.contains(said);
    assert!(is_named, "{path} = {text}: {message}");
}
