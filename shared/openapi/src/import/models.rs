//! Models: the schemas that a document names, and those that stand where a name is needed.

use super::Importer;
use super::reference::local;
use crate::document::{Kind, Node};
use crate::tree::{Members, Tree};
use postern_definition::rest::{MODEL_REFERENCE_PREFIX, Model, referenced_model};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// What schemas without a name are called: this and an id.
const GENERATED: &str = "MODEL";

#[derive(Default)]
pub(super) struct Models<'a> {
    /// Names of the document that a model may have.
    declared: HashSet<String>,
    /// Names for schemas without one.
    generated: RefCell<HashMap<u32, String>>,
    pending: RefCell<Vec<(String, Node<'a>)>>,
    done: RefCell<Vec<Model>>,
}

impl<'a> Importer<'a> {
    /// Makes a model of each schema that the document names.
    pub(super) fn declare_models(&mut self) {
        let Some(schemas) = self.schemas() else {
            return;
        };
        for (name, schema) in schemas.members() {
            schema.used();
            if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
                self.models.declared.insert(name.to_owned());
                self.models
                    .pending
                    .get_mut()
                    .push((name.to_owned(), schema));
            } else {
                schema.whole();
                self.report
                    .error(schema, format!("Model name must be alphanumeric: {name}"));
            }
        }
    }

    /// Where a document names its schemas.
    fn schemas(&self) -> Option<Node<'a>> {
        if self.is_swagger {
            return self.object(self.root, "definitions");
        }
        self.object(self.object(self.root, "components")?, "schemas")
    }

    /// Writes the models whose schemas were met, and those that these refer to.
    pub(super) fn write_models(&self) -> Vec<Model> {
        loop {
            let pending = std::mem::take(&mut *self.models.pending.borrow_mut());
            if pending.is_empty() {
                break;
            }
            for (name, schema) in pending {
                self.write_model(name, schema);
            }
        }
        self.models.done.take()
    }

    fn write_model(&self, name: String, schema: Node<'a>) {
        if schema.kind() != Kind::Object {
            self.report.error(
                schema,
                "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
            );
            return;
        }
        let is_declared = self.models.declared.contains(&name);
        let description = schema
            .peek("description")
            .and_then(Node::text)
            .filter(|text| !text.is_empty() && is_declared);
        if let Some(description) = description {
            self.document_model(&name, description);
        }
        let text = self.schema(schema, schema).to_json();
        schema.whole();
        self.models.done.borrow_mut().push(Model {
            id: (self.options.id)(6),
            name,
            description: description.map(str::to_owned),
            schema: Some(text),
            content_type: "application/json".to_owned(),
        });
    }

    /// The model that a body's schema names, or one that is made for it.
    pub(super) fn model_name(&self, schema: Node<'a>) -> Option<String> {
        if schema.kind() == Kind::Null {
            self.report
                .error(schema, "Invalid model name specified: null");
            return None;
        }
        match schema.get("$ref") {
            Some(reference) => self.referenced(reference),
            None => Some(self.generated(schema)),
        }
    }

    fn generated(&self, schema: Node<'a>) -> String {
        let mut generated = self.models.generated.borrow_mut();
        let name = generated.entry(schema.id()).or_insert_with(|| {
            let name = format!("{GENERATED}{}", (self.options.id)(6));
            let mut pending = self.models.pending.borrow_mut();
            pending.push((name.clone(), schema));
            name
        });
        name.clone()
    }

    /// The model that a reference names.
    fn referenced(&self, reference: Node<'a>) -> Option<String> {
        let text = reference.text().unwrap_or_default();
        let name = if let Some(pointer) = local(text) {
            let prefix = if self.is_swagger {
                "/definitions/"
            } else {
                "/components/schemas/"
            };
            let named = pointer
                .strip_prefix(prefix)
                .filter(|name| !name.contains('/'));
            let Some(name) = named else {
                // A schema somewhere in the document: it needs a name too.
                return self.target(reference).map(|schema| self.generated(schema));
            };
            if reference.root().pointer(&pointer).is_none() {
                self.missing(reference, text);
                return None;
            }
            name.replace("~1", "/").replace("~0", "~")
        } else if let Some((_, name)) = referenced_model(text) {
            // The service's own form, as its models have it.
            name.to_owned()
        } else {
            // Says what is wrong with it.
            self.target(reference);
            return None;
        };
        if self.models.declared.contains(&name) {
            return Some(name);
        }
        self.report.warn(
            reference,
            format!("Reference to model '{name}' not found. Ignoring."),
        );
        None
    }

    /// A schema with its references in the form that models have. `home` is the schema of the model that it is part of.
    fn schema(&self, schema: Node<'a>, home: Node<'a>) -> Tree {
        if schema.kind() != Kind::Object {
            return Tree::of(schema);
        }
        let mut members = Members::new();
        for (name, member) in schema.members() {
            let written = match name {
                "$ref" => self.model_reference(member, home),
                "properties" | "patternProperties" | "definitions" | "dependencies"
                    if member.kind() == Kind::Object =>
                {
                    let inner = member
                        .members()
                        .map(|(name, inner)| (name.to_owned(), self.schema(inner, home)));
                    Tree::Object(inner.collect())
                }
                "items"
                | "additionalProperties"
                | "additionalItems"
                | "not"
                | "allOf"
                | "anyOf"
                | "oneOf" => self.schemas_in(member, home),
                "nullable" | "discriminator" => {
                    self.report.note(
                        member,
                        format!("`{name}` is kept in the model, but bodies are not checked by it"),
                    );
                    Tree::of(member)
                }
                _ => Tree::of(member),
            };
            members.push((name.to_owned(), written));
        }
        Tree::Object(members)
    }

    fn schemas_in(&self, node: Node<'a>, home: Node<'a>) -> Tree {
        if node.kind() == Kind::List {
            return Tree::List(node.items().map(|item| self.schema(item, home)).collect());
        }
        self.schema(node, home)
    }

    fn model_reference(&self, reference: Node<'a>, home: Node<'a>) -> Tree {
        let text = reference.text().unwrap_or_default();
        // A place within the model's own schema stays one: the model has it with it.
        if let Some(pointer) = local(text)
            && let Some(target) = reference.root().pointer(&pointer)
            && target.id() != home.id()
            && let Some(inner) = below(target, home)
        {
            return Tree::Text(format!("#{inner}"));
        }
        match self.referenced(reference) {
            Some(name) => Tree::Text(format!(
                "{MODEL_REFERENCE_PREFIX}{}/models/{name}",
                self.options.api_id
            )),
            None => Tree::of(reference),
        }
    }
}

/// The JSON pointer from one place to another below it.
fn below(target: Node<'_>, home: Node<'_>) -> Option<String> {
    let mut steps = Vec::new();
    let mut node = target;
    while node.id() != home.id() {
        steps.push(node.name().replace('~', "~0").replace('/', "~1"));
        node = node.parent()?;
    }
    steps.reverse();
    Some(steps.iter().map(|step| format!("/{step}")).collect())
}
