//! What is checked before the service looks at a request: required members, enumerations, patterns.
//!
//! All violations are collected and told together, in the service's order and words, so an input says itself what
//! it must satisfy.

use super::Failure;
use serde::{Deserialize, Deserializer};
use std::fmt::Write;

/// What a whole number of the service's models may be: clients that have types for them can read no greater one.
pub(crate) const WHOLE_MAX: i64 = 2_147_483_647;

/// A value with a fixed set of names on the wire, in the order in which the service prints the set.
pub(crate) trait Enumerated: Copy + PartialEq + 'static {
    const SET: &'static [(&'static str, Self)];

    fn named(name: &str) -> Option<Self> {
        Self::SET
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }

    fn name(self) -> &'static str {
        let known = Self::SET.iter().find(|(_, value)| *value == self);
        known.map_or("", |(name, _)| name)
    }
}

/// The member of an input that should name one of a set. Whether it does is told by [`Violations`], with all else that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice<T> {
    Known(T),
    Unknown(String),
}

impl<'de, T: Enumerated> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(T::named(&name).map_or(Self::Unknown(name), Self::Known))
    }
}

impl<T: Enumerated> Choice<T> {
    fn name(&self) -> &str {
        match self {
            Self::Known(value) => value.name(),
            Self::Unknown(name) => name,
        }
    }

    /// The value. A choice that got past the constraints has one.
    pub(crate) fn known(&self) -> Result<T, Failure> {
        match self {
            Self::Known(value) => Ok(*value),
            Self::Unknown(name) => Err(Failure::validation(&[format!(
                "Value '{name}' {}",
                failed(&set::<T>())
            )])),
        }
    }
}

fn set<T: Enumerated>() -> String {
    let names: Vec<_> = T::SET.iter().map(|(name, _)| *name).collect();
    format!("Member must satisfy enum value set: [{}]", names.join(", "))
}

fn failed(constraint: &str) -> String {
    format!("failed to satisfy constraint: {constraint}")
}

/// The violations of one request so far.
pub(crate) struct Violations {
    /// As in `createRestApiInput`.
    input: String,
    clauses: Vec<String>,
    omitted: usize,
}

/// More than this is not told: a body may hold very many.
const CLAUSES_MAX: usize = 100;

impl Violations {
    pub(crate) fn of(operation: &str) -> Self {
        Self {
            input: input_name(operation),
            clauses: Vec::new(),
            omitted: 0,
        }
    }

    /// A member of the body that names one of a set.
    pub(crate) fn choice<T: Enumerated>(&mut self, member: &str, value: Option<&Choice<T>>) {
        if let Some(Choice::Unknown(name)) = value {
            let at = format!("{}.{member}", self.input);
            self.add(name, &at, &set::<T>());
        }
    }

    /// A list whose members each name one of a set; the service names the whole list.
    pub(crate) fn choices<T: Enumerated>(&mut self, member: &str, values: &[Choice<T>]) {
        if values.iter().any(|v| matches!(v, Choice::Unknown(_))) {
            let printed: Vec<&str> = values.iter().map(Choice::name).collect();
            let at = format!("{}.{member}", self.input);
            self.add(
                &format!("[{}]", printed.join(", ")),
                &at,
                &format!("Member must satisfy constraint: [{}]", set::<T>()),
            );
        }
    }

    /// A name in the path or the query string, which the service calls by its bare name.
    pub(crate) fn bare_choice<T: Enumerated>(&mut self, name: &str, value: Option<&Choice<T>>) {
        if let Some(Choice::Unknown(given)) = value {
            self.add(given, name, &set::<T>());
        }
    }

    /// A status code in the path.
    pub(crate) fn status_code(&mut self, code: &str) {
        self.status_code_at(code, "statusCode");
    }

    /// A status code that is a member of the body.
    pub(crate) fn status_code_member(&mut self, member: &str, code: &str) {
        let at = format!("{}.{member}", self.input);
        self.status_code_at(code, &at);
    }

    /// A status code that is a member of the body, where `*` stands for all.
    pub(crate) fn any_status_code_member(&mut self, member: &str, code: &str) {
        if !is_status_code(code) && code != "*" && !code.trim().is_empty() {
            let at = format!("{}.{member}", self.input);
            self.add(
                code,
                &at,
                r"Member must satisfy regular expression pattern: ([1-5]\d\d|\*|\s*)",
            );
        }
    }

    fn status_code_at(&mut self, code: &str, at: &str) {
        if !is_status_code(code) {
            self.add(
                code,
                at,
                r"Member must satisfy regular expression pattern: [1-5]\d\d",
            );
        }
    }

    /// A member that must be there.
    pub(crate) fn missing(&mut self, member: &str) {
        let clause = missing(&format!("{}.{member}", self.input));
        self.push(clause);
    }

    fn add(&mut self, value: &str, at: &str, constraint: &str) {
        let clause = format!("Value '{value}' at '{at}' {}", failed(constraint));
        self.push(clause);
    }

    fn push(&mut self, clause: String) {
        if self.clauses.len() < CLAUSES_MAX {
            self.clauses.push(clause);
        } else {
            self.omitted += 1;
        }
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.clauses.is_empty() {
            return Ok(());
        }
        let mut failure = Failure::validation(&self.clauses);
        if self.omitted > 0 {
            let _ = write!(failure.message, "; and {} more", self.omitted);
        }
        Err(failure)
    }
}

pub(crate) fn is_status_code(code: &str) -> bool {
    matches!(code.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}

/// The clause for a member that is not there.
pub(super) fn missing(at: &str) -> String {
    format!("Value null at '{at}' {}", failed("Member must not be null"))
}

/// How the service calls the input of an operation: `createRestApiInput` for CreateRestApi.
pub(super) fn input_name(operation: &str) -> String {
    let mut letters = operation.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}Input", first.to_ascii_lowercase(), letters.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq)]
    enum Size {
        Small,
        Large,
    }

    impl Enumerated for Size {
        const SET: &'static [(&'static str, Self)] =
            &[("small", Self::Small), ("large", Self::Large)];
    }

    #[test]
    fn all_violations_are_told_together_in_the_words_of_the_service() {
        let wrong = Choice::<Size>::Unknown("wrong".to_owned());
        let mut one = Violations::of("UpdateRestApi");
        one.choice("size", Some(&wrong));
        assert_eq!(
            one.finish().unwrap_err().message,
            "1 validation error detected: Value 'wrong' at 'updateRestApiInput.size' failed to satisfy constraint: \
             Member must satisfy enum value set: [small, large]"
        );

        let mut two = Violations::of("PutMethodResponse");
        two.choices("sizes", &[Choice::Known(Size::Small), wrong.clone()]);
        two.choice("size", Some(&Choice::Known(Size::Small)));
        two.choice::<Size>("size", None);
        two.status_code("wrong");
        assert_eq!(
            two.finish().unwrap_err().message,
            "2 validation errors detected: Value '[small, wrong]' at 'putMethodResponseInput.sizes' failed to satisfy constraint: \
             Member must satisfy constraint: [Member must satisfy enum value set: [small, large]]; \
             Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d"
        );
    }

    #[test]
    fn a_status_code_is_three_digits_from_100_to_599() {
        for (code, holds) in [
            ("100", true),
            ("599", true),
            ("600", false),
            ("099", false),
            ("20", false),
            ("2000", false),
            ("2xx", false),
            ("", false),
        ] {
            let mut violations = Violations::of("X");
            violations.status_code(code);
            assert_eq!(violations.finish().is_ok(), holds, "{code}");
        }
    }

    #[test]
    fn the_number_of_violations_told_is_bounded() {
        let mut violations = Violations::of("X");
        for _ in 0..CLAUSES_MAX + 7 {
            violations.missing("a");
        }
        assert!(
            violations
                .finish()
                .unwrap_err()
                .message
                .ends_with("; and 7 more")
        );
    }
}
