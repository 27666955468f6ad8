//! One process, one request at a time.

use crate::world::{HOUR, NOON, World, daily, is_allowed, let_in, named, plan};
use postern_metering::{Admission, Rate, Sharing};
use std::time::Duration;

const ALL: [Sharing; 3] = [Sharing::Local, Sharing::Leased, Sharing::Exact];

#[tokio::test]
async fn a_lone_process_keeps_to_the_token() {
    for sharing in ALL {
        let world = World::new();
        let meter = world.meter();
        let limit = named("stage", 2.0, 3, sharing);
        for (at_ms, expected) in [
            (0, true),
            (0, true),
            (0, true),
            (0, false),
            (600, true),
            (600, false),
            (2_600, true),
            (2_600, true),
            (2_600, true),
            (2_600, false),
        ] {
            world.clock.set_ms(NOON + at_ms);
            let admission = meter.admit(&[limit]).await;
            assert_eq!(
                is_allowed(&admission),
                expected,
                "{sharing:?} at {at_ms} ms"
            );
        }
    }
}

#[tokio::test]
async fn a_rate_of_nothing_lets_nothing_in_and_never_will() {
    let world = World::new();
    let meter = world.meter();
    for (per_second, burst) in [(0.0, 5), (5.0, 0), (-1.0, 1)] {
        let refused = Admission::Throttled {
            which: 0,
            retry_after: None,
        };
        let limit = named("closed", per_second, burst, Sharing::Leased);
        assert_eq!(meter.admit(&[limit]).await, refused);
    }
    assert_eq!(meter.counts().reads + meter.counts().writes, 0);
}

#[tokio::test]
async fn what_another_limit_refuses_costs_none_of_them() {
    for sharing in ALL {
        let world = World::new();
        let meter = world.meter();
        let wide = named("wide", 0.001, 5, sharing);
        let narrow = named("narrow", 0.001, 2, sharing);
        let mut allowed = 0;
        for _ in 0..20 {
            match meter.admit(&[wide, narrow]).await {
                Admission::Allowed { .. } => allowed += 1,
                other => assert!(
                    matches!(other, Admission::Throttled { which: 1, .. }),
                    "{other:?}"
                ),
            }
        }
        assert_eq!(allowed, 2, "{sharing:?}");
        assert_eq!(let_in(&meter, wide, 20).await, 3, "{sharing:?}");
    }
}

#[tokio::test]
async fn the_figures_are_of_the_limit_that_is_nearer_its_end() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(daily(1_000), Some(Rate::new(1.0, 10)));
    let Admission::Allowed {
        standing: Some(standing),
        unmetered: false,
    } = meter.admit(&[limit]).await
    else {
        panic!("not allowed");
    };
    assert_eq!((standing.limit, standing.remaining), (10, 9));
    assert_eq!(standing.window, Duration::from_secs(10));
    assert_eq!(standing.reset_after, Duration::from_secs(1));

    let limit = plan(daily(3), Some(Rate::new(1.0, 10)));
    let Admission::Allowed {
        standing: Some(standing),
        ..
    } = meter.admit(&[limit]).await
    else {
        panic!("not allowed");
    };
    assert_eq!((standing.limit, standing.remaining), (3, 1));
    assert_eq!(standing.window, Duration::from_secs(86_400));
    assert_eq!(standing.reset_after, Duration::from_secs(12 * 3_600));
}

#[tokio::test]
async fn a_clock_that_jumps_back_gives_nothing_and_takes_nothing() {
    for sharing in ALL {
        for back_ms in [1, 900, 4_000, 6_000, HOUR] {
            let world = World::new();
            let meter = world.meter();
            let limit = named("stage", 10.0, 5, sharing);
            assert_eq!(let_in(&meter, limit, 20).await, 5);
            world.clock.set_ms(NOON - back_ms);
            assert_eq!(let_in(&meter, limit, 20).await, 0, "{sharing:?} {back_ms}");
        }
    }
}

#[tokio::test]
async fn a_bucket_that_a_wrong_clock_moved_far_ahead_is_mended() {
    for sharing in ALL {
        let world = World::new();
        let meter = world.meter();
        let limit = named("stage", 10.0, 5, sharing);
        world.clock.set_ms(NOON + HOUR);
        assert_eq!(let_in(&meter, limit, 20).await, 5);
        world.clock.set_ms(NOON);
        let_in(&meter, limit, 1).await;
        world.clock.set_ms(NOON + 1_000);
        let found = let_in(&meter, limit, 20).await;
        assert!((1..=5).contains(&found), "{sharing:?}: {found}");
    }
}

#[tokio::test]
async fn a_lone_busy_process_writes_once_for_fifty_requests() {
    let world = World::new();
    let meter = world.meter();
    let limit = plan(daily(1_000_000), Some(Rate::new(100.0, 100)));
    for _ in 0..100 {
        meter.admit(&[limit]).await;
        world.clock.pass_ns(20_000_000);
    }
    let before = meter.counts();
    for _ in 0..1_000 {
        assert!(is_allowed(&meter.admit(&[limit]).await));
        world.clock.pass_ns(20_000_000);
    }
    let writes = meter.counts().writes - before.writes;
    assert!(writes <= 20, "{writes}");
}
