//! The table in which environments share answers, and what is where it is not.

use super::fleet::{Fleet, all, proxy};
use postern_gateway::Caching;
use serde_json::json;
use std::sync::atomic::Ordering;

#[tokio::test]
async fn environments_share_answers_through_the_table_and_then_ask_it_no_more() {
    let fleet = Fleet::new(3);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    let first = fleet.ask(0, "GET /dev/p", &[]).await;
    assert_eq!(
        fleet.table.asked.load(Ordering::SeqCst),
        2,
        "looked for, and stored"
    );
    for environment in [1, 2] {
        for _ in 0..5 {
            assert_eq!(
                fleet.ask(environment, "GET /dev/p", &[]).await.body,
                first.body
            );
        }
    }
    assert_eq!(fleet.backend.calls(), 1);
    assert_eq!(fleet.table.asked.load(Ordering::SeqCst), 4, "once by each");
}

#[tokio::test]
async fn encrypted_answers_are_shared_under_the_stages_key_and_stay_out_of_the_table_without_one() {
    for (key, calls) in [(Some(vec![7; 32]), 1), (None, 2)] {
        let fleet = Fleet::new(2);
        fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
        let settings = json!({"*/*": {"cacheDataEncrypted": true}});
        fleet.stage(settings, json!({"cacheKey": key})).await;
        *fleet.backend.body.lock().unwrap() = Some(b"secret".to_vec());
        for environment in [0, 1, 0, 1] {
            assert_eq!(
                fleet.ask(environment, "GET /dev/p", &[]).await.body,
                "secret"
            );
        }
        assert_eq!(fleet.backend.calls(), calls);
        if key.is_none() {
            assert_eq!(fleet.table.asked.load(Ordering::SeqCst), 0);
        }
    }
}

#[tokio::test]
async fn a_table_that_is_away_costs_a_call_of_the_backend_and_nothing_else() {
    let fleet = Fleet::new(2);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    fleet.table.away.store(true, Ordering::SeqCst);
    for environment in [0, 1] {
        for _ in 0..3 {
            assert_eq!(fleet.ask(environment, "GET /dev/p", &[]).await.status, 200);
        }
    }
    assert_eq!(fleet.backend.calls(), 2, "what is in memory is still good");
    assert_eq!(*fleet.journal.faults.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn without_memory_the_table_alone_keeps_answers() {
    let fleet = Fleet::with(
        1,
        Caching {
            memory_bytes: 0,
            tells: false,
        },
    );
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(all(), json!({})).await;
    assert!(fleet.are_one("GET /dev/p", "GET /dev/p").await);
}
