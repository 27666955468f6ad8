//! Mapping templates.

use crate::Defect;

/// A template, ready to run.
#[derive(Debug)]
pub struct Template {
    text: String,
}

impl Template {
    pub(crate) fn compile(text: &str, _field: impl FnOnce() -> String) -> Result<Self, Defect> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}
