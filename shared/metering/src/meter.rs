//! Letting requests in.

use crate::bucket::{Bucket, Refusal, Step, Take, nanoseconds, tighter};
use crate::buckets::Buckets;
use crate::counts::{Counters, Counts};
use crate::limit::{Admission, Limit};
use crate::settings::{OnFailure, Settings};
use postern_store::{Clock, Consistency, StoreError, Table};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Steps of one lease. Each lost one means that others got theirs; whoever loses them all is told to come again.
const STEPS_MAX: usize = 16;
/// A clock that jumps back by less is waited for; one that jumps back by more was wrong before.
const WAITED_FOR: i64 = 5_000_000_000;
/// The year 2096: sums of times do not overflow.
const NOW_MAX: i64 = 4_000_000_000_000_000_000;
/// Where a request is lost to others.
const COME_AGAIN: i64 = 10_000_000;

/// Counts requests against limits, with the usage table behind it. One serves a whole process.
pub struct Meter {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    skew: i64,
    buckets: Buckets,
    counters: Counters,
    /// The latest time seen.
    latest: AtomicI64,
    /// Until when the store is left alone.
    down_until: AtomicI64,
}

impl Meter {
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self {
            table,
            clock,
            skew: settings.skew.as_nanos().try_into().unwrap_or(i64::MAX / 4),
            buckets: Buckets::new(settings.buckets_max),
            settings,
            counters: Counters::default(),
            latest: AtomicI64::new(0),
            down_until: AtomicI64::new(0),
        }
    }

    /// Lets a request in if every limit does, and counts it against all of them or none.
    ///
    /// The first limit that refuses is the one that is told. Limits are looked at in the order given, and what was taken of
    /// those before is given back.
    pub async fn admit(&self, limits: &[Limit<'_>]) -> Admission {
        let mut standing = None;
        let mut unmetered = Unmetered::default();
        for (which, limit) in limits.iter().enumerate() {
            match self.take(limit).await {
                Take::Token {
                    standing: of_this,
                    unmetered: here,
                } => {
                    if here {
                        unmetered.mark(which);
                    }
                    let Some(mut of_this) = of_this else {
                        continue;
                    };
                    of_this.which = which;
                    standing = Some(standing.map_or(of_this, |before| tighter(before, of_this)));
                }
                Take::Refused(why) => {
                    self.give_back(&limits[..which], &unmetered);
                    return self.refused(which, why);
                }
                Take::Empty => {
                    self.give_back(&limits[..which], &unmetered);
                    return self.refused(which, Refusal::Throttled(self.now() + COME_AGAIN));
                }
            }
        }
        Admission::Allowed {
            standing,
            unmetered: unmetered.any(),
        }
    }

    /// Gives back what this process holds of a plan for a key, or for all, so that what is written down is what was used.
    pub async fn settle(&self, plan: &str, key: Option<&str>) -> Result<(), StoreError> {
        for bucket in self.buckets.of(plan, key) {
            let _turn = bucket.turn().await;
            let settled = bucket.state().settle();
            if let Some(add) = settled {
                self.counters.writes.add(1);
                self.table.add(add).await?;
            }
        }
        Ok(())
    }

    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    async fn take(&self, limit: &Limit<'_>) -> Take {
        let now = self.now();
        let (bucket, forgotten) = self.buckets.find(limit, now);
        if forgotten > 0 {
            self.counters.forgotten.add(forgotten);
        }
        let taken = {
            let mut state = bucket.state();
            state.note();
            state.take(limit, now)
        };
        match taken {
            Take::Empty => self.lease(&bucket, limit).await,
            taken => taken,
        }
    }

    /// Leases tokens, and takes one of them.
    async fn lease(&self, bucket: &Bucket, limit: &Limit<'_>) -> Take {
        let _turn = bucket.turn().await;
        let now = self.now();
        {
            // Whoever had the turn before may have left some.
            let mut state = bucket.state();
            match state.take(limit, now) {
                Take::Empty => {}
                taken => return taken,
            }
            if now < self.down_until.load(Ordering::Relaxed) {
                drop(state);
                return self.without_store(bucket, limit);
            }
            state.begin(limit, now, self.skew);
        }
        let mut fresh = false;
        for _ in 0..STEPS_MAX {
            let now = self.now();
            let jitter = self.jitter(now);
            let waiting = bucket.waiting();
            let step = bucket
                .state()
                .step(limit, now, self.skew, fresh, jitter, waiting);
            let taken = match step {
                Step::Refuse(why) => return Take::Refused(why),
                Step::Read(key) => {
                    self.counters.reads.add(1);
                    match self.table.get(&key, Consistency::Strong).await {
                        Ok(item) => bucket.state().learn(limit, key, item.as_ref(), now),
                        Err(_) => return self.failed(bucket, limit),
                    }
                    fresh = true;
                    continue;
                }
                Step::ReadBefore(key) => {
                    self.counters.reads.add(1);
                    match self.table.get(&key, Consistency::Strong).await {
                        Ok(item) => bucket.state().learn_before(limit, item.as_ref()),
                        Err(_) => return self.failed(bucket, limit),
                    }
                    continue;
                }
                Step::Add(addition) => {
                    self.counters.writes.add(1);
                    match self.table.add(addition.add.clone()).await {
                        Ok(counters) => {
                            let mut state = bucket.state();
                            state.granted(limit, addition, &counters, now, self.skew)
                        }
                        Err(StoreError::ConditionFailed { .. } | StoreError::Conflict) => {
                            self.counters.outrun.add(1);
                            bucket.state().outrun(addition);
                            fresh = false;
                            continue;
                        }
                        Err(_) => return self.failed(bucket, limit),
                    }
                }
            };
            return taken;
        }
        Take::Empty
    }

    /// Leaves the store alone for a while. Whether a write was done is not known: its tokens count as taken, and are lost.
    fn failed(&self, bucket: &Bucket, limit: &Limit<'_>) -> Take {
        self.counters.failures.add(1);
        let pause = i64::try_from(self.settings.pause.as_nanos()).unwrap_or(i64::MAX / 4);
        let until = self.now().saturating_add(pause);
        self.down_until.store(until, Ordering::Relaxed);
        self.without_store(bucket, limit)
    }

    fn without_store(&self, bucket: &Bucket, limit: &Limit<'_>) -> Take {
        match self.settings.on_failure {
            OnFailure::Refuse => Take::Refused(Refusal::Unavailable),
            OnFailure::Admit => {
                let taken = bucket.state().take_unmetered(limit, self.now());
                if matches!(taken, Take::Token { .. }) {
                    self.counters.unmetered.add(1);
                }
                taken
            }
        }
    }

    fn give_back(&self, limits: &[Limit<'_>], unmetered: &Unmetered) {
        let now = self.now();
        for (which, limit) in limits.iter().enumerate() {
            let (bucket, _) = self.buckets.find(limit, now);
            bucket.state().give_back(limit, unmetered.is_marked(which));
        }
    }

    fn refused(&self, which: usize, why: Refusal) -> Admission {
        let now = self.now();
        match why {
            Refusal::Throttled(i64::MAX) => Admission::Throttled {
                which,
                retry_after: None,
            },
            Refusal::Throttled(until) => Admission::Throttled {
                which,
                retry_after: Some(nanoseconds(until - now)),
            },
            Refusal::QuotaExceeded(until) => Admission::QuotaExceeded {
                which,
                retry_after: nanoseconds(until.saturating_sub(now)),
            },
            Refusal::Unavailable => {
                self.counters.unavailable.add(1);
                Admission::Unavailable { which }
            }
        }
    }

    /// Nanoseconds since 1970, which do not run backwards when the clock is set back a little.
    fn now(&self) -> i64 {
        let now = i64::try_from(self.clock.now().as_nanos()).unwrap_or(NOW_MAX);
        let now = now.min(NOW_MAX);
        let latest = self.latest.fetch_max(now, Ordering::Relaxed);
        if now >= latest {
            return now;
        }
        if latest - now < WAITED_FOR {
            return latest;
        }
        self.latest.store(now, Ordering::Relaxed);
        now
    }

    /// Thousandths, so that processes that were refused together do not come again together.
    fn jitter(&self, now: i64) -> i64 {
        // One step of SplitMix64.
        let mut mixed = self.settings.seed ^ now.cast_unsigned();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % 1_000).cast_signed()
    }
}

/// Which of the limits were let in without the store. More of them than there are bits are taken for metered.
#[derive(Default)]
struct Unmetered(u64);

impl Unmetered {
    fn mark(&mut self, which: usize) {
        self.0 |= 1_u64.checked_shl(which as u32).unwrap_or(0);
    }

    fn is_marked(&self, which: usize) -> bool {
        self.0 & 1_u64.checked_shl(which as u32).unwrap_or(0) != 0
    }

    fn any(&self) -> bool {
        self.0 != 0
    }
}
