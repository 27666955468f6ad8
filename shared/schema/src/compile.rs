//! From documents to nodes.

use crate::documents::Documents;
use crate::instance::Instance;
use crate::node::{Check, Dependency, Exclusive, Node, NodeId, Types};
use crate::number::Number;
use crate::pattern::Pattern;
use crate::{Schema, uri};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    #[error("there is no document `{0}`")]
    Missing(String),
    #[error("`{keyword}` is not {expected}")]
    Malformed {
        keyword: String,
        expected: &'static str,
    },
    #[error("`$ref` names `{0}`, which is not there")]
    Unresolved(String),
    #[error("`$ref` `{0}` leads back to itself")]
    Circular(String),
    #[error("the pattern `{pattern}` cannot be used: {reason}")]
    Pattern { pattern: String, reason: String },
    #[error("it has more than {NODES_MAX} parts")]
    TooLarge,
}

/// Schemas within schemas, in all documents that are reached.
const NODES_MAX: usize = 100_000;

impl Schema {
    /// Compiles one of the documents, and what it refers to in them all.
    pub fn compile(uri: &str, documents: &Documents) -> Result<Self, SchemaError> {
        let draft_4 = documents.with_draft_4_where_named();
        let mut compiler = Compiler::default();
        let all = documents.iter().chain(draft_4.as_ref().map(|d| ("", d)));
        for (uri, document) in all {
            compiler.index(document, uri);
        }
        // Again, so that no document can take another's place with an `id`.
        for (uri, document) in documents.iter() {
            let place = Place {
                value: document,
                base: base_within(document, uri),
            };
            compiler.ids.insert(uri.to_owned(), place);
        }
        let root = compiler
            .ids
            .get(uri)
            .cloned()
            .ok_or_else(|| SchemaError::Missing(uri.to_owned()))?;
        let root = compiler.node(root)?;
        Ok(Self {
            nodes: compiler.nodes,
            root,
        })
    }
}

/// A schema within a document, and against what its references are resolved.
#[derive(Clone, Debug)]
struct Place<'d> {
    value: &'d Value,
    base: String,
}

#[derive(Default)]
struct Compiler<'d> {
    /// What URIs name.
    ids: HashMap<String, Place<'d>>,
    nodes: Vec<Node>,
    /// By the address of the schema, which does not move while it is compiled.
    known: HashMap<*const Value, NodeId>,
}

/// Keywords that hold a schema, or a list of them.
const SCHEMAS: [&str; 7] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "items",
    "not",
    "oneOf",
];
/// Keywords that hold schemas by name.
const NAMED_SCHEMAS: [&str; 4] = [
    "definitions",
    "dependencies",
    "patternProperties",
    "properties",
];

fn base_within(schema: &Value, base: &str) -> String {
    match schema.get("id").and_then(Value::as_str) {
        Some(id) if reference(schema).is_none() => uri::split(&uri::join(base, id)).0.to_owned(),
        _ => base.to_owned(),
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)
}

impl<'d> Compiler<'d> {
    /// Notes every schema that has an `id`. Depth is bounded by the reader of JSON.
    fn index(&mut self, schema: &'d Value, base: &str) {
        let Some(members) = schema.as_object() else {
            return;
        };
        if reference(schema).is_some() {
            return;
        }
        let within = base_within(schema, base);
        if let Some(id) = members.get("id").and_then(Value::as_str) {
            self.ids.entry(uri::join(base, id)).or_insert(Place {
                value: schema,
                base: within.clone(),
            });
        }
        for keyword in SCHEMAS {
            match members.get(keyword) {
                Some(Value::Array(schemas)) => {
                    for schema in schemas {
                        self.index(schema, &within);
                    }
                }
                Some(schema) => self.index(schema, &within),
                None => {}
            }
        }
        for keyword in NAMED_SCHEMAS {
            for (_, schema) in members
                .get(keyword)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                self.index(schema, &within);
            }
        }
    }

    fn resolve(&self, base: &str, reference: &str) -> Result<Place<'d>, SchemaError> {
        let unresolved = || SchemaError::Unresolved(reference.to_owned());
        let whole = uri::join(base, reference);
        if let Some(place) = self.ids.get(&whole) {
            return Ok(place.clone());
        }
        let (document, fragment) = uri::split(&whole);
        let mut place = self.ids.get(document).cloned().ok_or_else(unresolved)?;
        let fragment = percent_decode_str(fragment).decode_utf8_lossy();
        let Some(pointer) = fragment.strip_prefix('/') else {
            return if fragment.is_empty() {
                Ok(place)
            } else {
                Err(unresolved())
            };
        };
        for token in pointer.split('/') {
            let token = token.replace("~1", "/").replace("~0", "~");
            let value = match place.value {
                Value::Object(members) => members.get(&token),
                Value::Array(items) => token.parse().ok().and_then(|at: usize| items.get(at)),
                _ => None,
            };
            place.value = value.ok_or_else(unresolved)?;
            place.base = base_within(place.value, &place.base);
        }
        Ok(place)
    }

    /// The node of a schema, which may refer to itself.
    fn node(&mut self, mut place: Place<'d>) -> Result<NodeId, SchemaError> {
        let mut followed = 0;
        while let Some(reference) = reference(place.value) {
            place = self.resolve(&place.base, reference)?;
            followed += 1;
            if followed > 100 {
                return Err(SchemaError::Circular(reference.to_owned()));
            }
        }
        let known = std::ptr::from_ref(place.value);
        if let Some(node) = self.known.get(&known) {
            return Ok(*node);
        }
        if self.nodes.len() >= NODES_MAX {
            return Err(SchemaError::TooLarge);
        }
        let id = self.nodes.len();
        self.nodes.push(Node::default());
        self.known.insert(known, id);
        let node = match place.value {
            Value::Object(members) => self.compile(members, &place.base)?,
            _ => return Err(malformed("schema", "an object")),
        };
        self.nodes[id] = node;
        Ok(id)
    }

    fn within(&mut self, schema: &'d Value, base: &str) -> Result<NodeId, SchemaError> {
        let base = base_within(schema, base);
        self.node(Place {
            value: schema,
            base,
        })
    }

    fn all_within(
        &mut self,
        keyword: &str,
        schemas: &'d Value,
        base: &str,
    ) -> Result<Vec<NodeId>, SchemaError> {
        let schemas = schemas
            .as_array()
            .ok_or_else(|| malformed(keyword, "a list of schemas"))?;
        schemas
            .iter()
            .map(|schema| self.within(schema, base))
            .collect()
    }

    fn named_within(
        &mut self,
        keyword: &str,
        schemas: &'d Value,
        base: &str,
    ) -> Result<Vec<(&'d String, NodeId)>, SchemaError> {
        let schemas = schemas
            .as_object()
            .ok_or_else(|| malformed(keyword, "an object of schemas"))?;
        schemas
            .iter()
            .map(|(name, schema)| Ok((name, self.within(schema, base)?)))
            .collect()
    }

    fn compile(
        &mut self,
        members: &'d Map<String, Value>,
        base: &str,
    ) -> Result<Node, SchemaError> {
        let mut node = Node::default();
        for keyword in ORDER {
            if let Some(value) = members.get(keyword) {
                node.checks
                    .extend(self.check(keyword, value, members, base)?);
            }
        }
        if let Some(schemas) = members.get("properties") {
            node.properties = self
                .named_within("properties", schemas, base)?
                .into_iter()
                .map(|(name, node)| (name.clone(), node))
                .collect();
            node.properties.sort();
            node.order = (0..node.properties.len()).map(AtomicUsize::new).collect();
        }
        if let Some(schemas) = members.get("patternProperties") {
            for (text, schema) in self.named_within("patternProperties", schemas, base)? {
                node.patterns.push((pattern(text)?, schema));
            }
        }
        node.closed = members.get("additionalProperties") == Some(&Value::Bool(false));
        if let Some(schema @ Value::Object(_)) = members.get("additionalProperties") {
            node.other_properties = Some(self.within(schema, base)?);
        }
        match members.get("items") {
            Some(schemas @ Value::Array(_)) => {
                node.items = self.all_within("items", schemas, base)?;
                if let Some(schema @ Value::Object(_)) = members.get("additionalItems") {
                    node.other_items = Some(self.within(schema, base)?);
                }
            }
            Some(schema) => node.other_items = Some(self.within(schema, base)?),
            None => {}
        }
        Ok(node)
    }

    fn check(
        &mut self,
        keyword: &str,
        value: &'d Value,
        members: &'d Map<String, Value>,
        base: &str,
    ) -> Result<Option<Check>, SchemaError> {
        let is = |keyword| Exclusive(members.get(keyword) == Some(&Value::Bool(true)));
        Ok(Some(match keyword {
            "type" => Check::Type(types(value)?),
            "enum" => {
                let values = value
                    .as_array()
                    .ok_or_else(|| malformed(keyword, "a list of values"))?;
                Check::Enum(values.iter().map(Instance::of).collect())
            }
            "required" => {
                let mut names = texts(keyword, value)?;
                names.sort();
                names.dedup();
                Check::Required(names)
            }
            "minProperties" => Check::MinProperties(count(keyword, value)?),
            "maxProperties" => Check::MaxProperties(count(keyword, value)?),
            "minItems" => Check::MinItems(count(keyword, value)?),
            "maxItems" => Check::MaxItems(count(keyword, value)?),
            "minLength" => Check::MinLength(count(keyword, value)?),
            "maxLength" => Check::MaxLength(count(keyword, value)?),
            "minimum" => Check::Minimum(number(keyword, value)?, is("exclusiveMinimum")),
            "maximum" => Check::Maximum(number(keyword, value)?, is("exclusiveMaximum")),
            "multipleOf" => Check::MultipleOf(number(keyword, value)?),
            "pattern" => Check::Pattern(pattern(
                value.as_str().ok_or_else(|| malformed(keyword, "a text"))?,
            )?),
            "additionalProperties" => match value {
                Value::Bool(false) => Check::Closed,
                Value::Bool(true) | Value::Object(_) => return Ok(None),
                _ => return Err(malformed(keyword, "a schema or a boolean")),
            },
            "additionalItems" => match value {
                Value::Bool(false) if members.get("items").is_some_and(Value::is_array) => {
                    Check::AdditionalItems
                }
                Value::Bool(_) | Value::Object(_) => return Ok(None),
                _ => return Err(malformed(keyword, "a schema or a boolean")),
            },
            "uniqueItems" => match value {
                Value::Bool(true) => Check::UniqueItems,
                Value::Bool(false) => return Ok(None),
                _ => return Err(malformed(keyword, "a boolean")),
            },
            "dependencies" => {
                let dependencies = value
                    .as_object()
                    .ok_or_else(|| malformed(keyword, "an object"))?;
                let mut all = Vec::with_capacity(dependencies.len());
                for (name, value) in dependencies {
                    let dependency = if value.is_array() {
                        let mut names = texts(keyword, value)?;
                        names.sort();
                        Dependency::Names(names)
                    } else {
                        Dependency::Schema(self.within(value, base)?)
                    };
                    all.push((name.clone(), dependency));
                }
                Check::Dependencies(all)
            }
            "allOf" => Check::AllOf(self.all_within(keyword, value, base)?),
            "anyOf" => Check::AnyOf(self.all_within(keyword, value, base)?),
            "oneOf" => Check::OneOf(self.all_within(keyword, value, base)?),
            "not" => Check::Not(self.within(value, base)?),
            _ => return Ok(None),
        }))
    }
}

/// The order in which failures of one schema are told. That `required` comes before `additionalProperties` is recorded; the rest
/// is ours.
const ORDER: [&str; 21] = [
    "type",
    "enum",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
    "dependencies",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
];

fn malformed(keyword: &str, expected: &'static str) -> SchemaError {
    SchemaError::Malformed {
        keyword: keyword.to_owned(),
        expected,
    }
}

fn types(value: &Value) -> Result<Types, SchemaError> {
    let names = match value {
        Value::String(name) => vec![name.clone()],
        value => texts("type", value)?,
    };
    names
        .iter()
        .try_fold(Types::default(), |types, name| types.with(name))
        .ok_or_else(|| malformed("type", "one of the seven types"))
}

fn texts(keyword: &str, value: &Value) -> Result<Vec<String>, SchemaError> {
    let expected = || malformed(keyword, "a list of texts");
    let items = value.as_array().ok_or_else(expected)?;
    items
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or_else(expected))
        .collect()
}

fn count(keyword: &str, value: &Value) -> Result<u64, SchemaError> {
    let whole = value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0);
    value
        .as_u64()
        .or(whole.map(|n| n as u64))
        .ok_or_else(|| malformed(keyword, "a whole number that is not negative"))
}

fn number(keyword: &str, value: &Value) -> Result<Number, SchemaError> {
    match value {
        Value::Number(number) => Ok(Number::of(number)),
        _ => Err(malformed(keyword, "a number")),
    }
}

fn pattern(text: &str) -> Result<Pattern, SchemaError> {
    Pattern::compile(text).map_err(|reason| SchemaError::Pattern {
        pattern: text.to_owned(),
        reason,
    })
}
