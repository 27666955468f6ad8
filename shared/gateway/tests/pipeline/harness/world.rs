//! What a gateway has around it in a test: a clock that stands, and a journal that keeps every line.

use postern_gateway::{Clock, Journal};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that stands until it is moved.
pub(crate) struct Stopped(AtomicU64);

impl Stopped {
    pub(crate) fn at(seconds: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seconds * 1_000)))
    }

    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }
}

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Keeps every line.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) access: Mutex<Vec<String>>,
    pub(crate) metrics: Mutex<Vec<Value>>,
    pub(crate) faults: Mutex<Vec<String>>,
    pub(crate) executions: Mutex<Vec<String>>,
}

impl Journal for Kept {
    fn request(&self, access: &str, metrics: &str) {
        self.access.lock().unwrap().push(access.to_owned());
        self.metrics(metrics);
    }

    fn metrics(&self, record: &str) {
        let record = serde_json::from_str(record).unwrap();
        self.metrics.lock().unwrap().push(record);
    }

    fn execution(&self, lines: &str) {
        self.executions.lock().unwrap().push(lines.to_owned());
    }

    fn fault(&self, line: &str) {
        self.faults.lock().unwrap().push(line.to_owned());
    }
}
