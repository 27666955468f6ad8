//! What belongs to the account: what it costs, how much of it there may be, and that nothing in use is deleted.

use crate::account_world::{api_with_stages, at_once, join, key, made, patch, plan};
use crate::world::{Answer, api, call, limited, on, resource, table};
use async_trait::async_trait;
use postern_definition::rest::ClientCertificateKey;
use postern_management::Limits;
use postern_plan::account::client_certificate_key_key;
use postern_store::{Add, Batch, Consistency, Item, Key, Query, StoreError, Table, Write, decode};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is asked of a table.
struct Counted {
    table: Arc<dyn Table>,
    calls: AtomicUsize,
}

#[async_trait]
impl Table for Counted {
    async fn get(&self, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.table.get(key, consistency).await
    }

    async fn query(&self, query: Query) -> Result<Batch, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.table.query(query).await
    }

    async fn write(&self, write: Write) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.table.write(write).await
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.table.transact(writes).await
    }

    async fn add(&self, add: Add) -> Result<BTreeMap<String, i64>, StoreError> {
        self.table.add(add).await
    }

    fn generation(&self) -> Option<u64> {
        self.table.generation()
    }
}

/// Every operation that reads or changes one thing, or lists a page, asks the store as often in a large account as in a small.
#[tokio::test]
async fn no_operation_costs_more_in_a_large_account() {
    let counted = Arc::new(Counted {
        table: table(),
        calls: AtomicUsize::new(0),
    });
    let management = on(counted.clone());
    let plan_id = plan(
        &management,
        &json!({"name": "p", "quota": {"limit": 9, "period": "DAY"}}),
    )
    .await;
    let kept = key(&management, "kept").await;
    assert_eq!(join(&management, &plan_id, &kept).await.status, 201);
    let link = json!({"name": "l", "targetArns": ["arn:a:b:c:d:e"]});
    let link = made(&management, "/vpclinks", &link).await.text("id");
    let mut costs: Vec<Vec<usize>> = Vec::new();
    let mut grown = 1;
    for size in [30, 600] {
        for n in grown..size {
            let id = key(&management, &format!("k{n}")).await;
            if n % 2 == 0 {
                assert_eq!(join(&management, &plan_id, &id).await.status, 201);
            }
            if n < 200 {
                plan(&management, &json!({"name": format!("p{n}")})).await;
                made(&management, "/restapis", &json!({"name": format!("a{n}")})).await;
            }
        }
        grown = size;
        let mut cost = Vec::new();
        for (verb, target, body) in [
            ("GET", "/apikeys".to_owned(), String::new()),
            ("GET", "/apikeys?name=k2".to_owned(), String::new()),
            (
                "GET",
                "/apikeys?includeValues=true&limit=7".to_owned(),
                String::new(),
            ),
            ("GET", "/apikeys?customerId=c".to_owned(), String::new()),
            ("GET", format!("/apikeys/{kept}"), String::new()),
            (
                "PATCH",
                format!("/apikeys/{kept}"),
                patch("replace", "/description", &size.to_string()),
            ),
            ("GET", "/usageplans".to_owned(), String::new()),
            ("GET", format!("/usageplans?keyId={kept}"), String::new()),
            ("GET", format!("/usageplans/{plan_id}"), String::new()),
            (
                "PATCH",
                format!("/usageplans/{plan_id}"),
                patch("replace", "/description", &size.to_string()),
            ),
            ("GET", format!("/usageplans/{plan_id}/keys"), String::new()),
            (
                "GET",
                format!("/usageplans/{plan_id}/keys?name=k1"),
                String::new(),
            ),
            (
                "GET",
                format!("/usageplans/{plan_id}/keys/{kept}"),
                String::new(),
            ),
            (
                "GET",
                format!(
                    "/usageplans/{plan_id}/usage?startDate=2026-03-10&endDate=2026-03-10&limit=5"
                ),
                String::new(),
            ),
            ("GET", "/restapis".to_owned(), String::new()),
            ("GET", format!("/vpclinks/{link}"), String::new()),
            (
                "POST",
                "/apikeys".to_owned(),
                r#"{"name": "one more"}"#.to_owned(),
            ),
            (
                "POST",
                "/usageplans".to_owned(),
                r#"{"name": "one more"}"#.to_owned(),
            ),
        ] {
            counted.calls.store(0, Ordering::SeqCst);
            let answer = call(&management, verb, &target, &body).await;
            assert!(answer.status < 300, "{verb} {target}: {}", answer.message());
            let calls = counted.calls.load(Ordering::SeqCst);
            assert!(calls <= 7, "{verb} {target} asks {calls} times");
            cost.push(calls);
        }
        costs.push(cost);
    }
    assert_eq!(costs[0], costs[1]);
}

#[tokio::test]
async fn there_are_as_many_as_the_limits_say_and_a_deleted_one_makes_room() {
    let limits = Limits {
        api_keys: 2,
        usage_plans: 2,
        usage_plans_per_api_key: 1,
        method_throttles_per_plan_stage: 1,
        domain_names: 2,
        private_domain_names: 2,
        access_associations: 1,
        vpc_links: 2,
        client_certificates: 2,
        ..Limits::NONE
    };
    let management = limited(table(), limits);
    let domain = |kind: &str, n: usize| {
        json!({"domainName": format!("d{n}.example.com"), "endpointConfiguration": {"types": [kind]},
            "certificateArn": "arn:aws:acm:us-east-1:1:certificate/1", "regionalCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1"})
    };
    for (target, id, things, body) in [
        ("/apikeys", "id", "API keys", json!({})),
        ("/usageplans", "id", "usage plans", json!({"name": "p"})),
        (
            "/vpclinks",
            "id",
            "Vpc links",
            json!({"name": "l", "targetArns": ["arn:a:b:c:d:e"]}),
        ),
        (
            "/clientcertificates",
            "clientCertificateId",
            "client certificates",
            json!({}),
        ),
        (
            "/domainnames",
            "domainName",
            "domain names",
            domain("REGIONAL", 0),
        ),
    ] {
        let body = |n: usize| {
            if target == "/domainnames" {
                domain("REGIONAL", n)
            } else {
                body.clone()
            }
        };
        let first = made(&management, target, &body(0)).await.text(id);
        made(&management, target, &body(1)).await;
        let refused = call(&management, "POST", target, &body(2).to_string()).await;
        assert_eq!(
            (refused.status, refused.error.as_str()),
            (429, "LimitExceededException"),
            "{target}"
        );
        assert_eq!(
            refused.message(),
            format!(
                "Maximum number of {things} for this account has been reached. Please contact AWS if you need additional {things}."
            )
        );
        assert_eq!(
            call(&management, "DELETE", &format!("{target}/{first}"), "")
                .await
                .status,
            202
        );
        made(&management, target, &body(3)).await;
    }
    let keys = call(&management, "GET", "/apikeys", "").await;
    let plans = call(&management, "GET", "/usageplans", "").await;
    let id = |page: &Answer, n: usize| page.body["item"][n]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        join(&management, &id(&plans, 0), &id(&keys, 0))
            .await
            .status,
        201
    );
    let refused = join(&management, &id(&plans, 1), &id(&keys, 0)).await;
    assert_eq!(refused.error, "LimitExceededException");
    // Private domain names are counted apart.
    made(&management, "/domainnames", &domain("PRIVATE", 9)).await;
}

#[tokio::test]
async fn a_certificate_is_real_and_its_key_is_the_gateways_alone() {
    let table = table();
    let management = on(table.clone());
    let made = made(&management, "/clientcertificates", &json!({})).await;
    let id = made.text("clientCertificateId");
    let item = table
        .get(&client_certificate_key_key(&id), Consistency::Strong)
        .await
        .unwrap()
        .unwrap();
    let pair: ClientCertificateKey = decode(&item).unwrap();
    assert_eq!(
        pair.pem_encoded_certificate,
        made.text("pemEncodedCertificate")
    );
    assert!(
        pair.pem_encoded_private_key
            .starts_with("-----BEGIN PRIVATE KEY-----")
    );
    let key = rcgen::KeyPair::from_pem(&pair.pem_encoded_private_key).unwrap();
    let der = pem(&pair.pem_encoded_certificate);
    let public = key.public_key_raw();
    assert!(
        der.windows(public.len()).any(|window| window == public),
        "the certificate is of another key"
    );
    // As X.509 has the dates: 2026-03-10T05:16:23Z and a year later.
    for date in ["260310051623Z", "270310051623Z"] {
        assert!(
            der.windows(13).any(|window| window == date.as_bytes()),
            "{date}"
        );
    }
    assert!(!made.body.to_string().contains("PRIVATE KEY"));
    call(
        &management,
        "DELETE",
        &format!("/clientcertificates/{id}"),
        "",
    )
    .await;
    let gone = table
        .get(&client_certificate_key_key(&id), Consistency::Strong)
        .await
        .unwrap();
    assert_eq!(gone, None);
}

fn pem(text: &str) -> Vec<u8> {
    use base64::Engine;
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    let body: String = lines.map(str::trim).collect();
    base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap()
}

#[tokio::test]
async fn a_domain_name_with_more_mappings_than_a_transaction_holds_is_deleted_with_all() {
    let table = table();
    let management = on(table.clone());
    let (api, _) = api_with_stages(&management, 1).await;
    let body = json!({"domainName": "a.example.com", "certificateArn": "arn:aws:acm:us-east-1:1:certificate/1"});
    made(&management, "/domainnames", &body).await;
    for n in 0..60 {
        let body = json!({"restApiId": api, "basePath": format!("p{n}")});
        made(
            &management,
            "/domainnames/a.example.com/basepathmappings",
            &body,
        )
        .await;
    }
    assert_eq!(
        call(&management, "DELETE", "/domainnames/a.example.com", "")
            .await
            .status,
        202
    );
    let left = table
        .query(Query {
            partition: postern_plan::account::mapping_partition("a.example.com"),
            prefix: String::new(),
            after: None,
            limit: 10,
        })
        .await
        .unwrap();
    assert!(left.items.is_empty());
    assert_eq!(
        call(&management, "DELETE", &format!("/restapis/{api}"), "")
            .await
            .status,
        202
    );
}

/// A stage takes a certificate while it is deleted: it is in use or it is gone, never both.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_use_is_never_deleted() {
    let table = table();
    let processes: Vec<_> = (0..2).map(|_| Arc::new(on(table.clone()))).collect();
    let (api, stages) = api_with_stages(&processes[0], 12).await;
    for stage in stages {
        let made = made(&processes[0], "/clientcertificates", &json!({})).await;
        let id = made.text("clientCertificateId");
        let calls = [
            (
                "PATCH",
                format!("/restapis/{api}/stages/{stage}"),
                patch("replace", "/clientCertificateId", &id),
            ),
            ("DELETE", format!("/clientcertificates/{id}"), String::new()),
        ];
        let statuses = at_once(&processes, calls.into_iter()).await;
        assert!(
            matches!(statuses[..], [200, 400] | [400, 202]),
            "{statuses:?}"
        );
    }
}

/// Many methods used the link once, and one of a clone still does.
#[tokio::test]
async fn a_link_in_use_is_kept_however_many_have_used_it() {
    let management = on(table());
    let link = json!({"name": "l", "targetArns": ["arn:a:b:c:d:e"]});
    let link = made(&management, "/vpclinks", &link).await.text("id");
    let (api, root) = api(&management).await;
    let through = json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://b.example/", "connectionType": "VPC_LINK",
        "connectionId": link})
    .to_string();
    for n in 0..21 {
        let id = resource(&management, &api, &root, &format!("r{n}")).await;
        for verb in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
            let method = format!("/restapis/{api}/resources/{id}/methods/{verb}");
            call(
                &management,
                "PUT",
                &method,
                r#"{"authorizationType":"NONE"}"#,
            )
            .await;
            let target = format!("{method}/integration");
            assert_eq!(
                call(&management, "PUT", &target, &through).await.status,
                201
            );
        }
    }
    let body = json!({"name": "clone", "cloneFrom": api});
    let clone = made(&management, "/restapis", &body).await.text("id");
    let target = format!("/vpclinks/{link}");
    let named = |answer: &Answer, id: &str| answer.message().matches(&format!("{id}:")).count();
    let refused = call(&management, "DELETE", &target, "").await;
    assert_eq!(
        (
            refused.status,
            named(&refused, &api) + named(&refused, &clone)
        ),
        (400, 10)
    );
    call(&management, "DELETE", &format!("/restapis/{api}"), "").await;
    let refused = call(&management, "DELETE", &target, "").await;
    assert_eq!((refused.status, named(&refused, &clone)), (400, 10));
    call(&management, "DELETE", &format!("/restapis/{clone}"), "").await;
    assert_eq!(call(&management, "DELETE", &target, "").await.status, 202);
}
