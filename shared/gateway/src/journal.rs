//! The port for what operators read.

use std::io::Write;

/// Takes finished lines. None has a line end.
pub trait Journal: Send + Sync + 'static {
    /// Of a request that reached a stage: its line in the stage's access-log format, and its record in the embedded metric
    /// format.
    fn request(&self, access: &str, metrics: &str);

    /// Whether the metrics record is to be made at all: without it, what is told of a request is empty.
    fn wants_metrics(&self) -> bool {
        true
    }

    /// A record in the embedded metric format of what is no request to a stage, and in no access log.
    fn metrics(&self, record: &str);
    /// The execution log of a request to a method whose settings ask for one: several lines, each with its request's id.
    fn execution(&self, lines: &str);
    /// What an operator should know of: a request that failed by the gateway's or the owner's fault.
    fn fault(&self, line: &str);
}

/// Writes every line to standard output, from where Lambda carries it to CloudWatch Logs, which turns metrics records into
/// metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardOutput;

impl Journal for StandardOutput {
    fn request(&self, access: &str, metrics: &str) {
        print(&[access, metrics]);
    }

    fn metrics(&self, record: &str) {
        print(&[record]);
    }

    fn execution(&self, lines: &str) {
        print(&[lines]);
    }

    fn fault(&self, line: &str) {
        print(&[line]);
    }
}

/// In one write, so that lines of requests that run at the same time stay whole. A closed output loses lines, not requests.
fn print(lines: &[&str]) {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
