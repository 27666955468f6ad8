//! `$context`, with the overrides that a template writes through it.

use std::rc::Rc;

use super::{Host, Side};
use crate::error::Fault;
use crate::inputs::{Found, OverrideValue, Place};
use crate::run::{Outcome, Run};
use crate::value::{ListKind, Text, Value};

/// No object of `$context` lies deeper: `identity.clientCert.validity.notBefore` has four parts.
const DEPTH_MAX: usize = 8;

impl<'a> Run<'a, '_> {
    /// `$context.a.b.c`, in one lookup.
    pub(crate) fn context_members(&mut self, members: &'a [Box<str>]) -> Value<'a> {
        if matches!(&*members[0], "requestOverride" | "responseOverride") {
            let mut value = self.context_member(&[], &members[0]);
            for name in &members[1..] {
                value = match &value {
                    Value::Host(Host::Overrides(side)) => self.override_group(*side, name),
                    Value::Host(Host::OverrideGroup(side, place)) => {
                        self.override_value(*side, *place, name)
                    }
                    _ => Value::Null,
                };
            }
            return value;
        }
        let mut parts = [""; DEPTH_MAX];
        let Some(used) = parts.get_mut(..members.len()) else {
            return Value::Null;
        };
        for (part, member) in used.iter_mut().zip(members) {
            *part = member;
        }
        self.found(used, || {
            members
                .iter()
                .map(|member| Text::Borrowed(member))
                .collect()
        })
    }

    pub(super) fn context_member(&mut self, path: &[Text<'a>], name: &str) -> Value<'a> {
        match name {
            "requestOverride" if path.is_empty() => {
                return Value::Host(Host::Overrides(Side::Request));
            }
            "responseOverride" if path.is_empty() => {
                return Value::Host(Host::Overrides(Side::Response));
            }
            _ => {}
        }
        let mut parts: Vec<&str> = path.iter().map(|part| &**part).collect();
        parts.push(name);
        if parts.len() > DEPTH_MAX {
            return Value::Null;
        }
        self.found(&parts, || {
            path.iter()
                .cloned()
                .chain([Text::from(name.to_owned())])
                .collect()
        })
    }

    fn found(&self, parts: &[&str], path: impl FnOnce() -> Vec<Text<'a>>) -> Value<'a> {
        match self.inputs.context(parts) {
            Found::Absent | Found::Null => Value::Null,
            Found::Text(text) => Value::text(text),
            Found::Number(number) => i32::try_from(number).map_or(Value::Long(number), Value::Int),
            Found::Object => Value::Host(Host::Context(Rc::new(path()))),
        }
    }

    pub(super) fn override_group(&mut self, side: Side, name: &str) -> Value<'a> {
        let place = Place::ALL.into_iter().find(|place| place.name() == name);
        match (side, place) {
            (Side::Request, Some(place)) => Value::Host(Host::OverrideGroup(side, place)),
            (Side::Response, Some(Place::Header)) => {
                Value::Host(Host::OverrideGroup(side, Place::Header))
            }
            (Side::Response, _) if name == "status" => self
                .overrides
                .response
                .status
                .map_or(Value::Null, |status| Value::Int(i32::from(status))),
            _ => Value::Null,
        }
    }

    fn group(&mut self, side: Side, place: Place) -> &mut Vec<(String, OverrideValue)> {
        match (side, place) {
            (Side::Request, Place::Header) => &mut self.overrides.request.header,
            (Side::Request, Place::Querystring) => &mut self.overrides.request.querystring,
            (Side::Request, Place::Path) => &mut self.overrides.request.path,
            (Side::Response, _) => &mut self.overrides.response.header,
        }
    }

    pub(super) fn override_names(&mut self, side: Side, place: Place) -> Vec<String> {
        self.group(side, place)
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    pub(super) fn override_value(&mut self, side: Side, place: Place, name: &str) -> Value<'a> {
        match self
            .group(side, place)
            .iter()
            .find(|(known, _)| known == name)
        {
            Some((_, OverrideValue::One(value))) => Value::text(value.clone()),
            Some((_, OverrideValue::Many(values))) => Value::list(
                ListKind::Java,
                values
                    .iter()
                    .map(|value| Value::text(value.clone()))
                    .collect(),
            ),
            None => Value::Null,
        }
    }

    /// Each override is final within a template; a second write of the same one fails the run.
    fn claim(&mut self, name: String) -> Outcome<()> {
        self.step(self.overridden.len() + 1)?;
        if self.overridden.contains(&name) {
            return Err(Fault::OverriddenTwice { name: name.into() }.into());
        }
        self.overridden.push(name);
        Ok(())
    }

    pub(super) fn override_status(&mut self, value: &Value<'a>) -> Outcome<()> {
        if value.is_null() {
            return Ok(());
        }
        self.claim("responseOverride.status".to_owned())?;
        let status = match value {
            Value::Int(status) => u16::try_from(*status).ok(),
            Value::Long(status) => u16::try_from(*status).ok(),
            _ => None,
        };
        if let Some(status) = status.filter(|status| (100..=599).contains(status)) {
            self.overrides.response.status = Some(status);
        }
        Ok(())
    }

    pub(super) fn write_override(
        &mut self,
        side: Side,
        place: Place,
        name: &str,
        value: &Value<'a>,
    ) -> Outcome<()> {
        if value.is_null() {
            return Ok(());
        }
        let which = if side == Side::Request {
            "requestOverride"
        } else {
            "responseOverride"
        };
        self.claim(format!("{which}.{}.{name}", place.name()))?;
        self.spend(name.len() + 64)?;
        let value = match &value.clone().opened() {
            Value::List(list) => {
                let items = list.items.borrow().clone();
                let mut values = Vec::with_capacity(items.len());
                for item in &items {
                    values.push(self.text_of(item)?.to_string());
                }
                OverrideValue::Many(values)
            }
            other => OverrideValue::One(self.text_of(other)?.to_string()),
        };
        let group = self.group(side, place);
        match group.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => group.push((name.to_owned(), value)),
        }
        Ok(())
    }
}
