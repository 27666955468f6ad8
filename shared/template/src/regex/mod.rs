//! Regular expressions as `java.util.regex` has them, within a budget.
//!
//! `replaceAll`, `split` and `matches` take Java's patterns: with look-around, references back, possessive
//! quantifiers, classes inside classes, ASCII `\d` and `\w`. No crate has that language to the letter, and matching it
//! takes backtracking; so this is a small machine that backtracks with a stack of its own and counts its steps. A
//! pattern can be slow, but never for long.

mod class;
mod compile;
mod machine;
mod parse;

use compile::Instruction;

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad pattern at {at}: {what}")]
pub(crate) struct BadPattern {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Regex {
    program: Vec<Instruction>,
    /// Groups, with the whole match.
    groups: usize,
    slots: usize,
    names: Vec<(String, usize)>,
}

/// Where the groups of a match are, in characters.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

impl Regex {
    pub(crate) fn compile(pattern: &str) -> Result<Self, BadPattern> {
        let parsed = parse::parse(pattern)?;
        compile::compile(&parsed)
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, index)| *index)
    }

    /// The first match that begins at `from` or later. With the budget used up there is none, and the budget is zero.
    pub(crate) fn find(&self, text: &[char], from: usize, budget: &mut u64) -> Option<Groups> {
        (from..=text.len()).find_map(|start| {
            if *budget == 0 {
                return None;
            }
            machine::run(self, text, start, false, budget)
        })
    }

    /// Whether the pattern matches all of the text.
    pub(crate) fn matches(&self, text: &[char], budget: &mut u64) -> bool {
        machine::run(self, text, 0, true, budget).is_some()
    }
}
