//! What a file says of itself, with line and column, before anything is sent.

use postern_definition::rest::Definition;
use postern_openapi::{Options, Position, import};
use std::fmt::{Display, Write as _};
use std::path::Path;

/// What is known of a file whose document can be read.
pub(super) struct Checked {
    pub(super) title: String,
    pub(super) methods: usize,
    /// A line each.
    pub(super) warnings: Vec<String>,
}

/// Reads the document as an import would. The lines of a refusal name file, line and column, as compilers do.
pub(super) fn check(path: &Path, bytes: &[u8], base_path: &str) -> Result<Checked, Vec<String>> {
    let id = numbered();
    let mut options = Options::new("checked".into(), &id);
    options
        .set("basepath", base_path)
        .map_err(|error| vec![error])?;
    let imported = import(bytes, &options).map_err(|refusal| {
        let errors = refusal
            .errors
            .iter()
            .map(|error| line(path, error.at, "error", &error.path, &error.text));
        errors.collect::<Vec<_>>()
    })?;
    let Definition { api, methods, .. } = imported.definition;
    let warnings = imported.warnings.iter();
    Ok(Checked {
        title: api.name,
        methods: methods.len(),
        warnings: warnings
            .map(|warning| line(path, warning.at, "warning", &warning.path, &warning.text))
            .collect(),
    })
}

/// Ids for a definition that is looked at and thrown away.
fn numbered() -> impl Fn(usize) -> String {
    let next = std::cell::Cell::new(0_usize);
    move |_| {
        next.set(next.get() + 1);
        format!("id{}", next.get())
    }
}

fn line(path: &Path, at: Position, kind: &str, place: &str, text: impl Display) -> String {
    let mut line = format!(
        "{}:{}:{}: {kind}: {text}",
        path.display(),
        at.line,
        at.column
    );
    if !place.is_empty() {
        let _ = write!(line, " ({place})");
    }
    line
}
