//! What a template computes with: Java's values, as far as templates can see them.
//!
//! A value borrows what the template, the request and its body already hold (`'a`), and shares the rest by reference
//! counts; copying one copies no text. Lists and maps are Java's: shared and changed in place, by whoever holds them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use num_bigint::BigInt;

use crate::document::Part;
use crate::host::Host;
use crate::program::Block;

/// A string, borrowed if it was there before the run.
#[derive(Debug, Clone)]
pub enum Text<'a> {
    /// Part of the template, of the request, or of its body.
    Borrowed(&'a str),
    /// Made during the run.
    Shared(Rc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl<'a> From<std::borrow::Cow<'a, str>> for Text<'a> {
    fn from(text: std::borrow::Cow<'a, str>) -> Self {
        match text {
            std::borrow::Cow::Borrowed(text) => Self::Borrowed(text),
            std::borrow::Cow::Owned(text) => text.into(),
        }
    }
}

/// Any value of a template, or of a JSON document.
#[derive(Debug, Clone, Default)]
pub enum Value<'a> {
    /// Java's null: undefined, or JSON's null.
    #[default]
    Null,
    /// Boolean.
    Bool(bool),
    /// Integer.
    Int(i32),
    /// Long.
    Long(i64),
    /// BigInteger.
    Big(Rc<BigInt>),
    /// Double.
    Double(f64),
    /// Character, a UTF-16 unit.
    Char(u16),
    /// String.
    Text(Text<'a>),
    /// A list, an array or a set.
    List(Rc<List<'a>>),
    /// A map in the order of insertion.
    Map(Rc<Map<'a>>),
    /// A list or an object of a document that nobody has changed or held yet.
    Part(Part<'a>),
    /// A key with its value.
    Entry(Rc<(Value<'a>, Value<'a>)>),
    /// What a list's `iterator()` gives.
    Iterator(Rc<Cursor<'a>>),
    /// `$foreach`.
    Scope(Rc<Scope<'a>>),
    /// What `#define` leaves, or the body of a block macro.
    Block(Rc<Defined<'a>>),
    /// `$input`, `$util`, `$context` and what hangs on them.
    Host(Host<'a>),
}

impl<'a> Value<'a> {
    /// A string value.
    pub fn text(text: impl Into<Text<'a>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn list(kind: ListKind, items: Vec<Value<'a>>) -> Self {
        Self::List(Rc::new(List {
            kind,
            items: RefCell::new(items),
        }))
    }

    pub(crate) fn map(entries: Entries<'a>) -> Self {
        Self::Map(Rc::new(Map(RefCell::new(entries))))
    }

    /// The same, but a part of a document as the list or map that it is.
    pub(crate) fn opened(self) -> Self {
        match self {
            Self::Part(part) => part.opened(),
            other => other,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// How a list prints, and whether it can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// An `ArrayList`: `[a, b]`.
    Java,
    /// A list of a JSON document: prints as JSON.
    Json,
    /// A Java array, as `split` gives: of one size.
    Array,
    /// A view of a map's keys, values or entries: no index.
    View,
}

/// A list.
#[derive(Debug)]
pub struct List<'a> {
    pub(crate) kind: ListKind,
    pub(crate) items: RefCell<Vec<Value<'a>>>,
}

/// A map.
#[derive(Debug)]
pub struct Map<'a>(pub(crate) RefCell<Entries<'a>>);

/// Where the next element of an iterator is.
#[derive(Debug)]
pub struct Cursor<'a> {
    pub(crate) list: Vec<Value<'a>>,
    pub(crate) at: Cell<usize>,
}

/// A loop, as its body sees it.
#[derive(Debug)]
pub struct Scope<'a> {
    pub(crate) index: Cell<i32>,
    pub(crate) has_next: Cell<bool>,
    pub(crate) parent: Option<Rc<Scope<'a>>>,
    /// What `$foreach` was before, when it was no loop.
    pub(crate) replaced: Value<'a>,
    /// What the body stored in it.
    pub(crate) stored: Rc<Map<'a>>,
}

/// A block that is rendered where it is used.
#[derive(Debug)]
pub struct Defined<'a> {
    pub(crate) body: &'a Block,
    pub(crate) depth: Cell<u32>,
    pub(crate) depth_max: u32,
}

/// Above this many, entries are found by hash and not one after the other.
const LINEAR_MAX: usize = 8;

/// The entries of a map, in order.
#[derive(Debug, Default)]
pub(crate) struct Entries<'a> {
    entries: Vec<(Value<'a>, Value<'a>)>,
    /// Where each text key is, once there are enough to be worth it.
    #[allow(
        clippy::box_collection,
        reason = "few maps have one, and every object of a document has the room for it"
    )]
    index: Option<Box<HashMap<Text<'a>, usize>>>,
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl std::hash::Hash for Text<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl std::borrow::Borrow<str> for Text<'_> {
    fn borrow(&self) -> &str {
        self
    }
}

impl<'a> Entries<'a> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            entries: Vec::with_capacity(capacity),
            index: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &(Value<'a>, Value<'a>)> {
        self.entries.iter()
    }

    fn position(&self, key: &Value<'_>) -> Option<usize> {
        match key {
            Value::Text(text) => self.position_of(text),
            _ => self
                .entries
                .iter()
                .position(|(known, _)| crate::methods::equal(known, key)),
        }
    }

    fn position_of(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self
                .entries
                .iter()
                .position(|(known, _)| matches!(known, Value::Text(text) if **text == *key)),
        }
    }

    pub(crate) fn get(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        self.position(key).map(|at| &self.entries[at].1)
    }

    pub(crate) fn member(&self, key: &str) -> Option<&Value<'a>> {
        self.position_of(key).map(|at| &self.entries[at].1)
    }

    /// Sets a key; a known one keeps its place. Gives the old value.
    pub(crate) fn put(&mut self, key: Value<'a>, value: Value<'a>) -> Option<Value<'a>> {
        if let Some(at) = self.position(&key) {
            return Some(std::mem::replace(&mut self.entries[at].1, value));
        }
        if let (Some(index), Value::Text(text)) = (&mut self.index, &key) {
            index.insert(text.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > LINEAR_MAX {
            self.reindex();
        }
        None
    }

    fn reindex(&mut self) {
        let keys = self.entries.iter().enumerate();
        let texts = keys.filter_map(|(at, (key, _))| match key {
            Value::Text(text) => Some((text.clone(), at)),
            _ => None,
        });
        self.index = Some(Box::new(texts.collect()));
    }

    pub(crate) fn remove(&mut self, key: &Value<'a>) -> Option<Value<'a>> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.index = None;
            if self.entries.len() > LINEAR_MAX {
                self.reindex();
            }
        }
        Some(value)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
