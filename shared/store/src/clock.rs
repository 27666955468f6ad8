//! The port for time. It lives beside the store because expiry is the first thing that needs it.

use std::time::{Duration, SystemTime};

/// Tells the time. Everything that reads a clock takes one of these, so that no test waits.
pub trait Clock: Send + Sync + 'static {
    /// Since 1970.
    fn now(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the machine's clock"
        )]
        let now = SystemTime::now();
        now.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
    }
}
