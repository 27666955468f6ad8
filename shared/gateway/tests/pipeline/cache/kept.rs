//! Which answers are kept, and for how long.

use super::fleet::{Fleet, all, proxy, with};
use crate::harness::rows;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What a row shows, its method, the settings of methods by key, members of the stage, a request, and whether its answer is kept.
const SETTINGS: &str = r#"
    for all methods              | GET /p   | {"*/*": {}}                                     |                                | GET /dev/p   | kept
    no cluster                   | GET /p   | {"*/*": {}}                                     | {"cacheClusterEnabled": false} | GET /dev/p   | not
    no settings                  | GET /p   | {}                                              |                                | GET /dev/p   | not
    off                          | GET /p   | {"*/*": {"cachingEnabled": false}}              |                                | GET /dev/p   | not
    no time                      | GET /p   | {"*/*": {"cacheTtlInSeconds": 0}}               |                                | GET /dev/p   | not
    an own setting turns it off  | GET /p   | {"*/*": {}, "p/GET": {"cachingEnabled": false}} |                                | GET /dev/p   | not
    an own setting turns it on   | GET /p   | {"*/*": {"cachingEnabled": false}, "p/GET": {}} |                                | GET /dev/p   | kept
    another's setting does not   | GET /p   | {"q/GET": {}}                                   |                                | GET /dev/p   | not
    written as patches write it  | GET /p/q | {"~1p~1q/GET": {}}                              |                                | GET /dev/p/q | kept
    all methods are those of GET | POST /p  | {"*/*": {}}                                     |                                | POST /dev/p  | not
    and not HEAD                 | HEAD /p  | {"*/*": {}}                                     |                                | HEAD /dev/p  | not
    POST by its own setting      | POST /p  | {"p/POST": {}}                                  |                                | POST /dev/p  | kept
    GET of ANY                   | ANY /p   | {"*/*": {}}                                     |                                | GET /dev/p   | kept
    POST of ANY                  | ANY /p   | {"*/*": {}}                                     |                                | POST /dev/p  | not
    a setting of ANY is for GET  | ANY /p   | {"p/ANY": {}}                                   |                                | GET /dev/p   | kept
    and not for POST             | ANY /p   | {"p/ANY": {}}                                   |                                | POST /dev/p  | not
    which says so itself         | ANY /p   | {"p/POST": {}}                                  |                                | POST /dev/p  | kept
"#;

#[tokio::test]
async fn settings_decide_whose_answers_are_kept() {
    for [about, method, settings, stage, request, expected] in rows(SETTINGS) {
        let expected = expected == "kept";
        let stage = if stage.is_empty() { "{}" } else { stage };
        let fleet = Fleet::new(1);
        fleet.deploy("d1", &[(method, proxy(&[]))]).await;
        let json = |text| serde_json::from_str(text).unwrap();
        fleet.stage(json(settings), json(stage)).await;
        for _ in 0..3 {
            assert_eq!(fleet.get(request).await.status, 200);
        }
        assert_eq!(fleet.backend.calls() == 1, expected, "{about}");
        let metrics = fleet.journal.metrics.lock().unwrap();
        let counted = metrics
            .iter()
            .all(|record| record["CacheHitCount"].is_u64());
        assert_eq!(
            counted, expected,
            "{about}: counted only where answers are kept"
        );
    }
}

#[tokio::test]
async fn what_streams_is_never_kept() {
    let method = with(
        proxy(&[]),
        json!({}),
        json!({"responseTransferMode": "STREAM"}),
    );
    let fleet = Fleet::of(("GET /p", method), all()).await;
    assert!(!fleet.are_one("GET /dev/p", "GET /dev/p").await);
}

#[tokio::test]
async fn what_the_gateway_says_by_itself_is_not_kept() {
    let fleet = Fleet::of(("GET /p", proxy(&[])), all()).await;
    fleet.backend.fails.store(true, Ordering::SeqCst);
    for calls in 1..4 {
        assert_eq!(fleet.get("GET /dev/p").await.status, 504);
        assert_eq!(fleet.backend.calls(), calls);
    }
    fleet.backend.fails.store(false, Ordering::SeqCst);
    assert!(fleet.are_one("GET /dev/p", "GET /dev/p").await);
}

#[tokio::test]
async fn an_owner_may_say_which_answers_are_kept() {
    let fleet = Fleet::new(1);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    for (rules, status, says, is_kept) in [
        (json!({}), 404, "no-store", true),
        (json!({"statuses": ["2xx"]}), 200, "no-store", true),
        (json!({"statuses": ["2xx"]}), 404, "public", false),
        (json!({"statuses": ["2xx", "404"]}), 404, "public", true),
        (json!({"noStore": true}), 200, "private, No-Store", false),
        (json!({"noStore": true}), 200, "private", true),
    ] {
        let flushes = json!({"data": fleet.backend.calls(), "authorizers": 0});
        let members = json!({"postern": {"cache": rules}, "flushes": flushes});
        fleet.stage(all(), members).await;
        *fleet.backend.status.lock().unwrap() = status;
        *fleet.backend.headers.lock().unwrap() = vec![("cache-control", says)];
        let (first, second) = (fleet.get("GET /dev/p").await, fleet.get("GET /dev/p").await);
        assert_eq!((first.status, second.status), (status, status));
        assert_eq!(
            first.body == second.body,
            is_kept,
            "{rules} {status} {says}"
        );
    }
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_kept_and_one_that_is_longer_passes() {
    for (bytes, encrypted, kept) in [
        (1_048_576, false, true),
        (1_048_577, false, false),
        (3_000_000, false, false),
        // The seal counts.
        (1_048_548, true, true),
        (1_048_549, true, false),
    ] {
        let settings = json!({"*/*": {"cacheDataEncrypted": encrypted}});
        let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
        *fleet.backend.body.lock().unwrap() = Some(vec![b'a'; bytes]);
        for _ in 0..2 {
            assert_eq!(fleet.get("GET /dev/p").await.body.len(), bytes);
        }
        assert_eq!(fleet.backend.calls() == 1, kept, "{bytes} {encrypted}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_the_time_in_force_when_it_was_given() {
    let fleet = Fleet::of(
        ("GET /p", proxy(&[])),
        json!({"*/*": {"cacheTtlInSeconds": 10}}),
    )
    .await;
    fleet.get("GET /dev/p").await;
    fleet
        .stage(json!({"*/*": {"cacheTtlInSeconds": 3_600}}), json!({}))
        .await;
    fleet.clock.forward(Duration::from_millis(9_999));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 1);
    fleet.clock.forward(Duration::from_millis(1));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 2);
    fleet.clock.forward(Duration::from_secs(3_599));
    fleet.get("GET /dev/p").await;
    assert_eq!(fleet.backend.calls(), 2);
}

#[tokio::test]
async fn a_flush_a_deployment_and_a_stage_of_the_same_name_begin_with_nothing() {
    let fleet = Fleet::new(1);
    for deployment in ["d1", "d2"] {
        fleet.deploy(deployment, &[("GET /p", proxy(&[]))]).await;
    }
    for (number, (members, expected)) in [
        (json!({}), 1),
        (json!({"flushes": {"data": 1, "authorizers": 0}}), 2),
        (json!({"flushes": {"data": 1, "authorizers": 5}}), 2),
        (json!({"flushes": {"data": 2, "authorizers": 5}}), 3),
        (json!({"deploymentId": "d2"}), 4),
        (json!({"createdDate": 7}), 5),
        // Rolling back finds what was kept.
        (json!({}), 5),
    ]
    .into_iter()
    .enumerate()
    {
        fleet.stage(all(), members.clone()).await;
        for _ in 0..2 {
            fleet.get("GET /dev/p").await;
        }
        assert_eq!(fleet.backend.calls(), expected, "{number} {members}");
    }
}

#[tokio::test]
async fn a_canary_shares_the_stages_answers_as_its_settings_say() {
    for (deployment, uses, calls) in [
        ("d1", true, 1),
        ("d2", true, 2),
        ("d1", false, 4),
        ("d2", false, 4),
    ] {
        let fleet = Fleet::new(1);
        for deployment in ["d1", "d2"] {
            fleet.deploy(deployment, &[("GET /p", proxy(&[]))]).await;
        }
        for percent in [0.0, 100.0, 0.0, 100.0, 100.0] {
            let canary = json!({"percentTraffic": percent, "deploymentId": deployment, "useStageCache": uses});
            fleet.stage(all(), json!({"canarySettings": canary})).await;
            fleet.get("GET /dev/p").await;
        }
        assert_eq!(fleet.backend.calls(), calls, "{deployment} {uses}");
    }
}
