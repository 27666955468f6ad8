//! What the gateway puts in front of a template: `$input`, `$util`, `$context`, `$stageVariables`.
//!
//! These are not maps: each answers for the one key that is asked, and becomes a map only for a template that wants
//! one (`$input.params().header.keySet()`).

mod context;
mod input;
mod util;
mod xml;

use std::rc::Rc;

use crate::inputs::Place;
use crate::methods::{self, Answer};
use crate::run::{Outcome, Run};
use crate::value::{Entries, Text, Value};

/// One of the gateway's objects.
#[derive(Debug, Clone)]
pub enum Host<'a> {
    /// `$input`.
    Input,
    /// `$util`.
    Util,
    /// `$util.xml`.
    Xml,
    /// `$context`, or an object in it.
    Context(Rc<Vec<Text<'a>>>),
    /// `$context.requestOverride` or `.responseOverride`.
    Overrides(Side),
    /// The headers, query or path of an override.
    OverrideGroup(Side, Place),
    /// `$stageVariables`.
    StageVariables,
    /// `$input.params()`.
    Parameters,
    /// `$input.params().header` and its like.
    ParameterGroup(Place),
}

/// Which message an override changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request to the backend.
    Request,
    /// The answer to the client.
    Response,
}

pub(crate) fn member<'a>(run: &mut Run<'a, '_>, host: &Host<'a>, name: &str) -> Value<'a> {
    match host {
        Host::Input => match name {
            "body" => Value::text(run.payload.text()),
            _ => Value::Null,
        },
        Host::Util => match name {
            "xml" => Value::Host(Host::Xml),
            _ => Value::Null,
        },
        Host::Xml => Value::Null,
        Host::Context(path) => run.context_member(path, name),
        Host::Overrides(side) => run.override_group(*side, name),
        Host::OverrideGroup(side, place) => run.override_value(*side, *place, name),
        Host::StageVariables => run
            .inputs
            .stage_variable(name)
            .map(Value::text)
            .unwrap_or_default(),
        Host::Parameters => {
            let place = Place::ALL.into_iter().find(|place| place.name() == name);
            place
                .map(|place| Value::Host(Host::ParameterGroup(place)))
                .unwrap_or_default()
        }
        Host::ParameterGroup(place) => run
            .inputs
            .parameter(*place, name)
            .map(Value::text)
            .unwrap_or_default(),
    }
}

pub(crate) fn set_member<'a>(
    run: &mut Run<'a, '_>,
    host: &Host<'a>,
    name: &str,
    value: &Value<'a>,
) -> Outcome<()> {
    match host {
        Host::Overrides(Side::Response) if name == "status" => run.override_status(value),
        Host::OverrideGroup(side, place) => run.write_override(*side, *place, name, value),
        _ => Ok(()),
    }
}

pub(crate) fn call<'a>(
    run: &mut Run<'a, '_>,
    host: &Host<'a>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    match (host, name, arguments) {
        (Host::Input, ..) => run.input_call(name, arguments),
        (Host::Util, ..) => util::call(run, name, arguments),
        (Host::Xml, ..) => xml::call(run, name, arguments),
        (_, "get", [Value::Text(key)]) => Ok(Some(member(run, host, key))),
        (_, "get", [_]) => Ok(Some(Value::Null)),
        (Host::Overrides(_) | Host::OverrideGroup(..), "put", [Value::Text(key), value]) => {
            set_member(run, host, key, value)?;
            Ok(Some(Value::Null))
        }
        (_, "put" | "putAll" | "remove" | "clear" | "set" | "putIfAbsent", _) => Ok(None),
        _ => {
            let map = run.host_map(host);
            match map {
                Some(map) => methods::call(run, &map, name, arguments),
                None => Ok(None),
            }
        }
    }
}

impl<'a> Run<'a, '_> {
    /// One of the gateway's objects as a map, where it prints as one and can be gone over.
    pub(crate) fn materialized(&mut self, value: &Value<'a>) -> Option<Value<'a>> {
        match value {
            Value::Host(
                host @ (Host::StageVariables | Host::Parameters | Host::ParameterGroup(_)),
            ) => self.host_map(host),
            _ => None,
        }
    }

    fn host_map(&mut self, host: &Host<'a>) -> Option<Value<'a>> {
        let mut entries = Entries::default();
        match host {
            Host::Input | Host::Util | Host::Xml => return None,
            Host::Context(path) => {
                /// And before which of the other keys they stand, as recorded.
                const OVERRIDES: [(&str, &str, Side); 2] = [
                    ("requestOverride", "stage", Side::Request),
                    ("responseOverride", "apiId", Side::Response),
                ];
                let keys: Vec<&str> = path.iter().map(|part| &**part).collect();
                let names: Vec<String> = self
                    .inputs
                    .context_keys(&keys)
                    .into_iter()
                    .map(String::from)
                    .collect();
                let overrides = OVERRIDES.iter().filter(|_| path.is_empty());
                for name in names {
                    for (of, _, side) in overrides.clone().filter(|(_, before, _)| *before == name)
                    {
                        entries.put(Value::text(*of), Value::Host(Host::Overrides(*side)));
                    }
                    let value = self.context_member(path, &name);
                    entries.put(Value::text(name), value);
                }
                for (of, _, side) in overrides {
                    entries.put(Value::text(*of), Value::Host(Host::Overrides(*side)));
                }
            }
            Host::Overrides(side) => {
                for name in ["header", "querystring", "path", "status"] {
                    let value = self.override_group(*side, name);
                    if !value.is_null() {
                        entries.put(Value::text(name), value);
                    }
                }
            }
            Host::OverrideGroup(side, place) => {
                let names: Vec<String> = self.override_names(*side, *place);
                for name in names {
                    let value = self.override_value(*side, *place, &name);
                    entries.put(Value::text(name), value);
                }
            }
            Host::StageVariables => {
                for name in self.inputs.stage_variable_names() {
                    let value = self
                        .inputs
                        .stage_variable(&name)
                        .map(Value::text)
                        .unwrap_or_default();
                    entries.put(Value::text(name), value);
                }
            }
            Host::Parameters => {
                for place in Place::ALL {
                    let group = self
                        .host_map(&Host::ParameterGroup(place))
                        .unwrap_or_default();
                    entries.put(Value::text(place.name()), group);
                }
            }
            Host::ParameterGroup(place) => {
                for name in self.inputs.parameter_names(*place) {
                    let value = self
                        .inputs
                        .parameter(*place, &name)
                        .map(Value::text)
                        .unwrap_or_default();
                    entries.put(Value::text(name), value);
                }
            }
        }
        Some(Value::map(entries))
    }
}
