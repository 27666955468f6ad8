//! Clients that ask for a new answer: who may, and what whoever may not is told.

use super::fleet::{Fleet, all, proxy, with};
use postern_gateway::Caching;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

const FRESH: &[(&str, &str)] = &[("cache-control", "max-age=0")];
const WARNING: &str = "199 Cache-control headers were ignored because the caller was unauthorized.";

#[tokio::test]
async fn who_asks_for_a_new_answer_gets_it_where_nobody_need_be_authorized() {
    let settings = json!({"*/*": {"requireAuthorizationForCacheControl": false}});
    let caching = Caching {
        tells: true,
        ..Caching::default()
    };
    let fleet = Fleet::with(2, caching);
    fleet.deploy("d1", &[("GET /p", proxy(&[]))]).await;
    fleet.stage(settings, json!({})).await;
    let told = async |environment, headers| {
        let told = fleet.ask(environment, "GET /dev/p", headers).await;
        assert_eq!(told.header("warning"), None);
        let outcome = told.header("x-gateway-cache").unwrap().to_owned();
        (told.body[..1].to_owned(), outcome)
    };
    let expect = |number: &str, outcome: &str| (number.to_owned(), outcome.to_owned());
    assert_eq!(told(0, &[]).await, expect("1", "MISS"));
    assert_eq!(told(1, &[]).await, expect("1", "HIT"));
    assert_eq!(told(0, FRESH).await, expect("2", "REFRESH"));
    assert_eq!(told(0, &[]).await, expect("2", "HIT"));
    assert_eq!(
        told(0, &[("cache-control", "no-cache")]).await,
        expect("3", "REFRESH")
    );
    assert_eq!(
        told(0, &[("cache-control", "max-age=1")]).await,
        expect("3", "HIT")
    );
    // Another environment has what it holds for a few seconds more.
    assert_eq!(told(1, &[]).await, expect("1", "HIT"));
    fleet.clock.forward(Duration::from_secs(5));
    assert_eq!(told(1, &[]).await, expect("3", "HIT"));
    // And where the table is away, what it holds is still good.
    fleet.clock.forward(Duration::from_secs(5));
    fleet.table.away.store(true, Ordering::SeqCst);
    assert_eq!(told(1, &[]).await, expect("3", "HIT"));
    assert_eq!(fleet.backend.calls(), 3);
    let metrics = fleet.journal.metrics.lock().unwrap();
    let counted: Vec<_> = metrics
        .iter()
        .map(|record| {
            record["CacheHitCount"].as_u64().unwrap()
                + 10 * record["CacheMissCount"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(counted, [10, 1, 10, 1, 10, 1, 1, 1, 1]);
}

#[tokio::test]
async fn who_may_not_ask_for_a_new_answer_is_told_so_as_the_stage_wants() {
    for (strategy, status, warning) in [
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, Some(WARNING)),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
        ("FAIL_WITH_403", 403, None),
    ] {
        let settings = json!({"*/*": {"unauthorizedCacheControlHeaderStrategy": strategy}});
        let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
        for number in 0..2 {
            let told = fleet.ask(0, "GET /dev/p", FRESH).await;
            assert_eq!(
                (told.status, told.header("warning")),
                (status, warning),
                "{strategy}"
            );
            if status == 403 {
                assert_eq!(told.body, r#"{"message":"Forbidden"}"#);
                assert_eq!(told.header("x-amzn-errortype"), Some("ForbiddenException"));
            }
            let calls = usize::from(status == 200);
            assert_eq!(fleet.backend.calls(), calls, "{strategy} {number}");
        }
        // What is kept has no warning for others.
        assert_eq!(fleet.get("GET /dev/p").await.header("warning"), None);
        assert_eq!(fleet.backend.calls(), 1);
    }
}

#[tokio::test]
async fn where_nothing_is_kept_nobody_is_warned_or_refused() {
    let settings = json!({"*/*": {"cachingEnabled": false, "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}});
    let fleet = Fleet::of(("GET /p", proxy(&[])), settings).await;
    assert_eq!(fleet.ask(0, "GET /dev/p", FRESH).await.status, 200);
}

#[tokio::test]
async fn an_authorizers_policy_may_allow_a_new_answer() {
    for (allows, calls, warning) in [
        (json!("execute-api:Invoke"), 1, Some(WARNING)),
        (
            json!(["execute-api:Invoke", "execute-api:InvalidateCache"]),
            2,
            None,
        ),
        (json!("*"), 2, None),
    ] {
        let members = json!({"authorizationType": "CUSTOM", "authorizerId": "guard"});
        let fleet = Fleet::of(("GET /p", with(proxy(&[]), members, json!({}))), all()).await;
        *fleet.backend.allows.lock().unwrap() = allows.clone();
        let who = ("who", "me");
        assert_eq!(fleet.ask(0, "GET /dev/p", &[who]).await.status, 200);
        let told = fleet.ask(0, "GET /dev/p", &[who, FRESH[0]]).await;
        assert_eq!(
            (fleet.backend.calls(), told.header("warning")),
            (calls, warning),
            "{allows}"
        );
        // A hit is authorized as any other request.
        assert_eq!(fleet.backend.asks.load(Ordering::SeqCst), 2);
        assert_eq!(fleet.get("GET /dev/p").await.status, 401);
    }
}

#[tokio::test]
async fn where_any_credentials_are_believed_they_allow_a_new_answer() {
    let method = with(
        proxy(&[]),
        json!({"authorizationType": "AWS_IAM"}),
        json!({}),
    );
    let fleet = Fleet::of(("GET /p", method), all()).await;
    let signed = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c",
    );
    fleet.ask(0, "GET /dev/p", &[signed]).await;
    let told = fleet.ask(0, "GET /dev/p", &[signed, FRESH[0]]).await;
    assert_eq!((fleet.backend.calls(), told.header("warning")), (2, None));
    assert_eq!(fleet.get("GET /dev/p").await.status, 403);
}
