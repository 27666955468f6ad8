//! Calls of DynamoDB, as a server sees them that answers what it was told to.

use bytes::Bytes;
use postern_aws::{Aws, Credentials, CredentialsSource, Settings};
use postern_egress::{Egress, Options};
use postern_store::{Clock, Condition, Consistency, Key, Store, StoreError, Write};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// 2015-08-30 12:36:00 UTC, always.
struct Then;

impl Clock for Then {
    fn now(&self) -> Duration {
        Duration::from_mins(24_015_636)
    }
}

/// A status, further header lines, and a body. A status of zero hangs up instead.
type Answer = (u16, &'static str, &'static str);

/// What came in: the head, in lower case, and the body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// Gives these answers, each to a connection of its own, and the last one forever.
async fn server(answers: &[Answer]) -> (Store, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let (kept, answers) = (seen.clone(), answers.to_vec());
    tokio::spawn(async move {
        for number in 0.. {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = BufReader::new(socket);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                socket.read_line(&mut head).await.unwrap();
            }
            let head = head.to_lowercase();
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length = length.split('\r').next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            socket.read_exact(&mut body).await.unwrap();
            let body = serde_json::from_slice(&body).unwrap();
            kept.lock().unwrap().push((head, body));
            let (status, headers, body) = answers[number.min(answers.len() - 1)];
            if status == 0 {
                continue;
            }
            let answer = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
                body.len()
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let settings = Settings {
        region: Some("eu-west-1".to_owned()),
        endpoint: None,
        endpoints: BTreeMap::from([("dynamodb".to_owned(), url)]),
        credentials: CredentialsSource::Keys(Credentials::new(
            "AKID",
            "secret",
            Some("token".to_owned()),
            None,
        )),
    };
    let aws = Aws::new(settings, Egress::new(&Options::default()), Arc::new(Then));
    (aws.connect("x").unwrap(), seen)
}

const ITEM: &str =
    r#"{"Item":{"p":{"S":"p"},"s":{"S":"s"},"v":{"N":"1"},"r":{"N":"7"},"b":{"B":"Ym9keQ=="}}}"#;

async fn get(answers: &[Answer]) -> (Result<Option<Bytes>, String>, Seen) {
    let (store, seen) = server(answers).await;
    let key = Key::new("p", "s");
    let found = store.usage.get(&key, Consistency::Strong).await;
    let found = found
        .map(|item| item.map(|item| item.body))
        .map_err(|error| error.to_string());
    (found, seen)
}

#[tokio::test]
async fn a_call_is_signed_for_dynamodb_and_names_its_operation() {
    let (found, seen) = get(&[(200, "", ITEM)]).await;
    assert_eq!(found.unwrap().unwrap(), "body");
    let (head, body) = seen.lock().unwrap().remove(0);
    assert!(head.starts_with("post / http/1.1\r\n"), "{head}");
    for line in [
        "x-amz-target: dynamodb_20120810.getitem",
        "content-type: application/x-amz-json-1.0",
        "x-amz-date: 20150830t123600z",
        "x-amz-security-token: token",
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{head}");
    }
    let signed = "credential=akid/20150830/eu-west-1/dynamodb/aws4_request, signedheaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target";
    assert!(head.contains(signed), "{head}");
    assert_eq!(
        body,
        serde_json::json!({"TableName": "x-usage", "ConsistentRead": true, "Key": {"p": {"S": "p"}, "s": {"S": "s"}}})
    );
}

#[tokio::test]
async fn what_another_attempt_may_not_meet_is_met_with_another_attempt() {
    const GOOD: Answer = (200, "", ITEM);
    /// What the server answers, the body that is found or what is said instead, and after how many attempts.
    type Case = (
        &'static str,
        &'static [Answer],
        Result<&'static str, &'static str>,
        usize,
    );
    let cases: &[Case] = &[
        ("well", &[GOOD], Ok("body"), 1),
        ("hung up", &[(0, "", ""), GOOD], Ok("body"), 2),
        (
            "failed",
            &[(500, "", r#"{"__type":"x#InternalServerError"}"#), GOOD],
            Ok("body"),
            2,
        ),
        (
            "a checksum that is right",
            &[(200, "x-amz-crc32: 2745614147\r\n", "{}")],
            Err("none"),
            1,
        ),
        (
            "damaged",
            &[(200, "x-amz-crc32: 1\r\n", "{}"), GOOD],
            Ok("body"),
            2,
        ),
        (
            "always damaged",
            &[(200, "x-amz-crc32: 1\r\n", "{}")],
            Err(
                "the store does not answer: its answer was damaged on the way: the checksum is not that of the body",
            ),
            4,
        ),
        (
            "always failing",
            &[(
                500,
                "",
                r#"{"__type":"x#InternalServerError","message":"sorry"}"#,
            )],
            Err("the store does not answer: InternalServerError: sorry"),
            4,
        ),
        (
            "something between",
            &[(503, "", "<html>")],
            Err("the store does not answer: it answers 503 Service Unavailable"),
            4,
        ),
        (
            "refused",
            &[(400, "", r#"{"__type":"x#ValidationException"}"#)],
            Err("the store does not answer: ValidationException"),
            1,
        ),
        (
            "expired, and there are no other keys",
            &[(
                400,
                "",
                r#"{"__type":"x#ExpiredTokenException","message":"old"}"#,
            )],
            Err("the store does not answer: ExpiredTokenException: old"),
            1,
        ),
        (
            "no answer of DynamoDB's",
            &[(200, "", "ok")],
            Err(
                "the store does not answer: its answer to GetItem cannot be read: expected value at line 1 column 1",
            ),
            1,
        ),
    ];
    for (name, answers, expected, attempts) in cases {
        let (found, seen) = get(answers).await;
        let found = match &found {
            Ok(Some(body)) => Ok(str::from_utf8(body).unwrap()),
            Ok(None) => Err("none"),
            Err(error) => Err(error.as_str()),
        };
        assert_eq!(found, *expected, "{name}");
        assert_eq!(seen.lock().unwrap().len(), *attempts, "{name}");
    }
}

#[tokio::test]
async fn all_attempts_at_one_transaction_carry_the_same_token_and_another_has_its_own() {
    let busy = (400, "", r#"{"__type":"x#TransactionInProgressException"}"#);
    let (store, seen) = server(&[busy, (0, "", ""), (200, "", "{}")]).await;
    for _ in 0..2 {
        let put = Write::put(Key::new("p", "s"), "body", Condition::Absent);
        store.usage.transact(vec![put]).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let tokens: Vec<&str> = seen
        .iter()
        .map(|(_, body)| body["ClientRequestToken"].as_str().unwrap())
        .collect();
    assert_eq!(tokens.len(), 4);
    assert_eq!(tokens[..2], tokens[1..3]);
    assert_ne!(tokens[2], tokens[3]);
    assert!((1..=36).contains(&tokens[0].len()));
    assert_eq!(seen[0].1, seen[1].1);
}

#[tokio::test]
async fn a_write_waits_for_anothers_transaction_on_the_same_item_and_not_forever() {
    let conflict = (400, "", r#"{"__type":"x#TransactionConflictException"}"#);
    let key = || Key::new("p", "s");
    for (operation, write) in [
        ("putitem", Write::put(key(), "", Condition::Absent)),
        ("updateitem", Write::put(key(), "", Condition::Present)),
        ("deleteitem", Write::delete(key(), Condition::Always)),
    ] {
        for (answers, expected, attempts) in [
            (vec![conflict, conflict, (200, "", "{}")], Ok(()), 3),
            (vec![conflict], Err(StoreError::Conflict), 4),
        ] {
            let (store, seen) = server(&answers).await;
            assert_eq!(store.usage.write(write.clone()).await, expected);
            let seen = seen.lock().unwrap();
            assert_eq!(seen.len(), attempts);
            let target = format!("x-amz-target: dynamodb_20120810.{operation}\r\n");
            assert!(seen.iter().all(|(head, _)| head.contains(&target)));
        }
    }
}
