//! What is signed is proven, and nothing else is.

use crate::world::{KEY, NOW, RULES, SECRET, Sent};
use postern_identity::sigv4::canonical::{self, Reading};
use postern_identity::sigv4::signature::{
    scope, sha256, sign as signature, signing_key, string_to_sign,
};
use postern_identity::sigv4::{Form, Refusal};
use proptest::collection::vec;
use proptest::prelude::*;

const TIME: &str = "20260115T123000Z";
const DAY: &str = "20260115";

fn made(sent: &Sent, names: &[&str], payload_hash: &str, reading: Reading) -> String {
    let text = canonical::request(
        &sent.method,
        &canonical::path(&sent.path),
        &canonical::query(&sent.query, reading, |_| true),
        &sent.headers,
        names,
        payload_hash,
    )
    .unwrap();
    let key = signing_key(SECRET, DAY, RULES.region, RULES.service);
    let scope = scope(DAY, RULES.region, RULES.service);
    signature(&key, &string_to_sign(TIME, &scope, &text))
}

/// Signs all headers there are. The time is taken to be in `Date` where there is one.
pub(crate) fn sign(sent: &mut Sent, payload_hash: &str, token: Option<&str>) {
    sign_reading(sent, payload_hash, token, Reading::Decoded);
}

fn sign_reading(sent: &mut Sent, payload_hash: &str, token: Option<&str>, reading: Reading) {
    if !sent.headers.contains_key("date") {
        sent.add("x-amz-date", TIME);
    }
    if let Some(token) = token {
        sent.add("x-amz-security-token", token);
    }
    let mut names: Vec<&str> = sent.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let signature = made(sent, &names, payload_hash, reading);
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={KEY}/{}, SignedHeaders={},Signature={signature}",
        scope(DAY, RULES.region, RULES.service),
        names.join(";")
    );
    sent.add("authorization", &authorization);
}

fn presign(sent: &mut Sent, expires: u32, token: Option<&str>) {
    let scope = scope(DAY, RULES.region, RULES.service).replace('/', "%2F");
    let mut query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}%2F{scope}&X-Amz-Date={TIME}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
    );
    if let Some(token) = token {
        query = format!("{query}&X-Amz-Security-Token={token}");
    }
    sent.query = format!("{query}&{}", sent.query);
    let signature = made(sent, &["host"], &sha256(&sent.body), Reading::Decoded);
    sent.query = format!("{}&X-Amz-Signature={signature}", sent.query);
}

fn unsigned() -> impl Strategy<Value = Sent> {
    (
        "GET|POST|DELETE",
        "(/([a-zé ~_:@!$&'()*+,;=.-]|%[0-9A-F]{2}){0,6}){1,4}",
        "([a-cé&=+:/?@!$'()*,;-]|%[0-9A-F]{2}){0,14}",
        vec("[ -~é]{0,8}", 0..3),
        vec(any::<u8>(), 0..40),
    )
        .prop_map(|(method, path, query, tags, body)| {
            let mut sent = Sent {
                method,
                path,
                query,
                body,
                ..Sent::default()
            };
            sent.add("host", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com");
            for tag in tags {
                sent.add("x-tag", &tag);
            }
            sent
        })
}

fn token() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[a-zA-Z0-9]{1,20}")
}

proptest! {
    #[test]
    fn a_signed_request_is_proven(mut sent in unsigned(), token in token(), as_sent in any::<bool>()) {
        let reading = if as_sent { Reading::AsSent } else { Reading::Decoded };
        let hash = sha256(&sent.body);
        sign_reading(&mut sent, &hash, token.as_deref(), reading);
        let proven = sent.verify(token.as_deref());
        prop_assert_eq!(proven.map(|proven| (proven.form, proven.signed_at)), Ok((Form::Header, NOW)));
    }

    #[test]
    fn a_presigned_request_is_proven(mut sent in unsigned(), token in token(), expires in 1..604_801_u32) {
        presign(&mut sent, expires, token.as_deref());
        let proven = sent.verify(token.as_deref());
        prop_assert_eq!(proven.map(|proven| proven.form), Ok(Form::Query));
    }

    #[test]
    fn whatever_is_changed_the_proof_is_gone(mut sent in unsigned(), presigned in any::<bool>(), what in 0..6) {
        if presigned {
            presign(&mut sent, 300, None);
        } else {
            let hash = sha256(&sent.body);
            sign(&mut sent, &hash, None);
        }
        match what {
            0 => sent.method = "PUT".to_owned(),
            1 => sent.path.push_str("/more"),
            2 => sent.query.push_str("&more=1"),
            3 => sent.body.push(b'x'),
            4 => drop(sent.headers.insert("host", "other.example".parse().unwrap())),
            _ if presigned => sent.query = sent.query.replace("Expires=300", "Expires=301"),
            _ => sent.add("x-amz-date", "20260115T123000Z"),
        }
        let found = sent.verify(None);
        prop_assert!(matches!(found, Err(Refusal::WrongSignature { .. })), "{:?}", found);
    }

    #[test]
    fn no_request_panics(
        authorization in "(AWS4-HMAC-SHA256 )?((Credential|SignedHeaders|Signature)=[a-z0-9/;]{0,12},? ?){0,4}|[ -~]{0,30}",
        date in "[0-9TZ]{0,17}|[ -~]{0,20}",
        query in "((X-Amz-(Algorithm|Credential|Signature|Date|Expires|SignedHeaders)|[a-z%]{0,4})=[a-zA-Z0-9%/+;-]{0,18}&){0,8}",
        path in "\\PC{0,20}",
        header in vec(32..=255_u8, 0..6),
    ) {
        let mut sent = Sent { method: "GET".to_owned(), path, query, ..Sent::default() };
        sent.add("host", "h");
        sent.add("authorization", &authorization);
        sent.add("x-amz-date", &date);
        if let Ok(value) = http::HeaderValue::from_bytes(&header) {
            sent.headers.insert("x-amz-meta", value.clone());
            sent.headers.append("authorization", value);
        }
        if let Err(refusal) = sent.verify(None) {
            let _ = (refusal.message(), refusal.to_string(), refusal.error_type());
        }
    }
}
