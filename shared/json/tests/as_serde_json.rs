//! What is JSON is what `serde_json` says it is, and so is what it holds.

use std::fmt::Write as _;

use postern_json::{Events, read};
use proptest::prelude::*;
use serde_json::Value;

/// Writes what it is told as JSON again.
#[derive(Default)]
struct Written {
    text: String,
    after_value: bool,
}

impl Written {
    fn value(&mut self, text: &str) {
        if self.after_value {
            self.text.push(',');
        }
        self.text.push_str(text);
        self.after_value = true;
    }

    fn begins(&mut self, sign: &str) {
        self.value(sign);
        self.after_value = false;
    }

    fn ends(&mut self, sign: char) {
        self.text.push(sign);
        self.after_value = true;
    }
}

impl<'t> Events<'t> for Written {
    const DEPTH_MAX: usize = 127;
    const LONE_SURROGATES: bool = false;

    fn null(&mut self) {
        self.value("null");
    }

    fn bool(&mut self, value: bool) {
        self.value(if value { "true" } else { "false" });
    }

    fn whole(&mut self, number: i64) {
        self.value(&number.to_string());
    }

    fn float(&mut self, number: f64) {
        self.value(&Value::from(number).to_string());
    }

    fn number(&mut self, text: &'t str) -> bool {
        let number = serde_json::from_str::<serde_json::Number>(text);
        number.is_ok_and(|number| {
            self.value(&number.to_string());
            true
        })
    }

    fn text(&mut self, text: &'t str) {
        self.value(&Value::from(text).to_string());
    }

    fn escaped_text(&mut self, text: String) {
        self.text(Box::leak(text.into_boxed_str()));
    }

    fn name(&mut self, name: &'t str) {
        self.text(name);
        self.text.push(':');
        self.after_value = false;
    }

    fn escaped_name(&mut self, name: String) {
        self.name(Box::leak(name.into_boxed_str()));
    }

    fn list_begins(&mut self) {
        self.begins("[");
    }

    fn list_ends(&mut self) {
        self.ends(']');
    }

    fn object_begins(&mut self) {
        self.begins("{");
    }

    fn object_ends(&mut self) {
        self.ends('}');
    }
}

fn as_read_here(text: &str) -> Option<Value> {
    let mut written = Written::default();
    read(text, &mut written).ok()?;
    Some(serde_json::from_str(&written.text).expect("what was told is JSON again"))
}

fn check(text: &str) {
    let expected: Option<Value> = serde_json::from_str(text).ok();
    assert_eq!(as_read_here(text), expected, "{text:?}");
}

#[test]
fn what_stands_at_the_edge_of_json_is_read_as_serde_json_reads_it() {
    for text in [
        "",
        " ",
        "0",
        "-0",
        "-",
        "--1",
        "+1",
        "01",
        "00",
        "1.",
        ".5",
        "-.5",
        "1.50",
        "-0.0",
        "0.1",
        "1e2",
        "1E+2",
        "1e",
        "1e-",
        "1e999",
        "1-1",
        "1.5.5",
        "123456789012345678",
        "1234567890123456789",
        "9223372036854775808",
        "18446744073709551616",
        "12345678901234.5",
        "123456789012345.5",
        "0.30000000000000004",
        "tru",
        "truer",
        "nul",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u00e9\\n\"",
        "\"\\u00\"",
        "\"\\ud83d\\udc32\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"\u{7f}é🐲\"",
        "[",
        "]",
        "[]",
        "[ ]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{}",
        "{ }",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,2}",
        "{\"a\":1]",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[],\"b\":{}}",
        "[[],{},[{\"a\":[1]}],2]",
        "{\"\\u0061\":{\"b\":[{}]}}",
        " \t\r\n[ 1 , { \"a\" : null } , true ] ",
        "[]]",
        "1 2",
        "\u{feff}1",
        "\u{a0}1",
    ] {
        check(text);
    }
    for depth in [1, 127, 128, 100_000] {
        check(&("[".repeat(depth) + &"]".repeat(depth)));
        check(&("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)));
    }
}

#[test]
fn half_of_a_pair_is_told_as_a_question_mark_to_who_wants_it() {
    struct Texts(String);
    impl Events<'_> for Texts {
        const DEPTH_MAX: usize = 1;
        const LONE_SURROGATES: bool = true;
        fn null(&mut self) {}
        fn bool(&mut self, _: bool) {}
        fn whole(&mut self, _: i64) {}
        fn float(&mut self, _: f64) {}
        fn number(&mut self, _: &str) -> bool {
            true
        }
        fn text(&mut self, _: &str) {}
        fn escaped_text(&mut self, text: String) {
            let _ = write!(self.0, "{text}|");
        }
        fn name(&mut self, _: &str) {}
        fn escaped_name(&mut self, _: String) {}
        fn list_begins(&mut self) {}
        fn list_ends(&mut self) {}
        fn object_begins(&mut self) {}
        fn object_ends(&mut self) {}
    }
    let mut texts = Texts(String::new());
    let text = r#"["\ud83d","\udc32a","\ud83d\u0041","\ud83d\ud83d\udc32"]"#;
    assert_eq!(read(text, &mut texts), Ok(()));
    assert_eq!(texts.0, "?|?a|?A|?🐲|");
}

proptest! {
    #[test]
    fn any_text_is_read_as_serde_json_reads_it(text in r#"([\[\]{}:, tfn]|"[ab\\\\u0]{0,3}"|true|-?[0-9]{1,3}(\.[0-9]{1,3})?(e[0-9])?){0,12}"#) {
        check(&text);
    }

    #[test]
    fn any_quoted_text_is_read_as_serde_json_reads_it(text in r#""[a-c !#\[\]"\\/\n\x1f\x7fé🐲]{0,24}"[ x]{0,9}"#) {
        check(&text);
    }
}
