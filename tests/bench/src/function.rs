//! A function as Lambda runs it: its binary, the environment it finds there, and the Runtime API it talks to.

use crate::{
    http::Acknowledge,
    process::Running,
    runtime_api::{Answer, Ready, RuntimeApi},
};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};
use nix::unistd::Pid;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// What is deployed: a binary and its settings.
#[derive(Clone)]
pub(crate) struct Deployed {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// One environment of a function, up and waiting for an event.
pub(crate) struct Function {
    api: RuntimeApi,
    process: Running,
    ready: Ready,
    pub(crate) init: Init,
}

/// What it took from `exec` until the function first asked for an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init {
    pub(crate) wall_us: f64,
    pub(crate) cpu_us: f64,
}

/// What each request of a batch took, in microseconds.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) wall_us: Vec<f64>,
    pub(crate) cpu_us: Vec<f64>,
}

impl Deployed {
    /// Under a Runtime API that acknowledges promptly, so that no wait of the kernel's hides what the function does.
    pub(crate) async fn start(&self, scratch: &Path) -> Result<Function> {
        self.start_under(Acknowledge::Promptly, scratch).await
    }

    pub(crate) async fn start_under(
        &self,
        acknowledge: Acknowledge,
        scratch: &Path,
    ) -> Result<Function> {
        let mut api = RuntimeApi::start(acknowledge).await?;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(lambda_environment())
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
        let log = scratch.join(format!("{}.log", self.name));
        let mut process = Running::start(self.name, &mut command, &log)?;
        api.watch(process.cpu_clock()?);
        let ready = match api.ready().await {
            Ok(ready) => ready,
            Err(error) => {
                process.must_be_alive()?;
                return Err(error.context(format!(
                    "{} did not start: {}",
                    self.name,
                    process.log_end()
                )));
            }
        };
        Ok(Function {
            init: Init {
                wall_us: (ready.at - process.started).as_secs_f64() * 1e6,
                cpu_us: ready.cpu.as_secs_f64() * 1e6,
            },
            api,
            process,
            ready,
        })
    }

    /// Bytes of the binary, which the release profile has stripped.
    pub(crate) fn binary_bytes(&self) -> Result<f64> {
        let metadata = std::fs::metadata(&self.binary)
            .with_context(|| format!("cannot read `{}`", self.binary.display()))?;
        Ok(metadata.len() as f64)
    }

    /// Bytes of the binary as the only entry of a zip file.
    pub(crate) fn zip_bytes(&self) -> Result<f64> {
        /// Local header, central directory entry and end record, with the name `bootstrap` twice.
        const ZIP_FRAME: usize = 30 + 46 + 22 + 2 * "bootstrap".len();
        let binary = std::fs::read(&self.binary)?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&binary)?;
        Ok((encoder.finish()?.len() + ZIP_FRAME) as f64)
    }
}

impl Function {
    /// Puts these events one after the other, each when the answer to the one before is in and right.
    pub(crate) async fn run(&mut self, events: Vec<Bytes>, expected: &[u8]) -> Result<Batch> {
        let mut batch = Batch::default();
        for event in events {
            let invoked = self.api.invoke(event).await;
            if invoked.is_err() {
                self.process.must_be_alive()?;
            }
            let (answer, ready) = invoked.with_context(|| self.process.log_end())?;
            must_be(&answer, expected)?;
            batch.wall_us.push(answer.wall.as_secs_f64() * 1e6);
            batch
                .cpu_us
                .push((ready.cpu.saturating_sub(self.ready.cpu)).as_secs_f64() * 1e6);
            self.ready = ready;
        }
        Ok(batch)
    }

    pub(crate) fn pid(&self) -> Result<Pid> {
        self.process.pid()
    }

    pub(crate) fn memory_peak(&self) -> Result<f64> {
        self.process.memory_peak()
    }
}

/// A wrong answer may well be a quick one.
fn must_be(answer: &Answer, expected: &[u8]) -> Result<()> {
    ensure!(
        answer.status == 200 && answer.body == expected,
        "the function was to answer 200 and `{}`, and answered {} and `{}`",
        String::from_utf8_lossy(expected),
        answer.status,
        String::from_utf8_lossy(&answer.body),
    );
    Ok(())
}

fn lambda_environment() -> [(&'static str, &'static str); 16] {
    [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_SESSION_TOKEN", "bench"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2025/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
        ),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
    ]
}
