//! Credentials of Postern's own, and what signed requests to the management API may do.

use crate::world::{Answer, NOW, call, management};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use postern_identity::sigv4::canonical::{self, Reading};
use postern_identity::sigv4::signature::{
    scope, sha256, sign, signing_key, string_to_sign, timestamp,
};
use postern_management::Management;
use serde_json::{Value, json};
use std::time::Duration;

const ISSUE: &str = "/_postern/credentials";

/// Credentials as they were issued.
struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Keys {
    fn of(issued: &Answer) -> Self {
        Self {
            id: issued.text("accessKeyId"),
            secret: issued.text("secretAccessKey"),
            token: Some(issued.text("sessionToken")).filter(|token| !token.is_empty()),
        }
    }

    fn sign(&self, verb: &str, target: &str, body: &str, service: &str, at: u64) -> Request<Bytes> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("localhost:4700"));
        let time = timestamp(Duration::from_secs(at));
        headers.insert("x-amz-date", HeaderValue::from_str(&time).unwrap());
        if let Some(token) = &self.token {
            let token = HeaderValue::from_str(token).unwrap();
            headers.insert("x-amz-security-token", token);
        }
        let mut names: Vec<&str> = headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        let text = canonical::request(
            verb,
            &canonical::path(path),
            &canonical::query(query, Reading::Decoded, |_| true),
            &headers,
            &names,
            &sha256(body.as_bytes()),
        )
        .unwrap();
        let scoped = scope(&time[..8], "us-east-1", service);
        let key = signing_key(&self.secret, &time[..8], "us-east-1", service);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scoped}, SignedHeaders={}, Signature={}",
            self.id,
            names.join(";"),
            sign(&key, &string_to_sign(&time, &scoped, &text))
        );
        let mut request = Request::builder().method(verb).uri(target);
        *request.headers_mut().unwrap() = headers;
        request
            .header("authorization", authorization)
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    }
}

async fn answered(management: &Management, request: Request<Bytes>) -> (u16, String, Value) {
    let response = management.answer_signed(request, "198.51.100.7").await;
    let error = response.headers().get("x-amzn-errortype");
    let error = error.map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), error, body)
}

async fn signed(management: &Management, keys: &Keys, line: &str) -> (u16, String, Value) {
    let (verb, target) = line.split_once(' ').unwrap();
    let body = if verb == "POST" {
        r#"{"name":"x"}"#
    } else {
        ""
    };
    answered(management, keys.sign(verb, target, body, "apigateway", NOW)).await
}

async fn issued(management: &Management, input: &Value) -> Keys {
    let answer = call(management, "POST", ISSUE, &input.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.message());
    Keys::of(&answer)
}

async fn attach(management: &Management, principal: &str, name: &str, policy: &Value) {
    let target = format!("/_postern/principals/{principal}?policyName={name}");
    let body = json!({"policyDocument": policy.to_string()}).to_string();
    let answer = call(management, "PUT", &target, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.message());
}

fn may(effect: &str, action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": resource}})
}

#[tokio::test]
async fn a_secret_is_told_once_and_never_again() {
    let management = management();
    let answer = call(
        &management,
        "POST",
        ISSUE,
        r#"{"principal":"ann","tags":{"team":"pets"}}"#,
    )
    .await;
    let keys = Keys::of(&answer);
    assert_eq!(
        (keys.id.len(), &keys.id[..4], keys.secret.len()),
        (20, "AKIA", 40)
    );
    assert_eq!(answer.text("arn"), "arn:aws:iam::123456789012:user/ann");
    for target in [
        ISSUE.to_owned(),
        format!("{ISSUE}/{}", keys.id),
        "/_postern/principals".to_owned(),
        "/_postern/principals/ann".to_owned(),
    ] {
        let answer = call(&management, "GET", &target, "").await;
        let text = answer.body.to_string();
        assert!(
            answer.status == 200 && text.contains("user/ann"),
            "{target}: {text}"
        );
        assert!(!text.contains(&keys.secret), "{target}");
    }
    let rotated = call(
        &management,
        "POST",
        &format!("{ISSUE}/{}/rotate", keys.id),
        "",
    )
    .await;
    let new = Keys::of(&rotated);
    assert_eq!(new.id, keys.id);
    assert_ne!(new.secret, keys.secret);
    assert_eq!(rotated.body["lastRotatedDate"], NOW);
    attach(
        &management,
        "ann",
        "all",
        &may("Allow", "apigateway:*", "*"),
    )
    .await;
    assert_eq!(
        signed(&management, &keys, "GET /restapis").await.1,
        "InvalidSignatureException"
    );
    assert_eq!(signed(&management, &new, "GET /restapis").await.0, 200);
    // Switched off, on again, and gone.
    let at = format!("{ISSUE}/{}", keys.id);
    for (verb, body, expected) in [
        ("PATCH", r#"{"enabled":false}"#, 403),
        ("PATCH", r#"{"enabled":true}"#, 200),
        ("DELETE", "", 403),
    ] {
        assert!(call(&management, verb, &at, body).await.status < 300);
        assert_eq!(signed(&management, &new, "GET /restapis").await.0, expected);
    }
    assert_eq!(call(&management, "GET", &at, "").await.status, 404);
    let list = call(&management, "GET", ISSUE, "").await;
    assert_eq!(list.body["item"], json!([]));
    assert_eq!(
        call(&management, "DELETE", "/_postern/principals/ann", "")
            .await
            .status,
        204
    );
    assert_eq!(
        call(&management, "GET", "/_postern/principals/ann", "")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let management = management();
    issued(&management, &json!({"principal": "ann"})).await;
    for (verb, target, body, status) in [
        ("POST", ISSUE, "{}", 400),
        ("POST", ISSUE, r#"{"principal":"a b"}"#, 400),
        (
            "POST",
            ISSUE,
            r#"{"principal":"ann","durationSeconds":59}"#,
            400,
        ),
        (
            "POST",
            ISSUE,
            r#"{"principal":"ann","durationSeconds":129601}"#,
            400,
        ),
        ("POST", "/_postern/credentials/AKIA/rotate", "", 404),
        ("DELETE", "/_postern/credentials/AKIA", "", 404),
        (
            "PUT",
            "/_postern/principals/ann?policyName=p",
            r#"{"policyDocument":"{"}"#,
            400,
        ),
        (
            "PUT",
            "/_postern/principals/ann?policyName=p",
            r#"{"policyDocument":"{\"Statement\":[{\"Effect\":\"Perhaps\"}]}"}"#,
            400,
        ),
        ("PUT", "/_postern/principals/ann?policyName=p", "{}", 400),
        ("DELETE", "/_postern/principals/ann?policyName=p", "", 404),
        // Its credentials would be left behind.
        ("DELETE", "/_postern/principals/ann", "", 409),
        ("DELETE", "/_postern/principals/bob", "", 404),
        ("POST", "/_postern/credentials/exchange", "{}", 400),
        ("GET", "/_postern/nothing", "", 403),
    ] {
        let answer = call(&management, verb, target, body).await;
        assert_eq!(
            answer.status,
            status,
            "{verb} {target} {body}: {}",
            answer.message()
        );
    }
}

#[tokio::test]
async fn temporary_credentials_end() {
    let management = management();
    attach(&management, "ann", "all", &may("Allow", "*", "*")).await;
    let answer = call(
        &management,
        "POST",
        ISSUE,
        r#"{"principal":"ann","durationSeconds":60}"#,
    )
    .await;
    let keys = Keys::of(&answer);
    assert_eq!(
        (&keys.id[..4], answer.text("expiration").as_str()),
        ("ASIA", "2026-03-10T05:17:23Z")
    );
    assert!(keys.token.is_some());
    assert_eq!(signed(&management, &keys, "GET /restapis").await.0, 200);
    let without = Keys {
        token: None,
        ..keys
    };
    assert_eq!(
        signed(&management, &without, "GET /restapis").await.1,
        "UnrecognizedClientException"
    );
    // They are in no list, and cannot be changed.
    assert_eq!(
        call(&management, "GET", ISSUE, "").await.body["item"],
        json!([])
    );
    let at = format!("{ISSUE}/{}", without.id);
    assert_eq!(
        call(&management, "PATCH", &at, r#"{"enabled":false}"#)
            .await
            .status,
        400
    );
    assert_eq!(call(&management, "DELETE", &at, "").await.status, 204);
    assert_eq!(call(&management, "GET", &at, "").await.status, 404);
}

#[tokio::test]
async fn a_role_signs_as_a_session_of_it() {
    let management = management();
    let role = "arn:aws:iam::210987654321:role/path/R";
    let input = json!({"principal": role, "durationSeconds": 900}).to_string();
    let answer = call(&management, "POST", ISSUE, &input).await;
    assert_eq!(
        answer.text("arn"),
        "arn:aws:sts::210987654321:assumed-role/R/postern"
    );
    assert_eq!(
        (
            answer.text("principal").as_str(),
            answer.text("accountId").as_str()
        ),
        ("arn:aws:iam::210987654321:role/R", "210987654321")
    );
    assert!(
        answer.text("userId").starts_with("AROA") && answer.text("userId").ends_with(":postern")
    );
}

#[tokio::test]
async fn only_who_may_manages() {
    let management = management();
    let api = call(&management, "POST", "/restapis", r#"{"name":"pets"}"#)
        .await
        .text("id");
    let keys = issued(&management, &json!({"principal": "ann"})).await;
    let denied = |verb: &str, resource: &str, why: &str| {
        format!(
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {verb} on resource: {resource} {why}"
        )
    };
    let silent = |verb: &str, resource: &str| {
        denied(
            verb,
            resource,
            &format!("because no identity-based policy allows the {verb} action"),
        )
    };
    let (status, error, body) = signed(&management, &keys, "GET /restapis").await;
    assert_eq!((status, error.as_str()), (403, "AccessDeniedException"));
    assert_eq!(
        body["Message"],
        silent("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis")
    );

    let own = "arn:aws:apigateway:*::/restapis";
    attach(
        &management,
        "ann",
        "read",
        &may("Allow", "apigateway:GET", &format!("{own}*")),
    )
    .await;
    attach(
        &management,
        "ann",
        "not-pets",
        &may("Deny", "apigateway:*", &format!("{own}/{api}*")),
    )
    .await;
    for (line, expected) in [
        ("GET /restapis?limit=1".to_owned(), None),
        (
            "POST /restapis".to_owned(),
            Some(silent(
                "apigateway:POST",
                "arn:aws:apigateway:us-east-1::/restapis",
            )),
        ),
        (
            format!("GET /restapis/{api}"),
            Some(denied(
                "apigateway:GET",
                &format!("arn:aws:apigateway:us-east-1::/restapis/{api}"),
                "with an explicit deny in an identity-based policy",
            )),
        ),
        // An encoded letter is the same letter.
        (
            format!("GET /restapis/%{:02x}{}", api.as_bytes()[0], &api[1..]),
            Some(denied(
                "apigateway:GET",
                &format!("arn:aws:apigateway:us-east-1::/restapis/{api}"),
                "with an explicit deny in an identity-based policy",
            )),
        ),
    ] {
        let (status, _, body) = signed(&management, &keys, &line).await;
        assert_eq!(
            body["Message"].as_str().map(str::to_owned),
            expected,
            "{line}"
        );
        assert_eq!(status, if expected.is_some() { 403 } else { 200 }, "{line}");
    }
    // Who may do everything to APIs may not for that let others in.
    attach(
        &management,
        "ann",
        "all",
        &may("Allow", "apigateway:*", "*"),
    )
    .await;
    let (_, error, body) = signed(&management, &keys, "GET /_postern/credentials").await;
    assert_eq!(error, "AccessDeniedException");
    assert_eq!(
        body["Message"],
        silent(
            "postern:GET",
            "arn:aws:postern:us-east-1:123456789012:credentials"
        )
    );
    let admin = issued(
        &management,
        &json!({"principal": "root-of-all", "admin": true}),
    )
    .await;
    assert_eq!(
        signed(&management, &admin, "GET /_postern/credentials")
            .await
            .0,
        200
    );
    assert_eq!(signed(&management, &admin, "POST /restapis").await.0, 201);
}

#[tokio::test]
async fn who_is_not_proven_is_told_in_the_services_words() {
    let management = management();
    let admin = issued(&management, &json!({"principal": "adm", "admin": true})).await;
    let unsigned = Request::get("/restapis").body(Bytes::new()).unwrap();
    let bearer = Request::get("/restapis")
        .header("authorization", "Bearer x")
        .body(Bytes::new())
        .unwrap();
    let mut changed = admin.sign("POST", "/restapis", r#"{"name":"a"}"#, "apigateway", NOW);
    *changed.body_mut() = Bytes::from_static(br#"{"name":"b"}"#);
    let unknown = Keys {
        id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: "s".to_owned(),
        token: None,
    };
    for (request, error, message) in [
        (
            unsigned,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (
            bearer,
            "IncompleteSignatureException",
            "Invalid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            changed,
            "InvalidSignatureException",
            "The request signature we calculated does not match",
        ),
        (
            unknown.sign("GET", "/restapis", "", "apigateway", NOW),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            admin.sign("GET", "/restapis", "", "execute-api", NOW),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'apigateway'. ",
        ),
        (
            admin.sign("GET", "/restapis", "", "apigateway", NOW - 301),
            "InvalidSignatureException",
            "Signature expired: ",
        ),
    ] {
        let (status, found, body) = answered(&management, request).await;
        assert_eq!((status, found.as_str()), (403, error));
        let told = body["message"].as_str().unwrap();
        assert!(told.starts_with(message), "{told}");
    }
    // The exchange needs no signature of its own: the proof is in it.
    let request = Request::post("/_postern/credentials/exchange")
        .body(Bytes::from_static(
            br#"{"method":"POST","url":"https://evil.example/","headers":{}}"#,
        ))
        .unwrap();
    let (status, error, body) = answered(&management, request).await;
    assert_eq!((status, error.as_str()), (403, "AccessDeniedException"));
    assert!(
        body["Message"].as_str().unwrap().contains("no host of STS"),
        "{body}"
    );
}
