//! API keys: their lists, their values and their import.

use crate::account_world::{at_once, key, plan};
use crate::world::{call, limited, management, on, table};
use postern_management::Limits;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn pages_of_keys_hold_each_once_and_a_prefix_finds_all_that_begin_so() {
    let management = management();
    let mut ids = BTreeSet::new();
    for n in 0..60 {
        ids.insert(
            key(
                &management,
                &format!("{}{n}", if n % 3 == 0 { "a" } else { "b" }),
            )
            .await,
        );
    }
    for (query, expected) in [
        ("limit=7", 60),
        ("limit=7&name=a", 20),
        ("limit=500&name=b", 40),
        ("name=c", 0),
    ] {
        let mut found = BTreeSet::new();
        let mut position = String::new();
        loop {
            let page = call(
                &management,
                "GET",
                &format!("/apikeys?{query}{position}"),
                "",
            )
            .await;
            for item in page.body["item"].as_array().unwrap() {
                assert!(
                    found.insert(item["id"].as_str().unwrap().to_owned()),
                    "{query}"
                );
            }
            match page.body.get("position") {
                Some(next) => position = format!("&position={}", next.as_str().unwrap()),
                None => break,
            }
        }
        assert_eq!(found.len(), expected, "{query}");
        assert!(found.is_subset(&ids));
    }
}

#[tokio::test]
async fn names_longer_than_an_items_key_are_told_apart() {
    let management = management();
    let long = "ä".repeat(900);
    let first = key(&management, &format!("{long}1")).await;
    key(&management, &format!("{long}2")).await;
    let found = call(
        &management,
        "GET",
        &format!("/apikeys?name={}1", "%C3%A4".repeat(900)),
        "",
    )
    .await;
    assert_eq!(found.body["item"].as_array().unwrap().len(), 1);
    assert_eq!(found.body["item"][0]["id"], json!(first));
    let answer = call(
        &management,
        "POST",
        "/apikeys",
        &json!({"name": "x".repeat(1_025)}).to_string(),
    )
    .await;
    assert_eq!(
        answer.message(),
        "Invalid API Key name, can be at most 1024 characters."
    );
    let body = json!({"description": "x".repeat(125_001)}).to_string();
    let answer = call(&management, "POST", "/apikeys", &body).await;
    assert_eq!(answer.message(), "Invalid API Key description specified.");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_keys_with_one_value_exactly_one_is_made() {
    let table = table();
    let processes: Vec<_> = (0..3).map(|_| Arc::new(on(table.clone()))).collect();
    let body = json!({"value": "abcdefghij0123456789"}).to_string();
    let statuses = at_once(
        &processes,
        (0..24).map(|_| ("POST", "/apikeys".to_owned(), body.clone())),
    )
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert!(
        statuses.iter().all(|status| matches!(status, 201 | 409)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn keys_come_from_a_file() {
    let management = management();
    let plan_id = plan(&management, &json!({"name": "p"})).await;
    let import = |strict: bool| format!("/apikeys?mode=import&format=csv&failonwarnings={strict}");
    let file = format!(
        "Key,name,usageplanids,Enabled,extra\nabcdef1234ghijklmnop8901234567, k1 ,\"{plan_id}\",,x\nabcdef1234ghijklmnop8901234568,k2,,FALSE,\n"
    );
    let answer = call(&management, "POST", &import(true), &file).await;
    assert_eq!((answer.status, &answer.body["warnings"]), (201, &json!([])));
    let ids = answer.body["ids"].as_array().unwrap().clone();
    assert_eq!(ids.len(), 2);
    let first = ids[0].as_str().unwrap();
    let found = call(
        &management,
        "GET",
        &format!("/apikeys/{first}?includeValue=true"),
        "",
    )
    .await;
    assert_eq!(
        (found.text("name"), found.text("value")),
        ("k1".into(), "abcdef1234ghijklmnop8901234567".into())
    );
    assert_eq!(found.body["enabled"], json!(true));
    let on = call(
        &management,
        "GET",
        &format!("/usageplans/{plan_id}/keys"),
        "",
    )
    .await;
    assert_eq!(on.body["item"][0]["id"], ids[0]);

    // Once more: the same keys, changed.
    let again = file.replace(" k1 ", "renamed");
    let answer = call(&management, "POST", &import(true), &again).await;
    assert_eq!(answer.body["ids"], json!(ids), "{}", answer.message());
    let found = call(&management, "GET", "/apikeys?name=renamed", "").await;
    assert_eq!(found.body["item"][0]["id"], ids[0]);

    // A bad row: with failonwarnings nothing is made, without it the rest is.
    let bad = "name,key\nshort,abc\nfine,abcdef1234ghijklmnop8901234569\n";
    let answer = call(&management, "POST", &import(true), bad).await;
    assert_eq!(
        (answer.status, answer.message()),
        (
            400,
            "Warnings found during import:\n\tLine 2: API Key value should be at least 20 characters"
        )
    );
    assert_eq!(
        call(&management, "GET", "/apikeys?name=fine", "")
            .await
            .body["item"],
        json!([])
    );
    let answer = call(&management, "POST", &import(false), bad).await;
    assert_eq!(
        answer.body["warnings"],
        json!(["Line 2: API Key value should be at least 20 characters"])
    );
    assert_eq!(answer.body["ids"].as_array().unwrap().len(), 1);
    let unknown = "name,key,usageplanids\nx,abcdef1234ghijklmnop8901234570,nothere\n";
    let answer = call(&management, "POST", &import(true), unknown).await;
    assert!(
        answer
            .message()
            .ends_with("Line 2: Invalid Usage Plan ID specified: nothere")
    );
    let answer = call(&management, "POST", "/apikeys?mode=import&format=xml", bad).await;
    assert_eq!(answer.error, "ValidationException");
    let answer = call(&management, "POST", "/apikeys?mode=import&format=csv", "").await;
    assert_eq!(answer.error, "BadRequestException");
}

/// With failonwarnings a file is taken whole or not at all, also where only storing it shows what is wrong.
#[tokio::test]
async fn a_file_that_does_not_fit_leaves_nothing() {
    let limits = Limits {
        api_keys: 2,
        ..Limits::default()
    };
    let management = limited(table(), limits);
    let rows: String = (0..3)
        .map(|n| format!("k{n},abcdef1234ghijklmnop890123457{n}\n"))
        .collect();
    let target = "/apikeys?mode=import&format=csv&failonwarnings=true";
    let answer = call(&management, "POST", target, &format!("name,key\n{rows}")).await;
    assert_eq!(answer.error, "LimitExceededException");
    assert_eq!(
        call(&management, "GET", "/apikeys", "").await.body["item"],
        json!([])
    );
}
