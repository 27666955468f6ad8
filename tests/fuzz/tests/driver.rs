//! That the driver finds what is there to be found: each target here has something planted in it.

use postern_fuzz::corpus::Corpus;
use postern_fuzz::grammar::Grammar;
use postern_fuzz::session::{Effort, Tally, Watch, run};
use postern_fuzz::targets::Target;
use postern_fuzz::worker::{GROWS, MEMORY_BYTES_MAX, TIME_MAX, current, recovered, work};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What the targets here look for. By chance alone, one input in many millions begins with it.
const PLANTED: &[u8] = b"ladder";

const RUNS: u64 = 20_000;

/// Says how much of what is planted an input begins with, and panics at all of it.
const LADDER: Target = Target {
    name: "ladder",
    about: "tells how near an input is",
    make: || Box::new(|input| "x".repeat(rungs(input))),
};

/// The same, without saying anything.
const SILENT: Target = Target {
    name: "silent",
    about: "tells nothing",
    make: || {
        Box::new(|input| {
            rungs(input);
            String::new()
        })
    },
};

static ABORTS: Target = Target {
    name: "aborts",
    about: "takes the process with it",
    make: || {
        Box::new(|input| {
            if input == b"aborts" {
                std::process::abort();
            }
            String::new()
        })
    },
};

static SWALLOWS: Target = Target {
    name: "swallows",
    about: "takes more memory than it may, and holds it",
    make: || {
        Box::new(|input| {
            if input == b"swallows" {
                let held = vec![1_u8; MEMORY_BYTES_MAX as usize + (64 << 20)];
                std::thread::sleep(2 * TIME_MAX);
                drop(held);
            }
            String::new()
        })
    },
};

fn rungs(input: &[u8]) -> usize {
    let alike = input.iter().zip(PLANTED).take_while(|(a, b)| a == b);
    let alike = alike.count();
    assert!(alike < PLANTED.len(), "the top is reached");
    alike
}

/// The letters of what is planted, one at a time.
fn letters() -> Corpus {
    let grammar = "letter:\n  l\n  a\n  d\n  e\n  r\n";
    let grammar = Grammar::parse(grammar).expect("it is a grammar");
    Corpus {
        words: grammar.words(),
        grammar,
        seeds: vec![("seed".to_owned(), b"d".to_vec())],
    }
}

fn effort(seed: u64) -> Effort {
    Effort {
        seed,
        time: Duration::from_secs(600),
        runs: RUNS,
    }
}

/// Notes everything.
#[derive(Default)]
struct Notes {
    tried: Vec<Vec<u8>>,
    panics: Vec<(Vec<u8>, String)>,
}

impl Watch for Notes {
    fn begins(&mut self, input: &[u8]) {
        self.tried.push(input.to_vec());
    }

    fn ends(&mut self, _: Duration) {}

    fn panicked(&mut self, _: &str, input: &[u8], message: &str) {
        self.panics.push((input.to_vec(), message.to_owned()));
    }
}

fn noted(target: &Target, seed: u64) -> (Tally, Notes) {
    let mut notes = Notes::default();
    let tally = run(target, &letters(), effort(seed), &mut notes);
    (tally, notes)
}

#[test]
fn a_planted_panic_is_found_step_by_step_and_the_run_goes_on() {
    let (tally, notes) = noted(&LADDER, 1);
    let (input, message) = notes.panics.first().expect("it is found");
    assert!(input.starts_with(PLANTED), "{}", input.escape_ascii());
    assert_eq!(message, "the top is reached");
    assert_eq!(tally.panics, notes.panics.len() as u64);
    assert_eq!(tally.runs, RUNS);
    assert_eq!(tally.outcomes, PLANTED.len());
}

#[test]
fn without_outcomes_to_build_upon_the_same_panic_is_out_of_reach() {
    let (tally, notes) = noted(&SILENT, 1);
    assert_eq!((tally.panics, notes.panics.len()), (0, 0));
    assert_eq!(tally.outcomes, 1);
}

#[test]
fn the_same_seed_makes_the_same_inputs_and_another_makes_others() {
    let [once, again, other] = [7, 7, 8].map(|seed| noted(&LADDER, seed).1.tried);
    assert_eq!(once, again);
    assert_ne!(once, other);
}

#[test]
fn a_panic_leaves_its_input_in_a_file() {
    static LADDER_WORKED: Target = LADDER;
    let out = folder("panics");
    let tally = work(&LADDER_WORKED, &letters(), effort(1), out.clone()).expect("it is done");
    assert!(tally.panics > 0);
    let input = fs::read(out.join("ladder-panic-0")).expect("the input is kept");
    assert!(input.starts_with(PLANTED));
    assert!(!current(&out, "ladder").exists());
}

/// Of its own for each test, and the same to the process that it starts.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("fuzz")
        .join(name);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// A worker of one seed, which does not survive it.
fn works(target: &'static Target) {
    let mut corpus = letters();
    corpus.seeds = vec![("seed".to_owned(), target.name.as_bytes().to_vec())];
    let tally = work(target, &corpus, effort(1), folder(target.name));
    panic!("it is still there: {tally:?}");
}

#[test]
#[ignore = "it kills its process: another test starts it"]
fn worker_aborts() {
    works(&ABORTS);
}

#[test]
#[ignore = "it kills its process: another test starts it"]
fn worker_swallows() {
    works(&SWALLOWS);
}

#[test]
fn an_input_that_kills_its_process_can_be_had_from_the_file_that_is_left() {
    for (worker, target, code) in [
        ("worker_aborts", &ABORTS, None),
        ("worker_swallows", &SWALLOWS, Some(GROWS)),
    ] {
        let program = std::env::current_exe().expect("this is a program");
        let mut command = Command::new(program);
        let ended = command.args(["--ignored", "--exact", worker]).output();
        let ended = ended.expect("it can be started");
        assert_eq!(ended.status.code(), code, "{worker}: {ended:?}");
        let input = recovered(&folder(target.name), target.name).expect("the file is there");
        assert_eq!(input, target.name.as_bytes());
    }
}
