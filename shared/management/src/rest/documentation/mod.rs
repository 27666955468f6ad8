//! What is said about an API: parts, each about one thing, and versions, each a state of all parts.

mod frozen;
pub(crate) mod parts;
pub(crate) mod versions;
