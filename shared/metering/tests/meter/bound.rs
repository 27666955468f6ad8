//! The stated bound holds whatever comes when, and wherever.

use crate::world::{World, is_allowed, named};
use postern_metering::{Rate, Sharing};
use proptest::prelude::*;
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_window_holds_more_than_the_bound(
        per_second in 1u32..300,
        burst in 1i64..200,
        processes in 1usize..6,
        // How long after the one before, of how many, and where.
        waves in prop::collection::vec((0i64..1_500, 1usize..40, 0usize..6), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let meters: Vec<_> = (0..processes).map(|_| world.meter()).collect();
            let limit = named("stage", f64::from(per_second), burst, Sharing::Leased);
            let mut taken = Vec::new();
            for (after_ms, requests, place) in waves {
                world.clock.pass_ns(after_ms * 1_000_000);
                for _ in 0..requests {
                    if is_allowed(&meters[place % processes].admit(&[limit]).await) {
                        taken.push(world.clock.now_ns());
                    }
                }
            }
            let rate = Rate::new(f64::from(per_second), burst);
            // All have one clock here.
            let above = rate.above_max(Duration::from_millis(5)).as_nanos() as i64;
            let interval = 1_000_000_000 / i64::from(per_second);
            for (first, from) in taken.iter().enumerate() {
                for (last, until) in taken.iter().enumerate().skip(first) {
                    let count = (last - first + 1) as i64;
                    let most = burst + (until - from + above) / interval + 1;
                    prop_assert!(count <= most, "{count} in {} ns, at most {most}", until - from);
                }
            }
            Ok(())
        })?;
    }
}
