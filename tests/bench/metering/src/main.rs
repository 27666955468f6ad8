//! How far a fleet lets in too much or too little, and what that costs: the real meter, many times over, on one table in
//! virtual time.
//!
//! `tests/bench/run --only metering` runs it. The last figures of a line are those of the crate's promises; it ends with a
//! failure where one is not kept.

mod executor;
mod random;
mod simulation;
mod table;
mod traffic;

use simulation::{Scenario, simulate};
use std::process::ExitCode;
use traffic::Traffic;

const SEED: u64 = 20_260_301;

fn main() -> ExitCode {
    println!(
        "seed {SEED}; store 2 to 50 ms; clocks up to 5 ms apart; over and under in % of what one bucket allows"
    );
    println!(
        "{:>6} {:<7} {:>7} {:>6} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8}  {}",
        "envs",
        "traffic",
        "rate/s",
        "burst",
        "demand/s",
        "over%",
        "bound%",
        "under%",
        "wr/req",
        "rd/req",
        "$/M",
        "what"
    );
    let mut failures = 0;
    for scenario in scenarios() {
        let outcome = simulate(&scenario, SEED);
        let broken = outcome.broken(&scenario);
        println!(
            "{:>6} {:<7} {:>7} {:>6} {:>8} {:>7.2} {:>7.2} {:>7.2} {:>7.4} {:>7.4} {:>8.4}  {}{}",
            scenario.environments,
            scenario.traffic.name(),
            scenario.rate,
            scenario.burst,
            scenario.demand,
            outcome.over_percent,
            outcome.bound_percent,
            outcome.under_percent,
            outcome.writes_per_request,
            outcome.reads_per_request,
            outcome.dollars_per_million(),
            scenario.what,
            broken
                .map(|broken| format!("  NOT KEPT: {broken}"))
                .unwrap_or_default(),
        );
        failures += usize::from(broken.is_some());
    }
    if failures > 0 {
        eprintln!("{failures} promises are not kept");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for environments in [1, 10, 100, 1_000, 10_000] {
        for traffic in Traffic::ALL {
            for (demand, what) in [(500, "half of the limit"), (2_000, "twice the limit")] {
                all.push(Scenario {
                    environments,
                    traffic,
                    rate: 1_000,
                    burst: 1_000,
                    demand,
                    seconds: 14,
                    what,
                    ..Scenario::default()
                });
            }
        }
    }
    // Each environment serves 50 requests a second of one key.
    for environments in [1_i64, 10, 100, 400] {
        for (limit, demand, what) in [
            (100, 50, "50/s served each, half of the limit"),
            (50, 100, "50/s served each, twice the limit"),
        ] {
            all.push(Scenario {
                environments: environments as usize,
                traffic: Traffic::Even,
                rate: limit * environments,
                burst: limit * environments,
                demand: demand * environments,
                seconds: 14,
                what,
                busy: true,
                ..Scenario::default()
            });
        }
    }
    for (environments, rate, burst, what) in [
        (1_000, 100, 100, "100/s, small burst"),
        (1_000, 10_000, 5_000, "a stage's default"),
        (100, 100, 20, "100/s, burst of 0.2 s"),
        (10, 5, 10, "5/s"),
    ] {
        for factor in [1, 2] {
            all.push(Scenario {
                environments,
                traffic: Traffic::Even,
                rate,
                burst,
                demand: rate * factor,
                seconds: 14,
                what,
                ..Scenario::default()
            });
        }
    }
    for environments in [1, 100, 1_000] {
        all.push(Scenario {
            environments,
            traffic: Traffic::Even,
            rate: 1_000,
            burst: 1_000,
            demand: 990,
            hush: true,
            seconds: 24,
            what: "leases kept through a hush, then five times the limit",
            ..Scenario::default()
        });
        all.push(Scenario {
            environments,
            traffic: Traffic::Even,
            rate: 1_000,
            burst: 1_000,
            demand: 2_000,
            seconds: 14,
            outage: true,
            what: "no store for 3 s, open",
            ..Scenario::default()
        });
        all.push(Scenario {
            environments,
            traffic: Traffic::Even,
            rate: 1_000,
            burst: 1_000,
            demand: 2_000,
            seconds: 14,
            ambiguous: 20,
            what: "2 % of writes done but not answered, closed",
            ..Scenario::default()
        });
        all.push(Scenario {
            environments,
            traffic: Traffic::Even,
            rate: 1_000,
            burst: 1_000,
            demand: 2_000,
            seconds: 14,
            quota: Some(9_000),
            what: "a quota of 9,000 spent",
            ..Scenario::default()
        });
    }
    all
}
