//! Rate, burst and quota.

mod bucket;
mod buckets;
mod counts;
mod gcra;
mod lease;
mod limit;
mod meter;
mod settings;

pub use counts::Counts;
pub use limit::{Admission, Limit, Rate, Scope, Sharing, Standing};
pub use meter::Meter;
pub use settings::{OnFailure, Settings};
