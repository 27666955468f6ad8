//! Wildcards and policy variables in text.

use crate::error::{Fault, PolicyError};
use crate::json::Place;
use crate::request::Context;
use std::borrow::Cow;

/// What a document's version makes of `${...}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Of 2008: text.
    Plain,
    /// Of 2012: the value of a key of the request.
    Variables,
}

/// What `*` and `?` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wildcards {
    Text,
    Match,
}

/// Whether letters that differ in case only are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Counts,
    Ignored,
}

/// What one place of a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Char(char),
    /// Any one character.
    One,
    /// Any characters, or none.
    Run,
}

impl Unit {
    fn takes(self, c: char, case: Case) -> bool {
        match self {
            Self::Char(own) if case == Case::Ignored => {
                own == c || own.to_lowercase().eq(c.to_lowercase())
            }
            Self::Char(own) => own == c,
            Self::One => true,
            Self::Run => false,
        }
    }
}

/// Whether the units take the text, all of it.
///
/// Where a run has taken too little it takes one character more, and only the last run is ever asked to: whatever the earlier
/// ones could take instead, the last can. So the work is at most the length of the pattern times that of the text, whatever
/// either says.
pub(crate) fn matches(units: &[Unit], text: &str, case: Case) -> bool {
    let mut at = 0;
    let mut rest = text.chars();
    let mut last_run = None;
    loop {
        let unit = units.get(at).copied();
        if unit == Some(Unit::Run) {
            at += 1;
            if at == units.len() {
                return true;
            }
            last_run = Some((at, rest.clone()));
            continue;
        }
        match (unit, rest.next()) {
            (None, None) => return true,
            (Some(_), None) => return false,
            (Some(unit), Some(c)) if unit.takes(c, case) => at += 1,
            (_, Some(_)) => {
                let Some((after_run, taken_to)) = &mut last_run else {
                    return false;
                };
                taken_to.next();
                at = *after_run;
                rest = taken_to.clone();
            }
        }
    }
}

/// A pattern as it is written: complete, or with variables that each request fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    Complete(Box<[Unit]>),
    Open(Box<[Part]>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Unit(Unit),
    Variable {
        /// In lower case.
        key: Box<str>,
        default: Option<Box<str>>,
    },
}

impl Template {
    pub(crate) fn new(
        text: &str,
        wildcards: Wildcards,
        language: Language,
        place: &Place<'_>,
    ) -> Result<Self, PolicyError> {
        Ok(Self::of(parts(text, wildcards, language, place)?))
    }

    pub(crate) fn of(parts: Vec<Part>) -> Self {
        let units: Option<Box<[Unit]>> = parts
            .iter()
            .map(|part| match part {
                Part::Unit(unit) => Some(*unit),
                Part::Variable { .. } => None,
            })
            .collect();
        units.map_or_else(|| Self::Open(parts.into()), Self::Complete)
    }

    /// `None` if the request has no value for a variable. What a variable stands for is text, wildcards and all: who could put
    /// a star into the tag of a session would otherwise widen the policy.
    pub(crate) fn units(&self, context: &dyn Context) -> Option<Cow<'_, [Unit]>> {
        let parts = match self {
            Self::Complete(units) => return Some(Cow::Borrowed(units)),
            Self::Open(parts) => parts,
        };
        let mut units = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Unit(unit) => units.push(*unit),
                Part::Variable { key, default } => {
                    let values = context.values(key);
                    let value = values.as_ref().and_then(|values| values.single());
                    let value = value.or(default.as_deref())?;
                    units.extend(value.chars().map(Unit::Char));
                }
            }
        }
        Some(Cow::Owned(units))
    }

    pub(crate) fn matches(&self, text: &str, case: Case, context: &dyn Context) -> bool {
        self.units(context)
            .is_some_and(|units| matches(&units, text, case))
    }
}

pub(crate) fn parts(
    text: &str,
    wildcards: Wildcards,
    language: Language,
    place: &Place<'_>,
) -> Result<Vec<Part>, PolicyError> {
    let mut parts = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if language == Language::Variables
            && let Some(opened) = rest.strip_prefix("${")
        {
            let unclosed = || place.fault(Fault::Variable(text.to_owned()));
            let (part, after) = variable(opened).ok_or_else(unclosed)?;
            parts.push(part);
            rest = after;
            continue;
        }
        parts.push(Part::Unit(match c {
            '*' if wildcards == Wildcards::Match => Unit::Run,
            '?' if wildcards == Wildcards::Match => Unit::One,
            c => Unit::Char(c),
        }));
        rest = &rest[c.len_utf8()..];
    }
    Ok(parts)
}

/// The variable whose opening has been read, and what comes after it.
fn variable(opened: &str) -> Option<(Part, &str)> {
    let name_end = opened.find([',', '}'])?;
    let (name, rest) = opened.split_at(name_end);
    let name = name.trim();
    if let Some(after) = rest.strip_prefix('}') {
        let part = match name {
            "" => return None,
            "*" => Part::Unit(Unit::Char('*')),
            "?" => Part::Unit(Unit::Char('?')),
            "$" => Part::Unit(Unit::Char('$')),
            name => Part::Variable {
                key: name.to_lowercase().into(),
                default: None,
            },
        };
        return Some((part, after));
    }
    let quoted = rest.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, rest) = quoted.split_once('\'')?;
    let after = rest.trim_start().strip_prefix('}')?;
    if name.is_empty() {
        return None;
    }
    let part = Part::Variable {
        key: name.to_lowercase().into(),
        default: Some(default.into()),
    };
    Some((part, after))
}
