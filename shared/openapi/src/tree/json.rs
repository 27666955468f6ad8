//! JSON, laid out as the service's exports and stored schemas are: two spaces, a space before the colon, lists in one line.

use super::Tree;
use std::fmt::Write as _;

impl Tree {
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        pretty(self, 0, &mut out);
        out
    }

    /// Without any white space.
    pub(crate) fn to_compact_json(&self) -> String {
        let mut out = String::new();
        compact(self, &mut out);
        out
    }
}

fn pretty(tree: &Tree, depth: usize, out: &mut String) {
    match tree {
        Tree::List(items) => {
            out.push_str("[ ");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                pretty(item, depth, out);
            }
            out.push_str(if items.is_empty() { "]" } else { " ]" });
        }
        Tree::Object(members) if members.is_empty() => out.push_str("{ }"),
        Tree::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                quoted(name, out);
                out.push_str(" : ");
                pretty(value, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        scalar => compact(scalar, out),
    }
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn compact(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(number),
        Tree::Text(text) => quoted(text, out),
        Tree::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                compact(item, out);
            }
            out.push(']');
        }
        Tree::Object(members) => {
            out.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                quoted(name, out);
                out.push(':');
                compact(value, out);
            }
            out.push('}');
        }
    }
}

/// A text between quotes, which YAML reads as JSON does.
pub(super) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // What YAML does not print or takes for a line's end.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
