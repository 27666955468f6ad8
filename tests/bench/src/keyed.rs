//! What an API key and its usage plan add to a request that is answered by a MOCK: the same function, with and without.

use crate::{
    cores::Cores,
    event,
    function::{Batch, Deployed},
    functions::Effort,
    management::{Api, Management},
    report::{Report, Row, Unit},
    stats::{self, Quartiles},
    store::Counted,
    upstream::ANSWER,
    world::REVALIDATE,
};
use anyhow::Result;
use bytes::Bytes;
use serde_json::{Value, json};
use std::{path::Path, time::Instant};

pub(crate) const KEY: &str = "bench-key-of-forty-characters-0123456789";
const CPU_RATIO_MAX: f64 = 2.0;

/// Makes the key that opens the API's DELETE, on a plan whose rate and quota no bench reaches.
pub(crate) async fn make(management: &Management, api: &Api, key: &str) -> Result<()> {
    let plan = json!({
        "throttle": { "rateLimit": 100_000.0, "burstLimit": 100_000 },
        "quota": { "limit": 1_000_000_000, "period": "DAY" },
    });
    management.want_key(api, "DELETE", key, &plan).await
}

/// Batches of both methods in turn, in several lives.
pub(crate) async fn compare(
    deployed: &Deployed,
    counted: &Counted,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let mut numbers = 0_u64..;
    let mut events = |is_keyed: bool, count: usize| -> Result<Vec<Bytes>> {
        let method = if is_keyed { "DELETE" } else { "GET" };
        (&mut numbers)
            .take(count)
            .map(|number| {
                let event = event::function_url(method, "/group0", None, None, number);
                if !is_keyed {
                    return Ok(event);
                }
                let mut event: Value = serde_json::from_slice(&event)?;
                event["headers"]["x-api-key"] = json!(KEY);
                Ok(Bytes::from(event.to_string()))
            })
            .collect()
    };
    let (mut open, mut keyed) = (Vec::new(), Vec::new());
    let (mut open_all, mut keyed_all) = (Batch::default(), Batch::default());
    let (mut calls, mut requests, mut seconds) = (0.0, 0, 0);
    let cores = Cores::divide()?;
    for life in 1..=effort.lives {
        eprintln!("requests with a key: life {life} of {}", effort.lives);
        let mut function = deployed.start(scratch).await?;
        cores.put(function.pid()?)?;
        for is_keyed in [false, true] {
            let warming = events(is_keyed, 2 * effort.batch)?;
            function.run(warming, ANSWER.as_bytes()).await?;
        }
        for _ in 0..effort.pairs {
            for is_keyed in [false, true] {
                let batch = events(is_keyed, effort.batch)?;
                counted.take_calls();
                let began = Instant::now();
                let batch = function.run(batch, ANSWER.as_bytes()).await?;
                let mean = batch.cpu_us.iter().sum::<f64>() / batch.cpu_us.len().max(1) as f64;
                let (means, all) = if is_keyed {
                    calls += counted.take_calls().count();
                    requests += batch.cpu_us.len();
                    seconds += began.elapsed().as_secs() + 1;
                    (&mut keyed, &mut keyed_all)
                } else {
                    (&mut open, &mut open_all)
                };
                means.push(mean);
                all.cpu_us.extend(batch.cpu_us);
            }
        }
    }
    let scenario = "MOCK, API key and plan";
    report.rows.push(
        Row::new(
            scenario,
            "CPU p50",
            Unit::Microseconds,
            stats::middle(&keyed_all.cpu_us),
        )
        .beside("MOCK", stats::middle(&open_all.cpu_us))
        .ratio(Quartiles::of(&stats::pair_ratios(&keyed, &open)))
        .ratio_within(Some(CPU_RATIO_MAX)),
    );
    let requests = requests.max(1) as f64;
    // A lease lives for about a second; stage, key and plan are read again at intervals.
    let most = 2.0 * seconds as f64 + 3.0 * (seconds / REVALIDATE.as_secs() + 1) as f64;
    report.rows.push(
        Row::new(
            scenario,
            "store calls per request",
            Unit::Count,
            calls / requests,
        )
        .at_most(most / requests, "a lease each second, and re-reads"),
    );
    Ok(())
}
