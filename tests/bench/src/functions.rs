//! Part 1: the gateway function beside a bare one, both as Lambda runs them.

use crate::{
    authorizers, cached,
    cores::Cores,
    function::{Batch, Deployed, Function},
    http::Acknowledge,
    keyed,
    management::{LARGE, LARGE_QUICK, SMALL, Shape},
    report::{Report, Row, Unit},
    starts::{self, Promise},
    stats::{self, Quartiles},
    store::Counted,
    upstream::ANSWER,
    world::{BODY, Binaries, Job, REVALIDATE, Variant, World},
};
use anyhow::{Context, Result, bail};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) starts: usize,
    pub(crate) lives: usize,
    /// In each life.
    pub(crate) pairs: usize,
    pub(crate) batch: usize,
    pub(crate) large: &'static Shape,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        starts: 21,
        lives: 8,
        pairs: 10,
        batch: 50,
        large: &LARGE,
    };
    pub(crate) const QUICK: Self = Self {
        starts: 3,
        lives: 2,
        pairs: 2,
        batch: 10,
        large: &LARGE_QUICK,
    };
}

/// What one job has shown, in all lives.
#[derive(Default)]
pub(crate) struct Found {
    /// Ours and theirs.
    pub(crate) sides: [Series; 2],
    /// The first request of each method in each life.
    pub(crate) first_us: Vec<f64>,
    pub(crate) store_calls: f64,
    pub(crate) took: Duration,
}

#[derive(Default)]
pub(crate) struct Series {
    pub(crate) all: Batch,
    pub(crate) cpu_means: Vec<f64>,
    wall_medians: Vec<f64>,
}

/// Runs the bare function as both sides: how far its ratios are from one is how far all others may be off by chance.
pub(crate) async fn compare_bare_with_itself(
    binaries: &Binaries,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let bare = bare(binaries);
    let again = Variant {
        name: "bare beside itself".to_owned(),
        deployed: Deployed {
            name: "bare-again",
            ..bare.clone()
        },
        jobs: vec![Job {
            name: "constant",
            method: "POST",
            paths: vec!["/group0".to_owned()],
            bearer: None,
            body: Some(BODY),
            cpu_ratio_max: None,
            first_ratio_max: None,
        }],
        memory_ratio_max: None,
    };
    let pair = [&bare, &again.deployed];
    let started = starts::in_turn(&pair, effort.starts, None, scratch).await?;
    if let [of_bare, of_again] = &started[..] {
        let rows = of_again.rows(&again.name, of_bare, None);
        report.rows.extend(rows);
    }
    requests(&again, &bare, None, effort, scratch, report).await?;
    under_lazy_acknowledgement(&again, &bare, effort, scratch, report).await
}

/// Runs the product beside the bare function.
pub(crate) async fn compare(
    binaries: &Binaries,
    effort: Effort,
    tests_folder: &Path,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let bare = bare(binaries);
    sizes(&bare, &binaries.gateway, report)?;

    let world = World::start(tests_folder, scratch).await?;
    let apis = world.make_apis(binaries, effort.large, scratch).await?;
    let small = world.variant(binaries, &SMALL, &apis.small, Some(2.0));
    let large = world.variant(binaries, effort.large, &apis.large, None);
    let everything = world.deployed(binaries, &apis.everything.id);

    let variants = [&small, &large];
    init(
        &world,
        &bare,
        variants,
        &everything,
        effort,
        scratch,
        report,
    )
    .await?;
    for variant in [&small, &large] {
        requests(
            variant,
            &bare,
            Some(&world.counted),
            effort,
            scratch,
            report,
        )
        .await?;
    }
    cached::compare(&world, binaries, effort, scratch, report).await?;
    authorizers::compare(&world, binaries, effort, scratch, report).await?;
    let keyed = world.deployed(binaries, &apis.keyed.id);
    keyed::compare(&keyed, &world.counted, effort, scratch, report).await?;
    under_lazy_acknowledgement(&small, &bare, effort, scratch, report).await
}

async fn init(
    world: &World,
    bare: &Deployed,
    [small, large]: [&Variant; 2],
    everything: &Deployed,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    eprintln!("starting each function {} times", effort.starts);
    let asking = asking(world, bare, small, scratch).await?;
    let deployed = [bare, &asking, &small.deployed, &large.deployed, everything];
    let started = starts::in_turn(&deployed, effort.starts, Some(&world.counted), scratch).await?;
    let [of_bare, of_asking, of_small, of_large, of_everything] = &started[..] else {
        bail!("five functions were started");
    };
    let promise = Promise {
        bare: of_bare,
        asking: of_asking,
    };
    let rows = &mut report.rows;
    rows.extend(of_asking.rows(asking.name, of_bare, None));
    rows.extend(of_asking.store_rows(asking.name));
    rows.extend(of_small.rows(&small.name, of_bare, Some(&promise)));
    rows.extend(of_small.store_rows(&small.name));
    rows.extend(of_large.rows_of_more(&large.name, of_small, "4 methods"));
    rows.extend(of_large.store_rows(&large.name));
    rows.extend(of_everything.rows("everything on", of_bare, Some(&promise)));
    rows.extend(of_everything.store_rows("everything on"));
    Ok(())
}

/// The bare function that makes, before it asks for an event, the one call of the store that the gateway makes there.
async fn asking(
    world: &World,
    bare: &Deployed,
    small: &Variant,
    scratch: &Path,
) -> Result<Deployed> {
    world.counted.forget();
    small.deployed.start(scratch).await?;
    let file = scratch.join("first-call");
    std::fs::write(&file, world.counted.first_call()?)?;
    let file = file.to_str().context("the scratch folder's name is text")?;
    Ok(Deployed {
        name: "bare and a store call",
        settings: vec![
            ("BENCH_STORE", world.counted.server.address.to_string()),
            ("BENCH_CALL", file.to_owned()),
        ],
        ..bare.clone()
    })
}

fn bare(binaries: &Binaries) -> Deployed {
    Deployed {
        name: "bare",
        binary: binaries.bare.clone(),
        settings: Vec::new(),
    }
}

fn sizes(bare: &Deployed, gateway: &Path, report: &mut Report) -> Result<()> {
    let gateway = Deployed {
        name: "gateway",
        binary: gateway.to_owned(),
        settings: Vec::new(),
    };
    report.rows.push(
        Row::new(
            "gateway",
            "binary, stripped",
            Unit::Bytes,
            gateway.binary_bytes()?,
        )
        .beside("bare", bare.binary_bytes()?),
    );
    report.rows.push(
        Row::new("gateway", "zip", Unit::Bytes, gateway.zip_bytes()?)
            .beside("bare", bare.zip_bytes()?)
            .at_most(5e6, "≤ 5 MB"),
    );
    Ok(())
}

/// Puts every job's requests to the variant and to the bare function in turn, in several lives of both: how a process
/// happens to lie in memory can favour it for all of its life.
async fn requests(
    variant: &Variant,
    bare: &Deployed,
    counted: Option<&Counted>,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let mut found: Vec<Found> = variant.jobs.iter().map(|_| Found::default()).collect();
    let (mut our_peaks, mut their_peaks) = (Vec::new(), Vec::new());
    let mut numbers = 0_u64..;
    let cores = Cores::divide()?;
    for life in 1..=effort.lives {
        eprintln!(
            "requests, {}: life {life} of {}",
            variant.name, effort.lives
        );
        let mut ours = variant.deployed.start(scratch).await?;
        let mut theirs = bare.start(scratch).await?;
        cores.put(ours.pid()?)?;
        cores.put(theirs.pid()?)?;
        for (job, found) in variant.jobs.iter().zip(&mut found) {
            job_requests(
                job,
                effort,
                counted,
                [&mut ours, &mut theirs],
                &mut numbers,
                found,
            )
            .await
            .with_context(|| format!("{}, {}", job.name, variant.name))?;
        }
        our_peaks.push(ours.memory_peak()?);
        their_peaks.push(theirs.memory_peak()?);
    }
    for (job, found) in variant.jobs.iter().zip(&found) {
        let scenario = format!("{}, {}", job.name, variant.name);
        report.rows.extend(request_rows(&scenario, job, found));
        if counted.is_some() {
            report.rows.push(found.store_row(&scenario));
        }
    }
    for (job, of_job) in variant.jobs.iter().zip(&found) {
        if let (Some(first), Some(most)) = (variant.jobs.first(), job.first_ratio_max) {
            let [of_first, of_job] = [&found[0], of_job].map(|found| &found.sides[0]);
            let ratios = stats::pair_ratios(&of_job.cpu_means, &of_first.cpu_means);
            report.rows.push(
                Row::new(
                    format!("{}, {}", job.name, variant.name),
                    "CPU p50, beside another job",
                    Unit::Microseconds,
                    stats::middle(&of_job.all.cpu_us),
                )
                .beside(first.name, stats::middle(&of_first.all.cpu_us))
                .ratio(Quartiles::of(&ratios))
                .ratio_within(Some(most)),
            );
        }
    }
    report.rows.push(
        Row::new(
            &variant.name,
            "peak memory",
            Unit::Bytes,
            stats::middle(&our_peaks),
        )
        .beside("bare", stats::middle(&their_peaks))
        .ratio(Quartiles::of(&stats::pair_ratios(&our_peaks, &their_peaks)))
        .ratio_within(variant.memory_ratio_max),
    );
    Ok(())
}

/// One job's requests in one life of both functions. They alternate in who goes first, so that neither always meets the
/// caches that the other has left.
pub(crate) async fn job_requests(
    job: &Job,
    effort: Effort,
    counted: Option<&Counted>,
    mut functions: [&mut Function; 2],
    numbers: &mut impl Iterator<Item = u64>,
    found: &mut Found,
) -> Result<()> {
    let each_once = job.events(job.paths.len(), numbers);
    let first = functions[0].run(each_once, ANSWER.as_bytes()).await?;
    found.first_us.extend(first.wall_us);
    // Twice the paths at least, so that nothing that is measured happens for the first time.
    for function in &mut functions {
        let events = job.events(2 * effort.batch.max(job.paths.len()), numbers);
        function.run(events, ANSWER.as_bytes()).await?;
    }
    if let Some(counted) = counted {
        counted.take_calls();
    }
    let began = Instant::now();
    for pair in 0..effort.pairs {
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        for side in order {
            let events = job.events(effort.batch, numbers);
            let batch = functions[side].run(events, ANSWER.as_bytes()).await?;
            found.sides[side].add(batch);
        }
    }
    found.took += began.elapsed();
    if let Some(counted) = counted {
        found.store_calls += counted.take_calls().count();
    }
    Ok(())
}

impl Series {
    fn add(&mut self, batch: Batch) {
        let mean = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len().max(1) as f64;
        self.cpu_means.push(mean(&batch.cpu_us));
        // A mean would be the machine's other work: one request that waited for it outweighs the batch.
        self.wall_medians.push(stats::middle(&batch.wall_us));
        self.all.cpu_us.extend(batch.cpu_us);
        self.all.wall_us.extend(batch.wall_us);
    }
}

fn request_rows(scenario: &str, job: &Job, found: &Found) -> [Row; 5] {
    let [ours, theirs] = &found.sides;
    let paired = |ours: &[f64], theirs: &[f64]| Quartiles::of(&stats::pair_ratios(ours, theirs));
    let row = |figure, ours: &[f64], theirs: &[f64], percent| {
        let at = |samples: &[f64]| stats::percentile(samples, percent).unwrap_or_default();
        Row::new(scenario, figure, Unit::Microseconds, at(ours)).beside("bare", at(theirs))
    };
    [
        row("CPU p50", &ours.all.cpu_us, &theirs.all.cpu_us, 50.0)
            .ratio(paired(&ours.cpu_means, &theirs.cpu_means))
            .ratio_within(job.cpu_ratio_max),
        row("CPU p99", &ours.all.cpu_us, &theirs.all.cpu_us, 99.0),
        row("wall p50", &ours.all.wall_us, &theirs.all.wall_us, 50.0)
            .ratio(paired(&ours.wall_medians, &theirs.wall_medians)),
        row("wall p99", &ours.all.wall_us, &theirs.all.wall_us, 99.0),
        Row::new(
            scenario,
            "first use of a method, wall",
            Unit::Microseconds,
            stats::middle(&found.first_us),
        ),
    ]
}

impl Found {
    /// A warm request asks the store nothing; only the pointer to the snapshot is re-read now and then, beside a request.
    fn store_row(&self, scenario: &str) -> Row {
        let requests = self.sides[0].all.cpu_us.len().max(1) as f64;
        let rereads_max = self.took.as_secs() / REVALIDATE.as_secs() + 1;
        Row::new(
            scenario,
            "store calls per request",
            Unit::Count,
            self.store_calls / requests,
        )
        .at_most(
            rereads_max as f64 / requests,
            format!("0, and a re-read each {} s", REVALIDATE.as_secs()),
        )
    }
}

/// The same requests under a Runtime API that acknowledges as Linux does by default. How Lambda's own does is not known
/// here; a function that sends each answer in one write does not depend on it.
async fn under_lazy_acknowledgement(
    variant: &Variant,
    bare: &Deployed,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let Some(job) = variant.jobs.first() else {
        return Ok(());
    };
    let mut numbers = 0_u64..;
    let mut series = Vec::new();
    for deployed in [&variant.deployed, bare] {
        let mut function = deployed.start_under(Acknowledge::Lazily, scratch).await?;
        // A new connection is acknowledged promptly for some 16 segments.
        for _ in 0..2 {
            let events = job.events(effort.batch.min(20), &mut numbers);
            series.push(function.run(events, ANSWER.as_bytes()).await?);
        }
    }
    if let [_, ours, _, theirs] = &series[..] {
        report.rows.push(
            Row::new(
                format!("{}, {}", job.name, variant.name),
                "wall p50, lazy ACKs",
                Unit::Microseconds,
                stats::middle(&ours.wall_us),
            )
            .beside("bare", stats::middle(&theirs.wall_us)),
        );
    }
    Ok(())
}
