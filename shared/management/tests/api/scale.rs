//! Trees larger than a transaction.

use crate::world::{api, call, management, on, resource, table};
use postern_management::Management;
use postern_store::Query;
use serde_json::json;

const CHILDREN: usize = 230;

/// A resource with many below it, each with a method.
async fn wide(management: &Management) -> (String, String, String) {
    let (api, root) = api(management).await;
    let top = resource(management, &api, &root, "top").await;
    for n in 0..CHILDREN {
        let id = resource(management, &api, &top, &format!("c{n}")).await;
        let target = format!("/restapis/{api}/resources/{id}/methods/GET");
        let body = r#"{"authorizationType":"NONE"}"#;
        assert_eq!(call(management, "PUT", &target, body).await.status, 201);
    }
    (api, root, top)
}

async fn paths(management: &Management, api: &str) -> Vec<String> {
    let target = format!("/restapis/{api}/resources?limit=500");
    let listed = call(management, "GET", &target, "").await;
    let items = listed.body["item"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["path"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn renaming_renames_all_that_is_below() {
    let management = management();
    let (api, _, top) = wide(&management).await;
    let patch =
        json!({"patchOperations": [{"op": "replace", "path": "/pathPart", "value": "other"}]});
    let target = format!("/restapis/{api}/resources/{top}");
    let renamed = call(&management, "PATCH", &target, &patch.to_string()).await;
    assert_eq!(renamed.text("path"), "/other");
    let below = paths(&management, &api).await;
    assert_eq!(
        below
            .iter()
            .filter(|path| path.starts_with("/other/c"))
            .count(),
        CHILDREN
    );
}

#[tokio::test]
async fn deleting_deletes_all_that_is_below() {
    let table = table();
    let management = on(table.clone());
    let (api, _, top) = wide(&management).await;
    let deleted = call(
        &management,
        "DELETE",
        &format!("/restapis/{api}/resources/{top}"),
        "",
    )
    .await;
    assert_eq!(deleted.status, 202);
    assert_eq!(paths(&management, &api).await, ["/"]);
    // The root, and the two models that every API begins with.
    let left = everything(&*table, &api).await;
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn a_deleted_api_leaves_nothing() {
    let table = table();
    let management = on(table.clone());
    let (api, _, _) = wide(&management).await;
    assert_eq!(
        call(&management, "DELETE", &format!("/restapis/{api}"), "")
            .await
            .status,
        202
    );
    assert!(everything(&*table, &api).await.is_empty());
}

#[tokio::test]
async fn a_clone_is_an_api_of_its_own() {
    let management = management();
    let (source, _, top) = wide(&management).await;
    let method = format!("/restapis/{source}/resources/{top}/methods/GET");
    call(
        &management,
        "PUT",
        &method,
        r#"{"authorizationType":"NONE"}"#,
    )
    .await;
    call(
        &management,
        "PUT",
        &format!("{method}/integration"),
        r#"{"type":"MOCK"}"#,
    )
    .await;
    let body = json!({"name": "clone", "cloneFrom": source}).to_string();
    let clone = call(&management, "POST", "/restapis", &body).await;
    let (clone, root) = (clone.text("id"), clone.text("rootResourceId"));
    let sorted = |mut paths: Vec<String>| {
        paths.sort();
        paths
    };
    let expected = sorted(paths(&management, &source).await);
    assert_eq!(sorted(paths(&management, &clone).await), expected);

    // Its resources have ids, and its integrations namespaces, of their own.
    let target = format!("/restapis/{clone}/resources?limit=500&embed=methods");
    let listed = call(&management, "GET", &target, "").await;
    let items = listed.body["item"].as_array().unwrap();
    let copied = items.iter().find(|item| item["path"] == "/top").unwrap();
    assert_ne!(copied["id"], json!(top));
    assert_eq!(copied["parentId"], json!(root));
    let integration = &copied["resourceMethods"]["GET"]["methodIntegration"];
    assert_eq!(integration["cacheNamespace"], copied["id"]);
    let sibling = format!("/restapis/{clone}/resources/{root}");
    let again = call(&management, "POST", &sibling, r#"{"pathPart":"top"}"#).await;
    assert_eq!(again.status, 409);

    call(&management, "DELETE", &format!("/restapis/{source}"), "").await;
    assert_eq!(paths(&management, &clone).await.len(), expected.len());
}

async fn everything(table: &dyn postern_store::Table, api: &str) -> Vec<String> {
    let batch = table
        .query(Query {
            partition: format!("restapi#{api}"),
            prefix: String::new(),
            after: None,
            limit: 1_000,
        })
        .await
        .unwrap();
    batch.items.into_iter().map(|item| item.key.sort).collect()
}
