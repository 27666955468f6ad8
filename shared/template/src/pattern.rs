//! Patterns outside templates, in the same dialect of regular expressions.

use crate::regex::Regex;

/// Steps one match may take. A pattern can be slow, but never for long.
const STEPS_MAX: u64 = 5_000_000;

/// A pattern that a whole text must match, as `java.util.regex` has it: what selects integration responses.
#[derive(Debug)]
pub struct Pattern(Regex);

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub struct BadPattern {
    /// Where it is wrong, from 0.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn compile(text: &str) -> Result<Self, BadPattern> {
        match Regex::compile(text) {
            Ok(regex) => Ok(Self(regex)),
            Err(error) => Err(BadPattern {
                at: error.at,
                what: error.what,
            }),
        }
    }

    /// Whether all of the text matches.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.0.matches(&text, &mut STEPS_MAX.clone())
    }
}
