//! Tries the parsers of what comes from outside with inputs that nobody would write.

pub mod corpus;
pub mod grammar;
pub mod mutate;
pub mod random;
pub mod session;
pub mod targets;
pub mod worker;
mod world;
