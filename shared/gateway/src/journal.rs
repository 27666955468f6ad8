//! The port for what operators read.

use std::io::Write;

/// Takes finished lines. None has a line end.
pub trait Journal: Send + Sync + 'static {
    /// One per request that reached a stage.
    fn access(&self, line: &str);
    /// One per request that reached a stage, in the embedded metric format.
    fn metrics(&self, line: &str);
    /// What an operator should know of: a request that failed by the gateway's or the owner's fault.
    fn fault(&self, line: &str);
}

/// Writes every line to standard output, from where Lambda carries it to CloudWatch Logs, which turns metrics records into
/// metrics.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardOutput;

impl Journal for StandardOutput {
    fn access(&self, line: &str) {
        print(line);
    }

    fn metrics(&self, line: &str) {
        print(line);
    }

    fn fault(&self, line: &str) {
        print(line);
    }
}

/// In one write, so that lines of requests that run at the same time stay whole. A closed output loses lines, not requests.
fn print(line: &str) {
    let mut text = String::with_capacity(line.len() + 1);
    text.push_str(line);
    text.push('\n');
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
