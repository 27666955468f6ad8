//! Reads a body as JSON, by the rules of `serde_json` and in a third of its time: the gateway reads every body that has a model.
//!
//! Nearly all of a body is texts without escapes and short numbers, and those are read here. What is rarer is given to
//! `serde_json`, piece by piece, so that there is one opinion of what JSON is.

use crate::instance::{Content, Instance, Member};
use crate::number::Number;
use std::borrow::Cow;

/// Lists and objects within each other. Deeper bodies are refused, for the stack's sake.
const DEPTH_MAX: usize = 127;

/// `None` where the body is not JSON.
pub(crate) fn read(body: &[u8]) -> Option<Instance<'_>> {
    let mut reader = Reader {
        text: std::str::from_utf8(body).ok()?,
        at: 0,
        items: Vec::new(),
        members: Vec::new(),
    };
    let instance = reader.value(0)?;
    reader.skip_blanks();
    (reader.at == body.len()).then_some(instance)
}

struct Reader<'b> {
    text: &'b str,
    at: usize,
    /// What the lists and objects that are still open hold so far: each is allocated once, when its size is known.
    items: Vec<Instance<'b>>,
    members: Vec<Member<'b>>,
}

impl<'b> Reader<'b> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, sign: u8) -> bool {
        self.skip_blanks();
        let found = self.byte() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Instance<'b>> {
        self.skip_blanks();
        let first = self.byte()?;
        if matches!(first, b'{' | b'[') && depth == DEPTH_MAX {
            return None;
        }
        Some(Instance(match first {
            b'"' => Content::Text(self.quoted()?),
            b'{' => Content::Object(self.object(depth)?),
            b'[' => Content::List(self.list(depth)?),
            b't' => self.word("true", Content::Bool(true))?,
            b'f' => self.word("false", Content::Bool(false))?,
            b'n' => self.word("null", Content::Null)?,
            _ => Content::Number(self.number()?),
        }))
    }

    fn word(&mut self, word: &str, means: Content<'b>) -> Option<Content<'b>> {
        let found = self.text[self.at..].starts_with(word);
        self.at += word.len();
        found.then_some(means)
    }

    fn list(&mut self, depth: usize) -> Option<Box<[Instance<'b>]>> {
        self.at += 1;
        let from = self.items.len();
        let mut closed = self.eat(b']');
        while !closed {
            let item = self.value(depth + 1)?;
            self.items.push(item);
            closed = self.ends(b']')?;
        }
        Some(self.items.split_off(from).into())
    }

    fn object(&mut self, depth: usize) -> Option<Box<[Member<'b>]>> {
        self.at += 1;
        let from = self.members.len();
        let mut closed = self.eat(b'}');
        while !closed {
            self.skip_blanks();
            let name = self.quoted()?;
            if !self.eat(b':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            self.members.push((name, value));
            closed = self.ends(b'}')?;
        }
        let mut members = self.members.split_off(from);
        if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            // Of members of the same name the last counts. The sort has kept their order.
            members.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Some(members.into())
    }

    /// Whether the list or object closes here, rather than going on after a comma.
    fn ends(&mut self, sign: u8) -> Option<bool> {
        if self.eat(b',') {
            return Some(false);
        }
        self.eat(sign).then_some(true)
    }

    fn quoted(&mut self) -> Option<Cow<'b, str>> {
        let rest = self.text.as_bytes()[self.at..].strip_prefix(b"\"")?;
        let length = plain_bytes(rest);
        if *rest.get(length)? != b'"' {
            return self.escaped(length).map(Cow::Owned);
        }
        let from = self.at + 1;
        self.at = from + length + 1;
        Some(Cow::Borrowed(&self.text[from..from + length]))
    }

    /// A text whose first so many bytes are without an escape.
    fn escaped(&mut self, plain: usize) -> Option<String> {
        let from = self.at;
        self.at += 1 + plain;
        while self.byte()? != b'"' {
            self.at += if self.byte()? == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_str(self.text.get(from..self.at)?).ok()
    }

    fn number(&mut self) -> Option<Number> {
        let rest = &self.text[self.at..];
        let of_number = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !of_number(byte));
        let text = &rest[..length.unwrap_or(rest.len())];
        self.at += text.len();
        Number::short(text).or_else(|| serde_json::from_str(text).ok().as_ref().map(Number::of))
    }
}

/// How many bytes there are before one that is no part of a plain text, which is looked for in eight bytes at a time.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut plain = 0;
    while let Some(eight) = bytes[plain..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of each byte below the limit, and perhaps of bytes after the first that is.
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
        let is = |sign: u8| below(word ^ (ONES * u64::from(sign)), 1);
        let ends = (is(b'"') | is(b'\\') | below(word, b' ')) & (ONES << 7);
        if ends != 0 {
            return plain + ends.trailing_zeros() as usize / 8;
        }
        plain += 8;
    }
    let rest = bytes[plain..].iter();
    plain
        + rest
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' '))
            .count()
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
