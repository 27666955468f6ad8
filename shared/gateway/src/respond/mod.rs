//! What the client gets: of an integration's answer, and of a rejection.

mod mapped;
mod rejected;

pub(crate) use mapped::{Answered, to_answer};
pub(crate) use rejected::Rejected;
