//! Who signs is known, and may what policies allow: their own, those of the API, and between accounts both.

use super::{
    ANN, ANN_ARN, NOW, ann, answer, bench, bench_over, credential, principal, put, put_principal,
    statement,
};
use crate::harness::{API, Stopped, arrival, definition};
use http::HeaderValue;
use postern_plan::credential::{Credential, credential_key};
use postern_store::{Condition, Embedded, Write};
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn who_signs_is_known_and_may_what_policies_allow() {
    let (bench, _) = bench().await;
    let whole = format!("{ANN_ARN} 123456789012 AIDAEXAMPLE {ANN} o-1");
    for sent in [
        ann().header("GET /dev/pets", &[], ""),
        ann().header(
            "POST /dev/pets",
            &[("content-type", "text/plain")],
            "a body",
        ),
        ann().header("GET //dev//a/b%20c//%C3%A9?z=1&a=%2B+&a&=x", &[], ""),
        ann().query("GET /dev/pets?type=dog", "300"),
    ] {
        let line = format!("{} {} {:?}", sent.method, sent.path, sent.query);
        let found = answer(&bench, sent).await;
        assert_eq!((found.status, found.body), (200, whole.clone()), "{line}");
    }
    let refused = |what: &str, how: &str| {
        format!(
            r#"{{"Message":"User: {ANN_ARN} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********9012:{API}/dev/{what}{how}"}}"#
        )
    };
    for (request, expected) in [
        ("DELETE /dev/pets", refused("DELETE/pets", "")),
        (
            "GET /dev/a/secret",
            refused("GET/a/secret", " with an explicit deny"),
        ),
    ] {
        let found = answer(&bench, ann().header(request, &[], "")).await;
        assert_eq!(
            found.refusal(),
            (403, "AccessDeniedException", expected.as_str())
        );
    }
    let logged = bench.journal.access.lock().unwrap().concat();
    assert!(logged.contains("AIDAEXAMPLE"), "{logged}");
}

#[tokio::test]
async fn a_host_in_the_line_is_the_one_that_was_signed() {
    let (bench, _) = bench().await;
    let mut sent = ann().header("GET /dev/pets", &[], "");
    // As a proxy is asked, the line names the host, and the header may name any.
    sent.headers
        .insert("host", HeaderValue::from_static("proxy.example"));
    assert_eq!(answer(&bench, sent).await.status, 200);
}

#[tokio::test]
async fn an_owner_may_reword_each_kind_of_refusal() {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    let bench = bench_over(store, clock, &json!({})).await;
    let methods = BTreeMap::from([(
        "GET /pets".to_owned(),
        json!({"authorizationType": "AWS_IAM", "methodIntegration": {"type": "MOCK"}}),
    )]);
    let mut whole = definition(&json!({}), &methods);
    for (kind, status) in [
        ("MISSING_AUTHENTICATION_TOKEN", "461"),
        ("INVALID_SIGNATURE", "462"),
        ("EXPIRED_TOKEN", "463"),
        ("ACCESS_DENIED", "464"),
        ("DEFAULT_4XX", "465"),
    ] {
        let response = json!({"responseType": kind, "statusCode": status});
        whole
            .gateway_responses
            .push(serde_json::from_value(response).unwrap());
    }
    bench.deploy("d2", &whole).await;
    bench.stage(&json!({"deploymentId": "d2"})).await;
    let ended = Credential {
        expires_at: Some(NOW - 1),
        ..credential("ASIAPOSTERNTESTOLD01", ANN_ARN)
    };
    put(&bench.store, &ended).await;
    let bob = "arn:aws:iam::123456789012:user/bob";
    put(&bench.store, &credential("AKIAPOSTERNTESTBOB01", bob)).await;
    let of = |id: &str| {
        ann()
            .set(|s| s.id = id.to_owned())
            .header("GET /dev/pets", &[], "")
    };
    for (sent, status) in [
        (arrival("GET /dev/pets", &[], ""), 461),
        (
            ann()
                .set(|s| s.secret = "x".into())
                .header("GET /dev/pets", &[], ""),
            462,
        ),
        (of("ASIAPOSTERNTESTOLD01"), 463),
        (of("AKIAPOSTERNTESTBOB01"), 464),
        (of("AKIAPOSTERNTESTNONE1"), 465),
    ] {
        assert_eq!(answer(&bench, sent).await.status, status);
    }
}

#[tokio::test]
async fn between_accounts_both_sides_must_allow() {
    const ELSEWHERE: &str = "arn:aws:iam::210987654321:user/cid";
    let policy = |principal: &str| {
        json!({"policy": json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/GET/pets"},
        ]}).to_string()})
    };
    let allow = || vec![statement("Allow", "dev/GET/pets")];
    for (about, api, own, status) in [
        ("no policy of the API", json!({}), allow(), 403),
        ("both", policy(ELSEWHERE), allow(), 200),
        ("the account", policy("210987654321"), allow(), 200),
        (
            "somebody else",
            policy("arn:aws:iam::210987654321:user/dan"),
            allow(),
            403,
        ),
        ("the API alone", policy(ELSEWHERE), vec![], 403),
    ] {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let bench = bench_over(store, clock, &api).await;
        put(&bench.store, &credential("AKIAPOSTERNTESTCID01", ELSEWHERE)).await;
        put_principal(&bench.store, &principal(ELSEWHERE, &own)).await;
        let sent =
            ann()
                .set(|s| s.id = "AKIAPOSTERNTESTCID01".into())
                .header("GET /dev/pets", &[], "");
        assert_eq!(answer(&bench, sent).await.status, status, "{about}");
    }
}

#[tokio::test]
async fn a_change_counts_at_once_where_the_store_sees_all_writes() {
    let (bench, _) = bench().await;
    let status = async |id: &str| {
        let sent = ann()
            .set(|s| s.id = id.to_owned())
            .header("GET /dev/pets", &[], "");
        answer(&bench, sent).await.status
    };
    assert_eq!(status(ANN).await, 200);
    put_principal(&bench.store, &principal(ANN_ARN, &[])).await;
    assert_eq!(status(ANN).await, 403);
    put_principal(
        &bench.store,
        &principal(ANN_ARN, &[statement("Allow", "*")]),
    )
    .await;
    assert_eq!(status(ANN).await, 200);
    let delete = Write::delete(credential_key(ANN), Condition::Always);
    bench.store.definitions.write(delete).await.unwrap();
    assert_eq!(status(ANN).await, 403);
}
