//! Models as the document's schemas.

use super::Exporter;
use super::documented::parsed;
use crate::tree::{Members, Tree};
use postern_definition::rest::{Model, referenced_model};

/// Where schemas lie in a document, and how one is referred to.
pub(super) struct Schemas<'e, 'a> {
    exporter: &'e Exporter<'a>,
}

/// Where a dialect has its schemas.
pub(super) fn place(is_swagger: bool) -> &'static str {
    if is_swagger {
        "#/definitions/"
    } else {
        "#/components/schemas/"
    }
}

/// Whether a model says something that OpenAPI can repeat.
pub(super) fn is_json(model: &Model) -> bool {
    model.content_type.to_ascii_lowercase().contains("json")
}

impl<'e, 'a> Schemas<'e, 'a> {
    pub(super) fn new(exporter: &'e Exporter<'a>) -> Self {
        Self { exporter }
    }

    pub(super) fn all(&self) -> Members {
        let models = self.exporter.definition.models.iter();
        let mut schemas: Members = models
            .filter(|model| is_json(model))
            .map(|model| (model.name.clone(), self.schema(model)))
            .collect();
        schemas.sort_by(|a, b| a.0.cmp(&b.0));
        schemas
    }

    fn schema(&self, model: &Model) -> Tree {
        let schema = model.schema.as_deref().and_then(parsed);
        let mut members = match schema {
            Some(Tree::Object(members)) => self.members(members, &model.name),
            _ => Members::new(),
        };
        let is_described = members.iter().any(|(name, _)| name == "description");
        if let Some(description) = &model.description
            && !is_described
        {
            members.push(("description".to_owned(), Tree::text(description)));
        }
        Tree::Object(members)
    }

    fn members(&self, members: Members, home: &str) -> Members {
        members
            .into_iter()
            // OpenAPI's schemas have no dialect of their own.
            .filter(|(name, _)| name != "$schema")
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("$ref", Tree::Text(reference)) => Tree::Text(self.reference(reference, home)),
                    (
                        "properties" | "patternProperties" | "definitions" | "dependencies",
                        Tree::Object(inner),
                    ) => Tree::Object(
                        inner
                            .into_iter()
                            .map(|(name, schema)| (name, self.inner(schema, home)))
                            .collect(),
                    ),
                    (
                        "items"
                        | "additionalProperties"
                        | "additionalItems"
                        | "not"
                        | "allOf"
                        | "anyOf"
                        | "oneOf",
                        value,
                    ) => self.inner(value, home),
                    (_, value) => value,
                };
                (name, value)
            })
            .collect()
    }

    fn inner(&self, value: Tree, home: &str) -> Tree {
        match value {
            Tree::Object(members) => Tree::Object(self.members(members, home)),
            Tree::List(items) => Tree::List(
                items
                    .into_iter()
                    .map(|item| self.inner(item, home))
                    .collect(),
            ),
            other => other,
        }
    }

    fn reference(&self, reference: String, home: &str) -> String {
        let place = place(self.exporter.is_swagger);
        if let Some((_, name)) = referenced_model(&reference) {
            return format!("{place}{name}");
        }
        match reference.strip_prefix('#') {
            Some(pointer) => format!("{place}{home}{pointer}"),
            None => reference,
        }
    }
}
