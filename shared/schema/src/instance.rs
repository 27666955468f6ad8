//! What a body holds, read once into one flat record: reading it allocates a few times, whatever it holds, and texts without
//! escapes borrow from the body.

use crate::number::Number;
use crate::read;
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;

/// A JSON value. No object has two members of one name.
#[derive(Clone, Debug)]
pub struct Instance<'b> {
    pub(crate) nodes: Vec<Node<'b>>,
    /// Texts that had escapes in them.
    pub(crate) made: Vec<String>,
    /// Where the names of large objects are, in their order, counted from the object.
    pub(crate) places: Vec<u32>,
}

/// A value, or the name of the one after it. Lists and objects are followed by what they hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node<'b> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'b str),
    /// One of those that could not be borrowed.
    Made(u32),
    List(Extent),
    Object(Extent),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Items or members.
    pub(crate) count: u32,
    /// Nodes that follow.
    pub(crate) length: u32,
    /// Of a large object, where the first of its places is.
    pub(crate) places: u32,
}

/// Up to so many members are looked at one after the other. The names of more are put in order, and found by halving.
pub(crate) const FEW_MEMBERS: u32 = 16;

/// One value of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content<'i> {
    Null,
    Bool(bool),
    Number(Number),
    Text(&'i str),
    List(Items<'i>),
    Object(Members<'i>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'i>(Children<'i>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'i>(Children<'i>);

#[derive(Clone, Copy, Debug)]
struct Children<'i> {
    record: &'i Instance<'i>,
    /// The list or object itself.
    at: u32,
    extent: Extent,
}

impl<'b> Instance<'b> {
    /// `None` where the body is not JSON, or nests deeper than 127 levels.
    pub fn parse(body: &'b [u8]) -> Option<Self> {
        read::read(body)
    }

    /// What an empty body counts as.
    pub fn empty_object() -> Self {
        Self::of(&Value::Object(serde_json::Map::new()))
    }

    pub(crate) fn of(value: &Value) -> Self {
        read::copied(value)
    }

    pub(crate) fn content(&self) -> Content<'_> {
        self.at(0)
    }

    #[inline]
    fn at(&self, at: u32) -> Content<'_> {
        let children = |extent| Children {
            record: self,
            at,
            extent,
        };
        match self.nodes[at as usize] {
            Node::Null => Content::Null,
            Node::Bool(value) => Content::Bool(value),
            Node::Number(number) => Content::Number(number),
            Node::Text(text) => Content::Text(text),
            Node::Made(place) => Content::Text(&self.made[place as usize]),
            Node::List(extent) => Content::List(Items(children(extent))),
            Node::Object(extent) => Content::Object(Members(children(extent))),
        }
    }

    /// A name, or another text.
    #[inline]
    pub(crate) fn text(&self, at: u32) -> &str {
        match self.nodes[at as usize] {
            Node::Text(text) => text,
            Node::Made(place) => &self.made[place as usize],
            _ => "",
        }
    }

    /// Where the first node behind a value is.
    #[inline]
    pub(crate) fn behind(&self, at: u32) -> u32 {
        match self.nodes[at as usize] {
            Node::List(extent) | Node::Object(extent) => at + 1 + extent.length,
            _ => at + 1,
        }
    }
}

impl Children<'_> {
    fn end(self) -> u32 {
        self.at + 1 + self.extent.length
    }
}

impl<'i> Items<'i> {
    pub(crate) fn len(self) -> usize {
        self.0.extent.count as usize
    }

    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = Content<'i>> {
        let Children { record, at, .. } = self.0;
        let mut at = at + 1;
        let end = self.0.end();
        std::iter::from_fn(move || {
            let item = at;
            (item < end).then(|| {
                at = record.behind(item);
                record.at(item)
            })
        })
    }
}

impl<'i> Members<'i> {
    pub(crate) fn len(self) -> usize {
        self.0.extent.count as usize
    }

    /// Where the names are.
    #[inline]
    fn names(self) -> impl Iterator<Item = u32> {
        let Children { record, at, .. } = self.0;
        let mut at = at + 1;
        let end = self.0.end();
        std::iter::from_fn(move || {
            let name = at;
            (name < end).then(|| {
                at = record.behind(name + 1);
                name
            })
        })
    }

    #[inline]
    fn member(self, name: u32) -> (&'i str, Content<'i>) {
        let record = self.0.record;
        (record.text(name), record.at(name + 1))
    }

    /// As they are written.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'i str, Content<'i>)> {
        self.names().map(move |name| self.member(name))
    }

    /// In the order of their names, in which they are told and compared.
    pub(crate) fn by_name(self) -> impl Iterator<Item = (&'i str, Content<'i>)> {
        let record = self.0.record;
        let mut names: Vec<u32> = self.names().collect();
        names.sort_unstable_by_key(|name| record.text(*name));
        names.into_iter().map(move |name| self.member(name))
    }

    #[inline]
    pub(crate) fn has(self, wanted: &str) -> bool {
        let Children { record, at, extent } = self.0;
        if extent.count <= FEW_MEMBERS {
            return self.names().any(|name| record.text(name) == wanted);
        }
        let first = extent.places as usize;
        let places = &record.places[first..first + extent.count as usize];
        let found = places.binary_search_by_key(&wanted, |place| record.text(at + place));
        found.is_ok()
    }
}

impl Content<'_> {
    /// An order in which equal values are neighbours.
    pub(crate) fn order(&self, other: &Content<'_>) -> Ordering {
        match (self, other) {
            (Content::Bool(a), Content::Bool(b)) => a.cmp(b),
            (Content::Number(a), Content::Number(b)) => a.order(*b),
            (Content::Text(a), Content::Text(b)) => a.cmp(b),
            (Content::List(a), Content::List(b)) => {
                let mut orders = a.iter().zip(b.iter()).map(|(a, b)| a.order(&b));
                let unequal = orders.find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (Content::Object(a), Content::Object(b)) => {
                let pairs = a.by_name().zip(b.by_name());
                let mut orders = pairs
                    .map(|((a_name, a), (b_name, b))| a_name.cmp(b_name).then_with(|| a.order(&b)));
                let unequal = orders.find(|order| order.is_ne());
                unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    pub(crate) fn is(&self, other: &Content<'_>) -> bool {
        match (self, other) {
            (Content::Text(a), Content::Text(b)) => a == b,
            (a, b) => a.order(b).is_eq(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Text(_) => 3,
            Self::List(_) => 4,
            Self::Object(_) => 5,
        }
    }
}

impl fmt::Display for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content().fmt(f)
    }
}

/// As compact JSON.
impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Null => f.write_str("null"),
            Content::Bool(value) => value.fmt(f),
            Content::Number(number) => number.fmt(f),
            Content::Text(text) => quoted(f, text),
            Content::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Content::Object(members) => {
                f.write_str("{")?;
                for (place, (name, value)) in members.by_name().enumerate() {
                    f.write_str(if place == 0 { "" } else { "," })?;
                    quoted(f, name)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(&Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_json_is() {
        for (body, expected) in [
            (
                r#" {"b": [1, 2.5, -3, true, null], "a": "x\ty"} "#,
                Some(r#"{"a":"x\ty","b":[1,2.5,-3,true,null]}"#),
            ),
            (
                r#"{"a": 1, "b": 2, "a": 3, "a": 4}"#,
                Some(r#"{"a":4,"b":2}"#),
            ),
            (
                r#"{"b": {"c": [1], "c": {"d": 2}}, "a": 0, "b": {"e": 3, "c": [1], "c": {"d": 2}}}"#,
                Some(r#"{"a":0,"b":{"c":{"d":2},"e":3}}"#),
            ),
            ("18446744073709551615", Some("18446744073709551615")),
            ("{", None),
            ("", None),
            ("nonsense", None),
            ("1 2", None),
        ] {
            let read = Instance::parse(body.as_bytes()).map(|instance| instance.to_string());
            assert_eq!(read.as_deref(), expected, "{body}");
        }
        assert!(Instance::parse(b"\"\xff\"").is_none());
        assert!(Instance::parse("[".repeat(100_000).as_bytes()).is_none());
    }

    #[test]
    fn of_members_of_one_name_the_last_counts_and_each_is_found_however_many_there_are() {
        for count in [1, 2, 15, 16, 17, 18, 40] {
            for copies in 1..3 {
                let members: Vec<_> = (0..count * copies)
                    .map(|at| format!(r#""m{}": {{"of": [{at}, {{}}]}}"#, at * 7 % count))
                    .collect();
                let body = format!(r#"[{{{}}}, "after"]"#, members.join(","));
                let read = Instance::parse(body.as_bytes()).unwrap();
                let Content::List(items) = read.content() else {
                    panic!("{read} is a list")
                };
                let [Content::Object(object), Content::Text("after")] =
                    items.iter().collect::<Vec<_>>()[..]
                else {
                    panic!("{read} has two items")
                };
                assert_eq!((object.len(), object.iter().count()), (count, count));
                for at in 0..count {
                    assert!(object.has(&format!("m{at}")), "m{at} of {count}");
                }
                assert!(!object.has("m") && !object.has("of"));
                let by_serde: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(read.to_string(), Instance::of(&by_serde).to_string());
            }
        }
    }
}
