//! What belongs to the account: how lists scale, what many writers leave behind, limits, and what gateways find.

use crate::world::{Answer, NOW, call, limited, management, on, store, table};
use async_trait::async_trait;
use postern_definition::rest::{ClientCertificateKey, QuotaPeriod, QuotaSettings, UsagePlan};
use postern_management::{Limits, Management};
use postern_plan::account::{Caller, caller_key, client_certificate_key_key, usage_plan_key};
use postern_plan::usage::{CHARGED, Period, day_of, quota_key, used_counter};
use postern_store::{Add, Batch, Consistency, Item, Key, Query, StoreError, Table, Write, decode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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

async fn made(management: &Management, target: &str, body: &Value) -> Answer {
    let answer = call(management, "POST", target, &body.to_string()).await;
    assert!(answer.status < 300, "{target}: {}", answer.message());
    answer
}

async fn key(management: &Management, name: &str) -> String {
    made(
        management,
        "/apikeys",
        &json!({"name": name, "enabled": true}),
    )
    .await
    .text("id")
}

async fn plan(management: &Management, body: &Value) -> String {
    made(management, "/usageplans", body).await.text("id")
}

async fn join(management: &Management, plan: &str, key: &str) -> Answer {
    let body = json!({"keyId": key, "keyType": "API_KEY"}).to_string();
    call(
        management,
        "POST",
        &format!("/usageplans/{plan}/keys"),
        &body,
    )
    .await
}

fn patch(op: &str, path: &str, value: &str) -> String {
    json!({"patchOperations": [{"op": op, "path": path, "value": value}]}).to_string()
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

/// Processes that share a table and nothing else.
async fn at_once(
    processes: &[Arc<Management>],
    calls: impl Iterator<Item = (&'static str, String, String)>,
) -> Vec<u16> {
    let running: Vec<_> = calls
        .enumerate()
        .map(|(n, (verb, target, body))| {
            let management = processes[n % processes.len()].clone();
            tokio::spawn(async move { call(&management, verb, &target, &body).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in running {
        statuses.push(one.await.unwrap());
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_of_one_plan_lose_nothing() {
    let table = table();
    let processes: Vec<_> = (0..3).map(|_| Arc::new(on(table.clone()))).collect();
    let first = processes[0].clone();
    let (api, stages) = api_with_stages(&first, 18).await;
    let id = plan(&first, &json!({"name": "p"})).await;
    let target = format!("/usageplans/{id}");
    let mut calls: Vec<_> = stages
        .iter()
        .map(|stage| {
            (
                "PATCH",
                target.clone(),
                patch("add", "/apiStages", &format!("{api}:{stage}")),
            )
        })
        .collect();
    for n in 0..18 {
        let body = json!({"keyId": key(&first, &format!("k{n}")).await, "keyType": "API_KEY"});
        calls.push(("POST", format!("{target}/keys"), body.to_string()));
    }
    let statuses = at_once(&processes, calls.into_iter()).await;
    let added = |range: &[u16], status: u16| range.iter().filter(|s| **s == status).count();
    // Whoever lost too often was told so; nobody else's change was lost.
    assert!(
        statuses
            .iter()
            .all(|status| matches!(status, 200 | 201 | 409)),
        "{statuses:?}"
    );
    let found = call(&first, "GET", &target, "").await;
    assert_eq!(
        found.body["apiStages"].as_array().unwrap().len(),
        added(&statuses[..18], 200)
    );
    let keys = call(&first, "GET", &format!("{target}/keys?limit=100"), "").await;
    let keys = keys.body["item"].as_array().unwrap().len();
    assert_eq!(keys, added(&statuses[18..], 201));
    let item = table
        .get(&usage_plan_key(&id), Consistency::Strong)
        .await
        .unwrap()
        .unwrap();
    let record: Value = decode(&item).unwrap();
    assert_eq!(record["keys"], json!(keys));
}

async fn api_with_stages(management: &Management, count: usize) -> (String, Vec<String>) {
    let api = made(management, "/restapis", &json!({"name": "a"})).await;
    let (api, root) = (api.text("id"), api.text("rootResourceId"));
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    call(
        management,
        "PUT",
        &method,
        r#"{"authorizationType":"NONE"}"#,
    )
    .await;
    call(
        management,
        "PUT",
        &format!("{method}/integration"),
        r#"{"type":"MOCK"}"#,
    )
    .await;
    let deployment = made(
        management,
        &format!("/restapis/{api}/deployments"),
        &json!({}),
    )
    .await;
    let mut stages = Vec::new();
    for n in 0..count {
        let body = json!({"stageName": format!("s{n}"), "deploymentId": deployment.text("id")});
        made(management, &format!("/restapis/{api}/stages"), &body).await;
        stages.push(format!("s{n}"));
    }
    (api, stages)
}

/// Two plans come to cover a stage while a key comes to be on both: one of the four must be refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_never_on_two_plans_of_one_stage() {
    let table = table();
    let processes: Vec<_> = (0..4).map(|_| Arc::new(on(table.clone()))).collect();
    let first = processes[0].clone();
    let (api, stages) = api_with_stages(&first, 8).await;
    for stage in stages {
        let key = key(&first, "k").await;
        let plans = [
            plan(&first, &json!({"name": "a"})).await,
            plan(&first, &json!({"name": "b"})).await,
        ];
        let mut calls = Vec::new();
        for plan in &plans {
            let cover = patch("add", "/apiStages", &format!("{api}:{stage}"));
            calls.push(("PATCH", format!("/usageplans/{plan}"), cover));
            let body = json!({"keyId": key, "keyType": "API_KEY"});
            calls.push(("POST", format!("/usageplans/{plan}/keys"), body.to_string()));
        }
        let statuses = at_once(&processes, calls.into_iter()).await;
        assert!(statuses.contains(&409), "{statuses:?}");
        let mut both = 0;
        for plan in &plans {
            let covers = call(&first, "GET", &format!("/usageplans/{plan}"), "").await;
            let on = call(&first, "GET", &format!("/usageplans/{plan}/keys/{key}"), "").await;
            let covers = !covers.body["apiStages"].as_array().unwrap().is_empty();
            both += usize::from(covers && on.status == 200);
        }
        assert!(both <= 1);
    }
}

#[tokio::test]
async fn a_gateway_finds_the_caller_and_the_plan_in_three_reads() {
    let table = table();
    let management = on(table.clone());
    let (api, stages) = api_with_stages(&management, 2).await;
    let value = "abcdefghij0123456789";
    let body = json!({"value": value, "enabled": true, "customerId": "c"});
    let key = made(&management, "/apikeys", &body).await.text("id");
    for stage in &stages {
        let id = plan(
            &management,
            &json!({"name": stage, "apiStages": [{"apiId": api, "stage": stage}]}),
        )
        .await;
        assert_eq!(join(&management, &id, &key).await.status, 201);
    }
    let item = table
        .get(&caller_key(value), Consistency::Eventual)
        .await
        .unwrap()
        .unwrap();
    assert!(!String::from_utf8_lossy(&item.body).contains(value));
    let caller: Caller = decode(&item).unwrap();
    assert_eq!(
        (caller.id.as_str(), caller.enabled, caller.plans.len()),
        (key.as_str(), true, 2)
    );
    let covering = table
        .query(Query {
            partition: postern_plan::api_partition(&api.as_str().into()),
            prefix: postern_plan::account::stage_plan_sort_prefix(&"s1".into()),
            after: None,
            limit: 1_000,
        })
        .await
        .unwrap();
    let plans: Vec<_> = covering
        .items
        .iter()
        .map(|item| item.key.sort.rsplit('#').next().unwrap())
        .filter(|plan| caller.plans.iter().any(|known| known == plan))
        .collect();
    assert_eq!(plans.len(), 1);
    let item = table
        .get(&usage_plan_key(plans[0]), Consistency::Eventual)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(decode::<UsagePlan>(&item).unwrap().name, "s1");

    // What is switched off or deleted is so at once.
    call(
        &management,
        "PATCH",
        &format!("/apikeys/{key}"),
        &patch("replace", "/enabled", "false"),
    )
    .await;
    let item = table
        .get(&caller_key(value), Consistency::Strong)
        .await
        .unwrap()
        .unwrap();
    assert!(!decode::<Caller>(&item).unwrap().enabled);
    call(&management, "DELETE", &format!("/apikeys/{key}"), "").await;
    assert_eq!(
        table
            .get(&caller_key(value), Consistency::Strong)
            .await
            .unwrap(),
        None
    );
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
async fn usage_is_told_by_day_and_what_is_left_can_be_moved() {
    let store = store();
    let management = crate::world::of(&store, Limits::default());
    let quota = QuotaSettings {
        limit: 100,
        offset: 0,
        period: QuotaPeriod::Month,
    };
    let id = plan(
        &management,
        &json!({"name": "p", "quota": {"limit": 100, "period": "MONTH"}}),
    )
    .await;
    let key = key(&management, "k").await;
    join(&management, &id, &key).await;
    let now = i64::try_from(NOW).unwrap();
    let (yesterday, today) = (day_of(now - 86_400), day_of(now));
    for (day, used) in [(yesterday, 30), (today, 10)] {
        let period = Period::of(Some(&quota), day);
        store
            .usage
            .add(Add {
                key: quota_key(&id, &key, &period),
                by: vec![(CHARGED.to_owned(), used), (used_counter(day), used)],
                within: Vec::new(),
                expires_at: Some(period.expires_at()),
            })
            .await
            .unwrap();
    }
    let range = format!("/usageplans/{id}/usage?startDate=2026-03-08&endDate=2026-03-10");
    for target in [range.clone(), format!("{range}&keyId={key}")] {
        let usage = call(&management, "GET", &target, "").await;
        assert_eq!(
            usage.body,
            json!({"usagePlanId": id, "startDate": "2026-03-08", "endDate": "2026-03-10",
                "values": {&key: [[0, 100], [30, 70], [10, 60]]}})
        );
    }
    let target = format!("/usageplans/{id}/keys/{key}/usage");
    for remaining in ["150", "7", "0"] {
        let moved = call(
            &management,
            "PATCH",
            &target,
            &patch("replace", "/remaining", remaining),
        )
        .await;
        let left: i64 = remaining.parse().unwrap();
        assert_eq!(moved.body["values"], json!({&key: [[10, left]]}));
    }
    // What stands against the limit moved with it, so that a gateway lets nobody in.
    let period = Period::of(Some(&quota), today);
    let item = store
        .usage
        .get(&quota_key(&id, &key, &period), Consistency::Strong)
        .await
        .unwrap();
    assert_eq!(item.unwrap().counters[CHARGED], 100);
    let usage = call(&management, "GET", &range, "").await;
    assert_eq!(
        usage.body["values"],
        json!({&key: [[0, 100], [30, 70], [10, 0]]})
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
