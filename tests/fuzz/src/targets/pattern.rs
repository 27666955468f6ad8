//! Regular expressions: selection patterns, and what authorizers and models have of them.

use super::{Target, parts, text};
use postern_template::Pattern;

pub(super) const TARGET: Target = Target {
    name: "pattern",
    about: "regular expressions of Java: the pattern, ---, the text",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let text = text(input);
    let (pattern, of) = parts(&text);
    match Pattern::compile(pattern) {
        Ok(pattern) => format!("matches {}", pattern.matches(of)),
        Err(error) => error.to_string(),
    }
}
