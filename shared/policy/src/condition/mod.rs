//! Conditions: what must be true of a request besides who, what and to what.

mod date;
mod network;
mod operator;

use crate::arn::ArnPattern;
use crate::error::{Fault, PolicyError};
use crate::json::{Node, Place};
use crate::pattern::{Case, Language, Template, Wildcards};
use crate::request::{Context, Values};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use network::Network;
use operator::{Comparison, Operator, Ordered, Quantifier};
use time::OffsetDateTime;

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// In lower case.
    key: Box<str>,
    quantifier: Quantifier,
    is_negated: bool,
    if_exists: bool,
    test: Test,
}

/// What one value of the request is compared with. Any of the values will do.
#[derive(Clone, Debug)]
enum Test {
    Text(Case, Box<[Template]>),
    Number(Ordered, Box<[f64]>),
    Date(Ordered, Box<[OffsetDateTime]>),
    Bool(Box<[bool]>),
    Binary(Box<[Box<[u8]>]>),
    Address(Box<[Network]>),
    Arn(Box<[ArnPattern]>),
    /// Whether the key must be absent.
    Null(Box<[bool]>),
}

/// All must hold.
pub(crate) fn conditions(
    node: &Node,
    place: &Place<'_>,
    language: Language,
) -> Result<Box<[Condition]>, PolicyError> {
    let mut conditions = Vec::new();
    for (name, keys) in node.members(place)? {
        let place = place.member(name);
        let operator = Operator::named(name).ok_or_else(|| place.fault(Fault::Operator))?;
        for (key, values) in keys.members(&place)? {
            let place = place.member(key);
            if key.is_empty() {
                return Err(place.fault(Fault::Missing("the name of a key")));
            }
            conditions.push(Condition {
                key: key.to_lowercase().into(),
                quantifier: operator.quantifier,
                is_negated: operator.is_negated,
                if_exists: operator.if_exists,
                test: Test::new(operator.comparison, values, &place, language)?,
            });
        }
    }
    Ok(conditions.into())
}

impl Test {
    fn new(
        comparison: Comparison,
        node: &Node,
        place: &Place<'_>,
        language: Language,
    ) -> Result<Self, PolicyError> {
        let values = Listed { node, place };
        let text = |case, wildcards| {
            let values =
                values.each(|text, place| Template::new(text, wildcards, language, place))?;
            Ok(Self::Text(case, values))
        };
        Ok(match comparison {
            Comparison::StringEquals => return text(Case::Counts, Wildcards::Text),
            Comparison::StringEqualsIgnoreCase => return text(Case::Ignored, Wildcards::Text),
            Comparison::StringLike => return text(Case::Counts, Wildcards::Match),
            Comparison::Numeric(ordered) => Self::Number(ordered, values.all("number", number)?),
            Comparison::Date(ordered) => Self::Date(
                ordered,
                values.all(
                    "date: write 2026-01-15T12:30:00Z, or seconds since 1970",
                    date::read,
                )?,
            ),
            Comparison::Bool => Self::Bool(values.all(TRUE_OR_FALSE, truth)?),
            Comparison::Null => Self::Null(values.all(TRUE_OR_FALSE, truth)?),
            Comparison::Binary => Self::Binary(values.all("base64", |text| {
                BASE64.decode(text).ok().map(Vec::into_boxed_slice)
            })?),
            Comparison::Ip => Self::Address(values.all(
                "address or block of addresses: write 203.0.113.0/24 or 2001:db8::/32",
                Network::read,
            )?),
            Comparison::Arn => Self::Arn(values.each(|text, place| {
                ArnPattern::new(text, language, place).and_then(|pattern| {
                    if pattern.can_be_arn() {
                        return Ok(pattern);
                    }
                    Err(place.fault(Fault::ConditionValue {
                        value: text.to_owned(),
                        expected: "ARN: it has six parts with colons between them",
                    }))
                })
            })?),
        })
    }

    fn passes(&self, value: &str, context: &dyn Context) -> bool {
        match self {
            Self::Text(case, templates) => templates
                .iter()
                .any(|template| template.matches(value, *case, context)),
            Self::Number(ordered, own) => number(value).is_some_and(|value| {
                own.iter()
                    .any(|own| value.partial_cmp(own).is_some_and(ordered))
            }),
            Self::Date(ordered, own) => {
                date::read(value).is_some_and(|value| own.iter().any(|own| ordered(value.cmp(own))))
            }
            Self::Bool(own) => truth(value).is_some_and(|value| own.contains(&value)),
            Self::Binary(own) => BASE64
                .decode(value)
                .is_ok_and(|value| own.iter().any(|own| **own == *value)),
            Self::Address(own) => network::address(value)
                .is_some_and(|address| own.iter().any(|own| own.has(address))),
            Self::Arn(own) => own.iter().any(|own| own.is_like(value, context)),
            // Is not about a value.
            Self::Null(_) => false,
        }
    }
}

impl Condition {
    pub(crate) fn holds(&self, context: &dyn Context) -> bool {
        let values = context.values(&self.key);
        let mut values = values.iter().flat_map(Values::iter).peekable();
        let is_absent = values.peek().is_none();
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&is_absent);
        }
        let passes = |value: &str| self.test.passes(value, context);
        match self.quantifier {
            // With a negated operator each value has to differ from all in the policy.
            Quantifier::All => values.all(|value| passes(value) != self.is_negated),
            // `IfExists` is about the values one by one here, and of none none will do.
            Quantifier::Any => values.any(|value| passes(value) != self.is_negated),
            Quantifier::None if is_absent => self.if_exists || self.is_negated,
            Quantifier::None => values.any(passes) != self.is_negated,
        }
    }
}

const TRUE_OR_FALSE: &str = "truth value: write true or false";

fn truth(text: &str) -> Option<bool> {
    let is = |word| text.eq_ignore_ascii_case(word);
    is("true").then_some(true).or(is("false").then_some(false))
}

/// Only what people call numbers, so neither `inf` nor `NaN`.
fn number(text: &str) -> Option<f64> {
    let is_decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    if !text.chars().all(is_decimal) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The values of one key as they are written: texts, but also numbers and truth values without quotes.
#[derive(Clone, Copy)]
struct Listed<'a> {
    node: &'a Node,
    place: &'a Place<'a>,
}

impl Listed<'_> {
    fn each<T>(
        &self,
        read: impl Fn(&str, &Place<'_>) -> Result<T, PolicyError>,
    ) -> Result<Box<[T]>, PolicyError> {
        let (nodes, is_list) = self.node.one_or_many();
        nodes
            .iter()
            .enumerate()
            .map(|(index, node)| {
                let place = self.place.element(is_list.then_some(index));
                match node {
                    Node::Scalar { text, .. } => read(text, &place),
                    _ => Err(place.fault(Fault::WrongType("a text, a number, true or false"))),
                }
            })
            .collect()
    }

    fn all<T>(
        &self,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Box<[T]>, PolicyError> {
        self.each(|text, place| {
            read(text).ok_or_else(|| {
                place.fault(Fault::ConditionValue {
                    value: text.to_owned(),
                    expected,
                })
            })
        })
    }
}
