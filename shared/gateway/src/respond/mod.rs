//! What the client gets: of an integration's answer, and of a rejection.

mod mapped;
mod pack;
mod rejected;

pub(crate) use mapped::{Answered, joined, to_answer};
pub(crate) use pack::pack;
pub(crate) use rejected::Rejected;
