//! OpenAPI documents, in JSON and YAML, as definitions of APIs, and back: 2.0 and 3.0 as REST APIs, 3.0 as HTTP APIs.
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
mod validation;

pub use document::{Limits, Position};
pub use export::{
    Dialect, ExportOptions, Extensions, Format, HttpExportOptions, export, export_http,
    exported_http_version, exported_version,
};
pub use import::{
    BasePath, Error, HttpImported, HttpRules, Imported, Mentions, Options, Refusal, Warning, Words,
    import, import_documentation, import_http, warnings_message,
};
pub use merge::{Mode, merge, merge_documentation};
