//! Tokens of user pools: of which kind, where they stand, and what is made known of them.

use super::guarded::{Guarded, access_claims, id_claims, pool};
use super::issuers::POOL;
use super::{EXPIRED, NOW, UNAUTHORIZED, with};
use crate::harness::method_setting;
use postern_gateway::TokenSettings;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_pools_token_passes_where_it_is_of_the_kind_that_the_method_wants() {
    let guarded = Guarded::of_pool().await;
    let (id, access) = (id_claims, access_claims);
    let unauthorized = (401, "UnauthorizedException", UNAUTHORIZED);
    let expired = (401, "UnauthorizedException", EXPIRED);
    let ok = (200, "", "");
    for (path, claims, expected) in [
        ("/plain", id(), ok),
        ("/scoped", id(), unauthorized),
        ("/plain", access(), unauthorized),
        ("/scoped", access(), ok),
        (
            "/scoped",
            with(access(), &json!({"scope": "pets/reader"})),
            unauthorized,
        ),
        (
            "/scoped",
            with(access(), &json!({"scope": null})),
            unauthorized,
        ),
        (
            "/scoped",
            with(access(), &json!({"client_id": null})),
            unauthorized,
        ),
        ("/plain", with(id(), &json!({"aud": null})), unauthorized),
        (
            "/plain",
            with(id(), &json!({"token_use": "ID"})),
            unauthorized,
        ),
        (
            "/plain",
            with(id(), &json!({"token_use": null})),
            unauthorized,
        ),
        (
            "/plain",
            with(id(), &json!({"iss": format!("{POOL}/")})),
            unauthorized,
        ),
        (
            "/plain",
            with(id(), &json!({"iss": "https://evil.example"})),
            unauthorized,
        ),
        ("/plain", with(id(), &json!({"iss": [POOL]})), unauthorized),
        ("/plain", with(id(), &json!({"exp": NOW})), expired),
        ("/plain", with(id(), &json!({"exp": NOW - 1})), expired),
        ("/plain", with(id(), &json!({"exp": NOW + 1})), ok),
        ("/plain", with(id(), &json!({"exp": null})), unauthorized),
        ("/plain", with(id(), &json!({"nbf": NOW + 1})), unauthorized),
    ] {
        let token = guarded.issuers.token("one", &claims);
        let (status, kind, body) = guarded.get(path, Some(&token)).await;
        let body = if status == 200 { "" } else { &body };
        assert_eq!((status, kind.as_str(), body), expected, "{path} {claims}");
    }
}

#[tokio::test]
async fn a_token_stands_in_the_header_with_or_without_its_scheme() {
    let guarded = Guarded::of_pool().await;
    let token = guarded.id_token("one");
    for (value, status) in [
        (Some(token.clone()), 200),
        (Some(format!("Bearer {token}")), 200),
        (Some(format!("bearer  {token} ")), 200),
        (Some(format!("Basic {token}")), 401),
        (Some(format!("Bearer {token} {token}")), 401),
        (Some("Bearer ".to_owned()), 401),
        (Some("Bearer".to_owned()), 401),
        (Some(String::new()), 401),
        (None, 401),
    ] {
        let answer = guarded.get("/plain", value.as_deref()).await;
        assert_eq!(answer.0, status, "{value:?}");
    }
}

#[tokio::test]
async fn what_a_token_says_is_made_known_as_texts() {
    let guarded = Guarded::of_pool().await;
    let (_, _, body) = guarded.get("/plain", Some(&guarded.id_token("one"))).await;
    assert_eq!(body, "ann admin Thu Aug 08 22:23:52 UTC 2024 a,b");
    // The year that no calendar has is no reason to fail.
    let far = with(id_claims(), &json!({"exp": u64::MAX}));
    let (_, _, body) = guarded
        .get("/plain", Some(&guarded.issuers.token("one", &far)))
        .await;
    assert_eq!(body, format!("ann admin {} a,b", u64::MAX));
}

#[tokio::test]
async fn a_log_tells_what_became_of_a_token() {
    let guarded = Guarded::of_pool().await;
    let setting = method_setting(&json!({"loggingLevel": "INFO"}));
    let settings = json!({"methodSettings": {"*/*": setting}});
    guarded.bench.stage(&settings).await;
    let logs = || guarded.bench.journal.executions.lock().unwrap().join("\n");
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("one")).await,
        200
    );
    for line in [
        "Starting authorizer: guard for request: ",
        "Successfully completed authorizer execution",
    ] {
        assert!(logs().contains(line), "{}", logs());
    }
    assert_eq!(guarded.status("/plain", "nonsense").await, 401);
    for line in [
        "The token is not good: token contains an invalid number of segments",
        "Unauthorized request: ",
        "Method completed with status: 401",
    ] {
        assert!(logs().contains(line), "{}", logs());
    }
}

#[tokio::test]
async fn a_pools_audience_can_be_narrowed_and_access_tokens_have_none() {
    let narrowed = with(pool(), &json!({"identityValidationExpression": "cli.*"}));
    let guarded = Guarded::by(narrowed, TokenSettings::default()).await;
    for (path, claims, status) in [
        ("/plain", id_claims(), 200),
        (
            "/plain",
            with(id_claims(), &json!({"aud": "a client"})),
            401,
        ),
        (
            "/plain",
            with(id_claims(), &json!({"aud": ["client"]})),
            200,
        ),
        (
            "/plain",
            with(id_claims(), &json!({"aud": ["client", "clip"]})),
            401,
        ),
        ("/scoped", access_claims(), 401),
    ] {
        let token = guarded.issuers.token("one", &claims);
        assert_eq!(guarded.status(path, &token).await, status, "{claims}");
    }
}

#[tokio::test]
async fn clocks_may_differ_where_the_operator_says_so() {
    let settings = TokenSettings {
        leeway: Duration::from_secs(5),
        ..TokenSettings::default()
    };
    let guarded = Guarded::by(pool(), settings).await;
    for (exp, status) in [(NOW - 4, 200), (NOW - 5, 401)] {
        let token = guarded
            .issuers
            .token("one", &with(id_claims(), &json!({"exp": exp})));
        assert_eq!(guarded.status("/plain", &token).await, status);
    }
}

#[tokio::test]
async fn the_apis_policy_is_asked_after_the_token() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/dev/GET/plain"}]});
    let guarded = Guarded::with_policy(pool(), TokenSettings::default(), policy).await;
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("one")).await,
        200
    );
    // Nobody denies it, and nobody allows it.
    let access = guarded.issuers.token("one", &access_claims());
    let (status, kind, body) = guarded.get("/scoped", Some(&access)).await;
    assert_eq!(
        (status, kind.as_str()),
        (403, "AccessDeniedException"),
        "{body}"
    );
    assert!(
        body.starts_with(
            r#"{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke"#
        ),
        "{body}"
    );
    assert_eq!(guarded.status("/scoped", "nonsense").await, 401);
}
