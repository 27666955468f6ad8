//! What can be wrong with a template, before and while it runs.

/// The template is not VTL. The gateway answers 500 and logs this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{template}:{line}:{column}: {what}")]
pub struct ParseError {
    /// The template's name, as given to [`crate::Template::parse`].
    pub template: Box<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, and what was expected.
    pub what: Box<str>,
}

/// A template that parsed did not run to its end. Nothing of its output counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{template}:{line}:{column}: {fault}")]
pub struct RunError {
    /// The template's name.
    pub template: Box<str>,
    /// Line of the reference or directive that failed, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// What failed.
    pub fault: Fault,
}

/// Why a run ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A method of a value threw, as `substring` out of range does in Java.
    #[error("`{method}` failed: {why}")]
    Method {
        /// The method's name.
        method: Box<str>,
        /// What Java would say.
        why: Box<str>,
    },
    /// A bound of [`crate::Limits`] was reached.
    #[error("the template went past its limit of {max} {what}")]
    Limit {
        /// What there was too much of.
        what: Limit,
        /// How much there may be.
        max: u64,
    },
    /// The same override was written twice; each is final.
    #[error("`{name}` was overridden twice; an override is final")]
    OverriddenTwice {
        /// The override, as `requestOverride.header.x`.
        name: Box<str>,
    },
    /// `#parse`, `#include` or `#evaluate`, which a gateway does not have.
    #[error("`#{directive}` is not available in a mapping template")]
    Refused {
        /// The directive's name.
        directive: &'static str,
    },
    /// A macro was called with a bare word, or `#break` with what is no loop.
    #[error("{what}")]
    Misuse {
        /// What is wrong.
        what: Box<str>,
    },
}

/// What a run may use only so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Nodes rendered, values computed and elements looked at.
    Steps,
    /// Rounds of one `#foreach`.
    LoopRounds,
    /// Bytes of output.
    OutputBytes,
    /// Bytes of strings and elements of lists made on the way.
    Memory,
    /// Macros, blocks and values in each other.
    Depth,
    /// Steps of a regular expression.
    RegexSteps,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Steps => "steps",
            Self::LoopRounds => "rounds of one #foreach",
            Self::OutputBytes => "bytes of output",
            Self::Memory => "bytes of values",
            Self::Depth => "levels of nesting",
            Self::RegexSteps => "steps of a regular expression",
        })
    }
}
