//! A JSON or YAML text as a tree that remembers where everything stood and what of it was used.
//!
//! JSON is read by a reader of our own: it is the form of most large documents, and reading it as YAML would be slower and would
//! trip over JSON's escapes for characters outside the basic plane. YAML is read with `saphyr-parser`: pure Rust without unsafe
//! code, kept by the people who keep the YAML libraries of the field alive, measured against the YAML test suite, and a stream of
//! events with positions, so that aliases are expanded here, under limits, and not before we can say no. The serde-based readers
//! lose positions and duplicate keys; the tree-building ones expand aliases without a bound.
//!
//! Nodes lie in one vector and name their parents, so that a path is only spelled out where a message needs it. Each node notes
//! whether it was looked at: what nobody looked at is what an import ignores, and is reported without anyone having to keep a list.

mod build;
mod json;
mod node;
mod scalar;
mod unused;
mod yaml;

pub(crate) use node::{Kind, Node};
pub(crate) use unused::unused;

use indexmap::IndexMap;
use std::cell::Cell;
use std::fmt;

/// How much a document may ask of us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub bytes_max: usize,
    /// Levels of objects and lists.
    pub depth_max: usize,
    /// Objects, lists and scalars, after aliases were expanded.
    pub nodes_max: usize,
    /// Members that an import looks at, references followed: they let a small document stand for a huge one, such as one response
    /// with very many headers, to which very many operations refer.
    pub looks_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: 6 * 1024 * 1024,
            depth_max: 128,
            nodes_max: 1_000_000,
            looks_max: 1_000_000,
        }
    }
}

/// A place in the text, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) at: Position,
    pub(crate) reason: String,
    /// The text breaks the grammar, rather than a limit or a rule of ours: another grammar may still do.
    pub(crate) is_grammar: bool,
}

impl Unreadable {
    fn grammar(at: Position, reason: impl Into<String>) -> Self {
        Self {
            at,
            reason: reason.into(),
            is_grammar: true,
        }
    }

    fn rule(at: Position, reason: impl Into<String>) -> Self {
        Self {
            at,
            reason: reason.into(),
            is_grammar: false,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Document {
    slots: Vec<Slot>,
    root: u32,
}

#[derive(Debug)]
struct Slot {
    at: Position,
    /// The slot itself for the root.
    parent: u32,
    /// Which of its parent's members or items it is.
    ordinal: u32,
    seen: Cell<Seen>,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    No,
    Yes,
    /// With everything below.
    Whole,
}

#[derive(Clone, Debug)]
enum Value {
    Null,
    Bool(bool),
    /// As it was written, for `version: 1.10` is a text to us.
    Number(String),
    Text(String),
    List(Vec<u32>),
    Object(IndexMap<String, u32>),
}

impl Document {
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Unreadable> {
        let start = Position { line: 1, column: 1 };
        if bytes.len() > limits.bytes_max {
            return Err(Unreadable::rule(
                start,
                format!(
                    "the document has {} bytes, and at most {} are allowed",
                    bytes.len(),
                    limits.bytes_max
                ),
            ));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = good.matches('\n').count() + 1;
            let column = good.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            Unreadable::rule(Position { line, column }, "the text is not UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.trim_start().starts_with(['{', '[']) {
            return yaml::read(text, limits);
        }
        match json::read(text, limits) {
            // YAML's flow style looks like JSON at first, and allows more.
            Err(json_error) if json_error.is_grammar => {
                yaml::read(text, limits).map_err(|yaml_error| {
                    if yaml_error.is_grammar {
                        json_error
                    } else {
                        yaml_error
                    }
                })
            }
            outcome => outcome,
        }
    }

    /// Puts values in the place of variables, in every text.
    pub(crate) fn replace(&mut self, variables: &[(&str, &str)]) {
        for slot in &mut self.slots {
            if let Value::Text(text) = &mut slot.value
                && text.contains("${")
            {
                for (variable, value) in variables {
                    *text = text.replace(variable, value);
                }
            }
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }
}
