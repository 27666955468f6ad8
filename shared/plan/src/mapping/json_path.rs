//! A path into a body.

use postern_template::jsonpath::Path;

/// A compiled path, with what it was written as.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: String,
    pub path: Path,
    /// A function's error message may be a document itself, and a path into it goes on inside: what remains of the path then.
    pub in_error_message: Option<Path>,
}

impl JsonPath {
    pub(super) fn compile(text: String) -> Option<Self> {
        let path = Path::compile(&text).ok()?;
        let rest = text.strip_prefix("$.errorMessage");
        let rest = rest.filter(|rest| rest.starts_with(['.', '[']));
        let in_error_message = rest.and_then(|rest| Path::compile(&format!("${rest}")).ok());
        Some(Self {
            text,
            path,
            in_error_message,
        })
    }
}

impl PartialEq for JsonPath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for JsonPath {}
