//! One statement: what it is for, and whether it holds for a request.

use crate::arn::ArnPattern;
use crate::condition::{self, Condition};
use crate::error::{Fault, PolicyError};
use crate::json::{Node, Place};
use crate::pattern::{Case, Language, Template, Wildcards};
use crate::principal::{self, PrincipalPattern};
use crate::request::{Context, Request};
use crate::{AUTHORIZER_RESOURCE_CHARS_MAX, Kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    /// `None` in a policy that belongs to a principal.
    principals: Option<Listed<PrincipalPattern>>,
    actions: Listed<Template>,
    resources: Listed<ArnPattern>,
    conditions: Box<[Condition]>,
}

/// `Action` and its like, or `NotAction` and its like.
#[derive(Clone, Debug)]
struct Listed<T> {
    values: Box<[T]>,
    /// Whether the statement is for all but these.
    is_negated: bool,
}

impl<T> Listed<T> {
    fn holds(&self, is_this: impl Fn(&T) -> bool) -> bool {
        self.values.iter().any(is_this) != self.is_negated
    }
}

impl Statement {
    /// The statement, and its Sid.
    pub(crate) fn of<'n>(
        node: &'n Node,
        place: &Place<'_>,
        kind: Kind<'_>,
        language: Language,
    ) -> Result<(Self, Option<&'n str>), PolicyError> {
        let mut sid = None;
        let mut effect = None;
        let mut principals = Pair::new(["Principal", "NotPrincipal"]);
        let mut actions = Pair::new(["Action", "NotAction"]);
        let mut resources = Pair::new(["Resource", "NotResource"]);
        let mut conditions: Box<[Condition]> = Box::default();
        for (name, value) in node.members(place)? {
            let at = place.member(name);
            match name.as_str() {
                "Sid" => sid = Some(value.text(&at)?),
                "Effect" => {
                    effect = Some(match value.text(&at)? {
                        "Allow" => Effect::Allow,
                        "Deny" => Effect::Deny,
                        other => return Err(at.fault(Fault::Effect(other.to_owned()))),
                    });
                }
                "Principal" | "NotPrincipal" => {
                    if !matches!(kind, Kind::Resource { .. }) {
                        return Err(at.fault(Fault::PrincipalNotAllowed));
                    }
                    principals.set(name, principal::patterns(value, &at)?, place)?;
                }
                "Action" | "NotAction" => {
                    let read = |text: &str, at: &Place<'_>| action(text, kind, at);
                    actions.set(name, value.texts(&at, read)?, place)?;
                }
                "Resource" | "NotResource" => {
                    let read = |text: &str, at: &Place<'_>| resource(text, kind, language, at);
                    resources.set(name, value.texts(&at, read)?, place)?;
                }
                "Condition" => conditions = condition::conditions(value, &at, language)?,
                _ => return Err(at.fault(Fault::UnknownElement)),
            }
        }
        let missing = |what| place.fault(Fault::Missing(what));
        let principals = principals.listed;
        if principals.is_none() && matches!(kind, Kind::Resource { .. }) {
            return Err(missing("`Principal` (or `NotPrincipal`)"));
        }
        let statement = Self {
            effect: effect.ok_or_else(|| missing("`Effect`"))?,
            principals,
            actions: actions
                .listed
                .ok_or_else(|| missing("`Action` (or `NotAction`)"))?,
            resources: resources
                .listed
                .ok_or_else(|| missing("`Resource` (or `NotResource`)"))?,
            conditions,
        };
        Ok((statement, sid))
    }

    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        let Request {
            principal,
            action,
            resource,
            context,
        } = request;
        self.principals
            .as_ref()
            .is_none_or(|listed| listed.holds(|pattern| pattern.matches(principal)))
            && self
                .actions
                .holds(|pattern| pattern.matches(action, Case::Ignored, *context))
            && self
                .resources
                .holds(|pattern| pattern.covers(resource, *context))
            && (self.effect == Effect::Deny || self.knows_its_exceptions(*context))
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(*context))
    }
}

impl Statement {
    /// Whether it is known for every request what it leaves out. Of a variable without a value it is not: such a statement denies
    /// everything, and allows nothing.
    fn knows_its_exceptions(&self, context: &dyn Context) -> bool {
        let mut resources = self.resources.values.iter();
        !self.resources.is_negated || resources.all(|pattern| pattern.is_known(context))
    }
}

/// Two elements of which a statement has one.
struct Pair<T> {
    names: [&'static str; 2],
    listed: Option<Listed<T>>,
}

impl<T> Pair<T> {
    fn new(names: [&'static str; 2]) -> Self {
        Self {
            names,
            listed: None,
        }
    }

    fn set(&mut self, name: &str, values: Box<[T]>, place: &Place<'_>) -> Result<(), PolicyError> {
        let [positive, negated] = self.names;
        // A name cannot stand twice, so the other one is there already.
        if self.listed.is_some() {
            return Err(place.fault(Fault::Both(positive, negated)));
        }
        self.listed = Some(Listed {
            values,
            is_negated: name == negated,
        });
        Ok(())
    }
}

fn action(text: &str, kind: Kind<'_>, place: &Place<'_>) -> Result<Template, PolicyError> {
    let is_action = text == "*"
        || text
            .split_once(':')
            .is_some_and(|(service, operation)| !service.is_empty() && !operation.is_empty());
    if !is_action && kind != Kind::Authorizer {
        return Err(place.fault(Fault::Action(text.to_owned())));
    }
    Template::new(text, Wildcards::Match, Language::Plain, place)
}

fn resource(
    text: &str,
    kind: Kind<'_>,
    language: Language,
    place: &Place<'_>,
) -> Result<ArnPattern, PolicyError> {
    match kind {
        Kind::Authorizer if text.chars().count() > AUTHORIZER_RESOURCE_CHARS_MAX => {
            return Err(place.fault(Fault::ResourceTooLong(text.to_owned())));
        }
        Kind::Authorizer => {}
        Kind::Identity | Kind::Resource { .. } => {
            let can_be_arn = text.starts_with("arn:")
                || text.starts_with("execute-api:/")
                || text.contains(['*', '?'])
                || text.contains("${");
            if !can_be_arn {
                return Err(place.fault(Fault::Resource(text.to_owned())));
            }
        }
    }
    if let Kind::Resource { api_arn } = kind
        && let Some(of_api) = text.strip_prefix("execute-api:/")
    {
        let api_arn = api_arn.ok_or_else(|| place.fault(Fault::NoApi(text.to_owned())))?;
        return ArnPattern::new(&format!("{api_arn}/{of_api}"), language, place);
    }
    ArnPattern::new(text, language, place)
}
