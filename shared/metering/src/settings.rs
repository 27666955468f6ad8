//! What an operator may choose.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How a meter behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub on_failure: OnFailure,
    /// How far apart the clocks of two processes may be. Leases are shorter by it.
    pub skew: Duration,
    /// For how long a store that failed is left alone: without it every request of an outage would wait for its turn.
    pub pause: Duration,
    /// Limits that are kept in mind. Beyond it those that were not asked about for longest are forgotten.
    pub buckets_max: usize,
    /// What processes differ by, so that those that were refused together do not come again together.
    pub seed: u64,
}

/// What to do with a request when the store does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Let it in, as far as this process's own bucket goes. A quota is charged later, if this process lives.
    Admit,
    Refuse,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            on_failure: OnFailure::Admit,
            skew: Duration::from_millis(5),
            pause: Duration::from_secs(1),
            buckets_max: 65_536,
            seed: RandomState::new().hash_one(0),
        }
    }
}
