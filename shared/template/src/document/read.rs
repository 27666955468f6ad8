//! Writes the record of a document while it is read.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use postern_json::{Events, Marks};

use super::{Children, Container, Document, Node, text_of};
use crate::value::Value;

/// Deeper documents are refused, for the stack's sake.
const DEPTH_MAX: usize = 101;

/// Longer numbers are read as doubles: turning digits into a big number costs their square.
const DIGITS_MAX: usize = 1_000;

/// Reads one JSON value that fills `text`. The error is the byte where it stops making sense.
pub(crate) fn read(text: &str) -> Result<Value<'_>, usize> {
    let mut record = Record {
        nodes: Vec::with_capacity((text.len() / 4 + 4).min(1 << 12)),
        made: Vec::new(),
        open: Vec::with_capacity(16),
        containers: 0,
        duplicates: false,
    };
    postern_json::read(text, &mut record).map_err(|bad| bad.at)?;
    let document = Rc::new(Document {
        nodes: record.nodes,
        made: record.made,
        opened: OnceCell::new(),
    });
    if record.duplicates {
        document.opened();
    }
    Ok(document.value(0))
}

/// Writes the record.
struct Record<'a> {
    nodes: Vec<Node<'a>>,
    made: Vec<Value<'a>>,
    open: Vec<Open>,
    containers: u32,
    /// A name came twice in one object.
    duplicates: bool,
}

struct Open {
    at: usize,
    count: u32,
    marks: Marks,
}

impl<'a> Record<'a> {
    #[inline]
    fn leaf(&mut self, node: Node<'a>) {
        self.nodes.push(node);
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
        }
    }

    fn made(&mut self, value: Value<'a>) -> Node<'a> {
        self.made.push(value);
        Node::Made(self.made.len() as u32 - 1)
    }

    /// Where the object of the name is.
    #[inline]
    fn named(&mut self, name: &str) -> u32 {
        self.open.last_mut().map_or(0, |open| {
            open.marks.add(name);
            open.at as u32
        })
    }

    #[inline]
    fn begins(&mut self, object: bool) {
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
        }
        self.open.push(Open {
            at: self.nodes.len(),
            count: 0,
            marks: Marks::default(),
        });
        self.nodes.push(Node::Container(Container {
            object,
            order: self.containers,
            count: 0,
            end: 0,
        }));
        self.containers += 1;
    }

    #[inline]
    fn ends(&mut self) {
        let end = self.nodes.len() as u32;
        let Some(open) = self.open.pop() else {
            return;
        };
        if let Some(Node::Container(container)) = self.nodes.get_mut(open.at) {
            container.count = open.count;
            container.end = end;
        }
        if !open.marks.all_differ() && !self.duplicates {
            let mut names = HashSet::with_capacity(open.count as usize);
            let mut members = Children {
                nodes: &self.nodes,
                at: open.at as u32 + 1,
                end,
                object: true,
            };
            let made = &self.made;
            self.duplicates = !members.all(|(name, _)| names.insert(text_of(name, made)));
        }
    }
}

impl<'a> Events<'a> for Record<'a> {
    const DEPTH_MAX: usize = DEPTH_MAX;
    /// It is written as Java writes it to UTF-8.
    const LONE_SURROGATES: bool = true;

    fn null(&mut self) {
        self.leaf(Node::Null);
    }

    fn bool(&mut self, value: bool) {
        self.leaf(Node::Bool(value));
    }

    #[inline]
    fn whole(&mut self, number: i64) {
        self.leaf(i32::try_from(number).map_or(Node::Long(number), Node::Int));
    }

    #[inline]
    fn float(&mut self, number: f64) {
        self.leaf(Node::Double(number));
    }

    fn number(&mut self, text: &'a str) -> bool {
        if text.len() > DIGITS_MAX || text.contains(['.', 'e', 'E']) {
            let number = text.parse().map(|number| self.leaf(Node::Double(number)));
            return number.is_ok();
        }
        if let Ok(number) = text.parse() {
            self.whole(number);
            return true;
        }
        let number = text.parse().map(|number| {
            let node = self.made(Value::Big(Rc::new(number)));
            self.leaf(node);
        });
        number.is_ok()
    }

    #[inline]
    fn text(&mut self, text: &'a str) {
        self.leaf(Node::Text(text));
    }

    fn escaped_text(&mut self, text: String) {
        let node = self.made(Value::text(text));
        self.leaf(node);
    }

    #[inline]
    fn name(&mut self, name: &'a str) {
        let object = self.named(name);
        self.nodes.push(Node::Name(name, object));
    }

    fn escaped_name(&mut self, name: String) {
        self.named(&name);
        let node = self.made(Value::text(name));
        self.nodes.push(node);
    }

    #[inline]
    fn list_begins(&mut self) {
        self.begins(false);
    }

    #[inline]
    fn list_ends(&mut self) {
        self.ends();
    }

    #[inline]
    fn object_begins(&mut self) {
        self.begins(true);
    }

    #[inline]
    fn object_ends(&mut self) {
        self.ends();
    }
}
