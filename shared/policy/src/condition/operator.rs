//! The names of operators, which are put together from parts: `ForAnyValue:StringNotLikeIfExists`.

use std::cmp::Ordering;

#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    pub(super) quantifier: Quantifier,
    pub(super) comparison: Comparison,
    pub(super) is_negated: bool,
    pub(super) if_exists: bool,
}

/// How many of a request's values have to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// The policy expects one value. Of several, one is enough; negated, none may pass.
    None,
    All,
    Any,
}

/// Which orders of what the request has to what the policy has pass.
pub(super) type Ordered = fn(Ordering) -> bool;

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Numeric(Ordered),
    Date(Ordered),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

impl Operator {
    /// Names are taken in any case, as the service takes those of keys.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (quantifier, name) = match name.split_once(':') {
            None => (Quantifier::None, name.as_str()),
            Some(("forallvalues", name)) => (Quantifier::All, name),
            Some(("foranyvalue", name)) => (Quantifier::Any, name),
            Some(_) => return None,
        };
        let bare = name.strip_suffix("ifexists");
        let (comparison, is_negated) = comparison(bare.unwrap_or(name))?;
        let if_exists = bare.is_some();
        // `Null` asks whether a key exists: neither how many values it has, nor what if it does not, is a question then.
        let is_plain = quantifier == Quantifier::None && !if_exists;
        if matches!(comparison, Comparison::Null) && !is_plain {
            return None;
        }
        Some(Self {
            quantifier,
            comparison,
            is_negated,
            if_exists,
        })
    }
}

/// Also says whether the operator is negated.
fn comparison(name: &str) -> Option<(Comparison, bool)> {
    Some(match name {
        "stringequals" => (Comparison::StringEquals, false),
        "stringnotequals" => (Comparison::StringEquals, true),
        "stringequalsignorecase" => (Comparison::StringEqualsIgnoreCase, false),
        "stringnotequalsignorecase" => (Comparison::StringEqualsIgnoreCase, true),
        "stringlike" => (Comparison::StringLike, false),
        "stringnotlike" => (Comparison::StringLike, true),
        "bool" => (Comparison::Bool, false),
        "binaryequals" => (Comparison::Binary, false),
        "ipaddress" => (Comparison::Ip, false),
        "notipaddress" => (Comparison::Ip, true),
        "arnequals" | "arnlike" => (Comparison::Arn, false),
        "arnnotequals" | "arnnotlike" => (Comparison::Arn, true),
        "null" => (Comparison::Null, false),
        name => {
            if let Some(order) = name.strip_prefix("numeric") {
                let (ordered, is_negated) = ordered(order)?;
                (Comparison::Numeric(ordered), is_negated)
            } else {
                let (ordered, is_negated) = ordered(name.strip_prefix("date")?)?;
                (Comparison::Date(ordered), is_negated)
            }
        }
    })
}

/// Also says whether the comparison is negated.
fn ordered(name: &str) -> Option<(Ordered, bool)> {
    Some(match name {
        "equals" => (Ordering::is_eq, false),
        "notequals" => (Ordering::is_eq, true),
        "lessthan" => (Ordering::is_lt, false),
        "lessthanequals" => (Ordering::is_le, false),
        "greaterthan" => (Ordering::is_gt, false),
        "greaterthanequals" => (Ordering::is_ge, false),
        _ => return None,
    })
}
