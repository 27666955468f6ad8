//! Lists longer than a page.

use crate::world::{api, call, management, resource};
use postern_management::Management;
use std::collections::BTreeSet;

/// All pages of a list, as the ids on each.
async fn pages(management: &Management, target: &str, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut position = String::new();
    loop {
        let page = call(
            management,
            "GET",
            &format!("{target}?{query}{position}"),
            "",
        )
        .await;
        assert_eq!(page.status, 200);
        let items = page.body["item"].as_array().unwrap();
        let ids = items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned());
        pages.push(ids.collect());
        match page.body.get("position") {
            Some(next) => position = format!("&position={}", next.as_str().unwrap()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn every_item_is_on_one_page_and_the_last_page_has_no_position() {
    let management = management();
    let (api, root) = api(&management).await;
    for n in 0..59 {
        resource(&management, &api, &root, &format!("p{n}")).await;
    }
    let target = format!("/restapis/{api}/resources");
    for (query, sizes) in [
        ("", &[25, 25, 10][..]),
        ("limit=", &[25, 25, 10]),
        ("limit=0", &[25, 25, 10]),
        ("limit=-3", &[25, 25, 10]),
        ("limit=20", &[20, 20, 20]),
        ("limit=59", &[59, 1]),
        ("limit=60", &[60]),
        ("limit=100000", &[60]),
    ] {
        let pages = pages(&management, &target, query).await;
        let found: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(found, sizes, "{query}");
        let distinct: BTreeSet<_> = pages.concat().into_iter().collect();
        assert_eq!(distinct.len(), 60);
    }
}

#[tokio::test]
async fn a_position_outlives_what_it_points_at() {
    let management = management();
    for _ in 0..4 {
        api(&management).await;
    }
    let first = call(&management, "GET", "/restapis?limit=2", "").await;
    let last = first.body["item"][1]["id"].as_str().unwrap().to_owned();
    call(&management, "DELETE", &format!("/restapis/{last}"), "").await;
    let position = first.text("position");
    let rest = call(
        &management,
        "GET",
        &format!("/restapis?position={position}"),
        "",
    )
    .await;
    assert_eq!(rest.body["item"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_position_that_is_none_is_refused() {
    let management = management();
    for bad in ["%25", "a%00", "_w"] {
        let answer = call(&management, "GET", &format!("/restapis?position={bad}"), "").await;
        assert_eq!(
            (answer.status, answer.message()),
            (400, "Invalid position specified"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn embedded_methods_are_those_of_their_resource() {
    let management = management();
    let (api, root) = api(&management).await;
    let mut made = BTreeSet::new();
    for n in 0..30 {
        let id = resource(&management, &api, &root, &format!("p{n}")).await;
        for verb in ["GET", "ANY"].iter().take(n % 3) {
            let target = format!("/restapis/{api}/resources/{id}/methods/{verb}");
            let body = format!(r#"{{"authorizationType":"NONE","operationName":"{id}"}}"#);
            assert_eq!(call(&management, "PUT", &target, &body).await.status, 201);
            made.insert((id.clone(), (*verb).to_owned()));
        }
    }
    let mut found = BTreeSet::new();
    let mut position = String::new();
    loop {
        let target = format!("/restapis/{api}/resources?limit=7&embed=methods{position}");
        let page = call(&management, "GET", &target, "").await;
        for item in page.body["item"].as_array().unwrap() {
            for (verb, method) in item["resourceMethods"].as_object().into_iter().flatten() {
                assert_eq!(method["operationName"], item["id"]);
                found.insert((item["id"].as_str().unwrap().to_owned(), verb.clone()));
            }
        }
        match page.body.get("position") {
            Some(next) => position = format!("&position={}", next.as_str().unwrap()),
            None => break,
        }
    }
    assert_eq!(found, made);
}
