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

use simulation::{Outcome, Scenario, simulate};
use std::process::ExitCode;
use traffic::Traffic;

/// The first; the others follow it.
const SEED: u64 = 20_260_301;

/// What may be asked for: `--seeds COUNT` runs each scenario so often, and `--what TEXT` only those whose line holds it.
struct Arguments {
    seeds: u64,
    what: String,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut arguments = Self {
            seeds: 1,
            what: String::new(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().ok_or(format!("{word} wants a value"))?;
            match word.as_str() {
                "--seeds" => {
                    let seeds = value.parse().ok().filter(|seeds| *seeds > 0);
                    arguments.seeds = seeds.ok_or(format!("`{value}` is no count of seeds"))?;
                }
                "--what" => arguments.what = value,
                _ => {
                    return Err(format!(
                        "no such option: {word} (--seeds COUNT, --what TEXT)"
                    ));
                }
            }
        }
        Ok(arguments)
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    println!(
        "{} seeds from {SEED}; store 2 to 50 ms; clocks up to 5 ms apart; over and under in % of what one bucket allows, \
         of the worst seed; writes, reads and their price per request of the mean",
        arguments.seeds
    );
    println!(
        "{:>6} {:<7} {:>7} {:>6} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8}  what",
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
        "$/M"
    );
    let mut failures = 0;
    for scenario in scenarios() {
        let what = format!("{} {}", scenario.traffic.name(), scenario.what);
        if !what.contains(&arguments.what) {
            continue;
        }
        let outcomes = of_all_seeds(&scenario, arguments.seeds);
        let worst = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).fold(0.0, f64::max);
        let mean =
            |of: fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / outcomes.len() as f64;
        print!(
            "{:>6} {:<7} {:>7} {:>6} {:>8} {:>7.2} {:>7.2} {:>7.2} {:>7.4} {:>7.4} {:>8.4}  {}",
            scenario.environments,
            scenario.traffic.name(),
            scenario.rate,
            scenario.burst,
            scenario.demand,
            worst(|outcome| outcome.over_percent),
            worst(|outcome| outcome.bound_percent),
            worst(|outcome| outcome.under_percent),
            mean(|outcome| outcome.writes_per_request),
            mean(|outcome| outcome.reads_per_request),
            mean(Outcome::dollars_per_million),
            scenario.what,
        );
        for (number, outcome) in outcomes.iter().enumerate() {
            if let Some(broken) = outcome.broken(&scenario) {
                print!("  NOT KEPT by seed {number}: {broken}");
                failures += 1;
            }
        }
        println!();
    }
    if failures > 0 {
        eprintln!("{failures} promises are not kept");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// As many at once as there are cores: each seed is a world of its own.
fn of_all_seeds(scenario: &Scenario, seeds: u64) -> Vec<Outcome> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let seeds: Vec<u64> = (SEED..SEED + seeds).collect();
    let mut outcomes = Vec::new();
    for some in seeds.chunks(cores) {
        std::thread::scope(|scope| {
            let runs: Vec<_> = some
                .iter()
                .map(|seed| scope.spawn(|| simulate(scenario, *seed)))
                .collect();
            for run in runs {
                outcomes.push(run.join().expect("a run that cannot end is a defect"));
            }
        });
    }
    outcomes
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
    // Each environment serves 50 requests a second of one key: long enough for its leases to be as large as they get, and as
    // many environments while theirs still grow.
    for (environments, warm, busy) in [
        (1_i64, 40, true),
        (10, 40, true),
        (100, 40, true),
        (400, 4, false),
    ] {
        for (limit, demand, what) in [
            (200, 50, "50/s served each, a quarter of the limit"),
            (100, 50, "50/s served each, half of the limit"),
            (50, 50, "50/s served each, at the limit"),
            (50, 100, "50/s served each, twice the limit"),
        ] {
            // Leases of what is only just enough grow for a minute.
            let busy = busy && demand != limit;
            all.push(Scenario {
                environments: environments as usize,
                traffic: Traffic::Even,
                rate: limit * environments,
                burst: limit * environments,
                demand: demand * environments,
                seconds: warm + 10,
                warm,
                what,
                busy,
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
