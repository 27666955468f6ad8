//! JSON as a policy has it: a name that stands twice in an object is a mistake, for one of the two would count for nothing,
//! and it could be the condition.

use crate::error::{Fault, PolicyError};
use crate::{DEPTH_MAX, POLICY_BYTES_MAX};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::fmt::{self, Display};
use std::slice;

#[derive(Clone, Debug)]
pub(crate) enum Node {
    Null,
    /// Text, or a number or truth value as it is written: conditions take either.
    Scalar {
        text: String,
        is_text: bool,
    },
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

pub(crate) fn read(text: &str) -> Result<Node, PolicyError> {
    if text.len() > POLICY_BYTES_MAX {
        return Err(Place::Document.fault(Fault::TooLarge));
    }
    let mut source = serde_json::Deserializer::from_str(text);
    let reader = Reader::default();
    let node = reader.start(&mut source)?;
    source
        .end()
        .map_err(|error| Place::Document.fault(Fault::Json(error.to_string())))?;
    Ok(node)
}

pub(crate) fn read_value(value: &serde_json::Value) -> Result<Node, PolicyError> {
    Reader::default().start(value)
}

/// What is known while a document is read. The faults of a format are text, so those of ours wait here.
#[derive(Default)]
struct Reader {
    bytes: Cell<usize>,
    fault: RefCell<Option<Fault>>,
}

impl Reader {
    fn start<'de, D: Deserializer<'de>>(&self, source: D) -> Result<Node, PolicyError> {
        let level = Level {
            reader: self,
            depth: 0,
        };
        level.deserialize(source).map_err(|error| {
            let fault = self.fault.take();
            Place::Document.fault(fault.unwrap_or_else(|| Fault::Json(error.to_string())))
        })
    }

    fn refuse<E: Error>(&self, fault: Fault) -> E {
        let error = E::custom(&fault);
        self.fault.replace(Some(fault));
        error
    }

    /// Counts what a document would take as text, roughly: a document that is a value is bounded like one that is text.
    fn count<E: Error>(&self, bytes: usize) -> Result<(), E> {
        self.bytes.set(self.bytes.get().saturating_add(bytes + 1));
        if self.bytes.get() > POLICY_BYTES_MAX {
            return Err(self.refuse(Fault::TooLarge));
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Level<'r> {
    reader: &'r Reader,
    depth: usize,
}

impl Level<'_> {
    fn scalar<E: Error>(&self, value: impl Display, is_text: bool) -> Result<Node, E> {
        let text = value.to_string();
        self.reader.count(text.len())?;
        Ok(Node::Scalar { text, is_text })
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(self.reader.refuse(Fault::TooDeep));
        }
        self.reader.count(1)?;
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Node, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.reader.count(4)?;
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.scalar(value, false)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.scalar(value, false)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.scalar(value, false)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.scalar(value, false)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.scalar(value, true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Node, A::Error> {
        let level = self.deeper()?;
        let mut nodes = Vec::new();
        while let Some(node) = source.next_element_seed(level)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Node, A::Error> {
        let level = self.deeper()?;
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(name) = source.next_key::<String>()? {
            self.reader.count(name.len())?;
            if members.iter().any(|(known, _)| *known == name) {
                return Err(self.reader.refuse(Fault::NameTwice(name)));
            }
            let node = source.next_value_seed(level)?;
            members.push((name, node));
        }
        Ok(Node::Object(members))
    }
}

impl Node {
    pub(crate) fn members(&self, place: &Place<'_>) -> Result<&[(String, Node)], PolicyError> {
        match self {
            Self::Object(members) => Ok(members),
            _ => Err(place.fault(Fault::WrongType("an object"))),
        }
    }

    pub(crate) fn text(&self, place: &Place<'_>) -> Result<&str, PolicyError> {
        match self {
            Self::Scalar {
                text,
                is_text: true,
            } => Ok(text),
            _ => Err(place.fault(Fault::WrongType("a text"))),
        }
    }

    /// A policy may leave out the brackets around a single value. Also says whether there were some.
    pub(crate) fn one_or_many(&self) -> (&[Node], bool) {
        match self {
            Self::List(nodes) => (nodes, true),
            node => (slice::from_ref(node), false),
        }
    }

    /// Each of one or many texts.
    pub(crate) fn texts<T>(
        &self,
        place: &Place<'_>,
        read: impl Fn(&str, &Place<'_>) -> Result<T, PolicyError>,
    ) -> Result<Box<[T]>, PolicyError> {
        let (nodes, is_list) = self.one_or_many();
        if nodes.is_empty() {
            return Err(place.fault(Fault::Empty));
        }
        nodes
            .iter()
            .enumerate()
            .map(|(index, node)| {
                let place = place.element(is_list.then_some(index));
                read(node.text(&place)?, &place)
            })
            .collect()
    }
}

/// Where in a document something is, made into text only when there is something to say of it.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Document,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(crate) fn member(&'a self, name: &'a str) -> Place<'a> {
        Place::Member(self, name)
    }

    /// `None` where a single value stands without brackets.
    pub(crate) fn element(&'a self, index: Option<usize>) -> Place<'a> {
        index.map_or(*self, |index| Place::Element(self, index))
    }

    pub(crate) fn fault(&self, fault: Fault) -> PolicyError {
        PolicyError {
            place: self.to_string(),
            fault,
        }
    }
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => Ok(()),
            Self::Member(Place::Document, name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Element(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}
