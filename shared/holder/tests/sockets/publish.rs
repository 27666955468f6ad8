//! The publish endpoint, by HTTP.

use crate::support::{Bench, listens};
use postern_grip::SharedKey;
use postern_holder::{Settings, Signing};
use std::time::Duration;

fn items(channel: &str, message: &str) -> String {
    format!(r#"{{"items":[{{"channel":"{channel}","formats":{{"ws-message":{message}}}}}]}}"#)
}

#[tokio::test]
async fn what_is_published_reaches_those_who_listen_in_order() {
    let bench = Bench::start(Settings::default(), listens).await;
    let mut clients = [bench.connect().await, bench.connect().await];
    for number in 0..50 {
        let body = items("ch", &format!(r#"{{"content":"{number}"}}"#));
        let answer = bench.publish("POST /publish/ HTTP/1.1", &body).await;
        assert_eq!(answer, (200, "Published\n".to_owned()));
    }
    let body = items("ch", r#"{"content-bin":"AAE="}"#);
    bench.publish("POST /publish HTTP/1.1", &body).await;
    for client in &mut clients {
        for number in 0..50 {
            assert_eq!(client.receive_text().await, number.to_string());
        }
        let frame = client.receive().await.unwrap();
        assert_eq!((frame.first, frame.payload), (0x82, vec![0, 1]));
    }
}

#[tokio::test]
async fn a_request_that_publishes_nothing_is_told_why() {
    let mut settings = Settings::default();
    settings.limits.publish_bytes_max = 200;
    let bench = Bench::start(settings, listens).await;
    let nobody = items("nobody", r#"{"content":"x"}"#);
    let long = items("ch", &format!(r#"{{"content":"{}"}}"#, "x".repeat(200)));
    for (head, body, status, begins) in [
        (
            "POST /publish/ HTTP/1.1",
            nobody.as_str(),
            200,
            "Published\n",
        ),
        ("POST /publish/ HTTP/1.1", "{", 400, "Invalid format: "),
        (
            "POST /publish/ HTTP/1.1",
            long.as_str(),
            413,
            "items have 200 bytes at most",
        ),
        (
            "GET /publish/ HTTP/1.1",
            "",
            405,
            "items are published by POST",
        ),
        ("POST /other HTTP/1.1", "", 404, "there is only /publish/"),
    ] {
        let (told, reason) = bench.publish(head, body).await;
        assert_eq!(told, status, "{head} {body}");
        assert!(reason.starts_with(begins), "{reason}");
    }
}

#[tokio::test]
async fn where_a_token_is_asked_for_only_one_of_the_key_publishes() {
    let key = SharedKey::new(b"secret");
    let now = postern_store::Clock::now(&postern_store::SystemClock);
    let minute = Duration::from_secs(60);
    let good = key.sign("backend", now, minute);
    let old = key.sign("backend", now.saturating_sub(minute * 2), minute);
    let other = SharedKey::new(b"other").sign("backend", now, minute);
    let mut settings = Settings::default();
    settings.publish_needs_token = true;
    for (signing, authorization, status) in [
        (true, format!("\r\nAuthorization: Bearer {good}"), 200),
        (true, format!("\r\nAuthorization: bearer  {good}"), 200),
        (true, format!("\r\nAuthorization: Bearer {old}"), 401),
        (true, format!("\r\nAuthorization: Bearer {other}"), 401),
        (true, format!("\r\nAuthorization: Basic {good}"), 401),
        (true, String::new(), 401),
        (false, format!("\r\nAuthorization: Bearer {good}"), 401),
    ] {
        settings.signing = signing.then(|| Signing {
            key: key.clone(),
            others: Vec::new(),
            issuer: "holder".to_owned(),
        });
        let bench = Bench::start(settings.clone(), listens).await;
        let mut client = bench.connect().await;
        let head = format!("POST /publish/ HTTP/1.1{authorization}");
        let body = items("ch", r#"{"content":"x"}"#);
        let (told, _) = bench.publish(&head, &body).await;
        assert_eq!(told, status, "{authorization}");
        if status == 200 {
            assert_eq!(client.receive_text().await, "x");
        }
    }
}
