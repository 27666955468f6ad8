//! Measures the product against its promises and against the least that could do the same job.
//!
//! `tests/bench/run` builds what this measures and calls it. Everything happens on 127.0.0.1.

mod authorizers;
mod cached;
mod cores;
mod event;
mod everything;
mod function;
mod functions;
mod http;
mod keyed;
mod laptop;
mod load;
mod management;
mod postern;
mod process;
mod report;
mod runtime_api;
mod starts;
mod stats;
mod store;
mod upstream;
mod world;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use report::Report;
use std::{path::PathBuf, process::ExitCode, time::Instant};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Measures the product against its promises")]
struct Arguments {
    /// The folder of the built binaries, as `target/release`.
    #[arg(long)]
    binaries: PathBuf,
    /// Where DynamoDB Local is kept, and where logs are written.
    #[arg(long)]
    tests_folder: PathBuf,
    /// Where to write the figures as JSON.
    #[arg(long)]
    json: PathBuf,
    /// Few repetitions: shows that everything works, and measures nothing well.
    #[arg(long)]
    quick: bool,
    /// The bare programs as both sides, which shows how much of a ratio is noise.
    #[arg(long)]
    noise: bool,
    /// One part alone.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Said in the report.
    #[arg(long, default_value = "")]
    date: String,
    /// Said in the report.
    #[arg(long, default_value = "")]
    commit: String,
    /// Said in the report.
    #[arg(long, default_value = "")]
    profile: String,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Functions,
    Laptop,
}

/// One thread: the function under measurement has the other core for itself.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whatever ends the bench, what it has started is dropped, and so ended.
    let measured = tokio::select! {
        measured = measure(&arguments) => measured,
        signal = asked_to_end() => signal.and_then(|signal| bail!("{signal}")),
    };
    measured.unwrap_or_else(|error| {
        eprintln!("the bench failed: {error:#}");
        ExitCode::FAILURE
    })
}

async fn asked_to_end() -> Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok("interrupted"),
        _ = terminate.recv() => Ok("terminated"),
    }
}

async fn measure(arguments: &Arguments) -> Result<ExitCode> {
    let began = Instant::now();
    let scratch = arguments.tests_folder.join("bench");
    std::fs::create_dir_all(&scratch)
        .with_context(|| format!("cannot make the folder `{}`", scratch.display()))?;
    let mut report = Report {
        date: arguments.date.clone(),
        commit: arguments.commit.clone(),
        profile: arguments.profile.clone(),
        machine: machine(),
        ..Report::default()
    };
    let binaries = arguments
        .binaries
        .canonicalize()
        .with_context(|| format!("no folder `{}`", arguments.binaries.display()))?;
    let binary = |name: &str| binaries.join(name);
    let bare = ["postern-bench-baseline", "postern-bench-proxy"];
    let product = ["gateway", "postern"];
    let needed = bare
        .iter()
        .chain(product.iter().filter(|_| !arguments.noise));
    for name in needed {
        ensure!(
            binary(name).is_file(),
            "`{}` is not built; `tests/bench/run` builds all that is needed",
            binary(name).display()
        );
    }

    if arguments.only != Some(Part::Laptop) {
        let binaries = world::Binaries {
            bare: binary("postern-bench-baseline"),
            gateway: binary("gateway"),
            postern: binary("postern"),
        };
        let effort = if arguments.quick {
            functions::Effort::QUICK
        } else {
            functions::Effort::FULL
        };
        if arguments.noise {
            functions::compare_bare_with_itself(&binaries, effort, &scratch, &mut report).await?;
        } else {
            functions::compare(
                &binaries,
                effort,
                &arguments.tests_folder,
                &scratch,
                &mut report,
            )
            .await?;
        }
    }
    if arguments.only != Some(Part::Functions) {
        let binaries = laptop::Binaries {
            postern: binary("postern"),
            proxy: binary("postern-bench-proxy"),
        };
        let effort = if arguments.quick {
            laptop::Effort::QUICK
        } else {
            laptop::Effort::FULL
        };
        if arguments.noise {
            laptop::compare_bare_with_itself(&binaries.proxy, effort, &scratch, &mut report)
                .await?;
        } else {
            laptop::compare(&binaries, effort, &scratch, &mut report).await?;
        }
    }
    report.notes.extend(HOW.map(str::to_owned));
    eprintln!("measured in {:.0} s", began.elapsed().as_secs_f64());

    print!("{}", report.text());
    let json = serde_json::to_vec_pretty(&report)?;
    std::fs::write(&arguments.json, json)
        .with_context(|| format!("cannot write `{}`", arguments.json.display()))?;
    let failures = report.failures();
    if failures > 0 && !arguments.quick {
        eprintln!("{failures} promises are not kept");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// What the figures mean.
const HOW: [&str; 4] = [
    "CPU of a request: what the function's process used between two of its calls for the next event, by the kernel's \
     nanosecond account of all its threads; p50 and p99 are over single requests. The functions have one core, and \
     the bench with all it plays has another.",
    "Ratios: the median (and quartiles) over pairs of neighbouring batches, postern and the bare program in turn.",
    "Wall time of a function's request: from handing out the event until the last byte of the answer is in.",
    "Init: from exec until the first call for an event. The store is DynamoDB Local, whose speed is not DynamoDB's.",
];

fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("an unnamed processor", |(_, model)| model.trim());
    format!("{cpus} × {model}")
}
