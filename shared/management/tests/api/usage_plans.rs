//! Usage plans: many writers, what a gateway finds, and what is used.

use crate::account_world::{api_with_stages, at_once, join, key, made, patch, plan};
use crate::world::{NOW, call, of, on, store, table};
use postern_definition::rest::{QuotaPeriod, QuotaSettings, UsagePlan};
use postern_management::Limits;
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use postern_plan::usage::{CHARGED, Period, day_of, quota_key, used_counter};
use postern_store::{Add, Consistency, Query, decode};
use serde_json::{Value, json};
use std::sync::Arc;

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
async fn usage_is_told_by_day_and_what_is_left_can_be_moved() {
    let store = store();
    let management = of(&store, Limits::default());
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
