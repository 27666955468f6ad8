//! Callers who sign: who passes, how each refusal is answered, and what a request costs.

use crate::harness::{API, Answer, Bench, Stopped, Watched, arrival, definition, merge, mock};
use http::HeaderValue;
use postern_gateway::{Arrival, Body, Identity};
use postern_identity::sigv4::canonical::{self, Reading};
use postern_identity::sigv4::signature::{
    scope, sha256, sign, signing_key, string_to_sign, timestamp,
};
use postern_plan::credential::{Credential, Principal, credential_key, principal_key};
use postern_store::{Condition, Embedded, Store, Write, encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// 2024-08-07 18:37:12 UTC.
pub(crate) const NOW: u64 = 1_723_055_832;
pub(crate) const ANN: &str = "AKIAPOSTERNTESTANN01";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const ANN_ARN: &str = "arn:aws:iam::123456789012:user/ann";

pub(crate) fn credential(id: &str, arn: &str) -> Credential {
    Credential {
        access_key_id: id.to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
        principal: arn.to_owned(),
        arn: arn.to_owned(),
        account_id: arn.split(':').nth(4).unwrap().to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization_id: Some("o-1".to_owned()),
        tags: [("team".to_owned(), "pets".to_owned())].into(),
        enabled: true,
        created_at: 0,
        rotated_at: None,
        expires_at: None,
    }
}

pub(crate) fn principal(arn: &str, policies: &[Value]) -> Principal {
    let named = policies.iter().enumerate();
    Principal {
        arn: arn.to_owned(),
        account_id: arn.split(':').nth(4).unwrap().to_owned(),
        user_id: "AIDAEXAMPLE".to_owned(),
        organization_id: None,
        tags: [].into(),
        policies: named
            .map(|(number, policy)| (format!("p{number}"), policy.to_string()))
            .collect(),
        created_at: 0,
    }
}

fn statement(effect: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {
        "Effect": effect, "Action": "execute-api:Invoke", "Resource": format!("arn:aws:execute-api:eu-west-1:123456789012:{API}/{resource}"),
    }})
}

pub(crate) async fn put(store: &Store, credential: &Credential) {
    let key = credential_key(&credential.access_key_id);
    let write = Write::put(key, encode(credential), Condition::Always);
    store.definitions.write(write).await.unwrap();
}

pub(crate) async fn put_principal(store: &Store, principal: &Principal) {
    let key = principal_key(&principal.arn);
    let write = Write::put(key, encode(principal), Condition::Always);
    store.definitions.write(write).await.unwrap();
}

/// An API whose `/pets` and `/a/{proxy+}` want signatures, and Ann, who may GET anything but `/a/secret`.
async fn bench_over(store: Store, clock: Arc<Stopped>, api: &Value) -> Bench {
    let answer = "$context.identity.userArn $context.identity.accountId $context.identity.caller $context.identity.accessKey $context.identity.principalOrgId";
    let mut method = mock(answer);
    merge(&mut method, &json!({"authorizationType": "AWS_IAM"}));
    let methods: BTreeMap<_, _> = ["GET /pets", "POST /pets", "DELETE /pets", "ANY /a/{proxy+}"]
        .into_iter()
        .map(|target| (target.to_owned(), method.clone()))
        .collect();
    let bench = Bench::over(store, clock);
    bench.deploy("d1", &definition(api, &methods)).await;
    bench.stage(&json!({})).await;
    put(&bench.store, &credential(ANN, ANN_ARN)).await;
    let may = [
        statement("Allow", "dev/GET/*"),
        statement("Allow", "dev/POST/*"),
        statement("Deny", "dev/*/a/secret"),
    ];
    put_principal(&bench.store, &principal(ANN_ARN, &may)).await;
    bench
}

async fn bench() -> (Bench, Arc<Stopped>) {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    (bench_over(store, clock.clone(), &json!({})).await, clock)
}

/// How a request is signed, where it is not as it should be.
#[derive(Clone)]
pub(crate) struct Signing {
    id: String,
    secret: String,
    token: Option<String>,
    at: u64,
    day: Option<String>,
    region: String,
    service: String,
    /// Of the body that is signed, where it is another than the one that is sent.
    body: Option<String>,
    names: Option<String>,
    algorithm: String,
}

pub(crate) fn ann() -> Signing {
    Signing {
        id: ANN.to_owned(),
        secret: SECRET.to_owned(),
        token: None,
        at: NOW,
        day: None,
        region: "eu-west-1".to_owned(),
        service: "execute-api".to_owned(),
        body: None,
        names: None,
        algorithm: "AWS4-HMAC-SHA256".to_owned(),
    }
}

impl Signing {
    fn set(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn text(&self, day: &str, canonical: &str) -> String {
        let scope = scope(day, &self.region, &self.service);
        let to_sign = string_to_sign(&self.time(), &scope, canonical);
        sign(
            &signing_key(&self.secret, day, &self.region, &self.service),
            &to_sign,
        )
    }

    fn time(&self) -> String {
        timestamp(Duration::from_secs(self.at))
    }

    fn day(&self) -> String {
        let time = self.time();
        self.day.clone().unwrap_or_else(|| time[..8].to_owned())
    }

    pub(crate) fn header(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Arrival {
        let mut sent = arrival(request, headers, body);
        let mut add = |name: &'static str, value: &str| {
            sent.headers
                .insert(name, HeaderValue::from_str(value).unwrap());
        };
        add("x-amz-date", &self.time());
        if let Some(token) = &self.token {
            add("x-amz-security-token", token);
        }
        let mut names: Vec<&str> = sent.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        let listed = names.join(";");
        let listed = self.names.as_deref().unwrap_or(&listed);
        let names: Vec<&str> = listed.split(';').collect();
        let canonical = canonical::request(
            sent.method.as_str(),
            &canonical::path(&sent.path),
            &canonical::query(
                sent.query.as_deref().unwrap_or_default(),
                Reading::Decoded,
                |_| true,
            ),
            &sent.headers,
            &names,
            &sha256(self.body.as_deref().unwrap_or(body).as_bytes()),
        )
        .unwrap();
        let day = self.day();
        let authorization = format!(
            "{} Credential={}/{}, SignedHeaders={listed}, Signature={}",
            self.algorithm,
            self.id,
            scope(&day, &self.region, &self.service),
            self.text(&day, &canonical)
        );
        let value = HeaderValue::from_str(&authorization).unwrap();
        sent.headers.insert("authorization", value);
        sent
    }

    fn query(&self, request: &str, expires: &str) -> Arrival {
        let mut sent = arrival(request, &[], "");
        let scope = scope(&self.day(), &self.region, &self.service).replace('/', "%2F");
        let mut query = format!(
            "X-Amz-Algorithm={}&X-Amz-Credential={}%2F{scope}&X-Amz-Date={}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host",
            self.algorithm,
            self.id,
            self.time()
        );
        if let Some(token) = &self.token {
            query = format!("{query}&X-Amz-Security-Token={token}");
        }
        if let Some(own) = &sent.query {
            query = format!("{own}&{query}");
        }
        let canonical = canonical::request(
            sent.method.as_str(),
            &canonical::path(&sent.path),
            &canonical::query(&query, Reading::Decoded, |_| true),
            &sent.headers,
            &["host"],
            &sha256(b""),
        )
        .unwrap();
        let signature = self.text(&self.day(), &canonical);
        sent.query = Some(format!("{query}&X-Amz-Signature={signature}"));
        sent
    }
}

async fn answer(bench: &Bench, arrival: Arrival) -> Answer {
    Answer::of(bench.gateway.answer(arrival).await).await
}

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
async fn what_is_forged_is_refused_in_the_services_words() {
    const INVALID: &str = "InvalidSignatureException";
    const INCOMPLETE: &str = "IncompleteSignatureException";
    const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
    const NOT_VALID: &str = "The security token included in the request is invalid.";
    const HASH: &str =
        "The provided 'x-amz-content-sha256' header does not match what was computed.";
    let (bench, _) = bench().await;
    put(
        &bench.store,
        &Credential {
            enabled: false,
            ..credential("AKIAPOSTERNTESTOFF01", ANN_ARN)
        },
    )
    .await;
    let session = Credential {
        session_token: Some("token".to_owned()),
        expires_at: Some(NOW + 60),
        ..credential("ASIAPOSTERNTESTANN01", ANN_ARN)
    };
    put(&bench.store, &session).await;
    let ended = Credential {
        expires_at: Some(NOW),
        access_key_id: "ASIAPOSTERNTESTOLD01".to_owned(),
        ..session
    };
    put(&bench.store, &ended).await;

    let pets = |signing: Signing| signing.header("GET /dev/pets", &[], "");
    let with = |request: &str, headers: &[(&str, &str)]| ann().header(request, headers, "");
    let changed = |change: fn(&mut Arrival)| {
        let mut sent = ann().header("POST /dev/pets?a=1", &[("x-tag", "t")], "body");
        change(&mut sent);
        sent
    };
    let in_query = |change: fn(&mut String)| {
        let mut sent = ann().query("GET /dev/pets?a=1", "300");
        change(sent.query.as_mut().unwrap());
        sent
    };
    let cases: Vec<(&str, Arrival, &str, &str)> = vec![
        (
            "nothing",
            arrival("GET /dev/pets", &[], ""),
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (
            "a bearer",
            arrival("GET /dev/pets", &[("authorization", "Bearer abc")], ""),
            INCOMPLETE,
            "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
        ),
        (
            "another algorithm",
            pets(ann().set(|s| s.algorithm = "AWS4-HMAC-SHA1".into())),
            INCOMPLETE,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.",
        ),
        (
            "lower case",
            pets(ann().set(|s| s.algorithm = "aws4-hmac-sha256".into())),
            INCOMPLETE,
            "Unsupported AWS 'algorithm': 'aws4-hmac-sha256'.",
        ),
        (
            "unknown key",
            pets(ann().set(|s| s.id = "AKIAPOSTERNTESTBOB01".into())),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "a key of AWS's form",
            pets(ann().set(|s| s.id = "x".into())),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "switched off",
            pets(ann().set(|s| s.id = "AKIAPOSTERNTESTOFF01".into())),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "a token that is not wanted",
            pets(ann().set(|s| s.token = Some("token".into()))),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "no token",
            pets(ann().set(|s| s.id = "ASIAPOSTERNTESTANN01".into())),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "another token",
            pets(ann().set(|s| {
                s.id = "ASIAPOSTERNTESTANN01".into();
                s.token = Some("tokem".into());
            })),
            "UnrecognizedClientException",
            NOT_VALID,
        ),
        (
            "ended",
            pets(ann().set(|s| {
                s.id = "ASIAPOSTERNTESTOLD01".into();
                s.token = Some("token".into());
            })),
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        (
            "another secret",
            pets(ann().set(|s| s.secret = "guessed".into())),
            INVALID,
            MISMATCH,
        ),
        (
            "another region",
            pets(ann().set(|s| s.region = "us-east-1".into())),
            INVALID,
            "Credential should be scoped to a valid region. ",
        ),
        (
            "another service",
            pets(ann().set(|s| s.service = "lambda".into())),
            INVALID,
            "Credential should be scoped to correct service: 'execute-api'. ",
        ),
        (
            "another day",
            pets(ann().set(|s| s.day = Some("20240806".into()))),
            INVALID,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20240806' != '20240807', from '20240807T183712Z'.",
        ),
        (
            "too old",
            pets(ann().set(|s| s.at = NOW - 301)),
            INVALID,
            "Signature expired: 20240807T183211Z is now earlier than 20240807T183212Z (20240807T183712Z - 5 min.)",
        ),
        (
            "too new",
            pets(ann().set(|s| s.at = NOW + 301)),
            INVALID,
            "Signature not yet current: 20240807T184213Z is still later than 20240807T184212Z (20240807T183712Z + 5 min.)",
        ),
        (
            "the host unsigned",
            pets(ann().set(|s| s.names = Some("x-amz-date".into()))),
            INVALID,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an x-amz header unsigned",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-amz-meta", "1")], ""),
            INVALID,
            "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "a method in an unsigned header",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-http-method-override", "POST")], ""),
            INVALID,
            "'x-http-method-override' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an API in an unsigned header",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-apigw-api-id", API)], ""),
            INVALID,
            "'x-apigw-api-id' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an unsigned payload",
            with(
                "GET /dev/pets",
                &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
            ),
            INVALID,
            HASH,
        ),
        (
            "chunks",
            with(
                "GET /dev/pets",
                &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")],
            ),
            INVALID,
            HASH,
        ),
        (
            "another hash",
            with("GET /dev/pets", &[("x-amz-content-sha256", "0")]),
            INVALID,
            HASH,
        ),
        (
            "another body",
            ann()
                .set(|s| s.body = Some("yes".into()))
                .header("POST /dev/pets", &[], "no"),
            INVALID,
            MISMATCH,
        ),
        (
            "dots",
            with("GET /dev/a/x/../../pets", &[]),
            INVALID,
            MISMATCH,
        ),
        (
            "changed method",
            changed(|s| s.method = http::Method::GET),
            INVALID,
            MISMATCH,
        ),
        (
            "changed path",
            changed(|s| s.path = "/dev/a/b".into()),
            INVALID,
            MISMATCH,
        ),
        (
            "changed query",
            changed(|s| s.query = Some("a=2".into())),
            INVALID,
            MISMATCH,
        ),
        (
            "more query",
            changed(|s| s.query = Some("a=1&b".into())),
            INVALID,
            MISMATCH,
        ),
        ("no query", changed(|s| s.query = None), INVALID, MISMATCH),
        (
            "changed body",
            changed(|s| s.body = Body::from("bodY")),
            INVALID,
            MISMATCH,
        ),
        (
            "changed header",
            changed(|s| drop(s.headers.insert("x-tag", HeaderValue::from_static("u")))),
            INVALID,
            MISMATCH,
        ),
        (
            "header twice",
            changed(|s| {
                s.headers.append("x-tag", HeaderValue::from_static("t"));
            }),
            INVALID,
            MISMATCH,
        ),
        (
            "header gone",
            changed(|s| drop(s.headers.remove("x-tag"))),
            INVALID,
            MISMATCH,
        ),
        (
            "date twice",
            changed(|s| {
                s.headers
                    .append("x-amz-date", HeaderValue::from_static("20240807T183712Z"));
            }),
            INVALID,
            MISMATCH,
        ),
        (
            "host twice",
            changed(|s| {
                s.headers.append("host", HeaderValue::from_static("b"));
            }),
            INVALID,
            MISMATCH,
        ),
        (
            "host in the line",
            changed(|s| s.host = format!("{API}.execute-api.elsewhere.example")),
            INVALID,
            MISMATCH,
        ),
        (
            "authorization twice",
            changed(|s| {
                s.headers
                    .append("authorization", HeaderValue::from_static("Bearer x"));
            }),
            INCOMPLETE,
            "'Authorization' must be given only once.",
        ),
        (
            "both forms",
            {
                let mut sent = pets(ann());
                sent.query = ann().query("GET /dev/pets", "300").query;
                sent
            },
            INCOMPLETE,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified",
        ),
        (
            "expires later",
            in_query(|q| *q = q.replace("Expires=300", "Expires=301")),
            INVALID,
            MISMATCH,
        ),
        (
            "expires twice",
            in_query(|q| q.push_str("&X-Amz-Expires=9")),
            INCOMPLETE,
            "'X-Amz-Expires' must be given only once.",
        ),
        (
            "signature twice",
            in_query(|q| q.push_str("&X-Amz-Signature=9")),
            INCOMPLETE,
            "'X-Amz-Signature' must be given only once.",
        ),
        (
            "spelled otherwise",
            in_query(|q| q.push_str("&X%2DAmz-Date=9")),
            INCOMPLETE,
            "'X-Amz-Date' must be given only once.",
        ),
        (
            "own query changed",
            in_query(|q| *q = q.replace("a=1", "a=2")),
            INVALID,
            MISMATCH,
        ),
        (
            "a week and more",
            ann().query("GET /dev/pets", "604801"),
            INCOMPLETE,
            "X-Amz-Expires must be a number of seconds from 1 to 604800",
        ),
        (
            "over",
            ann().set(|s| s.at = NOW - 61).query("GET /dev/pets", "60"),
            INVALID,
            "Signature expired: 20240807T183611Z is now earlier than 20240807T183612Z (20240807T183712Z - 1 min.)",
        ),
    ];
    for (about, sent, error, message) in cases {
        let found = answer(&bench, sent).await;
        let (status, kind, _) = found.refusal();
        assert_eq!((status, kind), (403, error), "{about}: {}", found.body);
        let body: Value = serde_json::from_str(&found.body).unwrap();
        let told = body["message"].as_str().unwrap();
        // What should have been signed follows a mismatch.
        let same = told == message || message == MISMATCH && told.starts_with(message);
        assert!(same, "{about}: {told}");
    }
    // None of it has harmed those who sign rightly.
    let with_token = ann().set(|s| {
        s.id = "ASIAPOSTERNTESTANN01".into();
        s.token = Some("token".into());
    });
    assert_eq!(answer(&bench, pets(with_token)).await.status, 200);
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

#[tokio::test]
async fn a_warm_request_reads_nothing_and_neither_does_a_key_that_is_tried_again() {
    let clock = Stopped::at(NOW);
    let store = Embedded::memory(clock.clone()).unwrap();
    let counted = Watched::shared(&store.definitions);
    let store = Store {
        definitions: counted.clone(),
        ..store
    };
    let bench = bench_over(store, clock.clone(), &json!({})).await;
    let send = async |id: &str, at: u64| {
        let before = counted.calls();
        let sent = ann()
            .set(|s| {
                s.id = id.to_owned();
                s.at = at;
            })
            .header("GET /dev/pets", &[], "");
        let status = answer(&bench, sent).await.status;
        (status, counted.calls() - before)
    };
    assert_eq!(send(ANN, NOW).await.0, 200);
    assert_eq!(send(ANN, NOW).await, (200, 0));
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW).await, (403, 1));
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW).await, (403, 0));
    // Nothing is known here of keys of other forms.
    assert_eq!(send("AKIAIOSFODNN7", NOW).await, (403, 0));
    // Later the stage, the key and the policies are read again, each once.
    clock.forward(Duration::from_secs(61));
    assert_eq!(send(ANN, NOW + 61).await, (200, 3));
    assert_eq!(send(ANN, NOW + 61).await, (200, 0));
    // While the store is away, nobody can have taken a key back.
    counted.is_away(true);
    clock.forward(Duration::from_secs(61));
    assert_eq!(send(ANN, NOW + 122).await.0, 200);
    assert_eq!(send("AKIAPOSTERNTESTBOB01", NOW + 122).await.0, 500);
}

/// As Lambda hands over a request whose signature it has verified.
pub(crate) fn proven(request: &str, arn: &str) -> Arrival {
    Arrival {
        proven: Some(Identity {
            arn: arn.to_owned(),
            account_id: arn.split(':').nth(4).unwrap().to_owned(),
            user_id: "AROAEXAMPLE:s".to_owned(),
            access_key_id: Some("ASIAEXAMPLE".to_owned()),
            ..Identity::default()
        }),
        ..arrival(request, &[], "")
    }
}

#[tokio::test]
async fn iam_is_asked_about_a_caller_whom_aws_has_proven_and_its_word_is_kept() {
    const USER: &str = "arn:aws:iam::123456789012:user/eve";
    let (bench, clock) = bench().await;
    let says = |decision: &str| {
        let body = format!(
            "<EvaluationResults><member><EvalDecision>{decision}</EvalDecision><EvalActionName>execute-api:Invoke</EvalActionName></member><member><EvalDecision>implicitDeny</EvalDecision><EvalActionName>execute-api:InvalidateCache</EvalActionName></member></EvaluationResults>"
        );
        *bench.backend.answer.lock().unwrap() = json!({ "body": body });
        *bench.backend.sent.lock().unwrap() = None;
    };
    says("allowed");
    let found = answer(&bench, proven("GET /dev/pets", USER)).await;
    assert_eq!(found.status, 200);
    assert!(
        found
            .body
            .starts_with(&format!("{USER} 123456789012 AROAEXAMPLE:s")),
        "{}",
        found.body
    );
    let asked = bench.backend.sent.lock().unwrap().take().unwrap();
    assert_eq!(asked["url"], "iam.eu-west-1 /");
    let form = asked["body"].as_str().unwrap();
    for part in [
        "Action=SimulatePrincipalPolicy",
        "PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Feve",
        "ActionNames.member.1=execute-api%3AInvoke",
        &format!(
            "ResourceArns.member.1=arn%3Aaws%3Aexecute-api%3Aeu-west-1%3A123456789012%3A{API}%2Fdev%2FGET%2Fpets"
        ),
    ] {
        assert!(form.contains(part), "{form}");
    }
    // It is not asked the same again, until it may have changed its mind.
    says("explicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/pets", USER)).await.status,
        200
    );
    assert!(bench.backend.sent.lock().unwrap().is_none());
    clock.forward(Duration::from_secs(61));
    let found = answer(&bench, proven("GET /dev/pets", USER)).await;
    assert_eq!(found.status, 403);
    assert!(
        found.body.contains("with an explicit deny"),
        "{}",
        found.body
    );
    says("implicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/a/b", USER)).await.status,
        403
    );
    says("implicitDeny");
    assert_eq!(
        answer(&bench, proven("GET /dev/a/b", USER)).await.status,
        403
    );
    assert!(
        bench.backend.sent.lock().unwrap().is_none(),
        "a refusal is kept too"
    );
    // No answer lets nobody in, and the operator is told why.
    *bench.backend.answer.lock().unwrap() =
        json!({"status": 403, "body": "<Message>not allowed to ask</Message>"});
    assert_eq!(
        answer(&bench, proven("GET /dev/a/c", USER)).await.status,
        500
    );
    let faults = bench.journal.faults.lock().unwrap().concat();
    assert!(
        faults.contains("not allowed to ask") && faults.contains("iam:SimulatePrincipalPolicy"),
        "{faults}"
    );
}

#[tokio::test]
async fn a_proven_caller_with_policies_here_is_judged_by_them_and_nobody_of_another_account_by_iam()
{
    let (bench, _) = bench().await;
    *bench.backend.answer.lock().unwrap() = json!("refused");
    let role = "arn:aws:iam::123456789012:role/R";
    put_principal(
        &bench.store,
        &principal(role, &[statement("Allow", "dev/GET/pets")]),
    )
    .await;
    for (arn, request, status) in [
        (
            "arn:aws:sts::123456789012:assumed-role/R/s",
            "GET /dev/pets",
            200,
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/R/s",
            "GET /dev/a/b",
            403,
        ),
        ("arn:aws:iam::123456789012:root", "GET /dev/a/b", 200),
        ("arn:aws:iam::210987654321:user/x", "GET /dev/pets", 403),
    ] {
        assert_eq!(
            answer(&bench, proven(request, arn)).await.status,
            status,
            "{arn}"
        );
    }
}
