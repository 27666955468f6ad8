//! Makes of a body what schemas are run over: [`postern_json`] reads it, `serde_json` has the say on numbers that are not short.

use crate::instance::{Content, Instance, Member, distinct};
use crate::number::Number;
use postern_json::Events;
use std::borrow::Cow;

/// `None` where the body is not JSON.
pub(crate) fn read(body: &[u8]) -> Option<Instance<'_>> {
    let mut made = Made {
        items: Vec::with_capacity(32),
        members: Vec::with_capacity(32),
        open: Vec::with_capacity(16),
    };
    postern_json::read(std::str::from_utf8(body).ok()?, &mut made).ok()?;
    made.items.pop()
}

struct Made<'b> {
    /// What the lists and objects that are still open hold so far, and before it the body: each is allocated once, when its size
    /// is known. A member whose value is still to come has none.
    items: Vec<Instance<'b>>,
    members: Vec<Member<'b>>,
    open: Vec<Open>,
}

enum Open {
    /// Where its first item is.
    List(usize),
    /// Where its first member is.
    Object(usize),
}

impl<'b> Made<'b> {
    #[inline]
    fn value(&mut self, content: Content<'b>) {
        let value = Instance(content);
        match (self.open.last(), self.members.last_mut()) {
            (Some(Open::Object(_)), Some(member)) => member.1 = value,
            _ => self.items.push(value),
        }
    }
}

impl<'b> Events<'b> for Made<'b> {
    const DEPTH_MAX: usize = 127;
    const LONE_SURROGATES: bool = false;

    fn null(&mut self) {
        self.value(Content::Null);
    }

    fn bool(&mut self, value: bool) {
        self.value(Content::Bool(value));
    }

    #[inline]
    fn whole(&mut self, number: i64) {
        self.value(Content::Number(Number::Whole(number)));
    }

    #[inline]
    fn float(&mut self, number: f64) {
        self.value(Content::Number(Number::Float(number)));
    }

    fn number(&mut self, text: &'b str) -> bool {
        let number = serde_json::from_str(text).map(|number| Content::Number(Number::of(&number)));
        number.map(|number| self.value(number)).is_ok()
    }

    #[inline]
    fn text(&mut self, text: &'b str) {
        self.value(Content::Text(Cow::Borrowed(text)));
    }

    fn escaped_text(&mut self, text: String) {
        self.value(Content::Text(Cow::Owned(text)));
    }

    #[inline]
    fn name(&mut self, name: &'b str) {
        self.members
            .push((Cow::Borrowed(name), Instance(Content::Null)));
    }

    fn escaped_name(&mut self, name: String) {
        self.members
            .push((Cow::Owned(name), Instance(Content::Null)));
    }

    #[inline]
    fn list_begins(&mut self) {
        self.open.push(Open::List(self.items.len()));
    }

    #[inline]
    fn list_ends(&mut self) {
        if let Some(Open::List(from)) = self.open.pop() {
            let items = self.items.split_off(from);
            self.value(Content::List(items.into()));
        }
    }

    #[inline]
    fn object_begins(&mut self) {
        self.open.push(Open::Object(self.members.len()));
    }

    #[inline]
    fn object_ends(&mut self) {
        if let Some(Open::Object(from)) = self.open.pop() {
            let members = distinct(self.members.split_off(from));
            self.value(Content::Object(members));
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
