//! One fleet, one key, one table.

use crate::executor::{Executor, SkewedClock};
use crate::random::Random;
use crate::table::{SlowTable, Weather};
use crate::traffic::{Traffic, requests};
use postern_definition::rest::{QuotaPeriod, QuotaSettings};
use postern_metering::{
    Admission, Counts, Limit, Meter, OnFailure, Rate, Scope, Settings, Sharing,
};
use std::sync::{Arc, Mutex};

const MS: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MS;
/// Noon of some day, so that no run crosses midnight.
const START: i64 = 1_773_144_000 * SECOND;
/// The promises are for any so many seconds.
const OVER_SECONDS: i64 = 10;
const PERCENT_MAX: f64 = 5.0;
/// Of an environment that serves 50 requests a second: one for each life of a lease is 0.0185, a few come too early, and a few
/// find that others were faster.
const WRITES_MAX: f64 = 0.026;
/// Dollars per million writes, and strong reads.
const WRITES_DOLLARS: f64 = 0.625;
const READS_DOLLARS: f64 = 0.125;

#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) environments: usize,
    pub(crate) traffic: Traffic,
    pub(crate) rate: i64,
    pub(crate) burst: i64,
    pub(crate) demand: i64,
    pub(crate) seconds: i64,
    /// Seconds after which writes are counted, when every environment knows its pace.
    pub(crate) warm: i64,
    pub(crate) what: &'static str,
    /// Every environment has 50 requests a second, so that writes must be few.
    pub(crate) busy: bool,
    /// Half a second of silence and then two of five times the limit, again and again.
    pub(crate) hush: bool,
    pub(crate) outage: bool,
    pub(crate) ambiguous: i64,
    pub(crate) quota: Option<i64>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            environments: 1,
            traffic: Traffic::Even,
            rate: 1,
            burst: 1,
            demand: 1,
            seconds: 20,
            warm: 4,
            what: "",
            busy: false,
            hush: false,
            outage: false,
            ambiguous: 0,
            quota: None,
        }
    }
}

pub(crate) struct Outcome {
    pub(crate) over_percent: f64,
    pub(crate) bound_percent: f64,
    pub(crate) under_percent: f64,
    pub(crate) writes_per_request: f64,
    pub(crate) reads_per_request: f64,
    let_in: i64,
}

impl Outcome {
    pub(crate) fn dollars_per_million(&self) -> f64 {
        self.writes_per_request * WRITES_DOLLARS + self.reads_per_request * READS_DOLLARS
    }

    /// Which promise was not kept.
    pub(crate) fn broken(&self, scenario: &Scenario) -> Option<&'static str> {
        if let Some(quota) = scenario.quota {
            if self.let_in > quota {
                return Some("more than the quota was let in");
            }
            // Every environment may die with a lease.
            return (self.let_in * 100 < quota * 95).then_some("5 % of the quota was lost");
        }
        if scenario.outage {
            return None;
        }
        if self.over_percent > self.bound_percent {
            return Some("the bound");
        }
        if scenario.rate >= 100 && self.over_percent > PERCENT_MAX {
            return Some("5 % over");
        }
        let is_wanted = scenario.demand >= scenario.rate;
        if is_wanted && scenario.ambiguous == 0 && self.under_percent > PERCENT_MAX {
            return Some("5 % under");
        }
        (scenario.busy && self.writes_per_request > WRITES_MAX).then_some("writes")
    }
}

pub(crate) fn simulate(scenario: &Scenario, seed: u64) -> Outcome {
    let mut random = Random::new(seed);
    let mut executor = Executor::new(START);
    let weather = Weather {
        latency: 2 * MS..50 * MS,
        outage: if scenario.outage {
            START + 8 * SECOND..START + 11 * SECOND
        } else {
            0..0
        },
        ambiguous: scenario.ambiguous,
    };
    let table = Arc::new(SlowTable::new(
        Arc::clone(&executor.time),
        weather,
        Random::new(random.next()),
    ));
    let meters: Vec<Arc<Meter>> = (0..scenario.environments)
        .map(|_| {
            let clock = SkewedClock {
                time: Arc::clone(&executor.time),
                skew: random.within(-5 * MS / 2..5 * MS / 2),
            };
            let settings = Settings {
                seed: random.next(),
                on_failure: if scenario.ambiguous > 0 {
                    OnFailure::Refuse
                } else {
                    OnFailure::Admit
                },
                ..Settings::default()
            };
            let table = Arc::clone(&table);
            Arc::new(Meter::new(table, Arc::new(clock), settings))
        })
        .collect();
    let arrivals = arrivals(scenario, &mut random);
    let admitted: Arc<Mutex<Vec<i64>>> = Arc::default();
    let total = || {
        let counts = meters.iter().map(|meter| meter.counts());
        counts.fold((0, 0), |(writes, reads), counts: Counts| {
            (writes + counts.writes, reads + counts.reads)
        })
    };
    let mut warm = None;
    for (index, (at, environment)) in arrivals.iter().enumerate() {
        if *at >= scenario.warm * SECOND && warm.is_none() {
            let (writes, reads) = total();
            warm = Some((index, writes, reads));
        }
        executor.run_until(START + at);
        let meter = Arc::clone(&meters[*environment]);
        let admitted = Arc::clone(&admitted);
        let time = Arc::clone(&executor.time);
        let (rate, burst, quota) = (scenario.rate, scenario.burst, scenario.quota);
        executor.spawn(async move {
            let limit = Limit {
                scope: Scope::Plan {
                    plan: "plan",
                    key: "key",
                    method: "",
                    quota: quota.map(|limit| QuotaSettings {
                        limit,
                        offset: 0,
                        period: QuotaPeriod::Day,
                    }),
                },
                rate: Some(Rate::new(rate as f64, burst)),
                sharing: Sharing::Leased,
            };
            if let Admission::Allowed { .. } = meter.admit(&[limit]).await {
                admitted.lock().expect("no thread panics").push(time.now());
            }
        });
    }
    executor.run_until(START + (scenario.seconds + 5) * SECOND);
    let mut admitted = admitted.lock().expect("no thread panics").clone();
    admitted.sort_unstable();
    let (warm_index, warm_writes, warm_reads) = warm.unwrap_or_default();
    let (writes, reads) = total();
    let requests = (arrivals.len() - warm_index).max(1) as f64;
    let per_request = (
        (writes - warm_writes) as f64 / requests,
        (reads - warm_reads) as f64 / requests,
    );
    judge(scenario, &arrivals, &admitted, per_request)
}

fn arrivals(scenario: &Scenario, random: &mut Random) -> Vec<(i64, usize)> {
    if !scenario.hush {
        return requests(
            scenario.traffic,
            scenario.environments,
            scenario.demand as f64,
            scenario.seconds,
            random,
        );
    }
    let mut all = Vec::new();
    let mut part = |from: i64, seconds: i64, per_second: i64, random: &mut Random| {
        let made = requests(
            scenario.traffic,
            scenario.environments,
            per_second as f64,
            seconds,
            random,
        );
        all.extend(made.into_iter().map(|(at, which)| (at + from, which)));
    };
    // Calm to the last moment, when leases are full of tokens; then all at once.
    for start in [0, 12] {
        part(start * SECOND, 9, scenario.demand, random);
        part(
            start * SECOND + 9 * SECOND + 100 * MS,
            2,
            5 * scenario.rate,
            random,
        );
    }
    all.sort_unstable();
    all
}

fn judge(
    scenario: &Scenario,
    arrivals: &[(i64, usize)],
    admitted: &[i64],
    (writes_per_request, reads_per_request): (f64, f64),
) -> Outcome {
    let allowed = (scenario.burst + scenario.rate * OVER_SECONDS) as f64;
    let mut most = 0;
    let mut first = 0;
    for (index, at) in admitted.iter().enumerate() {
        while at - admitted[first] >= OVER_SECONDS * SECOND {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    // One bucket that sees every request at its time.
    let interval = SECOND / scenario.rate;
    let mut full_at = 0;
    let ideal = arrivals
        .iter()
        .filter(|(at, _)| {
            let next = full_at.max(*at) + interval;
            let fits = next - interval * scenario.burst <= *at;
            if fits {
                full_at = next;
            }
            fits
        })
        .count();
    let ideal = scenario
        .quota
        .map_or(ideal, |quota| ideal.min(quota as usize));
    let rate = Rate::new(scenario.rate as f64, scenario.burst);
    let above = rate.above_max(Settings::default().skew).as_secs_f64() * scenario.rate as f64;
    Outcome {
        over_percent: (most as f64 - allowed).max(0.0) / allowed * 100.0,
        bound_percent: above / allowed * 100.0,
        under_percent: (ideal as f64 - admitted.len() as f64).max(0.0) / ideal as f64 * 100.0,
        writes_per_request,
        reads_per_request,
        let_in: admitted.len().try_into().unwrap_or(i64::MAX),
    }
}
