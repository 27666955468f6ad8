//! A JSON document as it was read: one flat record of its values, which most templates only look things up in.
//!
//! Lists and objects are places in the record, so that reading a body makes nothing of them. Java's are shared and changed in
//! place, and these would be: so the first who asks for more than a look gets the whole document as lists and maps of their own
//! ([`Part::opened`]), and from then on everyone looks there.
//!
//! No list and no map holds a part: it would hold its document, and might be held by it, and never go. Who stores a value
//! stores it opened.

mod part;
mod read;

use std::cell::OnceCell;
use std::rc::Rc;

use crate::value::{Entries, ListKind, Value};
pub(crate) use part::Look;
pub use part::Part;
pub(crate) use read::read;

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

// Documents are made of them: what makes them larger makes reading every body slower.
const _: () = assert!(size_of::<Node<'_>>() == 24);
