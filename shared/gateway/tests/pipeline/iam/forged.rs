//! What is forged is refused, and in the service's words.

use super::signing::Signing;
use super::{ANN, ANN_ARN, NOW, ann, answer, bench, credential, put};
use crate::harness::{API, Bench, arrival};
use http::HeaderValue;
use postern_gateway::{Arrival, Body};
use postern_plan::credential::Credential;
use serde_json::Value;

const INVALID: &str = "InvalidSignatureException";
const INCOMPLETE: &str = "IncompleteSignatureException";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

fn pets(signing: &Signing) -> Arrival {
    signing.header("GET /dev/pets", &[], "")
}

/// Ann's request, as somebody has changed it on its way.
fn changed(change: fn(&mut Arrival)) -> Arrival {
    let mut sent = ann().header("POST /dev/pets?a=1", &[("x-tag", "t")], "body");
    change(&mut sent);
    sent
}

/// The same of one that is signed in its query.
fn in_query(change: fn(&mut String)) -> Arrival {
    let mut sent = ann().query("GET /dev/pets?a=1", "300");
    change(sent.query.as_mut().unwrap());
    sent
}

async fn is_refused(bench: &Bench, about: &str, sent: Arrival, error: &str, message: &str) {
    let found = answer(bench, sent).await;
    let (status, kind, body) = found.refusal();
    assert_eq!((status, kind), (403, error), "{about}: {body}");
    let body: Value = serde_json::from_str(body).unwrap();
    let told = body["message"].as_str().unwrap();
    // What should have been signed follows a mismatch.
    let same = told == message || message == MISMATCH && told.starts_with(message);
    assert!(same, "{about}: {told}");
}

#[tokio::test]
async fn no_key_is_known_but_one_that_is_in_force_with_its_token() {
    const NOT_VALID: &str = "The security token included in the request is invalid.";
    let bench = bench().await.0;
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
    let signed = |id: &str, token: Option<&str>| {
        let token = token.map(str::to_owned);
        pets(&ann().set(|s| (s.id, s.token) = (id.to_owned(), token)))
    };
    for (about, id, token) in [
        ("unknown key", "AKIAPOSTERNTESTBOB01", None),
        ("a key of AWS's form", "x", None),
        ("switched off", "AKIAPOSTERNTESTOFF01", None),
        ("a token that is not wanted", ANN, Some("token")),
        ("no token", "ASIAPOSTERNTESTANN01", None),
        ("another token", "ASIAPOSTERNTESTANN01", Some("tokem")),
    ] {
        let sent = signed(id, token);
        is_refused(
            &bench,
            about,
            sent,
            "UnrecognizedClientException",
            NOT_VALID,
        )
        .await;
    }
    let ended = signed("ASIAPOSTERNTESTOLD01", Some("token"));
    let expired = "The security token included in the request is expired";
    is_refused(&bench, "ended", ended, "ExpiredTokenException", expired).await;
    // None of it has harmed those who sign rightly.
    let right = signed("ASIAPOSTERNTESTANN01", Some("token"));
    assert_eq!(answer(&bench, right).await.status, 200);
}

#[tokio::test]
async fn what_is_no_whole_signature_is_told_so() {
    let bench = bench().await.0;
    let sent = arrival("GET /dev/pets", &[], "");
    let missing = "MissingAuthenticationTokenException";
    is_refused(
        &bench,
        "nothing",
        sent,
        missing,
        "Missing Authentication Token",
    )
    .await;
    for (about, sent, message) in [
        (
            "a bearer",
            arrival("GET /dev/pets", &[("authorization", "Bearer abc")], ""),
            "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
        ),
        (
            "another algorithm",
            pets(&ann().set(|s| s.algorithm = "AWS4-HMAC-SHA1".into())),
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.",
        ),
        (
            "lower case",
            pets(&ann().set(|s| s.algorithm = "aws4-hmac-sha256".into())),
            "Unsupported AWS 'algorithm': 'aws4-hmac-sha256'.",
        ),
        (
            "authorization twice",
            changed(|s| {
                s.headers
                    .append("authorization", HeaderValue::from_static("Bearer x"));
            }),
            "'Authorization' must be given only once.",
        ),
        (
            "both forms",
            {
                let mut sent = pets(&ann());
                sent.query = ann().query("GET /dev/pets", "300").query;
                sent
            },
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified",
        ),
        (
            "expires twice",
            in_query(|q| q.push_str("&X-Amz-Expires=9")),
            "'X-Amz-Expires' must be given only once.",
        ),
        (
            "signature twice",
            in_query(|q| q.push_str("&X-Amz-Signature=9")),
            "'X-Amz-Signature' must be given only once.",
        ),
        (
            "spelled otherwise",
            in_query(|q| q.push_str("&X%2DAmz-Date=9")),
            "'X-Amz-Date' must be given only once.",
        ),
        (
            "a week and more",
            ann().query("GET /dev/pets", "604801"),
            "X-Amz-Expires must be a number of seconds from 1 to 604800",
        ),
    ] {
        is_refused(&bench, about, sent, INCOMPLETE, message).await;
    }
}

#[tokio::test]
async fn a_signature_is_good_for_one_region_one_service_and_a_while() {
    let bench = bench().await.0;
    for (about, sent, message) in [
        (
            "another region",
            pets(&ann().set(|s| s.region = "us-east-1".into())),
            "Credential should be scoped to a valid region. ",
        ),
        (
            "another service",
            pets(&ann().set(|s| s.service = "lambda".into())),
            "Credential should be scoped to correct service: 'execute-api'. ",
        ),
        (
            "another day",
            pets(&ann().set(|s| s.day = Some("20240806".into()))),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20240806' != '20240807', from '20240807T183712Z'.",
        ),
        (
            "too old",
            pets(&ann().set(|s| s.at = NOW - 301)),
            "Signature expired: 20240807T183211Z is now earlier than 20240807T183212Z (20240807T183712Z - 5 min.)",
        ),
        (
            "too new",
            pets(&ann().set(|s| s.at = NOW + 301)),
            "Signature not yet current: 20240807T184213Z is still later than 20240807T184212Z (20240807T183712Z + 5 min.)",
        ),
        (
            "over",
            ann().set(|s| s.at = NOW - 61).query("GET /dev/pets", "60"),
            "Signature expired: 20240807T183611Z is now earlier than 20240807T183612Z (20240807T183712Z - 1 min.)",
        ),
    ] {
        is_refused(&bench, about, sent, INVALID, message).await;
    }
}

#[tokio::test]
async fn what_the_gateway_goes_by_must_be_signed() {
    const HASH: &str =
        "The provided 'x-amz-content-sha256' header does not match what was computed.";
    let bench = bench().await.0;
    let with = |request: &str, headers: &[(&str, &str)]| ann().header(request, headers, "");
    for (about, sent, message) in [
        (
            "the host unsigned",
            pets(&ann().set(|s| s.names = Some("x-amz-date".into()))),
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an x-amz header unsigned",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-amz-meta", "1")], ""),
            "'x-amz-meta' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "a method in an unsigned header",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-http-method-override", "POST")], ""),
            "'x-http-method-override' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an API in an unsigned header",
            ann()
                .set(|s| s.names = Some("host;x-amz-date".into()))
                .header("GET /dev/pets", &[("x-apigw-api-id", API)], ""),
            "'x-apigw-api-id' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            "an unsigned payload",
            with(
                "GET /dev/pets",
                &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
            ),
            HASH,
        ),
        (
            "chunks",
            with(
                "GET /dev/pets",
                &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")],
            ),
            HASH,
        ),
        (
            "another hash",
            with("GET /dev/pets", &[("x-amz-content-sha256", "0")]),
            HASH,
        ),
    ] {
        is_refused(&bench, about, sent, INVALID, message).await;
    }
}

#[tokio::test]
async fn what_is_changed_after_it_was_signed_is_refused() {
    let bench = bench().await.0;
    for (about, sent) in [
        (
            "another secret",
            pets(&ann().set(|s| s.secret = "guessed".into())),
        ),
        (
            "another body",
            ann()
                .set(|s| s.body = Some("yes".into()))
                .header("POST /dev/pets", &[], "no"),
        ),
        ("dots", ann().header("GET /dev/a/x/../../pets", &[], "")),
        ("changed method", changed(|s| s.method = http::Method::GET)),
        ("changed path", changed(|s| s.path = "/dev/a/b".into())),
        ("changed query", changed(|s| s.query = Some("a=2".into()))),
        ("more query", changed(|s| s.query = Some("a=1&b".into()))),
        ("no query", changed(|s| s.query = None)),
        ("changed body", changed(|s| s.body = Body::from("bodY"))),
        (
            "changed header",
            changed(|s| drop(s.headers.insert("x-tag", HeaderValue::from_static("u")))),
        ),
        (
            "header twice",
            changed(|s| {
                s.headers.append("x-tag", HeaderValue::from_static("t"));
            }),
        ),
        ("header gone", changed(|s| drop(s.headers.remove("x-tag")))),
        (
            "date twice",
            changed(|s| {
                s.headers
                    .append("x-amz-date", HeaderValue::from_static("20240807T183712Z"));
            }),
        ),
        (
            "host twice",
            changed(|s| {
                s.headers.append("host", HeaderValue::from_static("b"));
            }),
        ),
        (
            "host in the line",
            changed(|s| s.host = format!("{API}.execute-api.elsewhere.example")),
        ),
        (
            "expires later",
            in_query(|q| *q = q.replace("Expires=300", "Expires=301")),
        ),
        (
            "own query changed",
            in_query(|q| *q = q.replace("a=1", "a=2")),
        ),
    ] {
        is_refused(&bench, about, sent, INVALID, MISMATCH).await;
    }
}
