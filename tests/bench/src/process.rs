//! A program under measurement: started with exactly the environment it is given, watched from outside, and ended
//! with the bench.

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    time::{ClockId, clock_gettime},
    unistd::Pid,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A started program. Dropping it ends it.
pub(crate) struct Running {
    child: Child,
    name: String,
    log: PathBuf,
    pub(crate) started: Instant,
}

/// Reads the CPU time that a process has used, in nanoseconds, all of its threads together, ended ones too.
#[derive(Clone, Copy)]
pub(crate) struct CpuClock(ClockId);

impl Running {
    /// Starts `command` with nothing of the bench's own environment but what the caller set, its output in `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::create(log)
            .with_context(|| format!("cannot write the log `{}`", log.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}: {}", command.get_program().display()))?;
        Ok(Self {
            child,
            name: name.to_owned(),
            log: log.to_owned(),
            started,
        })
    }

    pub(crate) fn pid(&self) -> Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }

    pub(crate) fn cpu_clock(&self) -> Result<CpuClock> {
        let clock = ClockId::pid_cpu_clock_id(self.pid()?)
            .with_context(|| format!("the CPU time of {} cannot be read", self.name))?;
        Ok(CpuClock(clock))
    }

    /// Most memory ever resident, in bytes.
    pub(crate) fn memory_peak(&self) -> Result<f64> {
        self.status_bytes("VmHWM:")
    }

    /// Memory resident now, in bytes.
    pub(crate) fn memory_resident(&self) -> Result<f64> {
        self.status_bytes("VmRSS:")
    }

    fn status_bytes(&self, field: &str) -> Result<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        kibibytes_of(&status, field)
            .map(|kibibytes| kibibytes * 1024.0)
            .with_context(|| format!("{path} has no {field} line: has {} ended?", self.name))
    }

    /// Fails, with the end of its log, if the program has ended by itself.
    pub(crate) fn must_be_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "{} ended by itself ({status}); its log `{}` ends:\n{}",
                self.name,
                self.log.display(),
                self.log_end()
            );
        }
        Ok(())
    }

    /// Asks the program to end, as Ctrl-C does, and waits until it has.
    pub(crate) fn interrupt(mut self) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(5);
        kill(self.pid()?, Signal::SIGINT)?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(
                asked.elapsed() < PATIENCE,
                "{} did not end within {} s of being asked to",
                self.name,
                PATIENCE.as_secs()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl CpuClock {
    pub(crate) fn now(self) -> Result<Duration> {
        Ok(clock_gettime(self.0)
            .context("the process whose CPU time is asked for has ended")?
            .into())
    }
}

/// The number in a `Name:   123 kB` line.
fn kibibytes_of(status: &str, field: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_its_own_line() {
        let status =
            "Name:\tgateway\nVmPeak:\t  9000 kB\nVmHWM:\t    2000 kB\nVmRSS:\t    1500 kB\n";
        assert_eq!(kibibytes_of(status, "VmHWM:"), Some(2000.0));
        assert_eq!(kibibytes_of(status, "VmRSS:"), Some(1500.0));
        assert_eq!(kibibytes_of(status, "VmSwap:"), None);
        assert_eq!(kibibytes_of("VmHWM: much", "VmHWM:"), None);
    }
}
