//! Parameter mappings: where a value comes from, and what it goes into.

mod changes;
mod expression;
mod json_path;
mod request;
mod source;
mod text;
mod uri;

pub use changes::{Action, Change, Changes, RequestChanges, ResponseChanges};
pub use expression::{Expression, Variable};
pub use json_path::JsonPath;
pub use request::RequestMapping;
pub use source::{BodyPath, Source};
pub use text::TextTemplate;
pub use uri::UriTemplate;
