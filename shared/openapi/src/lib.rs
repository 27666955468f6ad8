//! OpenAPI 2.0 and 3.0 documents, in JSON and YAML, as definitions of REST APIs, and back.
//!
//! ```text
//! bytes ─► document (a tree with positions) ─► import ─► definition, warnings ─► merge ─► definition
//! definition ─► export ─► tree ─► JSON or YAML
//! ```
//!
//! Pure: no store, no clock, no chance. Ids, times and the rules of other libraries come with the [`Options`]. What the service
//! says about a document is said in its words, with the line and column that it leaves out; what it drops in silence is told.

mod document;
mod export;
mod import;
mod merge;
mod tree;

pub use document::{Limits, Position};
pub use export::{Dialect, ExportOptions, Extensions, Format, export, exported_version};
pub use import::{
    BasePath, Error, Imported, Mentions, Options, Refusal, Warning, Words, import,
    import_documentation, warnings_message,
};
pub use merge::{Mode, merge, merge_documentation};
