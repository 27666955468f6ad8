//! A schema as it is run: nodes that name each other by number, so that cycles need no care.

use crate::instance::{Content, Instance};
use crate::number::Number;
use crate::pattern::Pattern;
use std::sync::atomic::AtomicUsize;

pub(crate) type NodeId = usize;

#[derive(Debug, Default)]
pub(crate) struct Node {
    /// In the order in which failures are told.
    pub(crate) checks: Vec<Check>,
    /// By name, in order.
    pub(crate) properties: Vec<(String, NodeId)>,
    /// Which of them the first member of the last object was, and the second, and so on: objects are mostly written in one order.
    /// It is a guess, which no result depends on.
    pub(crate) order: Vec<AtomicUsize>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    /// Whether no others are allowed, which is among the checks as well.
    pub(crate) closed: bool,
    /// For members that neither names.
    pub(crate) other_properties: Option<NodeId>,
    /// For the first items, one by one.
    pub(crate) items: Vec<NodeId>,
    /// For the items after those.
    pub(crate) other_items: Option<NodeId>,
}

/// Told apart by a byte of its own: a mark within one of its parts, as the compiler would have it, takes longer to read.
#[derive(Debug)]
#[repr(u8)]
pub(crate) enum Check {
    Type(Types),
    Enum(Vec<Instance<'static>>),
    /// Names in order.
    Required(Vec<String>),
    /// No members but those that the node's properties and patterns name.
    Closed,
    MinProperties(u64),
    MaxProperties(u64),
    Dependencies(Vec<(String, Dependency)>),
    /// No items but the first.
    AdditionalItems,
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Minimum(Number, Exclusive),
    Maximum(Number, Exclusive),
    MultipleOf(Number),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Pattern),
    AllOf(Vec<NodeId>),
    AnyOf(Vec<NodeId>),
    OneOf(Vec<NodeId>),
    Not(NodeId),
}

/// Whether the bound itself is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exclusive(pub(crate) bool);

#[derive(Debug)]
pub(crate) enum Dependency {
    /// In order.
    Names(Vec<String>),
    Schema(NodeId),
}

/// A set of types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Types(u8);

/// In the order in which they are told.
const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];
const INTEGER: usize = 2;
const NUMBER: usize = 4;

impl Types {
    /// A number may be an integer.
    pub(crate) fn with(self, name: &str) -> Option<Self> {
        let place = TYPES.iter().position(|known| *known == name)?;
        let integers = if place == NUMBER { 1 << INTEGER } else { 0 };
        Some(Self(self.0 | 1 << place | integers))
    }

    pub(crate) fn allow(self, instance: &Content<'_>) -> bool {
        self.0 & 1 << place_of(instance) != 0
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        TYPES
            .into_iter()
            .enumerate()
            .filter(move |(place, _)| self.0 & 1 << place != 0)
            .map(|(_, name)| name)
    }
}

pub(crate) fn type_name(instance: &Content<'_>) -> &'static str {
    TYPES[place_of(instance)]
}

fn place_of(instance: &Content<'_>) -> usize {
    match instance {
        Content::List(_) => 0,
        Content::Bool(_) => 1,
        Content::Number(number) if number.is_integer() => INTEGER,
        Content::Null => 3,
        Content::Number(_) => NUMBER,
        Content::Object(_) => 5,
        Content::Text(_) => 6,
    }
}
