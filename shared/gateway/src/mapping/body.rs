//! A body as mappings read it: text, and JSON once something asks for a part of it.

use super::json_path;
use postern_plan::BodyPath;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A body that begins as JSON does and does not go on so.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is malformed JSON")]
pub struct MalformedBody;

/// A body, parsed when first asked for a part.
pub(crate) struct BodyText<'b> {
    text: Cow<'b, str>,
    parsed: OnceLock<Result<Value, MalformedBody>>,
}

impl<'b> BodyText<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self {
            text: String::from_utf8_lossy(bytes),
            parsed: OnceLock::new(),
        }
    }

    /// For what has no body to read from.
    pub(crate) fn none() -> Self {
        Self::new(b"")
    }

    /// An empty body reads as an empty object.
    fn whole(&self) -> &str {
        if self.text.is_empty() {
            "{}"
        } else {
            &self.text
        }
    }

    pub(super) fn part<'v>(
        &'v self,
        path: &BodyPath,
    ) -> Result<Option<Cow<'v, str>>, MalformedBody> {
        match path {
            BodyPath::Whole => Ok(Some(Cow::Borrowed(self.whole()))),
            BodyPath::Part(path) => {
                let found = json_path::find(path, self.json()?);
                Ok(found.and_then(|value| text_of(&value)).map(Cow::Owned))
            }
        }
    }

    fn json(&self) -> Result<&Value, MalformedBody> {
        let parse = || {
            let text = self.whole();
            // Anything else is no JSON document, and has no parts.
            if !text.trim_start().starts_with(['{', '[', '"', '\'']) {
                return Ok(Value::Null);
            }
            serde_json::from_str(text).map_err(|_| MalformedBody)
        };
        match self.parsed.get_or_init(parse) {
            Ok(value) => Ok(value),
            Err(MalformedBody) => Err(MalformedBody),
        }
    }
}

/// Text as it is, anything else as JSON. Null is nothing.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}
