//! A JSON document as it was read: one flat record of its values, which most templates only look things up in.
//!
//! Lists and objects are places in the record, so that reading a body makes nothing of them. Java's are shared and changed in
//! place, and these would be: so the first who asks for more than a look gets the whole document as lists and maps of their own
//! ([`Part::opened`]), and from then on everyone looks there.
//!
//! No list and no map holds a part: it would hold its document, and might be held by it, and never go. Who stores a value
//! stores it opened.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use postern_json::{Events, Marks};

use crate::print;
use crate::program::Hint;
use crate::value::{Entries, ListKind, Value};

/// Deeper documents are refused, for the stack's sake.
const DEPTH_MAX: usize = 101;

/// Longer numbers are read as doubles: turning digits into a big number costs their square.
const DIGITS_MAX: usize = 1_000;

/// Above this many, members are found by hash and not one after the other.
const LINEAR_MAX: u32 = 32;

/// A list or an object of a document.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    document: Rc<Document<'a>>,
    at: u32,
}

#[derive(Debug)]
struct Document<'a> {
    nodes: Vec<Node<'a>>,
    /// Texts that had escapes in them, and large numbers.
    made: Vec<Value<'a>>,
    /// The lists and objects as Java's, by their order, once they were asked for.
    opened: OnceCell<Vec<Value<'a>>>,
}

/// A value, or the name of the one after it. Lists and objects are followed by what they hold.
#[derive(Debug, Clone, Copy)]
enum Node<'a> {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Text(&'a str),
    /// The name of a member, and where its object is.
    Name(&'a str, u32),
    /// One of those that could not be borrowed.
    Made(u32),
    Container(Container),
}

#[derive(Debug, Clone, Copy)]
struct Container {
    object: bool,
    /// Its place among the lists and objects.
    order: u32,
    count: u32,
    /// Where the first node behind it is.
    end: u32,
}

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

/// A name, or another text.
#[inline]
fn text_of<'d>(node: Node<'d>, made: &'d [Value<'_>]) -> &'d str {
    match node {
        Node::Text(text) | Node::Name(text, _) => text,
        Node::Made(index) => match &made[index as usize] {
            Value::Text(text) => text,
            _ => "",
        },
        _ => "",
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

/// Goes over the places of the values of a list or an object, each with the node before it: in an object that is its name.
struct Children<'d, 'a> {
    nodes: &'d [Node<'a>],
    at: u32,
    end: u32,
    object: bool,
}

impl<'a> Iterator for Children<'_, 'a> {
    type Item = (Node<'a>, u32);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = self.at + u32::from(self.object);
        let name = self.nodes[value as usize - 1];
        self.at = behind(self.nodes, value as usize) as u32;
        Some((name, value))
    }
}

/// Where the first node behind a value is.
#[inline]
fn behind(nodes: &[Node<'_>], at: usize) -> usize {
    match nodes[at] {
        Node::Container(container) => container.end as usize,
        _ => at + 1,
    }
}

/// A part as it may be looked at.
pub(crate) enum Look<'d, 'a> {
    /// As it was read.
    Read(View<'d, 'a>),
    /// As it is by now.
    Opened(&'d Value<'a>),
}

/// A list or an object as it was read.
#[derive(Clone, Copy)]
pub(crate) struct View<'d, 'a> {
    part: &'d Part<'a>,
    container: Container,
}

impl<'a> Part<'a> {
    #[inline]
    pub(crate) fn look(&self) -> Look<'_, 'a> {
        let container = self.container();
        match self.document.opened.get() {
            None => Look::Read(View {
                part: self,
                container,
            }),
            Some(opened) => Look::Opened(&opened[container.order as usize]),
        }
    }

    /// The list or map itself, to be changed, held or compared.
    pub(crate) fn opened(&self) -> Value<'a> {
        self.document.opened()[self.container().order as usize].clone()
    }

    #[inline]
    fn container(&self) -> Container {
        match self.document.nodes[self.at as usize] {
            Node::Container(container) => container,
            _ => unreachable!("parts are made of containers only"),
        }
    }

    pub(crate) fn is_object(&self) -> bool {
        self.container().object
    }

    pub(crate) fn len(&self) -> usize {
        match self.look() {
            Look::Read(view) => view.container.count as usize,
            Look::Opened(Value::Map(map)) => map.0.borrow().len(),
            Look::Opened(Value::List(list)) => list.items.borrow().len(),
            Look::Opened(_) => 0,
        }
    }

    /// The value of a member of an object.
    pub(crate) fn member(&self, wanted: &str) -> Option<Value<'a>> {
        self.member_near(wanted, &Hint::default())
    }

    /// The same of a document as it was read, if the member is where it was in the last object.
    #[inline]
    pub(crate) fn member_as_guessed(&self, wanted: &str, hint: &Hint) -> Option<Value<'a>> {
        let document = &self.document;
        let at = self.at + hint.get();
        match document.nodes.get(at as usize)? {
            Node::Name(name, object)
                if *object == self.at && *name == wanted && document.opened.get().is_none() =>
            {
                Some(document.value(at + 1))
            }
            _ => None,
        }
    }

    /// As [`Part::member`]. Objects of a list are mostly of one form, so that it is looked for first where it was in the last one.
    #[inline]
    pub(crate) fn member_near(&self, wanted: &str, hint: &Hint) -> Option<Value<'a>> {
        let guessed = self.member_as_guessed(wanted, hint);
        if guessed.is_some() {
            return guessed;
        }
        if let Look::Read(view) = self.look() {
            if !view.container.object {
                return None;
            }
            if view.container.count <= LINEAR_MAX {
                let name = view.name(wanted)?;
                hint.set(name - self.at);
                return Some(self.document.value(name + 1));
            }
        }
        match self.opened() {
            Value::Map(map) => map.0.borrow().member(wanted).cloned(),
            _ => None,
        }
    }

    /// An item of a list.
    pub(crate) fn item(&self, index: usize) -> Option<Value<'a>> {
        if let Look::Read(view) = self.look() {
            if view.container.object || index >= view.container.count as usize {
                return None;
            }
            if index <= LINEAR_MAX as usize {
                let (_, at) = view.places().nth(index)?;
                return Some(self.document.value(at));
            }
        }
        match self.opened() {
            Value::List(list) => list.items.borrow().get(index).cloned(),
            _ => None,
        }
    }

    /// The items of a list, or the values of an object.
    pub(crate) fn values(&self) -> Vec<Value<'a>> {
        match self.look() {
            Look::Read(view) => {
                let mut values = Vec::with_capacity(view.container.count as usize);
                values.extend(view.places().map(|(_, at)| self.document.value(at)));
                values
            }
            Look::Opened(Value::Map(map)) => {
                let map = map.0.borrow();
                map.iter().map(|(_, value)| value.clone()).collect()
            }
            Look::Opened(Value::List(list)) => list.items.borrow().clone(),
            Look::Opened(_) => Vec::new(),
        }
    }
}

impl<'a> Document<'a> {
    #[inline]
    fn value(self: &Rc<Self>, at: u32) -> Value<'a> {
        match self.nodes[at as usize] {
            Node::Container(_) => Value::Part(Part {
                document: self.clone(),
                at,
            }),
            leaf => self.leaf(leaf),
        }
    }

    /// A value that is no list and no object.
    #[inline]
    fn leaf(&self, node: Node<'a>) -> Value<'a> {
        match node {
            Node::Null | Node::Container(_) => Value::Null,
            Node::Bool(value) => Value::Bool(value),
            Node::Int(number) => Value::Int(number),
            Node::Long(number) => Value::Long(number),
            Node::Double(number) => Value::Double(number),
            Node::Text(text) | Node::Name(text, _) => Value::text(text),
            Node::Made(index) => self.made[index as usize].clone(),
        }
    }

    fn opened(&self) -> &[Value<'a>] {
        self.opened.get_or_init(|| self.open())
    }

    /// Each list and object by its order: children before those that hold them, since those hold them.
    fn open(&self) -> Vec<Value<'a>> {
        let containers = self.nodes.iter().enumerate();
        let containers: Vec<_> = containers
            .filter_map(|(at, node)| match node {
                Node::Container(container) => Some((at as u32, *container)),
                _ => None,
            })
            .collect();
        let mut opened = vec![Value::Null; containers.len()];
        for (at, container) in containers.into_iter().rev() {
            let value = |at: u32| match self.nodes[at as usize] {
                Node::Container(child) => opened[child.order as usize].clone(),
                leaf => self.leaf(leaf),
            };
            let children = Children {
                nodes: &self.nodes,
                at: at + 1,
                end: container.end,
                object: container.object,
            };
            opened[container.order as usize] = if container.object {
                let mut entries = Entries::with_capacity(container.count as usize);
                for (name, at) in children {
                    entries.put(self.leaf(name), value(at));
                }
                Value::map(entries)
            } else {
                Value::list(ListKind::Json, children.map(|(_, at)| value(at)).collect())
            };
        }
        opened
    }
}

impl<'d, 'a> View<'d, 'a> {
    pub(crate) fn is_object(self) -> bool {
        self.container.object
    }

    /// The values, with their names in an object.
    pub(crate) fn children(self) -> impl Iterator<Item = (&'d str, Value<'a>)> {
        let document = &self.part.document;
        self.places()
            .map(move |(name, at)| (text_of(name, &document.made), document.value(at)))
    }

    /// Appends it as compact JSON. False when `out` became longer than `max`.
    pub(crate) fn json(self, out: &mut String, max: usize) -> bool {
        let Document { nodes, made, .. } = &*self.part.document;
        // What is open, from the outside in.
        let mut open: Vec<Container> = Vec::with_capacity(8);
        let mut at = self.part.at as usize;
        let end = self.container.end as usize;
        let mut first = true;
        while at < end {
            while let Some(inner) = open.last()
                && inner.end as usize == at
            {
                out.push(if inner.object { '}' } else { ']' });
                open.pop();
                first = false;
            }
            if !first {
                out.push(',');
            }
            first = false;
            if open.last().is_some_and(|inner| inner.object) {
                print::quoted(text_of(nodes[at], made), out);
                out.push(':');
                at += 1;
            }
            match nodes[at] {
                Node::Text(text) => print::quoted(text, out),
                Node::Int(number) => print::integer(number.into(), out),
                Node::Container(container) => {
                    out.push(if container.object { '{' } else { '[' });
                    open.push(container);
                    first = true;
                }
                node => {
                    let value = self.part.document.leaf(node);
                    if print::print_json(&value, out, max).is_err() {
                        return false;
                    }
                }
            }
            if out.len() > max {
                return false;
            }
            at += 1;
        }
        for inner in open.iter().rev() {
            out.push(if inner.object { '}' } else { ']' });
        }
        true
    }

    /// Where a member's name is.
    fn name(self, wanted: &str) -> Option<u32> {
        let made = &self.part.document.made;
        let mut places = self.places();
        let (_, value) = places.find(|(name, _)| text_of(*name, made) == wanted)?;
        Some(value - 1)
    }

    #[inline]
    fn places(self) -> Children<'d, 'a> {
        Children {
            nodes: &self.part.document.nodes,
            at: self.part.at + 1,
            end: self.container.end,
            object: self.container.object,
        }
    }
}

// Documents are made of them: what makes them larger makes reading every body slower.
const _: () = assert!(size_of::<Node<'_>>() == 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_whatever_its_hint_says() {
        let text = r#"[{"a": 1, "b": {"a": 2, "c": 3}, "a\u0062": 4}, {"b": 5, "a": [{"a": 6}]}, {}, "a", ["b"]]"#;
        let members = 8;
        let told = |value: Option<Value<'_>>| {
            let mut text = String::new();
            value
                .map(|value| print::print_json(&value, &mut text, usize::MAX))?
                .ok()?;
            Some(text)
        };
        for guess in (0..20).chain([u32::MAX / 2]) {
            let mut found = 0;
            let mut values = vec![read(text).expect("it is JSON")];
            while let Some(value) = values.pop() {
                let Value::Part(part) = value else {
                    continue;
                };
                for name in ["a", "b", "c", "ab", ""] {
                    let hint = Hint::default();
                    hint.set(guess);
                    let near = told(part.member_near(name, &hint));
                    assert_eq!(near, told(part.member(name)), "{name} at {guess}");
                    assert_eq!(near, told(part.member_near(name, &hint)), "{name}, again");
                    found += usize::from(near.is_some());
                }
                values.extend(part.values());
            }
            assert_eq!(found, members);
        }
    }
}
