//! One template, rendered by this engine, by Apache Velocity 1.7 and by npm's velocityjs, in one run and in turns: CPU per run,
//! and how many times ours the others take.
//!
//! Each has the template parsed and the data read before, which leaves the rendering alone, and that is what is compared. What it
//! costs us to read the body as well is told too. velocityjs is timed in both of its ways: its `render` parses each time.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::time::TimeValLike as _;
use nix::time::{ClockId, clock_gettime};
use postern_template::{Found, Inputs, Limits, Overrides, Payload, Place, Template, json};

/// How often each takes its turn, after it is warm.
const TURNS: usize = 15;
/// What Java's compilers want to have seen, and more.
const WARM_RUNS: u32 = 40_000;

struct Nothing;

impl Inputs for Nothing {
    fn context(&self, _: &[&str]) -> Found<'_> {
        Found::Absent
    }

    fn context_keys(&self, _: &[&str]) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn stage_variable(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn parameter(&self, _: Place, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn parameter_names(&self, _: Place) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

/// Another engine, in a process of its own.
struct Other {
    name: &'static str,
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start(name: &'static str, command: &mut Command) -> Result<(Self, String)> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let asks = child.stdin.take().context("no stdin")?;
        let answers = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut other = Self {
            name,
            child,
            asks,
            answers,
        };
        let rendered = serde_json::from_str(&other.line()?)?;
        Ok((other, rendered))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{} ended early", self.name);
        Ok(line)
    }

    /// Microseconds of CPU per run.
    fn time(&mut self, runs: u32) -> Result<f64> {
        writeln!(self.asks, "{runs}")?;
        let nanoseconds: f64 = self.line()?.trim().parse()?;
        Ok(nanoseconds / 1e3 / f64::from(runs))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu_us() -> Result<f64> {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    Ok(used.num_nanoseconds() as f64 / 1e3)
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, classes, modules] = &arguments[..] else {
        bail!("wants the folder of the template, a class path, and a folder of node modules");
    };
    let folder = Path::new(folder);
    let files = [folder.join("order.vtl"), folder.join("order.json")];
    let [text, body] = [
        std::fs::read_to_string(&files[0])?,
        std::fs::read_to_string(&files[1])?,
    ];

    let rendering = Template::parse("order", &text)?;
    let reading = Template::parse("order", &format!("#set($root = $input.path('$')){text}"))?;
    let document = json::parse(&body).context("the data is not JSON")?;
    let root = [("root", document)];
    let empty = Payload::new("");
    let rendered = || {
        let overrides = &mut Overrides::default();
        rendering.run_with(&Limits::default(), &Nothing, &empty, overrides, &root)
    };
    let read_and_rendered =
        || reading.run(&Nothing, &Payload::new(&body), &mut Overrides::default());
    let ours = rendered()?;
    ensure!(
        ours == read_and_rendered()?,
        "reading changes what is rendered"
    );
    let time = |runs: u32, run: &dyn Fn() -> Result<String, postern_template::RunError>| {
        let began = cpu_us()?;
        for _ in 0..runs {
            run()?;
        }
        anyhow::Ok((cpu_us()? - began) / f64::from(runs))
    };

    let (mut velocity, theirs) = Other::start(
        "Velocity",
        Command::new("java")
            .args(["-cp", classes, "Timed"])
            .args(&files),
    )?;
    ensure!(
        ours == theirs,
        "Velocity renders otherwise:\n{theirs}\nours:\n{ours}"
    );
    let start_velocityjs = |parses: &str| {
        let mut command = Command::new("node");
        let script = folder.join("timed.js");
        let command = command.env("NODE_PATH", modules).arg(script).args(&files);
        let (other, theirs) = Other::start("velocityjs", command.arg(parses))?;
        // It treats the ends of lines otherwise.
        ensure!(
            without_blanks(&ours) == without_blanks(&theirs),
            "velocityjs renders otherwise:\n{theirs}\nours:\n{ours}"
        );
        anyhow::Ok(other)
    };
    let mut parsed_once = start_velocityjs("once")?;
    let mut parsed_each = start_velocityjs("each")?;

    velocity.time(WARM_RUNS)?;
    parsed_once.time(WARM_RUNS / 20)?;
    parsed_each.time(WARM_RUNS / 50)?;
    time(WARM_RUNS / 4, &rendered)?;
    time(WARM_RUNS / 4, &read_and_rendered)?;
    let mut taken = [const { Vec::new() }; 5];
    let mut ratios = [const { Vec::new() }; 5];
    for _ in 0..TURNS {
        let turn = [
            time(2_000, &rendered)?,
            time(2_000, &read_and_rendered)?,
            velocity.time(2_000)?,
            parsed_once.time(200)?,
            parsed_each.time(50)?,
        ];
        for (which, time) in turn.into_iter().enumerate() {
            taken[which].push(time);
            ratios[which].push(time / turn[0]);
        }
    }
    println!("{} bytes of JSON to {} bytes", body.len(), ours.len());
    println!(
        "CPU per run, median of {TURNS} turns, and how many times the first, median of the turns' ratios:"
    );
    let promises = [None, None, Some(5.0), None, Some(50.0)];
    let names = [
        "rendered by postern",
        "the body read and rendered by postern",
        "rendered by Apache Velocity 1.7",
        "rendered by velocityjs",
        "parsed and rendered by velocityjs, as by its `render`",
    ];
    let mut kept = true;
    for (which, name) in names.into_iter().enumerate() {
        let ratio = median(&mut ratios[which]);
        let said = promises[which].map_or(String::new(), |least| {
            kept &= ratio >= least;
            format!("promise: {least} at least")
        });
        let taken = median(&mut taken[which]);
        println!("{name:<54} {taken:8.1} µs {ratio:7.2} {said}");
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
