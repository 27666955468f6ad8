//! What Lambda hands to Postern's functions, and what it takes back: the only place that knows the JSON of events, and the Runtime
//! API by which they come. And the variables that functions which answer for APIs have in common.
//!
//! Events are read here rather than by `lambda_http`, because a gateway needs what was sent: that crate passes every path
//! through a URL parser, which resolves dot segments and panics where a path is no URL, decodes the query strings of load
//! balancers, and keeps of a repeated header one line.

mod answer;
mod event;
mod front;
mod runtime;
mod settings;
mod sockets;

pub use answer::{refused, streamed, whole};
pub use event::{Event, EventError};
pub use front::Trust;
pub use runtime::{Failure, Reply, RuntimeError, run};
pub use settings::Variables;
