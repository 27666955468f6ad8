//! The wire: from HTTP to typed inputs, and from outcomes to HTTP. Knows no operation.

mod answer;
mod constraints;
mod deserialize;
mod failure;
mod input;
mod request;

pub use answer::Fault;
pub(crate) use answer::{Nothing, document, failure, iso8601, seconds_of, success};
pub(crate) use constraints::{Choice, Enumerated, Violations, WHOLE_MAX, is_status_code};
pub(crate) use failure::Failure;
#[cfg(test)]
pub(crate) use failure::Kind;
pub(crate) use input::{Input, Member, Members, Part, read};
pub use request::unzipped;
pub(crate) use request::{body, query, raw, segments};
