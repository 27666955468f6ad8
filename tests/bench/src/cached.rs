//! An answer that is kept beside one that a MOCK makes: the same function, the same event, two APIs.

use crate::{
    cores::Cores,
    functions::{Effort, Found, job_requests},
    management::{ANSWERING, Backends, FORWARDING, Management},
    postern::Laptop,
    report::{Report, Row, Unit},
    stats::{self, Quartiles},
    world::{Binaries, Job, REVALIDATE, World},
};
use anyhow::{Context, Result};
use std::path::Path;

const SCENARIO: &str = "kept answer of an HTTP_PROXY";

pub(crate) async fn compare(
    world: &World,
    binaries: &Binaries,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let laptop = world.laptop(binaries, scratch).await?;
    let [kept, mock] = make_apis(&laptop, world.backends())
        .await
        .with_context(|| format!("postern's log ends:\n{}", laptop.log_end()))?;
    drop(laptop);
    let function = |api: &str, name| {
        let mut deployed = world.deployed(binaries, api);
        deployed.name = name;
        deployed
    };
    let (kept, mock) = (
        function(&kept, "gateway-kept"),
        function(&mock, "gateway-mock"),
    );
    let job = Job {
        bearer: None,
        name: "kept",
        method: "GET",
        paths: vec!["/group0".to_owned()],
        body: None,
        cpu_ratio_max: None,
        first_ratio_max: None,
    };
    let mut found = Found::default();
    let mut numbers = 0_u64..;
    let cores = Cores::divide()?;
    for life in 1..=effort.lives {
        eprintln!("requests, {SCENARIO}: life {life} of {}", effort.lives);
        let mut ours = kept.start(scratch).await?;
        let mut theirs = mock.start(scratch).await?;
        cores.put(ours.pid()?)?;
        cores.put(theirs.pid()?)?;
        let pair = [&mut ours, &mut theirs];
        let counted = Some(&world.counted);
        job_requests(&job, effort, counted, pair, &mut numbers, &mut found).await?;
    }
    let [ours, theirs] = &found.sides;
    let ratios = stats::pair_ratios(&ours.cpu_means, &theirs.cpu_means);
    let row = |figure, percent| {
        let at = |samples: &[f64]| stats::percentile(samples, percent).unwrap_or_default();
        Row::new(SCENARIO, figure, Unit::Microseconds, at(&ours.all.cpu_us))
            .beside("MOCK", at(&theirs.all.cpu_us))
    };
    let p50 = row("CPU p50", 50.0).ratio(Quartiles::of(&ratios));
    report.rows.push(p50.ratio_within(Some(1.2)));
    report.rows.push(row("CPU p99", 99.0));
    let requests = ours.all.cpu_us.len().max(1) as f64;
    // Both functions read their stage again.
    let rereads_max = 2 * (found.took.as_secs() / REVALIDATE.as_secs() + 1);
    report.rows.push(
        Row::new(
            SCENARIO,
            "store calls per request",
            Unit::Count,
            found.store_calls / requests,
        )
        .at_most(
            rereads_max as f64 / requests,
            format!("0, and two re-reads each {} s", REVALIDATE.as_secs()),
        ),
    );
    Ok(())
}

/// One that forwards and whose answers are kept, and one that answers by itself.
async fn make_apis(laptop: &Laptop, backends: Backends) -> Result<[String; 2]> {
    let management = Management::at(laptop.address);
    let kept = management.create(&FORWARDING, backends).await?;
    management
        .patch_stage(
            &kept,
            &[
                ("/cacheClusterEnabled", "true"),
                ("/*/*/caching/enabled", "true"),
                ("/*/*/caching/ttlInSeconds", "3600"),
            ],
        )
        .await?;
    let mock = management.create(&ANSWERING, backends).await?;
    Ok([kept.id, mock.id])
}
