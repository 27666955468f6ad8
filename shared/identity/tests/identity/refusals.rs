//! What is refused, and in which words.

use crate::vectors::{presigned, simple, with_body};
use crate::world::{KEY, NOW, RULES, SECRET, SESSION, Sent, credential};
use postern_identity::Credential;
use postern_identity::sigv4::{Payload, Refusal, Request, Rules, verify};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

fn with_authorization(value: &str) -> Sent {
    let mut sent = simple();
    sent.headers.remove("authorization");
    sent.add("authorization", value);
    sent
}

fn told(refusal: Refusal) -> (&'static str, String) {
    (refusal.error_type(), refusal.message())
}

#[test]
fn a_header_that_is_no_signature_is_told_what_it_lacks() {
    let scope = format!("{KEY}/20260115/eu-west-1/execute-api/aws4_request");
    let missing = "IncompleteSignatureException";
    let wrong = "InvalidSignatureException";
    for (value, error_type, message) in [
        (
            "Bearer abc".to_owned(),
            missing,
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='.",
        ),
        (
            "Basic a=b".to_owned(),
            missing,
            "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=5C3v9Ffks9nP85GGBPRbaAiSwWrEYHEjaFHfKNejuJQ=",
        ),
        (
            format!("AWS4-ECDSA-P256-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            missing,
            "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0".to_owned(),
            missing,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260114/us-east-1/s3/aws4, SignedHeaders=host, Signature=0".to_owned(),
            wrong,
            "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'execute-api'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260114' != '20260115', from '20260115T123000Z'.",
        ),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=x-amz-date, Signature=0"),
            wrong,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
            wrong,
            "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.",
        ),
    ] {
        let refusal = with_authorization(&value).verify(None).unwrap_err();
        assert_eq!(told(refusal), (error_type, message.to_owned()), "{value}");
    }
    let mut unsigned = simple();
    unsigned.headers.remove("authorization");
    let refusal = unsigned.verify(None).unwrap_err();
    assert_eq!(
        told(refusal),
        (
            "MissingAuthenticationTokenException",
            "Missing Authentication Token".to_owned()
        )
    );
    let mut undated = with_authorization("Basic a=b");
    undated.headers.remove("x-amz-date");
    let message = undated.verify(None).unwrap_err().message();
    assert!(
        message.contains("requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed"),
        "{message}"
    );
}

#[test]
fn a_query_is_told_what_it_lacks() {
    for (query, message) in [
        (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260115T123000Z",
            "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Expires'. Re-examine the query-string parameters.".to_owned(),
        ),
        (
            &presigned().query.replace("X-Amz-Expires=300", "X-Amz-Expires=604801"),
            "X-Amz-Expires must be a number of seconds from 1 to 604800".to_owned(),
        ),
        (
            &presigned().query.replace("X-Amz-Expires=300", "X-Amz-Expires=+5"),
            "X-Amz-Expires must be a number of seconds from 1 to 604800".to_owned(),
        ),
        (
            &presigned().query.replace("20260115T123000Z", "yesterday"),
            "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601".to_owned(),
        ),
    ] {
        let mut sent = presigned();
        sent.query = query.to_owned();
        let refusal = sent.verify(Some(SESSION)).unwrap_err();
        assert_eq!(told(refusal), ("IncompleteSignatureException", message), "{query}");
    }
    let mut twice = presigned();
    let header = simple().headers["authorization"].clone();
    twice.headers.insert("authorization", header);
    assert_eq!(twice.verify(Some(SESSION)), Err(Refusal::SignedTwice));
    let mut bearer = presigned();
    bearer.add("authorization", "Bearer for-the-backend");
    assert!(bearer.verify(Some(SESSION)).is_ok());
}

#[test]
fn a_wrong_signature_is_told_what_the_right_one_would_have_been_made_of() {
    let mut sent = simple();
    sent.path.push('x');
    assert_eq!(
        told(sent.verify(None).unwrap_err()),
        (
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n\
             The Canonical String for this request should have been\n\
             'GET\n/prod/petsx\npage=1&type=dog\nhost:a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com\nx-amz-date:20260115T123000Z\n\nhost;x-amz-date\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n\
             The String-to-Sign should have been\n\
             'AWS4-HMAC-SHA256\n20260115T123000Z\n20260115/eu-west-1/execute-api/aws4_request\n\
             69918b0e1bba0733ef570592c18c467060d074262bbfb5cb43a14f17df9971a2'\n"
                .to_owned()
        )
    );
}

#[test]
fn a_signature_is_good_for_a_while() {
    type Case<'a> = (Sent, Option<&'a str>, Duration, Result<(), &'a str>);
    let cases: [Case<'_>; 9] = [
        (simple(), None, NOW + 5 * MINUTE, Ok(())),
        (simple(), None, NOW.saturating_sub(5 * MINUTE), Ok(())),
        (
            simple(),
            None,
            NOW + 5 * MINUTE + SECOND,
            Err(
                "Signature expired: 20260115T123000Z is now earlier than 20260115T123001Z (20260115T123501Z - 5 min.)",
            ),
        ),
        (
            simple(),
            None,
            NOW.saturating_sub(10 * MINUTE),
            Err(
                "Signature not yet current: 20260115T123000Z is still later than 20260115T122500Z (20260115T122000Z + 5 min.)",
            ),
        ),
        // Half a second more is none: a request's time has whole seconds.
        (simple(), None, NOW + 5 * MINUTE + SECOND / 2, Ok(())),
        (presigned(), Some(SESSION), NOW + 300 * SECOND, Ok(())),
        (
            presigned(),
            Some(SESSION),
            NOW + 301 * SECOND,
            Err(
                "Signature expired: 20260115T123000Z is now earlier than 20260115T123001Z (20260115T123501Z - 5 min.)",
            ),
        ),
        (
            presigned(),
            Some(SESSION),
            NOW.saturating_sub(SECOND),
            Ok(()),
        ),
        (
            presigned(),
            Some(SESSION),
            NOW.saturating_sub(6 * MINUTE),
            Err(
                "Signature not yet current: 20260115T123000Z is still later than 20260115T122900Z (20260115T122400Z + 5 min.)",
            ),
        ),
    ];
    for (sent, token, now, expected) in cases {
        let found = sent.verify_at(now, &RULES, token).map(drop);
        let found = found.map_err(told);
        let expected = expected.map_err(|text| ("InvalidSignatureException", text.to_owned()));
        assert_eq!(found, expected, "{now:?}");
    }
}

#[test]
fn keys_and_tokens_belong_together() {
    let unknown = "The security token included in the request is invalid.";
    let ended = Credential {
        expires_at: Some(NOW),
        ..credential(SECRET, Some(SESSION))
    };
    let not_yet = Credential {
        expires_at: Some(NOW + SECOND),
        ..credential(SECRET, Some(SESSION))
    };
    for (sent, credential, expected) in [
        (
            simple(),
            None,
            Some(("UnrecognizedClientException", unknown)),
        ),
        (
            simple(),
            Some(credential(SECRET, Some(SESSION))),
            Some(("UnrecognizedClientException", unknown)),
        ),
        (
            with_body(),
            Some(credential(SECRET, None)),
            Some(("UnrecognizedClientException", unknown)),
        ),
        (
            with_body(),
            Some(credential(SECRET, Some("other"))),
            Some(("UnrecognizedClientException", unknown)),
        ),
        (
            presigned(),
            Some(credential(SECRET, Some("other"))),
            Some(("UnrecognizedClientException", unknown)),
        ),
        (
            with_body(),
            Some(ended),
            Some((
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )),
        ),
        (with_body(), Some(not_yet), None),
    ] {
        let found = verify(&sent.request(), &RULES, NOW, |key, _| {
            assert_eq!(key, KEY);
            credential
        });
        let found = found.err().map(told);
        assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    }
    let wrong = verify(&simple().request(), &RULES, NOW, |_, _| {
        Some(credential("other", None))
    });
    assert!(matches!(wrong, Err(Refusal::WrongSignature { .. })));
}

#[test]
fn a_body_is_covered_unless_the_rules_let_it_be_left_out() {
    let trusting = Rules {
        unsigned_payloads: true,
        ..RULES
    };
    let hash = postern_identity::sigv4::signature::sha256(b"body");
    for (declared, rules, expected) in [
        (None, RULES, Ok(true)),
        (Some(hash.as_str()), RULES, Ok(true)),
        (Some(hash.as_str()), trusting, Ok(true)),
        (Some("UNSIGNED-PAYLOAD"), trusting, Ok(false)),
        (
            Some("UNSIGNED-PAYLOAD"),
            RULES,
            Err(Refusal::PayloadNotSigned),
        ),
        (
            Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            trusting,
            Err(Refusal::PayloadInChunks),
        ),
        (
            Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            RULES,
            Err(Refusal::PayloadDiffers),
        ),
        (Some(""), RULES, Err(Refusal::PayloadDiffers)),
    ] {
        let mut sent = Sent::new("POST /prod/pets HTTP/1.1\nHost: h\n\nbody");
        if let Some(declared) = declared {
            sent.add("x-amz-content-sha256", declared);
        }
        crate::round_trip::sign(&mut sent, declared.unwrap_or(&hash), None);
        let found = sent.verify_at(NOW, &rules, None);
        assert_eq!(
            found.map(|proven| proven.is_payload_signed),
            expected,
            "{declared:?}"
        );
        let by_hash = Request {
            payload: Payload::Hash(&hash),
            ..sent.request()
        };
        let found = verify(&by_hash, &rules, NOW, |_, _| Some(credential(SECRET, None)));
        assert_eq!(
            found.is_ok(),
            expected.is_ok(),
            "a hash stands for its body"
        );
    }
}

#[test]
fn the_time_may_stand_in_the_other_header() {
    for (date, is_read) in [
        ("Thu, 15 Jan 2026 12:30:00 GMT", true),
        ("20260115T123000Z", true),
        ("2026-01-15", false),
    ] {
        let mut sent = Sent::new(&format!("GET / HTTP/1.1\nHost: h\nDate: {date}"));
        crate::round_trip::sign(
            &mut sent,
            &postern_identity::sigv4::signature::sha256(b""),
            None,
        );
        let expected = is_read.then_some(NOW).ok_or(Refusal::Date(date.to_owned()));
        assert_eq!(sent.verify(None).map(|proven| proven.signed_at), expected);
    }
}

#[test]
fn a_header_that_the_network_adds_is_no_matter() {
    let mut sent = simple();
    sent.add("x-amz-cf-id", "made-up-by-the-network");
    sent.add("x-amzn-trace-id", "Root=1");
    assert!(sent.verify(None).is_ok());
    sent.add("x-amz-target", "smuggled");
    assert_eq!(
        sent.verify(None),
        Err(Refusal::HeaderNotSigned("x-amz-target".to_owned()))
    );
}

#[test]
fn what_may_be_there_once_only_is_refused_where_it_is_there_twice() {
    let mut twice = simple();
    twice.add("authorization", "Bearer for-the-backend");
    assert_eq!(
        twice.verify(None).unwrap_err(),
        Refusal::Repeated("Authorization")
    );
    for (name, more) in [
        ("X-Amz-Date", "X-Amz-Date=20260115T123000Z"),
        ("X-Amz-Signature", "X%2DAmz-Signature=00"),
    ] {
        let query = format!("X-Amz-Algorithm=x&X-Amz-Date=x&X-Amz-Signature=x&{more}");
        let sent = Sent::new(&format!("GET /?{query} HTTP/1.1\nHost:example"));
        assert_eq!(sent.verify(None).unwrap_err(), Refusal::Repeated(name));
    }
}
