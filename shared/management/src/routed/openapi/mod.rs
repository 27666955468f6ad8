//! OpenAPI documents of HTTP APIs in and out: what they mean is in `postern-openapi`, what becomes of it is here.

mod export;
mod import;

pub(crate) use export::export;
pub(crate) use import::{create, put};
