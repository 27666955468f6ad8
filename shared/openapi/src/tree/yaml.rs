//! YAML, laid out as the service's exports are: texts in double quotes, keys without where that is safe, lists not indented.

use super::{Tree, json};

/// YAML wants longer keys announced by `?`.
const PLAIN_KEY_CHARS_MAX: usize = 500;

impl Tree {
    pub(crate) fn to_yaml(&self) -> String {
        let mut out = String::from("---");
        value(self, 0, &mut out);
        out.push('\n');
        out
    }
}

/// What follows `key:` or `-`, with the space or line break before it.
fn value(tree: &Tree, depth: usize, out: &mut String) {
    match tree {
        Tree::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                line(depth, out);
                pair(name, member, depth, out);
            }
        }
        Tree::List(items) if !items.is_empty() => {
            for entry in items {
                // A list stands where the key stands that has it.
                line(depth.saturating_sub(1), out);
                item(entry, depth.saturating_sub(1), out);
            }
        }
        Tree::Number(text) => {
            out.push(' ');
            number(text, out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&scalar.to_compact_json());
        }
    }
}

/// With a point and a sign where there is an exponent: readers of older YAML take `1e3` for a text.
fn number(text: &str, out: &mut String) {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['+', '-']) {
        out.push('+');
    }
    out.push_str(exponent);
}

fn pair(name: &str, member: &Tree, depth: usize, out: &mut String) {
    if name.chars().nth(PLAIN_KEY_CHARS_MAX).is_some() {
        out.push_str("? ");
        json::quoted(name, out);
        line(depth, out);
    } else {
        key(name, out);
    }
    out.push(':');
    value(member, depth + 1, out);
}

fn item(entry: &Tree, depth: usize, out: &mut String) {
    out.push('-');
    match entry {
        Tree::Object(members) if !members.is_empty() => {
            for (i, (name, member)) in members.iter().enumerate() {
                if i == 0 {
                    out.push(' ');
                } else {
                    line(depth + 1, out);
                }
                pair(name, member, depth + 1, out);
            }
        }
        Tree::List(items) if !items.is_empty() => {
            for (i, inner) in items.iter().enumerate() {
                if i == 0 {
                    out.push(' ');
                } else {
                    line(depth + 1, out);
                }
                item(inner, depth + 1, out);
            }
        }
        scalar => value(scalar, depth + 1, out),
    }
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn key(name: &str, out: &mut String) {
    let inner = |b: u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'$' | b'{' | b'}')
    };
    let is_plain = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'_' | b'$'))
        && name.bytes().all(inner)
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_ascii_lowercase().as_str());
    if is_plain {
        out.push_str(name);
    } else {
        json::quoted(name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tree;
    use crate::document::{Document, Limits};

    fn read(text: &str) -> Tree {
        Tree::of(
            Document::read(text.as_bytes(), &Limits::default())
                .unwrap()
                .root(),
        )
    }

    #[test]
    fn numbers_are_numbers_to_every_reader() {
        for (number, expected) in [
            ("1", "--- 1\n"),
            ("-1.5", "--- -1.5\n"),
            ("1e3", "--- 1.0e+3\n"),
            ("1.5E-3", "--- 1.5e-3\n"),
        ] {
            assert_eq!(Tree::Number(number.to_owned()).to_yaml(), expected);
        }
    }

    #[test]
    fn yaml_is_laid_out_as_the_service_lays_it_out_and_reads_back_as_the_same() {
        let json = r#"{"swagger":"2.0","paths":{"/a/{id}":{"get":{"parameters":[{"name":"id","in":"path","required":true},{"name":"q"}],
            "responses":{"200":{"description":"200 response"},"default":{}}}}},"list":[[1,[2]],[],{}],"on":null,"x y":"a\n\"ü\u2028😀"}"#;
        let tree = read(json);
        let yaml = tree.to_yaml();
        let expected = r#"---
swagger: "2.0"
paths:
  /a/{id}:
    get:
      parameters:
      - name: "id"
        in: "path"
        required: true
      - name: "q"
      responses:
        "200":
          description: "200 response"
        default: {}
list:
- - 1
  - - 2
- []
- {}
"on": null
"x y": "a\n\"ü\u2028😀"
"#;
        assert_eq!(yaml, expected);
        assert_eq!(read(&yaml), tree);
        assert_eq!(read(&tree.to_json()), tree);
        assert_eq!(read(&tree.to_compact_json()), tree);
    }
}
