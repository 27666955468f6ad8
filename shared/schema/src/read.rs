//! Makes of a body the record that schemas are run over: [`postern_json`] reads it, `serde_json` has the say on numbers that are
//! not short.

use crate::instance::{Extent, FEW_MEMBERS, Instance, Node};
use crate::number::Number;
use postern_json::{Events, Marks};
use serde_json::Value;

/// `None` where the body is not JSON.
pub(crate) fn read(body: &[u8]) -> Option<Instance<'_>> {
    let mut record = Record::with_room_for(body.len() / 8);
    postern_json::read(std::str::from_utf8(body).ok()?, &mut record).ok()?;
    Some(record.made)
}

/// The same of what `serde_json` has read.
pub(crate) fn copied(value: &Value) -> Instance<'static> {
    let mut record = Record::with_room_for(0);
    record.tell(value);
    record.made
}

struct Record<'b> {
    made: Instance<'b>,
    /// The lists and objects that have not ended yet.
    open: Vec<Open>,
}

struct Open {
    at: u32,
    count: u32,
    marks: Marks,
}

impl<'b> Record<'b> {
    /// For so many nodes before it has to grow.
    fn with_room_for(nodes: usize) -> Self {
        Self {
            made: Instance {
                nodes: Vec::with_capacity((nodes + 4).min(1 << 12)),
                made: Vec::new(),
                places: Vec::new(),
            },
            open: Vec::with_capacity(16),
        }
    }

    fn tell(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Bool(value) => self.bool(*value),
            Value::Number(number) => self.value(Node::Number(Number::of(number))),
            Value::String(text) => self.escaped_text(text.clone()),
            Value::Array(items) => {
                self.list_begins();
                for item in items {
                    self.tell(item);
                }
                self.list_ends();
            }
            Value::Object(members) => {
                self.object_begins();
                for (name, value) in members {
                    self.escaped_name(name.clone());
                    self.tell(value);
                }
                self.object_ends();
            }
        }
    }

    #[inline]
    fn value(&mut self, node: Node<'b>) {
        self.made.nodes.push(node);
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
        }
    }

    fn made(&mut self, text: String) -> Node<'b> {
        self.made.made.push(text);
        Node::Made(self.made.made.len() as u32 - 1)
    }

    #[inline]
    fn begins(&mut self) {
        let at = self.made.nodes.len() as u32;
        // Its place is taken; what it is becomes known at its end.
        self.value(Node::Null);
        self.open.push(Open {
            at,
            count: 0,
            marks: Marks::default(),
        });
    }

    #[inline]
    fn mark(&mut self, name: &str) {
        if let Some(open) = self.open.last_mut() {
            open.marks.add(name);
        }
    }

    /// What a list or object that is at its end holds.
    #[inline]
    fn extent(&self, open: &Open, places: usize) -> Extent {
        Extent {
            count: open.count,
            length: self.made.nodes.len() as u32 - open.at - 1,
            places: places as u32,
        }
    }

    /// An object of many members, or of some whose names may be the same.
    #[cold]
    fn put_in_order(&mut self, open: &mut Open) {
        let made = &mut self.made;
        let end = made.nodes.len() as u32;
        let mut names = Vec::with_capacity(open.count as usize);
        let mut at = open.at + 1;
        while at < end {
            names.push(at);
            at = made.behind(at + 1);
        }
        // It keeps the order of those of the same name, of which the last counts.
        names.sort_by_key(|name| made.text(*name));
        names.dedup_by(|later, earlier| {
            let same = made.text(*later) == made.text(*earlier);
            if same {
                *earlier = *later;
            }
            same
        });
        if names.len() < open.count as usize {
            let kept: Vec<_> = names
                .iter()
                .map(|name| *name as usize..made.behind(name + 1) as usize)
                .collect();
            let kept: Vec<_> = kept
                .into_iter()
                .flat_map(|member| &made.nodes[member])
                .copied()
                .collect();
            made.nodes.truncate(open.at as usize + 1);
            made.nodes.extend(kept);
            open.count = names.len() as u32;
            names.clear();
            let mut at = open.at + 1;
            for _ in 0..open.count {
                names.push(at);
                at = made.behind(at + 1);
            }
        }
        if open.count > FEW_MEMBERS {
            made.places.extend(names.iter().map(|name| name - open.at));
        }
    }
}

impl<'b> Events<'b> for Record<'b> {
    const DEPTH_MAX: usize = 127;
    const LONE_SURROGATES: bool = false;

    fn null(&mut self) {
        self.value(Node::Null);
    }

    fn bool(&mut self, value: bool) {
        self.value(Node::Bool(value));
    }

    #[inline]
    fn whole(&mut self, number: i64) {
        self.value(Node::Number(Number::Whole(number)));
    }

    #[inline]
    fn float(&mut self, number: f64) {
        self.value(Node::Number(Number::Float(number)));
    }

    fn number(&mut self, text: &'b str) -> bool {
        let number = serde_json::from_str(text).map(|number| Node::Number(Number::of(&number)));
        number.map(|number| self.value(number)).is_ok()
    }

    #[inline]
    fn text(&mut self, text: &'b str) {
        self.value(Node::Text(text));
    }

    fn escaped_text(&mut self, text: String) {
        let text = self.made(text);
        self.value(text);
    }

    #[inline]
    fn name(&mut self, name: &'b str) {
        self.mark(name);
        self.made.nodes.push(Node::Text(name));
    }

    fn escaped_name(&mut self, name: String) {
        self.mark(&name);
        let name = self.made(name);
        self.made.nodes.push(name);
    }

    #[inline]
    fn list_begins(&mut self) {
        self.begins();
    }

    #[inline]
    fn list_ends(&mut self) {
        if let Some(open) = self.open.pop() {
            self.made.nodes[open.at as usize] = Node::List(self.extent(&open, 0));
        }
    }

    #[inline]
    fn object_begins(&mut self) {
        self.begins();
    }

    #[inline]
    fn object_ends(&mut self) {
        if let Some(mut open) = self.open.pop() {
            let places = self.made.places.len();
            if open.count > FEW_MEMBERS || !open.marks.all_differ() {
                self.put_in_order(&mut open);
            }
            self.made.nodes[open.at as usize] = Node::Object(self.extent(&open, places));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn as_serde_reads_it(body: &[u8]) -> Option<String> {
        let value: Value = serde_json::from_slice(body).ok()?;
        Some(Instance::of(&value).to_string())
    }

    fn as_read_here(body: &[u8]) -> Option<String> {
        read(body).map(|instance| instance.to_string())
    }

    #[test]
    fn what_is_json_is_as_serde_json_has_it() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        let objects = |depth| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        for body in [
            "0",
            "-0",
            "-0.0",
            "00",
            "01",
            "-1",
            "--1",
            "+1",
            "1.",
            ".5",
            "-.5",
            "1.50",
            "1e2",
            "1E+2",
            "1e",
            "1e999",
            "-",
            "1-1",
            "1.5.5",
            "0.1",
            "0.30000000000000004",
            "123456789012345",
            "1234567890123456",
            "9007199254740993",
            "-9223372036854775808",
            "18446744073709551616",
            "0.000000000000001",
            "tru",
            "true",
            "truer",
            "false",
            "null",
            "nulL",
            "\"\"",
            "\"",
            "\"a",
            "\"\\\"\"",
            "\"\\",
            "\"\\\\\"",
            "\"\\x\"",
            "\"a\\u00e9b\"",
            "\"\\ud83d\\udc32\"",
            "\"\\ud83d\"",
            "\"\\é\"",
            "\"\n\"",
            "\"\u{7f}é🐲\"",
            "[]",
            "[ ]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[1",
            "{}",
            "{ }",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "{\"b\":1,\"a\":2,\"b\":3}",
            "{\"\\u0061\":1,\"a\":2}",
            " \t\r\n[ 1 , { \"a\" : null } ] ",
            "\u{feff}1",
            "1 é",
            "é",
            "\u{a0}1",
            "",
        ] {
            let body = body.as_bytes();
            assert_eq!(
                as_read_here(body),
                as_serde_reads_it(body),
                "{}",
                body.escape_ascii()
            );
        }
        for depth in [1, 126, 127, 128, 129, 100_000] {
            for body in [nested(depth), objects(depth)] {
                assert_eq!(
                    as_read_here(body.as_bytes()),
                    as_serde_reads_it(body.as_bytes()),
                    "{depth} levels"
                );
            }
        }
        assert!(read(b"\"\xff\"").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_serde_json_reads_it(body in r#"([\[\]{}:, tfn]|"[ab\\\\u0]{0,3}"|true|-?[0-9]{1,3}(\.[0-9]{1,3})?(e[0-9])?){0,12}"#) {
            prop_assert_eq!(as_read_here(body.as_bytes()), as_serde_reads_it(body.as_bytes()));
        }

        #[test]
        fn any_quoted_text_is_read_as_serde_json_reads_it(body in r#""[a-c "\\/\n\x1f\x7fé🐲]{0,24}"[ x]{0,9}"#) {
            prop_assert_eq!(as_read_here(body.as_bytes()), as_serde_reads_it(body.as_bytes()));
        }

        #[test]
        fn any_number_is_read_as_serde_json_reads_it(number in r"-?[0-9]{1,17}(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?") {
            prop_assert_eq!(as_read_here(number.as_bytes()), as_serde_reads_it(number.as_bytes()));
        }
    }
}
