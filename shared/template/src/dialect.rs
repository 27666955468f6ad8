//! Where API Gateway differs from Velocity 1.7: the whole table.
//!
//! Everything else is Velocity's, and `tests/velocity` holds it to that byte for byte: it runs [`Dialect::Velocity`]
//! against Apache's own engine, so what is not a method here cannot differ.

/// Which engine a template is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// API Gateway's, which is what a gateway wants.
    #[default]
    ApiGateway,
    /// Velocity 1.7's, for holding this engine against the original.
    Velocity,
}

impl Dialect {
    /// An undefined reference prints its own source, also when a string is added to it. In API Gateway it prints
    /// nothing.
    pub(crate) fn null_prints_source(self) -> bool {
        self == Self::Velocity
    }

    /// `#set` with an undefined right side leaves the old value. In API Gateway it undefines the variable.
    pub(crate) fn null_keeps_old_value(self) -> bool {
        self == Self::Velocity
    }

    /// An undefined value equals the empty string.
    pub(crate) fn null_equals_empty(self) -> bool {
        self == Self::ApiGateway
    }

    /// Rounds a `#foreach` may take before the run fails.
    pub(crate) fn loop_rounds_max(self) -> Option<u32> {
        match self {
            Self::ApiGateway => Some(1_000),
            Self::Velocity => None,
        }
    }
}
