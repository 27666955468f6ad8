//! JSONPath in Jayway's dialect, which API Gateway uses: compiled once, run within a budget.
//!
//! The crates of the field follow RFC 9535, and differ from Jayway where templates notice: a definite path gives the
//! match itself and not a list of one, `[-1]` on a list is definite, `['a','b']` gives an object, filters know
//! `=~`, `in` and `size`, paths may end in a function such as `.length()`. They also work on values of their own, and
//! a template's values are shared and changed in place. So this module is written for it: a parser (`parse`), the
//! walk (`select`), and filters (`filter`).

mod filter;
mod parse;
mod select;

use crate::value::Value;

/// Elements a path may look at. `..` over a large document reaches it before it hurts.
const STEPS_MAX: u64 = 1_000_000;

/// A compiled path.
#[derive(Debug, Clone)]
pub struct Path {
    tokens: Vec<Token>,
    function: Option<Function>,
    definite: bool,
}

/// The text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no JSONPath: {what} at character {at}")]
pub struct BadPath {
    /// The text.
    pub path: Box<str>,
    /// Where it is wrong, from 0.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// The path looked at too many elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path looks at more than {STEPS_MAX} elements")]
pub struct TooMuch;

/// What a path found.
#[derive(Debug, Clone)]
pub enum Selected<'a> {
    /// A definite path has no match.
    Nothing,
    /// A definite path's match, which may be null.
    One(Value<'a>),
    /// All matches of a path with wildcards, filters, slices or `..`; possibly none.
    Many(Vec<Value<'a>>),
}

#[derive(Debug, Clone)]
pub(crate) enum Token {
    Names(Vec<Box<str>>),
    Wildcard,
    Indexes(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    Descend,
    Filter(filter::Filter),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Length,
    Min,
    Max,
    Average,
    Sum,
    Deviation,
    Keys,
    First,
    Last,
}

impl Path {
    /// Compiles a path. One that does not begin with `$` is read as if it did.
    pub fn compile(text: &str) -> Result<Self, BadPath> {
        parse::path(text)
    }

    /// Whether the path can match one element at most.
    pub fn is_definite(&self) -> bool {
        self.definite
    }

    /// What the path finds in a document.
    pub fn select<'a>(&self, root: &Value<'a>) -> Result<Selected<'a>, TooMuch> {
        select::select(self, root, root, &mut STEPS_MAX.clone())
    }
}
