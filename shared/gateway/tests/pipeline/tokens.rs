//! Callers who bring tokens: whose pass, what is made known of them, and how often issuers are asked for their keys.

use crate::harness::{Answer, Bench, Stopped, arrival, definition, merge, method_setting, mock};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Method, Response};
use postern_gateway::{
    Backend, Body, Call, CallError, Destination, Gateway, Settings, TokenSettings, World,
};
use postern_store::Embedded;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const NOW: u64 = 1_723_055_832;
const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool";
pub(crate) const ISSUER: &str = "https://issuer.example/tenant/";

/// Plays all issuers, which have one key.
pub(crate) struct Issuers {
    rsa: RsaKeyPair,
    /// The names under which the key is published.
    names: Mutex<Vec<&'static str>>,
    asked: Mutex<Vec<String>>,
    pub(crate) is_away: AtomicBool,
    /// What discovery says differently.
    pub(crate) discovery: Mutex<Value>,
}

/// What stands behind routes, and is no issuer.
pub(crate) const BEHIND: &str = "http://b.example/x";

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuers {
    pub(crate) fn new() -> Self {
        let rsa = include_str!("../../../identity/tests/identity/rsa_key.txt").replace('\n', "");
        Self {
            rsa: RsaKeyPair::from_der(&STANDARD.decode(rsa).unwrap()).unwrap(),
            names: Mutex::new(vec!["one"]),
            asked: Mutex::default(),
            is_away: AtomicBool::new(false),
            discovery: Mutex::new(json!({})),
        }
    }

    pub(crate) fn token(&self, key: &str, claims: &Value) -> String {
        self.signed(&json!({"alg": "RS256", "kid": key}), claims)
    }

    /// A token of whichever header, signed as RS256 has it.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let header = header.to_string();
        let message = format!("{}.{}", encoded(header), encoded(claims.to_string()));
        let mut signature = vec![0; self.rsa.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self.rsa.sign(
            &RSA_PKCS1_SHA256,
            &random,
            message.as_bytes(),
            &mut signature,
        );
        signed.unwrap();
        format!("{message}.{}", encoded(signature))
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Backend for Issuers {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let Destination::Url { url, .. } = call.destination else {
            panic!("an issuer is a URL");
        };
        if url == BEHIND {
            return Ok(Response::new(Body::empty()));
        }
        assert_eq!(
            (call.method, call.timeout),
            (Method::GET, Duration::from_millis(1_500))
        );
        self.asked.lock().unwrap().push(url.clone());
        tokio::task::yield_now().await;
        if self.is_away.load(Ordering::SeqCst) {
            return Err(CallError::Network("connection refused".to_owned()));
        }
        let document = if url == format!("{ISSUER}.well-known/openid-configuration") {
            let mut document = json!({"issuer": ISSUER, "jwks_uri": "https://keys.example/all"});
            merge(&mut document, &self.discovery.lock().unwrap());
            document
        } else if url == "https://keys.example/all"
            || url == format!("{POOL}/.well-known/jwks.json")
        {
            let key: RsaPublicKeyComponents<Vec<u8>> = self.rsa.public().into();
            let (n, e) = (encoded(key.n), encoded(key.e));
            let names = self.names.lock().unwrap().clone();
            let keys = names.iter().map(|kid| json!({"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e}));
            json!({"keys": keys.collect::<Vec<_>>()})
        } else {
            let mut missing = Response::new(Body::empty());
            *missing.status_mut() = http::StatusCode::NOT_FOUND;
            return Ok(missing);
        };
        Ok(Response::new(Body::from(document.to_string())))
    }
}

/// An API with an authorizer before it, and its issuers.
struct Guarded {
    bench: Bench,
    gateway: Arc<Gateway>,
    issuers: Arc<Issuers>,
    clock: Arc<Stopped>,
}

impl Guarded {
    async fn by(authorizer: Value, settings: TokenSettings) -> Self {
        Self::with_policy(authorizer, settings, Value::Null).await
    }

    async fn with_policy(authorizer: Value, settings: TokenSettings, policy: Value) -> Self {
        let clock = Stopped::at(NOW);
        let store = Embedded::memory(clock.clone()).unwrap();
        let bench = Bench::over(store.clone(), clock.clone());
        let mut whole = json!({"id": "guard", "name": "guard", "identitySource": "method.request.header.Authorization"});
        merge(&mut whole, &authorizer);
        let kind = whole["type"].clone();
        let method = |scopes: Value| {
            let mut method = mock(
                "$context.authorizer.claims.sub $context.authorizer.claims['custom:role'] $context.authorizer.claims.exp $!context.authorizer.claims.groups",
            );
            let members = json!({"authorizationType": kind, "authorizerId": "guard", "authorizationScopes": scopes});
            merge(&mut method, &members);
            method
        };
        let methods = BTreeMap::from([
            ("GET /plain".to_owned(), method(Value::Null)),
            (
                "GET /scoped".to_owned(),
                method(json!(["pets/read", "pets/write"])),
            ),
        ]);
        let api = if policy.is_null() {
            json!({})
        } else {
            json!({"policy": policy.to_string()})
        };
        let mut definition = definition(&api, &methods);
        definition
            .authorizers
            .push(serde_json::from_value(whole).unwrap());
        bench.deploy("d1", &definition).await;
        bench.stage(&json!({})).await;
        let issuers = Arc::new(Issuers::new());
        let world = World {
            store,
            backend: issuers.clone(),
            clock: clock.clone(),
            journal: bench.journal.clone(),
        };
        let settings = Settings {
            tokens: settings,
            ..Settings::of("123456789012", "eu-west-1")
        };
        Self {
            gateway: Arc::new(Gateway::new(world, settings)),
            bench,
            issuers,
            clock,
        }
    }

    async fn of_pool() -> Self {
        Self::by(pool(), TokenSettings::default()).await
    }

    /// Status, type and body of the answer to somebody who brings this.
    async fn get(&self, path: &str, authorization: Option<&str>) -> (u16, String, String) {
        let headers: Vec<_> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let answer = self
            .gateway
            .answer(arrival(&format!("GET /dev{path}"), &headers, ""))
            .await;
        let answer = Answer::of(answer).await;
        let (status, kind, _) = answer.refusal();
        (status, kind.to_owned(), answer.body)
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        self.get(path, Some(token)).await.0
    }

    fn id_token(&self, key: &str) -> String {
        self.issuers.token(key, &id_claims())
    }

    async fn forward(&self, seconds: u64) {
        self.clock.forward(Duration::from_secs(seconds));
        // What goes on beside requests gets its turn.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

fn pool() -> Value {
    json!({"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_other", "arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_pool"]})
}

fn id_claims() -> Value {
    json!({"iss": POOL, "aud": "client", "token_use": "id", "sub": "ann", "custom:role": "admin", "groups": ["a", "b"], "iat": NOW, "exp": NOW + 100_000})
}

fn access_claims() -> Value {
    json!({"iss": POOL, "client_id": "client", "token_use": "access", "sub": "ann", "scope": "openid pets/read", "iat": NOW, "exp": NOW + 100_000})
}

pub(crate) fn with(mut claims: Value, change: &Value) -> Value {
    merge(&mut claims, change);
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const EXPIRED: &str = r#"{"message":"The incoming token has expired"}"#;

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

fn issuer(more: &Value) -> Value {
    let issuer = with(json!({"issuer": ISSUER, "audiences": ["a", "b"]}), more);
    json!({"type": "JWT", "jwtConfiguration": {"issuers": [issuer], "defaultAlgorithms": ["RS256"]}})
}

#[tokio::test]
async fn an_issuers_token_must_say_all_that_its_rules_want() {
    let rules = json!([{"claimName": "tenant", "required": true, "expectedValues": ["x"]},
        {"claimName": "device"}, {"claimName": "sub", "required": true}]);
    let guarded = Guarded::by(
        issuer(&json!({"additionalClaims": rules})),
        TokenSettings::default(),
    )
    .await;
    let claims = || json!({"iss": ISSUER, "aud": "a", "sub": "ann", "tenant": "x", "scp": ["pets/write"], "exp": NOW + 100});
    let unauthorized = (401, "UnauthorizedException", UNAUTHORIZED);
    let ok = (200, "", "");
    for (path, change, expected) in [
        ("/plain", json!({}), ok),
        ("/scoped", json!({}), ok),
        (
            "/scoped",
            json!({"scp": "pets/other"}),
            (403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
        ),
        ("/scoped", json!({"scp": null, "scope": "x pets/read"}), ok),
        ("/plain", json!({"scp": null}), ok),
        ("/plain", json!({"aud": ["z", "b"]}), ok),
        ("/plain", json!({"aud": ["z", 1]}), unauthorized),
        ("/plain", json!({"aud": "A"}), unauthorized),
        (
            "/plain",
            json!({"aud": null, "client_id": "a"}),
            unauthorized,
        ),
        (
            "/plain",
            json!({"iss": ISSUER.trim_end_matches('/')}),
            unauthorized,
        ),
        ("/plain", json!({"tenant": "X"}), unauthorized),
        ("/plain", json!({"tenant": ["x"]}), unauthorized),
        ("/plain", json!({"tenant": null}), unauthorized),
        ("/plain", json!({"device": "phone"}), ok),
        ("/plain", json!({"device": 1}), unauthorized),
        ("/plain", json!({"sub": null}), unauthorized),
        (
            "/plain",
            json!({"exp": NOW}),
            (401, "UnauthorizedException", EXPIRED),
        ),
        (
            "/scoped",
            json!({"exp": NOW, "scp": null}),
            (401, "UnauthorizedException", EXPIRED),
        ),
    ] {
        let token = guarded.issuers.token("one", &with(claims(), &change));
        let (status, kind, body) = guarded.get(path, Some(&token)).await;
        let body = if status == 200 { "" } else { &body };
        assert_eq!((status, kind.as_str(), body), expected, "{path} {change}");
    }
    // Discovery and keys, once each.
    assert_eq!(guarded.issuers.times_asked(), 2);
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
async fn an_issuer_that_does_not_speak_for_itself_is_not_believed() {
    for discovery in [
        json!({"issuer": "https://issuer.example/tenant"}),
        json!({"issuer": "https://evil.example"}),
        json!({"jwks_uri": "http://keys.example/all"}),
        json!({"jwks_uri": "https://keys.example/none"}),
        json!({"jwks_uri": 1}),
    ] {
        let guarded = Guarded::by(issuer(&json!({})), TokenSettings::default()).await;
        *guarded.issuers.discovery.lock().unwrap() = discovery.clone();
        let claims = json!({"iss": ISSUER, "aud": "a", "exp": NOW + 100});
        let token = guarded.issuers.token("one", &claims);
        let (status, kind, body) = guarded.get("/plain", Some(&token)).await;
        let expected = (
            500,
            "AuthorizerConfigurationException",
            r#"{"message":null}"#,
        );
        assert_eq!(
            (status, kind.as_str(), body.as_str()),
            expected,
            "{discovery}"
        );
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

#[tokio::test]
async fn a_token_is_verified_once_and_never_held_beyond_its_end() {
    let guarded = Guarded::by(
        with(pool(), &json!({"authorizerResultTtlInSeconds": 600})),
        TokenSettings::default(),
    )
    .await;
    let short = guarded
        .issuers
        .token("one", &with(id_claims(), &json!({"exp": NOW + 30})));
    let long = guarded.id_token("one");
    assert_eq!(guarded.status("/plain", &short).await, 200);
    assert_eq!(guarded.status("/plain", &long).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 1);
    // The key is gone, and what was found good with it is good for its time.
    guarded.issuers.names.lock().unwrap().clear();
    guarded.forward(29).await;
    assert_eq!(guarded.status("/plain", &short).await, 200);
    guarded.forward(1).await;
    assert_eq!(guarded.get("/plain", Some(&short)).await.2, EXPIRED);
    guarded.forward(4_000).await;
    // The keys are due, which happens beside a request that has one; then the key is gone for good.
    assert_eq!(guarded.status("/plain", &long).await, 200);
    guarded.forward(601).await;
    assert_eq!(guarded.status("/plain", &long).await, 401);
}

#[tokio::test]
async fn flushing_forgets_tokens() {
    let guarded = Guarded::of_pool().await;
    let token = guarded.id_token("one");
    assert_eq!(guarded.status("/plain", &token).await, 200);
    // The key is gone, as whoever has a token of the new one finds out.
    *guarded.issuers.names.lock().unwrap() = vec!["two"];
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("two")).await,
        200
    );
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded
        .bench
        .stage(&json!({"flushes": {"authorizers": 1}}))
        .await;
    guarded.forward(100).await;
    assert_eq!(guarded.status("/plain", &token).await, 401);
}

#[tokio::test]
async fn unknown_keys_cost_one_fetch_in_a_while_and_a_new_key_is_found() {
    let guarded = Guarded::of_pool().await;
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("one")).await,
        200
    );
    assert_eq!(guarded.issuers.times_asked(), 1);
    // A new key is found at once.
    *guarded.issuers.names.lock().unwrap() = vec!["one", "two"];
    assert_eq!(
        guarded.status("/plain", &guarded.id_token("two")).await,
        200
    );
    assert_eq!(guarded.issuers.times_asked(), 2);
    for kid in 0..50 {
        let token = guarded.id_token(&format!("made up {kid}"));
        assert_eq!(guarded.status("/plain", &token).await, 401);
    }
    assert_eq!(guarded.issuers.times_asked(), 2);
    guarded.forward(10).await;
    for kid in 0..50 {
        guarded
            .status("/plain", &guarded.id_token(&format!("made up {kid}")))
            .await;
    }
    assert_eq!(guarded.issuers.times_asked(), 3);
}

#[tokio::test]
async fn many_at_once_wait_for_one_fetch() {
    let guarded = Arc::new(Guarded::of_pool().await);
    let all: Vec<_> = (0..20)
        .map(|caller| {
            let guarded = guarded.clone();
            let claims = with(id_claims(), &json!({"sub": caller.to_string()}));
            let token = guarded.issuers.token("one", &claims);
            tokio::spawn(async move { guarded.status("/plain", &token).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(guarded.issuers.times_asked(), 1);
}

#[tokio::test]
async fn keys_outlive_their_issuer_for_a_while() {
    let settings = TokenSettings {
        outage: Duration::from_secs(3_600),
        ..TokenSettings::default()
    };
    let uncached = with(pool(), &json!({"authorizerResultTtlInSeconds": 0}));
    let guarded = Guarded::by(uncached, settings).await;
    let token = guarded.id_token("one");
    let away = |is_away| guarded.issuers.is_away.store(is_away, Ordering::SeqCst);
    // Whoever has no keys at all cannot decide, and is not asked again and again.
    away(true);
    for _ in 0..5 {
        assert_eq!(guarded.status("/plain", &token).await, 500);
    }
    assert_eq!(guarded.issuers.times_asked(), 1);
    away(false);
    guarded.forward(2).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 2);
    // Within the hour nobody asks; after it, somebody asks beside a request.
    guarded.forward(3_599).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    assert_eq!(guarded.issuers.times_asked(), 2);
    away(true);
    guarded.forward(1).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(0).await;
    assert_eq!(guarded.issuers.times_asked(), 3);
    let faults = guarded.bench.journal.faults.lock().unwrap().join("\n");
    assert!(faults.contains("keys cannot be fetched anew"), "{faults}");
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(0).await;
    assert_eq!(guarded.issuers.times_asked(), 3);
    guarded.forward(3_599).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
    guarded.forward(1).await;
    assert_eq!(guarded.status("/plain", &token).await, 500);
    away(false);
    guarded.forward(2).await;
    assert_eq!(guarded.status("/plain", &token).await, 200);
}
