//! Tokens of any other issuer, which must say all that its rules want; and issuers that are not believed.

use super::guarded::Guarded;
use super::issuers::ISSUER;
use super::{EXPIRED, NOW, UNAUTHORIZED, with};
use postern_gateway::TokenSettings;
use serde_json::{Value, json};

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
