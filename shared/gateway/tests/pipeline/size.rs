//! Large APIs, and limits on requests.

use crate::harness::{Bench, Stopped, arrival, definition, mock};
use http::HeaderValue;
use postern_plan::Snapshot;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Text that does not deflate to nothing.
fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b'a' + (state >> 59) as u8 % 26));
    }
    text
}

#[tokio::test]
async fn an_api_of_four_thousand_methods_answers_every_one() {
    let mut methods = BTreeMap::new();
    for resource in 0..1_000 {
        for (nth, verb) in ["GET", "PUT", "POST", "DELETE"].iter().enumerate() {
            methods.insert(
                format!("{verb} /r{resource}"),
                mock(&noise(resource * 4 + nth, 2_000)),
            );
        }
    }
    let bench = Bench::new(Stopped::at(1));
    bench
        .deploy("d1", &definition(&Value::Null, &methods))
        .await;
    bench.stage(&Value::Null).await;
    for resource in [0, 1, 499, 999] {
        for (nth, verb) in ["GET", "PUT", "POST", "DELETE"].iter().enumerate() {
            let body = bench
                .send(&format!("{verb} /dev/r{resource}"), &[], "")
                .await
                .into_body();
            assert_eq!(
                body.collect(10_000).await.unwrap(),
                noise(resource * 4 + nth, 2_000),
                "{verb} {resource}"
            );
        }
    }
}

#[tokio::test]
async fn a_path_may_have_five_hundred_segments_and_no_more() {
    let deep = "/a".repeat(499) + "/{b}";
    let methods = |path: &str| BTreeMap::from([(format!("GET {path}"), mock("ok"))]);
    let bench = Bench::new(Stopped::at(1));
    bench
        .deploy("d1", &definition(&Value::Null, &methods(&deep)))
        .await;
    bench.stage(&Value::Null).await;
    for (path, status) in [
        (deep.replace("{b}", "x"), 200),
        ("/a/x".to_owned(), 403),
        ("/a".repeat(5_000), 403),
    ] {
        let response = bench.send(&format!("GET /dev{path}"), &[], "").await;
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
    let deeper = definition(&Value::Null, &methods(&format!("/a{deep}")));
    let Err(defects) = Snapshot::freeze(&deeper) else {
        panic!("501 segments were taken");
    };
    let text = defects[0].to_string();
    assert!(
        text.ends_with("it has 501 segments, and at most 500 are allowed"),
        "{text}"
    );
}

#[tokio::test]
async fn a_template_of_three_hundred_kilobytes_is_kept_whole() {
    // Noise from the whole of ASCII's letters: together the three do not fit one item.
    let templates = [noise(1, 300_000), noise(2, 300_000), noise(3, 300_000)];
    let methods = ["/a", "/b", "/c"]
        .iter()
        .zip(&templates)
        .map(|(path, text)| (format!("GET {path}"), mock(text)));
    let bench = Bench::new(Stopped::at(1));
    bench
        .deploy("d1", &definition(&Value::Null, &methods.collect()))
        .await;
    bench.stage(&Value::Null).await;
    for (path, text) in ["/a", "/b", "/c"].iter().zip(&templates) {
        let body = bench
            .send(&format!("GET /dev{path}"), &[], "")
            .await
            .into_body();
        assert_eq!(body.collect(400_000).await.unwrap(), *text);
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let bench = Bench::new(Stopped::at(1));
    bench
        .deploy(
            "d1",
            &definition(
                &Value::Null,
                &BTreeMap::from([("GET /".to_owned(), mock("ok"))]),
            ),
        )
        .await;
    bench.stage(&Value::Null).await;
    let long = "x".repeat(10_240);
    let mut heavy = arrival("GET /dev/", &[], "");
    heavy
        .headers
        .insert("x-long", HeaderValue::from_str(&long).unwrap());
    for (arrival, status) in [
        (arrival("GET /dev/", &[], ""), 200),
        (arrival(&format!("GET /dev/{long}"), &[], ""), 414),
        (arrival(&format!("GET /dev/?{long}"), &[], ""), 414),
        (heavy, 431),
    ] {
        assert_eq!(
            bench.gateway.answer(arrival).await.status().as_u16(),
            status
        );
    }
}

/// An HTTP API has one limit for the line and the headers together, and none of the headers that REST APIs tell errors by.
#[tokio::test]
async fn an_http_api_says_in_its_own_way_that_a_request_is_too_long() {
    let bench = Bench::new(Stopped::at(1));
    let proxy = json!({"integration": {
        "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://b.example/",
    }});
    let routes = BTreeMap::from([("$default".to_owned(), proxy)]);
    bench.deploy_routes(&json!({}), &routes, &json!({})).await;
    let with_header = |line: &str, length: usize| {
        let mut arrival = arrival(line, &[], "");
        let value = HeaderValue::from_str(&"x".repeat(length)).unwrap();
        arrival.headers.insert("x-long", value);
        arrival
    };
    let long = "x".repeat(10_240);
    let half = "x".repeat(6_000);
    for (arrival, status) in [
        (with_header(&format!("GET /dev/{half}"), 1), 200),
        (with_header("GET /dev/", 6_000), 200),
        (with_header(&format!("GET /dev/?{half}"), 6_000), 431),
        (arrival(&format!("GET /dev/{long}"), &[], ""), 431),
        (with_header("GET /dev/", 10_240), 431),
    ] {
        let (head, body) = bench.gateway.answer(arrival).await.into_parts();
        assert_eq!(head.status.as_u16(), status);
        if status == 431 {
            assert_eq!(
                body.collect(1_000).await.unwrap(),
                r#"{"message":"Request Header Fields Too Large"}"#
            );
            assert!(head.headers.contains_key("apigw-requestid"));
            for of_rest in ["x-amzn-errortype", "x-amzn-requestid", "x-amz-apigw-id"] {
                assert!(!head.headers.contains_key(of_rest), "{of_rest}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_must_be_held_may_have_ten_megabytes_and_no_more() {
    const MAX: usize = 10_485_760;
    let http = json!({
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": "HTTP", "httpMethod": "POST", "uri": "http://b.example/",
            "integrationResponses": {"200": {"statusCode": "200"}},
        },
    });
    let proxy = |mode: &str| {
        json!({"methodIntegration": {
            "type": "HTTP_PROXY", "httpMethod": "POST", "uri": "http://b.example/", "responseTransferMode": mode,
        }})
    };
    let bench = Bench::new(Stopped::at(1));
    let methods = BTreeMap::from([
        ("POST /".to_owned(), http),
        ("POST /buffered".to_owned(), proxy("BUFFERED")),
        ("POST /stream".to_owned(), proxy("STREAM")),
    ]);
    bench
        .deploy("d1", &definition(&Value::Null, &methods))
        .await;
    bench.stage(&Value::Null).await;
    for (path, sent, answered, status) in [
        ("/", MAX, MAX, 200),
        ("/", MAX + 1, 0, 413),
        ("/", 0, MAX + 1, 500),
        ("/buffered", MAX, MAX, 200),
        ("/buffered", 0, MAX + 1, 500),
        ("/stream", 0, MAX + 1, 200),
    ] {
        *bench.backend.answer.lock().unwrap() = json!({"body": "x".repeat(answered)});
        let request = format!("POST /dev{path}");
        let response = bench.send(&request, &[], &"x".repeat(sent)).await;
        assert_eq!(
            response.status().as_u16(),
            status,
            "{path} {sent} {answered}"
        );
    }
}
