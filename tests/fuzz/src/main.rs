//! The command line: starts a process for each target, and tells what becomes of it.

use clap::Parser;
use postern_fuzz::corpus::Corpus;
use postern_fuzz::session::Effort;
use postern_fuzz::targets::{self, ALL, Target};
use postern_fuzz::worker::{GROWS, HANGS, MEMORY_BYTES_MAX, TIME_MAX, recovered, work};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Tries Postern's parsers with inputs that nobody would write.
#[derive(Debug, Parser)]
struct Options {
    /// Which parser. May be given more than once; all of them otherwise.
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,

    /// How long each is tried.
    #[arg(long, default_value_t = 30)]
    seconds: u64,

    /// How many inputs each is tried with at most.
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
    runs: u64,

    /// The same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Where inputs are put that something was found with.
    #[arg(long, value_name = "FOLDER", default_value = ".tests/fuzz")]
    out: PathBuf,

    /// Try this one input and no other.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Name the targets.
    #[arg(long)]
    list: bool,

    #[arg(long, hide = true)]
    worker: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn run(options: &Options) -> io::Result<bool> {
    if options.list {
        for target in ALL {
            println!("{:<11} {}", target.name, target.about);
        }
        return Ok(true);
    }
    let mut chosen: Vec<&'static Target> = Vec::new();
    for name in &options.target {
        chosen.push(targets::find(name).ok_or_else(|| {
            io::Error::other(format!(
                "there is no target `{name}`; `--list` names them all"
            ))
        })?);
    }
    if chosen.is_empty() {
        chosen.extend(ALL);
    }
    std::fs::create_dir_all(&options.out)?;
    if let Some(input) = &options.input {
        let input = std::fs::read(input)?;
        for target in &chosen {
            let input = input.clone();
            let make = target.make;
            let outcome = on_a_small_stack(move || make()(&input));
            println!("{}: {outcome}", target.name);
        }
        return Ok(true);
    }
    if options.worker {
        let (seed, runs) = (options.seed, options.runs);
        let time = Duration::from_secs(options.seconds);
        let out = options.out.clone();
        let mut panics = 0;
        for target in chosen {
            let corpus = Corpus::read(target.name)?;
            let effort = Effort { seed, time, runs };
            let out = out.clone();
            panics += on_a_small_stack(move || work(target, &corpus, effort, out))?.panics;
        }
        return Ok(panics == 0);
    }
    let mut well = true;
    for target in chosen {
        well &= supervise(target, options)?;
    }
    Ok(well)
}

/// As the threads that serve requests have it.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    let joined = thread.map(std::thread::JoinHandle::join);
    match joined {
        Ok(Ok(value)) => value,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => panic!("no thread can be started: {error}"),
    }
}

fn supervise(target: &Target, options: &Options) -> io::Result<bool> {
    let status = Command::new(std::env::current_exe()?)
        .arg("--worker")
        .args(["--target", target.name])
        .args(["--seconds", &options.seconds.to_string()])
        .args(["--runs", &options.runs.to_string()])
        .args(["--seed", &options.seed.to_string()])
        .arg("--out")
        .arg(&options.out)
        .status()?;
    let what = match status.code() {
        Some(0) => return Ok(true),
        Some(HANGS) => format!("took longer than {TIME_MAX:?}"),
        Some(GROWS) => format!("took more than {} MB", MEMORY_BYTES_MAX >> 20),
        Some(_) => return Ok(false),
        None => "killed the process, as a stack that is too deep does".to_owned(),
    };
    let file = kept(&options.out, target.name)?;
    println!("{}: an input {what}:\n    {}", target.name, file.display());
    Ok(false)
}

/// Keeps the input that a worker did not survive.
fn kept(out: &Path, target: &str) -> io::Result<PathBuf> {
    let file = out.join(format!("{target}-fatal"));
    std::fs::write(&file, recovered(out, target)?)?;
    Ok(file)
}
