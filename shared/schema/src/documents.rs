//! The documents that a schema may refer to: those it was given, and the description of draft 4 itself. Nothing is ever fetched.

use serde_json::Value;
use std::collections::BTreeMap;

/// By URI.
#[derive(Debug, Default)]
pub struct Documents(BTreeMap<String, Value>);

const DRAFT_4: &str = include_str!("draft4.json");
const DRAFT_4_URI: &str = "http://json-schema.org/draft-04/schema";

impl Documents {
    pub fn add(&mut self, uri: &str, document: Value) {
        let uri = uri.strip_suffix('#').unwrap_or(uri);
        self.0.insert(uri.to_owned(), document);
    }

    /// Adds the description of draft 4 where one of the documents refers to it: few do.
    pub(crate) fn with_draft_4_where_named(&self) -> Option<Value> {
        let named = self.0.values().any(refers_to_draft_4);
        named.then(|| serde_json::from_str(DRAFT_4).expect("the description of draft 4 is JSON"))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0
            .iter()
            .map(|(uri, document)| (uri.as_str(), document))
    }
}

fn refers_to_draft_4(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let is_reference = name == "$ref"
                && value
                    .as_str()
                    .is_some_and(|reference| reference.starts_with(DRAFT_4_URI));
            is_reference || refers_to_draft_4(value)
        }),
        Value::Array(items) => items.iter().any(refers_to_draft_4),
        _ => false,
    }
}
