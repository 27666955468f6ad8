//! All seeds, and a short while of each target with inputs of its own, so that none of them lies broken until somebody has time.

use postern_fuzz::corpus::Corpus;
use postern_fuzz::session::{Effort, Watch, run};
use postern_fuzz::targets::ALL;
use std::time::Duration;

/// What one input may take on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(20);

#[derive(Default)]
struct Strict {
    found: Vec<String>,
    slowest: Duration,
}

impl Watch for Strict {
    fn begins(&mut self, _: &[u8]) {}

    fn ends(&mut self, took: Duration) {
        self.slowest = self.slowest.max(took);
    }

    fn panicked(&mut self, name: &str, _: &[u8], message: &str) {
        self.found.push(format!("{name}: {message}"));
    }
}

#[test]
fn no_seed_and_no_short_run_finds_anything() {
    for target in ALL {
        let corpus = Corpus::read(target.name).expect("every target has a folder in corpus");
        assert!(corpus.seeds.len() > 2, "{}: few seeds", target.name);
        let effort = Effort {
            seed: 1,
            time: Duration::from_millis(400),
            runs: u64::MAX,
        };
        let mut watch = Strict::default();
        let tally = run(target, &corpus, effort, &mut watch);
        assert!(watch.found.is_empty(), "{}: {:?}", target.name, watch.found);
        assert!(
            watch.slowest < TIME_MAX,
            "{}: {:?}",
            target.name,
            watch.slowest
        );
        // Seeds that all come to the same reach nothing.
        assert!(tally.outcomes > 2, "{}: {tally:?}", target.name);
    }
}
