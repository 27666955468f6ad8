//! Whatever comes in, what goes out is an answer of a known form.

use crate::world::{api, call, management, raw};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Builder;

const ERRORS: [&str; 7] = [
    "BadRequestException",
    "ValidationException",
    "SerializationException",
    "MissingAuthenticationTokenException",
    "NotFoundException",
    "ConflictException",
    "LimitExceededException",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![
            "\\PC{0,12}",
            "(HTTP|AWS|MOCK|GET|NONE|CUSTOM|REGIONAL|PRIVATE|ipv4|true|0)",
            "arn:aws:[a-z]{0,4}:[a-z:/]{0,12}",
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("name"),
        Just("description"),
        Just("endpointConfiguration"),
        Just("types"),
        Just("ipAddressType"),
        Just("tags"),
        Just("minimumCompressionSize"),
        Just("binaryMediaTypes"),
        Just("policy"),
        Just("pathPart"),
        Just("authorizationType"),
        Just("requestParameters"),
        Just("requestModels"),
        Just("type"),
        Just("uri"),
        Just("httpMethod"),
        Just("responseTemplates"),
        Just("responseParameters"),
        Just("selectionPattern"),
        Just("stageName"),
        Just("deploymentId"),
        Just("variables"),
        Just("canarySettings"),
        Just("patchOperations"),
        Just("op"),
        Just("path"),
        Just("value"),
        Just("from"),
        Just("restapi_id"),
        Just("apiStages"),
        Just("throttle"),
        Just("quota"),
        Just("keyId"),
        Just("keyType"),
        Just("domainName"),
        Just("targetArns"),
        Just("stageKeys"),
    ]
    .prop_map(str::to_owned)
}

fn target() -> impl Strategy<Value = (String, String)> {
    let verb = prop_oneof![
        Just("GET"),
        Just("POST"),
        Just("PUT"),
        Just("PATCH"),
        Just("DELETE"),
        Just("OPTIONS")
    ];
    let path = prop_oneof![
        Just("/restapis"),
        Just("/restapis/API"),
        Just("/restapis/API/resources"),
        Just("/restapis/API/resources/ROOT"),
        Just("/restapis/API/resources/ROOT/methods/GET"),
        Just("/restapis/API/resources/ROOT/methods/PUT"),
        Just("/restapis/API/resources/ROOT/methods/GET/responses/200"),
        Just("/restapis/API/resources/ROOT/methods/GET/integration"),
        Just("/restapis/API/resources/ROOT/methods/GET/integration/responses/200"),
        Just("/restapis/API/deployments"),
        Just("/restapis/API/stages"),
        Just("/restapis/API/stages/dev"),
        Just("/account"),
        Just("/apikeys"),
        Just("/apikeys/x"),
        Just("/apikeys?mode=import&format=csv"),
        Just("/usageplans"),
        Just("/usageplans/x/keys"),
        Just("/usageplans/x/usage"),
        Just("/domainnames"),
        Just("/domainnames/x/basepathmappings"),
        Just("/domainnameaccessassociations"),
        Just("/vpclinks"),
        Just("/clientcertificates"),
        Just("/tags/arn:aws:apigateway:r::/restapis/API"),
        Just("/restapis/%00%ff"),
        Just("/restapis/API/resources/a%23b"),
    ];
    let query = prop_oneof![
        Just(""),
        Just("?limit=a&position=%ff"),
        Just("?embed=methods"),
        Just("?tagKeys=a&&=&%")
    ];
    (verb, path, query).prop_map(|(verb, path, query)| (verb.to_owned(), format!("{path}{query}")))
}

/// A path that may be patched, or nearly.
fn pointer() -> impl Strategy<Value = String> {
    prop_oneof![
        "(/(name|description|binaryMediaTypes|endpointConfiguration|types|0|policy|variables|canarySettings|deploymentId|\\*|~1pets|GET|caching|logging|enabled|loglevel|accessLogSettings|format|pathPart|parentId|requestParameters|requestModels|uri|~0~1|)){1,4}",
        "\\PC{0,12}",
    ]
}

async fn check(verb: &str, target: &str, body: Vec<u8>, ready: &crate::world::Ready) {
    let target = target
        .replace("API", &ready.api)
        .replace("ROOT", &ready.root);
    let response = raw(&ready.management, verb, &target, body).await;
    let status = response.status().as_u16();
    match response.headers().get("x-amzn-errortype") {
        None => assert!((200..300).contains(&status), "{verb} {target}: {status}"),
        Some(error) => {
            assert!(
                ERRORS.contains(&error.to_str().unwrap()),
                "{verb} {target}: {error:?}"
            );
            assert!((400..500).contains(&status), "{verb} {target}: {status}");
            let told: Value = serde_json::from_slice(response.body()).unwrap();
            assert!(told["message"].is_string());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_json_to_any_operation_is_answered((verb, target) in target(), body in any_json()) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ready = crate::world::ready().await;
            check(&verb, &target, body.to_string().into_bytes(), &ready).await;
        });
    }

    #[test]
    fn any_bytes_to_any_operation_are_answered((verb, target) in target(), body in prop::collection::vec(any::<u8>(), 0..40)) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ready = crate::world::ready().await;
            check(&verb, &target, body, &ready).await;
        });
    }

    #[test]
    fn any_patch_is_applied_or_refused_and_a_refusal_changes_nothing(
        op in prop_oneof![Just("add"), Just("replace"), Just("remove"), Just("copy"), Just("move"), Just("test"), Just("x")],
        path in pointer(),
        value in prop::option::of(prop_oneof!["\\PC{0,8}", "(true|0|REGIONAL|INFO|GET)"]),
        from in prop::option::of(pointer()),
    ) {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let ready = crate::world::ready().await;
            let patch = json!({"op": op, "path": path, "value": value, "from": from});
            let body = json!({"patchOperations": [{"op": "replace", "path": "/description", "value": "changed"}, patch]}).to_string();
            for target in ["", "/stages/dev"] {
                let target = format!("/restapis/{}{target}", ready.api);
                let before = call(&ready.management, "GET", &target, "").await.body;
                let answer = call(&ready.management, "PATCH", &target, &body).await;
                let after = call(&ready.management, "GET", &target, "").await.body;
                if answer.status == 200 {
                    assert_eq!(after, answer.body);
                } else {
                    assert!(ERRORS.contains(&answer.error.as_str()), "{}", answer.error);
                    assert_eq!(before, after);
                }
            }
        });
    }
}

#[tokio::test]
async fn a_body_without_end_of_nesting_is_refused() {
    let management = management();
    let body = format!("{{\"name\":{}", "[".repeat(200_000));
    let answer = call(&management, "POST", "/restapis", &body).await;
    assert_eq!(
        (answer.status, answer.error.as_str()),
        (400, "SerializationException")
    );
}

#[tokio::test]
async fn what_does_not_fit_the_store_is_refused_by_its_size() {
    let management = management();
    let (api, root) = api(&management).await;
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    call(
        &management,
        "PUT",
        &method,
        r#"{"authorizationType":"NONE"}"#,
    )
    .await;
    // Text that hardly deflates, under the size that a template may have.
    let noise: String = (0..4_u64)
        .flat_map(|part| (0..60_000_u64).map(move |n| (part, n)))
        .map(|(part, n)| {
            let bits = (part * 60_000 + n)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(29);
            char::from(b'!' + (bits.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 58) as u8)
        })
        .collect();
    let templates: serde_json::Map<_, _> = (0..4)
        .map(|n| (format!("text/x{n}"), json!(noise[n * 1_000..].to_owned())))
        .collect();
    let body = json!({"type": "MOCK", "requestTemplates": templates}).to_string();
    let answer = call(&management, "PUT", &format!("{method}/integration"), &body).await;
    assert_eq!(
        (answer.status, answer.error.as_str()),
        (400, "BadRequestException")
    );
    assert!(
        answer
            .message()
            .starts_with("The definition is too large: "),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn ids_longer_than_any_key_are_ids_of_nothing() {
    let management = management();
    let long = "x".repeat(5_000);
    for target in [
        format!("/restapis/{long}"),
        format!("/restapis/{long}/stages/{long}"),
    ] {
        assert_eq!(call(&management, "GET", &target, "").await.status, 404);
    }
    let (api, _) = api(&management).await;
    let target = format!("/restapis/{api}/resources/{long}");
    assert_eq!(call(&management, "GET", &target, "").await.status, 404);
}
