//! What is written: JSON's values with the members of objects in the order in which they were put.

mod json;
mod yaml;

use crate::document::{Kind, Node};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Object(Members),
}

pub(crate) type Members = Vec<(String, Tree)>;

impl Tree {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A copy of what stands at a place of a document.
    pub(crate) fn of(node: Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(node.boolean().unwrap_or_default()),
            Kind::Number => Self::Number(node.number().unwrap_or_default()),
            Kind::Text => Self::text(node.text().unwrap_or_default()),
            Kind::List => Self::List(node.items().map(Self::of).collect()),
            Kind::Object => Self::Object(
                node.members()
                    .map(|(name, member)| (name.to_owned(), Self::of(member)))
                    .collect(),
            ),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .find_map(|(key, value)| (key == name).then_some(value)),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// An object that is put together member by member.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) Members);

impl Fields {
    pub(crate) fn put(&mut self, name: impl Into<String>, value: Tree) {
        self.0.push((name.into(), value));
    }

    pub(crate) fn text(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.put(name, Tree::text(value));
    }

    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(crate) fn number(&mut self, name: &str, value: impl ToString) {
        self.put(name, Tree::Number(value.to_string()));
    }

    pub(crate) fn done(self) -> Tree {
        Tree::Object(self.0)
    }
}
