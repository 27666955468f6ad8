//! Part 2: the laptop program beside a bare reverse proxy and nginx, on the same jobs.

use crate::{
    load::{self, CONNECTIONS, Load},
    management::{ANSWERING, Backends, FORWARDING, Management, STAGE},
    postern::{HEALTH, Laptop, until_up},
    process::{CpuClock, Running},
    report::{Report, Row, Unit},
    stats::{self, Quartiles},
    store::free_address,
    upstream::{self, ANSWER},
};
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) starts: usize,
    pub(crate) rounds: usize,
    pub(crate) each: Duration,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        starts: 15,
        rounds: 7,
        each: Duration::from_secs(2),
    };
    pub(crate) const QUICK: Self = Self {
        starts: 2,
        rounds: 1,
        each: Duration::from_secs(1),
    };
}

pub(crate) struct Binaries {
    pub(crate) postern: PathBuf,
    pub(crate) proxy: PathBuf,
}

/// A program that does both jobs.
struct Contender {
    name: &'static str,
    cpu: CpuClock,
    proxy_url: String,
    mock_url: String,
    /// Ends the program when it is dropped.
    _process: Option<Running>,
}

/// What a contender's rounds showed.
#[derive(Default)]
struct Rounds {
    loads: Vec<Load>,
    cpu_us: Vec<f64>,
}

/// Measures start-up and idle memory, and then all contenders under load.
pub(crate) async fn compare(
    binaries: &Binaries,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    let backend = upstream::http_backend().await?;
    let data = tempfile::tempdir_in(scratch)?;
    let laptop = Laptop::embedded(&binaries.postern, data.path(), HEALTH, scratch).await?;
    let backends = Backends {
        http: backend.address,
        lambda_function: "backend",
    };
    let management = Management::at(laptop.address);
    let mut paths = Vec::new();
    for shape in [&ANSWERING, &FORWARDING] {
        let api = management
            .create(shape, backends)
            .await
            .with_context(|| format!("postern's log ends:\n{}", laptop.log_end()))?;
        paths.push(format!("/_api/{}/{STAGE}/group0", api.id));
    }
    let [mock, proxy] =
        <[String; 2]>::try_from(paths).expect("one API was made of each of two shapes");
    laptop.stop()?;

    start_up(binaries, effort, data.path(), &mock, scratch, report).await?;

    let laptop = Laptop::embedded(&binaries.postern, data.path(), &mock, scratch).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    report.rows.push(
        Row::new(
            "postern",
            "idle memory",
            Unit::Bytes,
            laptop.memory_resident()?,
        )
        .at_most(20.0 * 1024.0 * 1024.0, "≤ 20 MiB"),
    );

    let mut contenders = vec![Contender {
        name: "postern",
        cpu: laptop.cpu_clock()?,
        proxy_url: format!("http://{}{proxy}", laptop.address),
        mock_url: format!("http://{}{mock}", laptop.address),
        _process: None,
    }];
    contenders.extend(rivals(binaries, backend.address, scratch, report).await?);
    if let Some(skipped) = without_wrk() {
        report.notes.push(skipped);
        return Ok(());
    }
    under_load(&contenders, effort, report).await?;
    report.rows.push(Row::new(
        "postern",
        "memory after the load",
        Unit::Bytes,
        laptop.memory_resident()?,
    ));
    Ok(())
}

/// Puts the load on the bare proxy and nginx alone, the bare proxy as both sides: shows the noise.
pub(crate) async fn compare_bare_with_itself(
    proxy: &Path,
    effort: Effort,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    if let Some(skipped) = without_wrk() {
        report.notes.push(skipped);
        return Ok(());
    }
    let backend = upstream::http_backend().await?;
    let mut contenders = vec![bare_proxy(proxy, backend.address, scratch).await?];
    let binaries = Binaries {
        postern: PathBuf::new(),
        proxy: proxy.to_owned(),
    };
    contenders.extend(rivals(&binaries, backend.address, scratch, report).await?);
    under_load(&contenders, effort, report).await
}

async fn start_up(
    binaries: &Binaries,
    effort: Effort,
    existing: &Path,
    path: &str,
    scratch: &Path,
    report: &mut Report,
) -> Result<()> {
    eprintln!("starting postern {} times each way", effort.starts);
    let (mut fresh, mut again, mut after_kill) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.starts {
        let folder = tempfile::tempdir_in(scratch)?;
        let empty = folder.path().join("data");
        let start = async |data, path, took: &mut Vec<f64>| {
            let laptop = Laptop::embedded(&binaries.postern, data, path, scratch).await?;
            took.push(laptop.start_up.as_secs_f64() * 1e3);
            anyhow::Ok(laptop)
        };
        start(&empty, HEALTH, &mut fresh).await?.stop()?;
        // Dropped and so killed: what is started next finds what a crash has left.
        drop(start(existing, path, &mut again).await?);
        start(existing, path, &mut after_kill).await?.stop()?;
    }
    for (measure, took) in [
        ("start-up, fresh data folder", fresh),
        ("start-up, existing data folder", again),
        ("start-up, after it was killed", after_kill),
    ] {
        report.rows.push(
            Row::new("postern", measure, Unit::Milliseconds, stats::middle(&took))
                .at_most(50.0, "≤ 50 ms"),
        );
    }
    Ok(())
}

/// The programs that postern is compared with, as far as they are installed.
async fn rivals(
    binaries: &Binaries,
    backend: SocketAddr,
    scratch: &Path,
    report: &mut Report,
) -> Result<Vec<Contender>> {
    let mut rivals = vec![bare_proxy(&binaries.proxy, backend, scratch).await?];
    if is_installed("nginx", "-v") {
        rivals.push(nginx(backend, scratch).await?);
    } else {
        report
            .notes
            .push("skipped: nginx; install wrk and nginx-light".to_owned());
    }
    Ok(rivals)
}

fn without_wrk() -> Option<String> {
    (!is_installed("wrk", "-v")).then(|| "skipped: load; install wrk and nginx-light".to_owned())
}

fn is_installed(program: &str, harmless: &str) -> bool {
    // `wrk -v` prints its version and ends with 1: that it could be run is all that counts.
    Command::new(program)
        .arg(harmless)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

async fn bare_proxy(binary: &Path, backend: SocketAddr, scratch: &Path) -> Result<Contender> {
    let address = free_address()?;
    let mut command = Command::new(binary);
    command
        .args(["--listen", &address.to_string()])
        .args(["--upstream", &backend.to_string()]);
    contender("axum", &mut command, address, scratch).await
}

async fn nginx(backend: SocketAddr, scratch: &Path) -> Result<Contender> {
    let address = free_address()?;
    let folder = scratch.join("nginx");
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    std::fs::write(
        folder.join("nginx.conf"),
        nginx_configuration(address, backend),
    )?;
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(&folder)
        .args(["-c", "nginx.conf", "-e", "error.log"]);
    contender("nginx", &mut command, address, scratch).await
}

async fn contender(
    name: &'static str,
    command: &mut Command,
    address: SocketAddr,
    scratch: &Path,
) -> Result<Contender> {
    let process = Running::start(name, command, &scratch.join(format!("{name}.log")))?;
    let (process, _) = until_up(process, address, "/mock").await?;
    Ok(Contender {
        name,
        cpu: process.cpu_clock()?,
        proxy_url: format!("http://{address}/things/7"),
        mock_url: format!("http://{address}/mock"),
        _process: Some(process),
    })
}

/// One process that is its own only worker, so that its CPU time is all of nginx's.
fn nginx_configuration(listen: SocketAddr, backend: SocketAddr) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    default_type application/json;
    upstream backend {{
        server {backend};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {listen};
        location = /mock {{ return 200 '{ANSWER}'; }}
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
        }}
    }}
}}
"
    )
}

/// Loads all contenders in turn, round after round. The first is compared with each of the others.
async fn under_load(contenders: &[Contender], effort: Effort, report: &mut Report) -> Result<()> {
    for (job, url) in [
        (
            "proxy",
            (|contender| &contender.proxy_url) as fn(&Contender) -> &String,
        ),
        ("constant", |contender| &contender.mock_url),
    ] {
        let mut rounds: Vec<Rounds> = contenders.iter().map(|_| Rounds::default()).collect();
        for round in 0..=effort.rounds {
            eprintln!(
                "load, {job}: round {round} of {} (0 warms up)",
                effort.rounds
            );
            for (contender, rounds) in contenders.iter().zip(&mut rounds) {
                let before = contender.cpu.now()?;
                let load = load::run(url(contender).clone(), effort.each)
                    .await
                    .with_context(|| format!("{} on {job}", contender.name))?;
                let cpu = contender.cpu.now()?.saturating_sub(before);
                if round > 0 {
                    rounds
                        .cpu_us
                        .push(cpu.as_secs_f64() * 1e6 / load.requests.max(1.0));
                    rounds.loads.push(load);
                }
            }
        }
        report_load(job, contenders, &rounds, report);
    }
    Ok(())
}

fn report_load(job: &str, contenders: &[Contender], rounds: &[Rounds], report: &mut Report) {
    let Some((ours, theirs)) = rounds.split_first() else {
        return;
    };
    for (measure, unit, of) in [
        (
            "requests",
            Unit::PerSecond,
            (|rounds| rounds.each(|load| load.per_second)) as fn(&Rounds) -> Vec<f64>,
        ),
        ("p50", Unit::Microseconds, |rounds| {
            rounds.each(|load| load.p50_us)
        }),
        ("p99", Unit::Microseconds, |rounds| {
            rounds.each(|load| load.p99_us)
        }),
        ("CPU per request", Unit::Microseconds, |rounds| {
            rounds.cpu_us.clone()
        }),
    ] {
        for (rival, contender) in theirs.iter().zip(&contenders[1..]) {
            let (ours, theirs) = (of(ours), of(rival));
            report.rows.push(
                Row::new(
                    format!("{}: {job}, {CONNECTIONS} connections", contenders[0].name),
                    measure,
                    unit,
                    stats::middle(&ours),
                )
                .beside(contender.name, stats::middle(&theirs))
                .ratio(Quartiles::of(&stats::pair_ratios(&ours, &theirs))),
            );
        }
    }
}

impl Rounds {
    fn each(&self, of: impl Fn(&Load) -> f64) -> Vec<f64> {
        self.loads.iter().map(of).collect()
    }
}
