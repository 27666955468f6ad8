//! Quotas, and what is written down of a key's use.

use crate::world::{HOUR, NOON, World, daily, let_in, plan};
use postern_metering::{Admission, Rate, Sharing};
use postern_plan::usage::{CHARGED, Period, charged_by, day_of, quota_key, used_on};
use postern_store::{Add, Consistency, Item, Table};
use std::sync::Arc;
use std::time::Duration;

async fn item(world: &World, limit: i64) -> Item {
    let day = day_of(world.clock.now_ns() / 1_000_000_000);
    let key = quota_key("plan", "key", &Period::of(Some(&daily(limit)), day));
    let found = world.table.get(&key, Consistency::Strong).await;
    found
        .expect("the store works")
        .expect("something was counted")
}

#[tokio::test]
async fn a_quota_is_exact_and_new_the_next_day() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(Some(daily(100)), None);
    assert_eq!(let_in(&meter, limit, 300).await, 100);
    let refused = Admission::QuotaExceeded {
        which: 0,
        retry_after: Duration::from_secs(12 * 3_600),
    };
    assert_eq!(meter.admit(&[limit]).await, refused);
    assert_eq!(item(&world, 100).await.counters[CHARGED], 100);
    world.clock.set_ms(NOON + 12 * HOUR);
    assert_eq!(let_in(&meter, limit, 300).await, 100);
}

#[tokio::test]
async fn many_processes_share_a_quota_to_the_request() {
    let world = World::new();
    let meters: Vec<_> = (0..20).map(|_| Arc::new(world.meter())).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for meter in meters {
        tasks.spawn(async move { let_in(&meter, plan(Some(daily(500)), None), 200).await });
    }
    let allowed: usize = tasks.join_all().await.into_iter().sum();
    assert!(allowed <= 500, "{allowed}");
    let item = item(&world, 500).await;
    let charged = item.counters[CHARGED];
    assert!(charged <= 500);
    assert!(charged >= i64::try_from(allowed).unwrap());
}

#[tokio::test]
async fn what_lapses_unspent_is_given_back_with_the_next_lease() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(Some(daily(10_000)), Some(Rate::new(100.0, 100)));
    let mut allowed = 0;
    // Bursts make leases large, and the pauses let them lapse.
    for _ in 0..50 {
        allowed += let_in(&meter, limit, 30).await;
        world.clock.pass_ns(5_000_000_000);
    }
    let found = item(&world, 10_000).await;
    let today = day_of(NOON / 1_000);
    let excess = found.counters[CHARGED] - i64::try_from(allowed).unwrap();
    assert!((0..=100).contains(&excess), "{excess} more than {allowed}");
    assert_eq!(used_on(&found, today), found.counters[CHARGED]);
    assert_eq!(charged_by(&found, today), found.counters[CHARGED]);
}

#[tokio::test]
async fn what_an_operator_gives_is_seen_within_seconds() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(Some(daily(10)), None);
    assert_eq!(let_in(&meter, limit, 20).await, 10);
    let key = item(&world, 10).await.key;
    let add = Add {
        key,
        by: vec![(CHARGED.to_owned(), -5)],
        within: Vec::new(),
        expires_at: None,
    };
    world.table.add(add).await.unwrap();
    world.clock.pass_ns(1_000_000_001);
    assert_eq!(let_in(&meter, limit, 20).await, 5);
}

#[tokio::test]
async fn a_new_day_does_not_fill_the_bucket() {
    let world = World::new();
    let midnight = NOON + 12 * HOUR;
    world.clock.set_ms(midnight - 10);
    let limit = plan(Some(daily(1_000)), Some(Rate::new(1.0, 50)));
    assert_eq!(let_in(&world.meter(), limit, 100).await, 50);
    world.clock.set_ms(midnight + 10);
    // Another process, which remembers nothing.
    assert_eq!(let_in(&world.meter(), limit, 100).await, 0);
    world.clock.set_ms(midnight + 5_000);
    let found = let_in(&world.meter(), limit, 100).await;
    assert!((4..=5).contains(&found), "{found}");
}

#[tokio::test]
async fn use_is_counted_without_a_quota_too() {
    let world = World::new();
    let meter = world.meter();
    assert_eq!(let_in(&meter, plan(None, None), 1).await, 1);
    let day = day_of(NOON / 1_000);
    let key = quota_key("plan", "key", &Period::of(None, day));
    let item = world.table.get(&key, Consistency::Strong).await.unwrap();
    assert_eq!(used_on(&item.unwrap(), day), 1);
}

#[tokio::test]
async fn what_a_process_holds_is_given_back_when_it_settles() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(Some(daily(10_000)), None);
    let mut allowed = 0;
    for _ in 0..40 {
        allowed += let_in(&meter, limit, 10).await;
        world.clock.pass_ns(50_000_000);
    }
    assert!(item(&world, 10_000).await.counters[CHARGED] > i64::try_from(allowed).unwrap());
    for (plan, key) in [("other", None), ("plan", Some("other"))] {
        meter.settle(plan, key).await.unwrap();
    }
    assert!(item(&world, 10_000).await.counters[CHARGED] > i64::try_from(allowed).unwrap());
    for (key, more) in [(Some("key"), 25), (None, 0)] {
        meter.settle("plan", key).await.unwrap();
        let found = item(&world, 10_000).await;
        assert_eq!(found.counters[CHARGED], i64::try_from(allowed).unwrap());
        let today = day_of(NOON / 1_000);
        assert_eq!(used_on(&found, today), found.counters[CHARGED]);
        allowed += let_in(&meter, limit, more).await;
    }
}

#[tokio::test]
async fn another_quota_is_not_refused_for_what_was() {
    let world = World::new();
    let meter = world.meter();
    assert_eq!(let_in(&meter, plan(Some(daily(3)), None), 5).await, 3);
    assert_eq!(let_in(&meter, plan(Some(daily(5)), None), 5).await, 2);
    assert_eq!(let_in(&meter, plan(None, None), 5).await, 5);
}

#[tokio::test]
async fn what_a_rate_of_this_process_refuses_spends_no_quota() {
    let world = World::new();
    let meter = world.meter();
    let mut limit = plan(Some(daily(100)), Some(Rate::new(0.1, 2)));
    limit.sharing = Sharing::Local;
    assert_eq!(let_in(&meter, limit, 50).await, 2);
    meter.settle("plan", None).await.unwrap();
    assert_eq!(item(&world, 100).await.counters[CHARGED], 2);
}

#[tokio::test]
async fn where_rate_and_quota_are_both_spent_the_quota_is_told() {
    for sharing in [Sharing::Local, Sharing::Leased, Sharing::Exact] {
        let world = World::new();
        let meter = world.meter();
        let mut limit = plan(Some(daily(3)), Some(Rate::new(0.01, 3)));
        limit.sharing = sharing;
        assert_eq!(let_in(&meter, limit, 3).await, 3);
        for pass_ms in [0, 1, 2_000] {
            world.clock.pass_ns(pass_ms * 1_000_000);
            let refused = meter.admit(&[limit]).await;
            let is_quota = matches!(refused, Admission::QuotaExceeded { which: 0, .. });
            assert!(is_quota, "{sharing:?}, after {pass_ms} ms: {refused:?}");
        }
        // Of a quota that is not spent the rate is told.
        let mut limit = plan(Some(daily(5)), Some(Rate::new(0.01, 3)));
        limit.sharing = sharing;
        let refused = meter.admit(&[limit]).await;
        let is_rate = matches!(refused, Admission::Throttled { which: 0, .. });
        assert!(is_rate, "{sharing:?}: {refused:?}");
    }
}
