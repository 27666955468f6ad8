//! OpenAPI 2.0 and 3.0 documents, in JSON and YAML, as definitions of REST APIs.

mod document;
mod export;
mod import;
mod merge;
mod tree;

pub use document::{Limits, Position};
pub use export::{Dialect, ExportOptions, Extensions, Format, export, exported_version};
pub use import::{
    BasePath, Error, Imported, Mentions, Options, Refusal, Warning, Words, import, warnings_message,
};
pub use merge::{Mode, merge};
