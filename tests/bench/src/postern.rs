//! The laptop program under measurement: how it is started, and when it is up.

use crate::{
    process::{CpuClock, Running},
    store,
};
use anyhow::{Context, Result, ensure};
use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const HEALTH: &str = "/_postern/health";
const START_PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries to connect: well below what is to be told apart.
const TRY_AGAIN: Duration = Duration::from_micros(200);

/// A running `postern`, up and answering.
pub(crate) struct Laptop {
    pub(crate) address: SocketAddr,
    process: Running,
    /// From `exec` until the first request was answered.
    pub(crate) start_up: Duration,
}

/// The large API has more resources than AWS lets one have, and more is asked of it than AWS lets an account be.
const LIMITS: [&str; 4] = [
    "--limits",
    "resources_per_api=none",
    "--account-throttle",
    "none",
];

impl Laptop {
    /// On its embedded store in `data`, up once it answers `path` with 200.
    pub(crate) async fn embedded(
        binary: &Path,
        data: &Path,
        path: &str,
        scratch: &Path,
    ) -> Result<Self> {
        let mut command = with_credentials(binary);
        command.arg("dev").args(LIMITS).arg("--data").arg(data);
        Self::start(command, path, scratch).await
    }

    /// On the store that the functions use, whose tables are made first.
    pub(crate) async fn on_dynamodb(
        binary: &Path,
        store: SocketAddr,
        tables: &str,
        scratch: &Path,
    ) -> Result<Self> {
        let store = format!("http://{store}");
        let mut command = with_credentials(binary);
        command.args(["tables", "create", "--tables", tables]);
        command.args(["--endpoint-url", &store]);
        // The store is reached through this very thread, so it must not be what waits.
        let made = tokio::task::spawn_blocking(move || command.output()).await??;
        ensure!(
            made.status.success(),
            "`postern tables create` failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let mut command = with_credentials(binary);
        command
            .arg("dev")
            .args(LIMITS)
            .args(["--store", "dynamodb", "--tables", tables])
            .env("AWS_ENDPOINT_URL_DYNAMODB", store);
        Self::start(command, HEALTH, scratch).await
    }

    async fn start(mut command: Command, path: &str, scratch: &Path) -> Result<Self> {
        let address = store::free_address()?;
        command
            .arg("--listen")
            .arg(address.to_string())
            .current_dir(scratch);
        let process = Running::start("postern", &mut command, &scratch.join("postern.log"))?;
        let (process, start_up) = until_up(process, address, path).await?;
        Ok(Self {
            address,
            process,
            start_up,
        })
    }

    pub(crate) fn log_end(&self) -> String {
        self.process.log_end()
    }

    pub(crate) fn memory_resident(&self) -> Result<f64> {
        self.process.memory_resident()
    }

    pub(crate) fn cpu_clock(&self) -> Result<CpuClock> {
        self.process.cpu_clock()
    }

    /// Ends it as its user does, so that its data folder is left as after any day's work.
    pub(crate) fn stop(self) -> Result<()> {
        self.process.interrupt()
    }
}

fn with_credentials(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        );
    command
}

/// Waits until the program answers `path` with 200. Returns it with the time from its start until then.
pub(crate) async fn until_up(
    mut process: Running,
    address: SocketAddr,
    path: &str,
) -> Result<(Running, Duration)> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let answer = exchange(&mut stream, &request).await.unwrap_or_default();
            let answered = Instant::now();
            if answer.starts_with("HTTP/1.1 200") {
                let start_up = answered - process.started;
                return Ok((process, start_up));
            }
        }
        process.must_be_alive()?;
        ensure!(
            process.started.elapsed() < START_PATIENCE,
            "the program at {address} did not answer {path} with 200 within {} s; its log ends:\n{}",
            START_PATIENCE.as_secs(),
            process.log_end()
        );
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

async fn exchange(stream: &mut TcpStream, request: &str) -> Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .await
        .context("the answer broke off")?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
