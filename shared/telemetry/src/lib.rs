//! What Postern tells its operators: access-log lines, execution logs and metrics records. Pure formatting; whoever has a place to write them
//! writes them.

mod access_log;
mod date;
mod execution_log;
mod metrics;
mod socket_metrics;

pub use access_log::{AccessLogFormat, COMMON_LOG_FORMAT, ROUTES_LOG_FORMAT, SOCKETS_LOG_FORMAT};
pub use date::{certificate_date, clf, iso8601, java_date};
pub use execution_log::{ExecutionLog, LoggingLevel, java_headers, java_map, masked};
pub use metrics::{Measured, RequestMetrics};
pub use socket_metrics::SocketMetrics;
