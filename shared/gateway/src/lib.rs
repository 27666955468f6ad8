//! The request pipeline, from arrival to answer.

mod backend;
mod body;

pub use backend::{Backend, Call, CallError, Destination};
pub use body::{Body, BodyError, CollectError};
pub use postern_store::{Clock, SystemClock};
