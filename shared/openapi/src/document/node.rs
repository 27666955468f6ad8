//! A place in a document, and what stands there.

use super::{Document, Position, Seen, Value, scalar};
use std::fmt::Write as _;

#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    document: &'a Document,
    index: u32,
}

/// What a node is, for messages and decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

impl<'a> Node<'a> {
    pub(super) fn new(document: &'a Document, index: u32) -> Self {
        Self { document, index }
    }

    fn slot(self) -> &'a super::Slot {
        &self.document.slots[self.index as usize]
    }

    fn at_index(self, index: u32) -> Self {
        Self {
            document: self.document,
            index,
        }
    }

    /// The same for the same place, and for no other place of the document.
    pub(crate) fn id(self) -> u32 {
        self.index
    }

    pub(crate) fn at(self) -> Position {
        self.slot().at
    }

    pub(crate) fn kind(self) -> Kind {
        match self.slot().value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(_) => Kind::Number,
            Value::Text(_) => Kind::Text,
            Value::List(_) => Kind::List,
            Value::Object(_) => Kind::Object,
        }
    }

    pub(crate) fn root(self) -> Self {
        self.document.root()
    }

    /// The member of that name, which counts as used from here on.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        let member = self.peek(name)?;
        member.mark(Seen::Yes);
        Some(member)
    }

    /// The member of that name; looking at it does not count as using it.
    pub(crate) fn peek(self, name: &str) -> Option<Self> {
        match &self.slot().value {
            Value::Object(members) => members.get(name).map(|index| self.at_index(*index)),
            _ => None,
        }
    }

    /// The members in the order of the text. Going through them does not count as using them.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = match &self.slot().value {
            Value::Object(members) => Some(members),
            _ => None,
        };
        members
            .into_iter()
            .flatten()
            .map(move |(name, index)| (name.as_str(), self.at_index(*index)))
    }

    /// The items, which count as used.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        self.children().map(Self::used)
    }

    /// The items of a list.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        let items = match &self.slot().value {
            Value::List(items) => Some(items),
            _ => None,
        };
        items
            .into_iter()
            .flatten()
            .map(move |index| self.at_index(*index))
    }

    pub(crate) fn used(self) -> Self {
        self.mark(Seen::Yes);
        self
    }

    /// Counts this and everything below as used.
    pub(crate) fn whole(self) -> Self {
        self.mark(Seen::Whole);
        self
    }

    fn mark(self, seen: Seen) {
        if self.slot().seen.get() != Seen::Whole {
            self.slot().seen.set(seen);
        }
    }

    pub(super) fn seen(self) -> Seen {
        self.slot().seen.get()
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        match &self.slot().value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, or a number or boolean as it was written: YAML reads `1.10` and `true` as such where a text is meant.
    pub(crate) fn scalar_text(self) -> Option<String> {
        match &self.slot().value {
            Value::Text(text) | Value::Number(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// A boolean, or its name in a text.
    pub(crate) fn boolean(self) -> Option<bool> {
        match &self.slot().value {
            Value::Bool(value) => Some(*value),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A whole number, also in a text.
    pub(crate) fn integer(self) -> Option<i64> {
        match &self.slot().value {
            Value::Number(text) => scalar::json_number(text).parse().ok(),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A number as JSON writes it.
    pub(crate) fn number(self) -> Option<String> {
        match &self.slot().value {
            Value::Number(text) => Some(scalar::json_number(text)),
            _ => None,
        }
    }

    pub(crate) fn parent(self) -> Option<Self> {
        let parent = self.slot().parent;
        (parent != self.index).then(|| self.at_index(parent))
    }

    /// The name under which its parent has it; empty for the root, and a number for an item.
    pub(crate) fn name(self) -> String {
        let Some(parent) = self.parent() else {
            return String::new();
        };
        let ordinal = self.slot().ordinal as usize;
        match &parent.slot().value {
            Value::Object(members) => members
                .get_index(ordinal)
                .map_or_else(String::new, |(name, _)| name.clone()),
            _ => ordinal.to_string(),
        }
    }

    /// Names from the root to here.
    pub(crate) fn names(self) -> Vec<String> {
        let mut names = Vec::new();
        let mut node = self;
        while let Some(parent) = node.parent() {
            names.push(node.name());
            node = parent;
        }
        names.reverse();
        names
    }

    /// `paths./pets.get.parameters[0].name`.
    pub(crate) fn path(self) -> String {
        let mut path = String::new();
        let mut node = self;
        let mut steps = Vec::new();
        while let Some(parent) = node.parent() {
            steps.push((parent.kind() == Kind::List, node.name()));
            node = parent;
        }
        for (is_item, name) in steps.into_iter().rev() {
            if is_item {
                let _ = write!(path, "[{name}]");
            } else {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&name);
            }
        }
        path
    }

    /// Counts this and what it lies in as used.
    pub(crate) fn reached(self) -> Self {
        let mut node = self;
        while let Some(parent) = node.parent() {
            node.used();
            node = parent;
        }
        self
    }

    /// Where a JSON pointer, percent-decoded already, leads from here.
    pub(crate) fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut node = self;
        for step in pointer.strip_prefix('/')?.split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            node = match &node.slot().value {
                Value::Object(members) => node.at_index(*members.get(&step)?),
                Value::List(items) => node.at_index(*items.get(step.parse::<usize>().ok()?)?),
                _ => return None,
            };
        }
        Some(node)
    }
}
