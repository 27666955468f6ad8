//! The load generator: `wrk`, and what it says.

use anyhow::{Context, Result, bail};
use std::{process::Command, time::Duration};

const THREADS: u32 = 1;
pub(crate) const CONNECTIONS: u32 = 16;

/// What one run of `wrk` found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// Keeps 16 connections busy. Any answer but a good one fails the run: a wrong answer may well be a quick one.
pub(crate) async fn run(url: String, duration: Duration) -> Result<Load> {
    let wrk = tokio::task::spawn_blocking(move || {
        Command::new("wrk")
            .args(["--latency", "--timeout", "5s"])
            .arg(format!("-t{THREADS}"))
            .arg(format!("-c{CONNECTIONS}"))
            .arg(format!("-d{}s", duration.as_secs().max(1)))
            .arg(url)
            .output()
            .context("cannot run `wrk`")
    });
    let output = wrk.await??;
    let said = String::from_utf8_lossy(&output.stdout);
    parse(&said).with_context(|| {
        format!(
            "`wrk` did not measure: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

fn parse(said: &str) -> Result<Load> {
    for trouble in ["Non-2xx", "Socket errors"] {
        if let Some(line) = said.lines().find(|line| line.contains(trouble)) {
            bail!("not every request was answered well: {}", line.trim());
        }
    }
    let after = |label: &str| {
        said.lines()
            .find_map(|line| line.trim().strip_prefix(label))
            .map(str::trim)
            .with_context(|| format!("it names no `{label}`"))
    };
    let requests = said
        .lines()
        .find(|line| line.contains(" requests in "))
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .context("it does not say how many requests it made")?;
    Ok(Load {
        requests,
        per_second: after("Requests/sec:")?.parse()?,
        p50_us: microseconds(after("50%")?)?,
        p99_us: microseconds(after("99%")?)?,
    })
}

fn microseconds(said: &str) -> Result<f64> {
    for (unit, factor) in [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)] {
        if let Some(number) = said.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    bail!("`{said}` is no duration")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Running 2s test @ http://127.0.0.1:8080/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.05ms    1.30ms  21.05ms   93.50%
    Req/Sec    18.99k     2.50k   22.70k    85.00%
  Latency Distribution
     50%  750.00us
     75%    1.02ms
     90%    1.85ms
     99%    7.10ms
  37822 requests in 2.00s, 12.99MB read
Requests/sec:  18903.11
Transfer/sec:      6.49MB
";

    #[test]
    fn what_wrk_says_is_understood() {
        assert_eq!(
            parse(SAID).unwrap(),
            Load {
                requests: 37822.0,
                per_second: 18903.11,
                p50_us: 750.0,
                p99_us: 7100.0,
            }
        );
    }

    #[test]
    fn a_run_with_bad_answers_is_no_measurement() {
        for (trouble, expected) in [
            (
                "  Non-2xx or 3xx responses: 12\n",
                "Non-2xx or 3xx responses: 12",
            ),
            (
                "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
                "read 3",
            ),
        ] {
            let error = parse(&format!("{SAID}{trouble}")).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(parse("unable to connect").is_err());
    }

    #[test]
    fn durations_come_in_four_units() {
        for (said, expected) in [
            ("750.00us", 750.0),
            ("1.02ms", 1020.0),
            ("2.50s", 2_500_000.0),
            ("1.00m", 60_000_000.0),
        ] {
            assert!(
                (microseconds(said).unwrap() - expected).abs() < 1e-6,
                "{said}"
            );
        }
        assert!(microseconds("soon").is_err());
    }
}
