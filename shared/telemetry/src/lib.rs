//! What Postern tells its operators: access-log lines and metrics records. Pure formatting; whoever has a place to write them
//! writes them.

mod access_log;
mod date;
mod metrics;

pub use access_log::{AccessLogFormat, COMMON_LOG_FORMAT};
pub use date::clf;
pub use metrics::RequestMetrics;
