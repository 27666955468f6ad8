//! What it takes a function to start: in all, in CPU time, and waiting for the store.

use crate::{
    function::{Deployed, Init},
    report::{Row, Unit},
    stats::{self, Quartiles},
    store::Counted,
};
use anyhow::Result;
use std::path::Path;

/// Of one function, in the order they were made.
#[derive(Default)]
pub(crate) struct Starts {
    inits: Vec<Init>,
    store_calls: Vec<f64>,
    store_us: Vec<f64>,
}

/// What the promise about a start is held against.
pub(crate) struct Promise<'a> {
    pub(crate) bare: &'a Starts,
    /// The bare function that makes one call of the store, too.
    pub(crate) asking: &'a Starts,
}

/// Starts each function once per round, so that the machine's drift meets all of them alike.
pub(crate) async fn in_turn(
    deployed: &[&Deployed],
    rounds: usize,
    counted: Option<&Counted>,
    scratch: &Path,
) -> Result<Vec<Starts>> {
    let mut all: Vec<Starts> = deployed.iter().map(|_| Starts::default()).collect();
    // The first rounds read the binaries from the disk, and find a store that has not compiled its own code yet.
    let warming_up = rounds.div_ceil(4);
    for round in 0..warming_up + rounds {
        for (deployed, starts) in deployed.iter().zip(&mut all) {
            if let Some(counted) = counted {
                counted.take_calls();
            }
            let init = deployed.start(scratch).await?.init;
            if round >= warming_up {
                starts.add(init, counted);
            }
        }
    }
    Ok(all)
}

impl Starts {
    fn add(&mut self, init: Init, counted: Option<&Counted>) {
        self.inits.push(init);
        if let Some(counted) = counted {
            let calls = counted.take_calls();
            self.store_calls.push(calls.count());
            self.store_us.push(calls.waited.as_secs_f64() * 1e6);
        }
    }

    fn walls_us(&self) -> Vec<f64> {
        self.inits.iter().map(|init| init.wall_us).collect()
    }

    /// Without the time that the store had the call, which is the same store's for all and differs from start to start by more
    /// than what is compared.
    fn own_us(&self) -> Vec<f64> {
        let waits = self.store_us.iter().copied().chain(std::iter::repeat(0.0));
        let walls = self.walls_us().into_iter();
        walls.zip(waits).map(|(wall, wait)| wall - wait).collect()
    }

    fn cpus_us(&self) -> Vec<f64> {
        self.inits.iter().map(|init| init.cpu_us).collect()
    }

    /// Wall and CPU time beside another's, and what is the function's own held against the promise, if there is one.
    pub(crate) fn rows(&self, name: &str, bare: &Self, promise: Option<&Promise>) -> Vec<Row> {
        let [wall, own, cpu] = [
            ("init", self.walls_us(), bare.walls_us()),
            (
                "init, without the store's part",
                self.own_us(),
                bare.own_us(),
            ),
            ("init, CPU", self.cpus_us(), bare.cpus_us()),
        ]
        .map(|(figure, ours, bare)| beside(name, figure, &ours, "bare", &bare));
        match promise {
            Some(promise) => {
                let own = own.at_most(promise.limit_ms(), "≤ 1.5 × bare + 1 store round trip");
                vec![wall, own, cpu]
            }
            None => vec![wall, cpu],
        }
    }

    /// The same function with more to load.
    pub(crate) fn rows_of_more(
        &self,
        name: &str,
        less: &Self,
        less_name: &'static str,
    ) -> Vec<Row> {
        let wall = beside(name, "init", &self.walls_us(), less_name, &less.walls_us());
        let cpu = beside(
            name,
            "init, CPU",
            &self.cpus_us(),
            less_name,
            &less.cpus_us(),
        );
        vec![wall.ratio_within(Some(1.3)), cpu]
    }

    pub(crate) fn store_rows(&self, name: &str) -> [Row; 2] {
        [
            Row::new(
                name,
                "init, store calls",
                Unit::Count,
                stats::middle(&self.store_calls),
            ),
            Row::new(
                name,
                "init, waiting for the store",
                Unit::Milliseconds,
                stats::middle(&self.store_us) / 1e3,
            ),
        ]
    }
}

impl Promise<'_> {
    /// What a call of the store costs is what it adds to the bare function: a process that has just begun, on a machine
    /// that has been idle, waits longer for an answer than one that asks all the time.
    fn limit_ms(&self) -> f64 {
        let [bare_us, asking_us] = [self.bare, self.asking].map(|of| stats::middle(&of.own_us()));
        (1.5 * bare_us + (asking_us - bare_us)) / 1e3
    }
}

/// Microseconds, shown as milliseconds.
fn beside(
    name: &str,
    figure: &'static str,
    ours: &[f64],
    with: &'static str,
    theirs: &[f64],
) -> Row {
    Row::new(name, figure, Unit::Milliseconds, stats::middle(ours) / 1e3)
        .beside(with, stats::middle(theirs) / 1e3)
        .ratio(Quartiles::of(&stats::pair_ratios(ours, theirs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(walls_us: &[f64]) -> Starts {
        let inits = walls_us.iter().map(|&wall_us| Init {
            wall_us,
            cpu_us: wall_us / 2.0,
        });
        Starts {
            inits: inits.collect(),
            ..Starts::default()
        }
    }

    #[test]
    fn a_start_may_take_half_as_long_again_as_bare_and_a_round_trip() {
        let bare = starts(&[1000.0, 2000.0, 9000.0]);
        let with_store = |walls_us: &[f64], store_us: &[f64]| Starts {
            store_us: store_us.to_vec(),
            ..starts(walls_us)
        };
        // The call costs 500, whatever the store makes of it.
        let asking = with_store(&[2500.0, 3500.0, 9600.0], &[1000.0, 1000.0, 100.0]);
        let promise = Promise {
            bare: &bare,
            asking: &asking,
        };
        for (wall_us, store_us, expected) in [
            (3500.0, 0.0, true),
            (3501.0, 0.0, false),
            (5500.0, 2000.0, true),
            (5501.0, 2000.0, false),
        ] {
            let ours = with_store(&[wall_us; 3], &[store_us; 3]);
            let rows = ours.rows("ours", &bare, Some(&promise));
            assert_eq!(rows[1].pass, Some(expected), "{wall_us} {store_us}");
            assert_eq!(rows[0].pass, None);
        }
    }

    #[test]
    fn more_to_load_may_take_a_third_longer_pair_by_pair() {
        let less = starts(&[1000.0, 2000.0, 4000.0]);
        for (factor, expected) in [(1.25, true), (1.5, false)] {
            let more = starts(&[1000.0 * factor, 2000.0 * factor, 4000.0 * factor]);
            assert_eq!(
                more.rows_of_more("more", &less, "less")[0].pass,
                Some(expected)
            );
        }
    }
}
