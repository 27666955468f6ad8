//! Patterns for ARNs, which are compared part by part.

use crate::error::PolicyError;
use crate::json::Place;
use crate::pattern::{Case, Language, Part, Template, Unit, Wildcards, matches, parts};
use crate::request::Context;

/// `arn`, partition, service, region, account, and all the rest, colons included.
const PARTS: usize = 6;

/// A star stays within its part, so that one for an account is not taken for other services' resources as well.
#[derive(Clone, Debug)]
pub(crate) enum ArnPattern {
    /// All six parts are written out. What a variable stands for cannot add a part.
    Parts(Box<[Template; PARTS]>),
    /// Fewer are: a star, or a variable that holds a whole ARN.
    Whole(Template),
}

impl ArnPattern {
    pub(crate) fn new(
        text: &str,
        language: Language,
        place: &Place<'_>,
    ) -> Result<Self, PolicyError> {
        let written = parts(text, Wildcards::Match, language, place)?;
        let is_colon = |part: &Part| *part == Part::Unit(Unit::Char(':'));
        let split: Vec<Template> = written
            .splitn(PARTS, is_colon)
            .map(|part| Template::of(part.to_vec()))
            .collect();
        Ok(<[Template; PARTS]>::try_from(split).map_or_else(
            |_| Self::Whole(Template::of(written)),
            |parts| Self::Parts(Box::new(parts)),
        ))
    }

    /// Whether it could be like an ARN at all: it has all the parts, or is a star, or will have what a variable holds.
    pub(crate) fn can_be_arn(&self) -> bool {
        match self {
            Self::Parts(_) | Self::Whole(Template::Open(_)) => true,
            Self::Whole(Template::Complete(units)) => **units == [Unit::Run],
        }
    }

    /// Whether the request has values for all variables in it.
    pub(crate) fn is_known(&self, context: &dyn Context) -> bool {
        match self {
            Self::Parts(parts) => parts.iter().all(|part| part.units(context).is_some()),
            Self::Whole(template) => template.units(context).is_some(),
        }
    }

    /// As the resource of a statement: what has fewer parts is matched against the whole.
    pub(crate) fn covers(&self, arn: &str, context: &dyn Context) -> bool {
        match self {
            Self::Parts(parts) => parts_match(parts, arn, context),
            Self::Whole(template) => template.matches(arn, Case::Counts, context),
        }
    }

    /// As the value of a condition: what a variable stands for is an ARN as well, and is split like one.
    pub(crate) fn is_like(&self, arn: &str, context: &dyn Context) -> bool {
        let template = match self {
            Self::Parts(parts) => return parts_match(parts, arn, context),
            Self::Whole(template) => template,
        };
        let Some(units) = template.units(context) else {
            return false;
        };
        if *units == [Unit::Run] {
            return arn.splitn(PARTS, ':').count() == PARTS;
        }
        let mut own = units.splitn(PARTS, |unit| *unit == Unit::Char(':'));
        let mut given = arn.splitn(PARTS, ':');
        (0..PARTS).all(|_| match (own.next(), given.next()) {
            (Some(units), Some(part)) => matches(units, part, Case::Counts),
            _ => false,
        })
    }
}

fn parts_match(parts: &[Template; PARTS], arn: &str, context: &dyn Context) -> bool {
    let mut given = arn.splitn(PARTS, ':');
    parts.iter().all(|template| {
        given
            .next()
            .is_some_and(|part| template.matches(part, Case::Counts, context))
    })
}
