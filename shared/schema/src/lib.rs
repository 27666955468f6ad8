//! JSON Schema, draft 4: compiled once, and then run over bodies without looking at the schema's text again.
//!
//! It is a crate of its own, rather than one of the public validators, for three reasons. What is wrong is told in the words,
//! the order and the depth of the library that the service uses, which no other has. Every run has a budget, so that neither a
//! schema nor a body can hold a request up. And it weighs a tenth of the others, in a function whose start is paid for.
//!
//! A body is read once into [`Instance`], a flat record that borrows from it; a valid body allocates nothing more.

mod compile;
mod documents;
mod instance;
mod message;
mod node;
mod number;
mod pattern;
mod read;
mod run;
mod uri;

pub use compile::SchemaError;
pub use documents::Documents;
pub use instance::Instance;
pub use run::Failure;

/// A compiled schema, together with all that it refers to.
#[derive(Debug)]
pub struct Schema {
    pub(crate) nodes: Vec<node::Node>,
    pub(crate) root: node::NodeId,
}
