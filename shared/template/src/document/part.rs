//! What can be asked of a list or an object of a document: as it was read while nobody has changed it, or as it is by now.

use std::rc::Rc;

use super::{Children, Container, Document, Node, text_of};
use crate::print;
use crate::program::Hint;
use crate::value::Value;

/// Above this many, members are found by hash and not one after the other.
const LINEAR_MAX: u32 = 32;

/// A list or an object of a document.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    pub(super) document: Rc<Document<'a>>,
    pub(super) at: u32,
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

#[cfg(test)]
mod tests {
    use super::super::read;
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
