//! A deployment compiled for execution: the snapshot that is stored, the router, and one plan per method.

mod defect;
mod layout;
mod snapshot;

pub use defect::Defect;
pub use layout::{api_partition, stage_key, stage_sort_prefix};
pub use snapshot::Snapshot;
