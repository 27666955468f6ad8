//! One target, tried with input after input.

use crate::corpus::Corpus;
use crate::mutate::Mutator;
use crate::random::Random;
use crate::targets::{Make, Run, Target};
use std::any::Any;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Inputs with outcomes of their own that are kept at most.
const KEPT_MAX: usize = 4_000;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub seed: u64,
    pub time: Duration,
    /// Inputs at most, besides the seeds.
    pub runs: u64,
}

/// Whoever wants to know what is being tried.
pub trait Watch {
    fn begins(&mut self, input: &[u8]);
    fn ends(&mut self, took: Duration);
    fn panicked(&mut self, name: &str, input: &[u8], message: &str);
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub runs: u64,
    pub outcomes: usize,
    pub panics: u64,
}

pub fn run(target: &Target, corpus: &Corpus, effort: Effort, watch: &mut impl Watch) -> Tally {
    let mut random = Random::new(effort.seed);
    let mut trial = Trial {
        run: (target.make)(),
        make: target.make,
        seen: HashSet::new(),
        tally: Tally::default(),
        watch,
    };
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for (name, seed) in &corpus.seeds {
        trial.tries(name, seed);
        kept.push(seed.clone());
    }
    let until = Instant::now() + effort.time;
    while Instant::now() < until && trial.tally.runs < effort.runs {
        let mut input = if random.one_in(4) {
            corpus.grammar.make(&mut random)
        } else {
            random.pick(&kept).cloned().unwrap_or_default()
        };
        if !random.one_in(16) {
            let mutator = Mutator {
                words: &corpus.words,
                others: &kept,
            };
            mutator.change(&mut input, &mut random);
        }
        let name = format!("seed {} input {}", effort.seed, trial.tally.runs);
        if trial.tries(&name, &input) {
            if kept.len() >= KEPT_MAX {
                let place = random.below(KEPT_MAX);
                kept.swap_remove(place);
            }
            kept.push(input);
        }
        trial.tally.runs += 1;
    }
    trial.tally.outcomes = trial.seen.len();
    trial.tally
}

struct Trial<'a, W> {
    run: Run,
    make: Make,
    seen: HashSet<String>,
    tally: Tally,
    watch: &'a mut W,
}

impl<W: Watch> Trial<'_, W> {
    /// Whether the outcome is a new one.
    fn tries(&mut self, name: &str, input: &[u8]) -> bool {
        self.watch.begins(input);
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(input)));
        self.watch.ends(begun.elapsed());
        match outcome {
            Ok(outcome) => self.seen.insert(shape(&outcome)),
            Err(panic) => {
                self.tally.panics += 1;
                self.watch.panicked(name, input, &message(&*panic));
                // Whatever it left behind is nobody's.
                self.run = (self.make)();
                true
            }
        }
    }
}

/// What tells outcomes apart: the words of a message, and not the names and numbers in it.
fn shape(outcome: &str) -> String {
    let mut shape = String::new();
    let mut quoted = None;
    for c in outcome.chars() {
        match quoted {
            Some(quote) if c == quote => quoted = None,
            None if matches!(c, '`' | '\'' | '"') => quoted = Some(c),
            None if c.is_ascii_alphabetic() || c == ' ' => shape.push(c),
            Some(_) | None => {}
        }
        if shape.len() > 100 {
            break;
        }
    }
    shape
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it said nothing".to_owned())
}
