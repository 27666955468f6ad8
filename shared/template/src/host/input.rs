//! `$input`: the body and the parameters of the request.

use super::Host;
use crate::error::Limit;
use crate::inputs::Place;
use crate::jsonpath::{Path, Selected};
use crate::methods::{Answer, threw};
use crate::run::{Outcome, Run};
use crate::value::{ListKind, Value};

impl<'a> Run<'a, '_> {
    pub(super) fn input_call(&mut self, name: &str, arguments: &[Value<'a>]) -> Answer<'a> {
        match (name, arguments) {
            ("path" | "json", [Value::Text(text)]) => {
                let path = Path::compile(text).map_err(|error| threw(name, error.to_string()))?;
                self.input_path(name, &path).map(Some)
            }
            ("params", []) => Ok(Some(Value::Host(Host::Parameters))),
            ("params", [Value::Text(wanted)]) => {
                let found = Place::ALL
                    .into_iter()
                    .find_map(|place| self.inputs.parameter(place, wanted));
                Ok(Some(found.map_or_else(|| Value::text(""), Value::text)))
            }
            ("getBody", []) => Ok(Some(Value::text(self.payload.text()))),
            _ => Ok(None),
        }
    }

    /// `$input.path` or `$input.json`, with its path compiled.
    pub(crate) fn input_path(&mut self, name: &str, path: &Path) -> Outcome<Value<'a>> {
        let found = match self.payload.document() {
            Ok(document) => path
                .select(&document)
                .map_err(|_| self.limit(Limit::Steps))?,
            Err(_) => Selected::Nothing,
        };
        let value = match found {
            Selected::Nothing if name == "json" => return Ok(Value::text("\"\"")),
            Selected::Nothing => return Ok(Value::Null),
            Selected::One(value) => value,
            Selected::Many(values) => self.new_list(ListKind::Json, values)?,
        };
        if name == "json" {
            return self.json_text(&value).map(Value::text);
        }
        Ok(value)
    }
}
