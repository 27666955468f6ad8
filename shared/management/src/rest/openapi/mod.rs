//! OpenAPI documents in and out: what they mean is in `postern-openapi`, what becomes of it is here.

mod documentation;
mod export;
mod file;
mod import;

pub(crate) use documentation::import_parts;
pub(crate) use export::export;
pub(crate) use import::{create, put};
