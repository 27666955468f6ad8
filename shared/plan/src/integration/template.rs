//! Mapping templates.

use crate::Defect;
use postern_template::Template;

/// Compiles a template. The defect says where in it something is wrong.
pub(super) fn compile(text: &str, field: impl FnOnce() -> String) -> Result<Template, Defect> {
    let field = field();
    Template::parse(&field, text).map_err(|error| {
        let reason = format!(
            "line {}, column {}: {}",
            error.line, error.column, error.what
        );
        Defect::invalid(field, reason)
    })
}
