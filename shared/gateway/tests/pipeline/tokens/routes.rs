//! Tokens before the routes of an HTTP API: who passes, what whoever is refused is told, and what is logged of it.

use super::issuers::{BEHIND, ISSUER, Issuers};
use super::{NOW, with};
use crate::harness::{Answer, Bench, Kept, Stopped, arrival};
use postern_gateway::{Gateway, Settings, World};
use postern_store::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

struct Guarded {
    gateway: Gateway,
    issuers: Arc<Issuers>,
    journal: Arc<Kept>,
    clock: Arc<Stopped>,
}

impl Guarded {
    async fn new() -> Self {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let bench = Bench::over(store.clone(), clock.clone());
        let route = |scopes: Value| {
            json!({"authorizationType": "JWT", "authorizerId": "jwt", "authorizationScopes": scopes,
                "integration": {"integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": BEHIND}})
        };
        let routes = BTreeMap::from([
            ("GET /plain".to_owned(), route(Value::Null)),
            (
                "GET /scoped".to_owned(),
                route(json!(["pets/read", "pets/write"])),
            ),
        ]);
        let authorizer = json!({"authorizerType": "JWT", "authorizerUri": null, "authorizerPayloadFormatVersion": null,
            "jwtConfiguration": {"issuer": ISSUER, "audience": ["a", "b"]}});
        let authorizers = BTreeMap::from([("jwt".to_owned(), authorizer)]);
        let format = "$context.authorizer.claims.sub $context.authorizer.claims.groups $context.authorizer.claims.level|$context.authorizer.error";
        let stage = json!({"accessLogSettings": {"format": format}});
        bench
            .deploy_guarded(&json!({}), &routes, &authorizers, &stage)
            .await;
        let issuers = Arc::new(Issuers::new());
        let world = World {
            store,
            backend: issuers.clone(),
            clock: clock.clone(),
            journal: bench.journal.clone(),
        };
        Self {
            gateway: Gateway::new(world, Settings::of("123456789012", "eu-west-1")),
            issuers,
            journal: bench.journal,
            clock,
        }
    }

    /// Status, `WWW-Authenticate` and the line of the access log of an answer to somebody who brings this.
    async fn get(&self, path: &str, authorization: &[&str]) -> (u16, Option<String>, String) {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("authorization", *value))
            .collect();
        self.journal.access.lock().unwrap().clear();
        let arrival = arrival(&format!("GET /dev{path}"), &headers, "");
        let answer = Answer::of(self.gateway.answer(arrival).await).await;
        let expected = match answer.status {
            401 => r#"{"message":"Unauthorized"}"#,
            403 => r#"{"message":"Forbidden"}"#,
            _ => "",
        };
        assert_eq!(answer.body, expected, "{path}");
        let challenge = answer.header("www-authenticate").map(str::to_owned);
        let logged = self.journal.access.lock().unwrap().concat();
        (answer.status, challenge, logged.trim_end().to_owned())
    }

    async fn status(&self, token: &str) -> u16 {
        self.get("/plain", &[token]).await.0
    }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "a", "sub": "ann", "exp": NOW + 1_000})
}

fn invalid(reason: &str) -> (u16, Option<String>, String) {
    let told = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{reason}\"");
    (401, Some(told), format!("- - -|invalid_token: {reason}"))
}

#[tokio::test]
async fn a_token_passes_or_whoever_brings_it_is_told_why_not() {
    let guarded = Guarded::new().await;
    let passes = || (200, None, "ann - -|-".to_owned());
    let audience = || invalid("the token does not have a valid audience");
    for (change, expected) in [
        (json!({}), passes()),
        (json!({"aud": ["x", "b"]}), passes()),
        (json!({"aud": null, "client_id": "a"}), passes()),
        (
            json!({"groups": ["x", "y"], "level": 7}),
            (200, None, "ann [x y] 7|-".to_owned()),
        ),
        (json!({"aud": "x", "client_id": "a"}), audience()),
        (json!({"aud": [], "client_id": "a"}), audience()),
        (json!({"aud": {"a": 1}, "client_id": "a"}), audience()),
        (json!({"aud": null}), audience()),
        (json!({"aud": null, "client_id": ["a"]}), audience()),
        (json!({"exp": NOW}), invalid("the token has expired")),
        (
            json!({"exp": null}),
            invalid("`exp` is missing or is no time"),
        ),
        (
            json!({"exp": "9999999999"}),
            invalid("`exp` is missing or is no time"),
        ),
        (
            json!({"nbf": NOW + 1}),
            invalid("the token is not good yet: `nbf` is to come"),
        ),
        (
            json!({"iat": NOW + 1}),
            invalid("the token is not good yet: `iat` is to come"),
        ),
        (json!({"nbf": NOW, "iat": NOW}), passes()),
        (
            json!({"iss": ISSUER.trim_end_matches('/')}),
            invalid("issuer does not match"),
        ),
        (json!({"iss": null}), invalid("issuer does not match")),
    ] {
        let token = guarded.issuers.token("one", &with(claims(), &change));
        assert_eq!(guarded.get("/plain", &[&token]).await, expected, "{change}");
    }
}

#[tokio::test]
async fn only_what_rsa_signs_with_the_issuers_key_counts() {
    let guarded = Guarded::new().await;
    for (header, reason) in [
        (
            json!({"alg": "none", "kid": "one"}),
            "signing method none is invalid",
        ),
        (
            json!({"alg": "HS256", "kid": "one"}),
            "signing method HS256 is invalid",
        ),
        (
            json!({"alg": "ES256", "kid": "one"}),
            "signing method ES256 is invalid",
        ),
        (
            json!({"alg": "PS256", "kid": "one"}),
            "signing method PS256 is invalid",
        ),
        (
            json!({"alg": "EdDSA", "kid": "one"}),
            "signing method EdDSA is invalid",
        ),
        (
            json!({"alg": "a\"b", "kid": "one"}),
            "signing method a'b is invalid",
        ),
        // The key is published for RS256 alone.
        (
            json!({"alg": "RS512", "kid": "one"}),
            "the issuer has no such key",
        ),
        (
            json!({"alg": "RS256", "kid": "two"}),
            "the issuer has no such key",
        ),
        (
            json!({"alg": "RS256", "kid": "one", "crit": ["exp"]}),
            "its header has `crit`",
        ),
    ] {
        let token = guarded.issuers.signed(&header, &claims());
        let (status, told, _) = guarded.get("/plain", &[&token]).await;
        assert_eq!((status, told), (401, invalid(reason).1), "{header}");
    }
    let good = guarded.issuers.token("one", &claims());
    let other = guarded
        .issuers
        .token("one", &with(claims(), &json!({"sub": "bob"})));
    let (head, signature) = (good.rsplit_once('.').unwrap().0, other.rsplit_once('.'));
    let mixed = format!("{head}.{}", signature.unwrap().1);
    assert_eq!(
        guarded.get("/plain", &[&mixed]).await,
        invalid("the signature is not the issuer's")
    );
}

#[tokio::test]
async fn a_token_stands_alone_with_or_without_its_scheme() {
    let guarded = Guarded::new().await;
    let token = guarded.issuers.token("one", &claims());
    let (bearer, lower) = (format!("Bearer {token}"), format!("bearer  {token}"));
    let twice = format!("{token},{token}");
    for (values, status) in [
        (vec![token.as_str()], 200),
        (vec![bearer.as_str()], 200),
        (vec![lower.as_str()], 200),
        (vec![twice.as_str()], 401),
        (vec![bearer.as_str(), bearer.as_str()], 401),
        (vec![bearer.as_str(), ""], 401),
        (vec!["", bearer.as_str()], 401),
    ] {
        assert_eq!(guarded.get("/plain", &values).await.0, status, "{values:?}");
    }
    let absent = (
        401,
        Some("Bearer".to_owned()),
        "- - -|the request brings no token".to_owned(),
    );
    for values in [&[][..], &[""], &["Bearer"], &["Bearer "]] {
        assert_eq!(guarded.get("/plain", values).await, absent, "{values:?}");
    }
}

#[tokio::test]
async fn a_route_with_scopes_wants_one_of_them() {
    let guarded = Guarded::new().await;
    let told = "Bearer scope=\"pets/read pets/write\" error=\"insufficient_scope\" error_description=\"the token does not have a sufficient scope\"";
    for (change, passes) in [
        (json!({"scope": "openid pets/read"}), true),
        (json!({"scp": ["pets/write"]}), true),
        (json!({"scp": "pets/write"}), true),
        (json!({"scope": "pets/reader pets"}), false),
        (json!({"scope": ["pets/read"]}), false),
        (json!({}), false),
    ] {
        let token = guarded.issuers.token("one", &with(claims(), &change));
        let (status, challenge, logged) = guarded.get("/scoped", &[&token]).await;
        if passes {
            assert_eq!((status, challenge), (200, None), "{change}");
        } else {
            assert_eq!(
                (status, challenge.as_deref()),
                (403, Some(told)),
                "{change}"
            );
            let error = "insufficient_scope: the token has none of the scopes pets/read pets/write";
            assert_eq!(logged, format!("- - -|{error}"));
        }
        assert_eq!(guarded.status(&token).await, 200, "{change}");
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_is_told_of_and_asked_again() {
    let guarded = Guarded::new().await;
    let token = guarded.issuers.token("one", &claims());
    guarded.issuers.is_away.store(true, Ordering::SeqCst);
    let discovery = invalid("OIDC discovery endpoint communication error");
    assert_eq!(guarded.get("/plain", &[&token]).await, discovery);
    let faults = guarded.journal.faults.lock().unwrap().concat();
    assert!(faults.contains("connection refused"), "{faults}");
    guarded.issuers.is_away.store(false, Ordering::SeqCst);
    guarded.clock.forward(Duration::from_secs(3));
    *guarded.issuers.discovery.lock().unwrap() = json!({"issuer": "a\r\n{\"_aws\": {}}"});
    assert_eq!(guarded.get("/plain", &[&token]).await, discovery);
    for fault in guarded.journal.faults.lock().unwrap().iter() {
        assert!(!fault.contains(['\r', '\n']), "{fault}");
    }
    *guarded.issuers.discovery.lock().unwrap() =
        json!({"jwks_uri": "https://keys.example/elsewhere"});
    guarded.clock.forward(Duration::from_secs(3));
    let keys = invalid("JWKS communication error");
    assert_eq!(guarded.get("/plain", &[&token]).await, keys);
    *guarded.issuers.discovery.lock().unwrap() = json!({});
    guarded.clock.forward(Duration::from_secs(3));
    assert_eq!(guarded.status(&token).await, 200);
    let asked = guarded.issuers.times_asked();
    assert_eq!(guarded.status(&token).await, 200);
    assert_eq!(guarded.issuers.times_asked(), asked);
    // What is kept is not kept beyond the token's end.
    guarded.clock.forward(Duration::from_secs(1_000));
    assert_eq!(
        guarded.get("/plain", &[&token]).await,
        invalid("the token has expired")
    );
}
