//! A store that fails.

use crate::world::{AMBIGUOUS, DOWN, NOON, WORKS, World, daily, let_in, named, plan};
use postern_metering::{Admission, OnFailure, Rate, Sharing};
use postern_plan::usage::{CHARGED, Period, day_of, quota_key};
use postern_store::{Consistency, Table};

#[tokio::test]
async fn without_the_store_a_process_keeps_to_its_own_bucket_or_refuses() {
    for (on_failure, expected) in [(OnFailure::Admit, 5), (OnFailure::Refuse, 0)] {
        let world = World::new();
        world.is(DOWN);
        let meter = world.meter_with(on_failure);
        let limit = named("stage", 1.0, 5, Sharing::Leased);
        assert_eq!(let_in(&meter, limit, 20).await, expected);
        let counts = meter.counts();
        // One request of an outage waits for the store, not all of them.
        assert_eq!((counts.failures, counts.reads), (1, 1), "{on_failure:?}");
        assert_eq!(counts.unmetered, expected as u64);
        if on_failure == OnFailure::Refuse {
            assert_eq!(counts.unavailable, 20);
            let refused = Admission::Unavailable { which: 0 };
            assert_eq!(meter.admit(&[limit]).await, refused);
        }
    }
}

#[tokio::test]
async fn the_store_is_asked_again_after_a_while() {
    let world = World::new();
    let meter = world.meter_with(OnFailure::Refuse);
    let limit = named("stage", 1.0, 5, Sharing::Leased);
    world.is(DOWN);
    assert_eq!(let_in(&meter, limit, 3).await, 0);
    world.is(WORKS);
    assert_eq!(let_in(&meter, limit, 3).await, 0);
    world.clock.set_ms(NOON + 1_001);
    assert_eq!(let_in(&meter, limit, 9).await, 5);
}

#[tokio::test]
async fn what_was_let_in_meanwhile_is_charged_afterwards() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(daily(100), Some(Rate::new(10.0, 10)));
    world.is(DOWN);
    assert_eq!(let_in(&meter, limit, 10).await, 10);
    world.is(WORKS);
    world.clock.set_ms(NOON + 2_000);
    assert_eq!(let_in(&meter, limit, 1).await, 1);
    let key = quota_key(
        "plan",
        "key",
        &Period::of(daily(100).as_ref(), day_of(NOON / 1_000)),
    );
    let item = world.table.get(&key, Consistency::Strong).await.unwrap();
    assert_eq!(item.unwrap().counters[CHARGED], 11);
}

#[tokio::test]
async fn a_write_that_was_done_unsaid_lets_nobody_in_twice() {
    let world = World::new();
    let meter = world.meter_with(OnFailure::Refuse);
    let limit = plan(daily(60), Some(Rate::new(10.0, 1_000)));
    let mut allowed = 0;
    for step in 0..200 {
        world.is(if step % 3 == 0 { AMBIGUOUS } else { WORKS });
        world.clock.set_ms(NOON + step * 1_100);
        allowed += let_in(&meter, limit, 1).await;
    }
    assert!(allowed <= 60, "{allowed}");
    assert!(allowed > 20, "{allowed}");
}
