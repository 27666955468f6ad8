//! How long connections live and how long messages are: AWS's numbers unless said otherwise. A holder that knows them too closes
//! sockets to the second; for one that does not, they are kept here.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub message_bytes_max: usize,
    /// How long a connection may be without a message in either direction. Pings keep nothing alive.
    pub idle: Duration,
    pub life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 128 << 10,
            idle: Duration::from_mins(10),
            life: Duration::from_hours(2),
        }
    }
}
