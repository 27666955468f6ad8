//! A request made of JSON.

use std::borrow::Cow;

use postern_template::{Found, Inputs, OverrideValue, Overrides, Place};
use serde_json::{Map, Value, json};

#[allow(dead_code, reason = "not every test file sends a body")]
pub(crate) struct Request {
    pub(crate) body: String,
    context: Value,
    stage: Value,
    params: Value,
}

impl Request {
    pub(crate) fn new(settings: &Map<String, Value>) -> Self {
        let member = |name: &str| settings.get(name).cloned().unwrap_or_else(|| json!({}));
        Self {
            body: settings
                .get("body")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            context: member("context"),
            stage: member("stage"),
            params: member("params"),
        }
    }

    fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(&self.context, |value, name| value.get(name))
    }
}

fn names(value: Option<&Value>) -> Vec<Cow<'_, str>> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(|key| key.as_str().into())
        .collect()
}

impl Inputs for Request {
    fn context(&self, path: &[&str]) -> Found<'_> {
        match self.at(path) {
            None => Found::Absent,
            Some(Value::String(text)) => Found::Text(text.as_str().into()),
            Some(Value::Number(number)) => number.as_i64().map_or(Found::Null, Found::Number),
            Some(Value::Object(_)) => Found::Object,
            Some(_) => Found::Null,
        }
    }

    fn context_keys(&self, path: &[&str]) -> Vec<Cow<'_, str>> {
        names(self.at(path))
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        self.stage.get(name).and_then(Value::as_str).map(Cow::from)
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        names(Some(&self.stage))
    }

    fn parameter(&self, place: Place, name: &str) -> Option<Cow<'_, str>> {
        self.params
            .get(place.name())
            .and_then(|group| group.get(name))
            .and_then(Value::as_str)
            .map(Cow::from)
    }

    fn parameter_names(&self, place: Place) -> Vec<Cow<'_, str>> {
        names(self.params.get(place.name()))
    }
}

#[allow(dead_code, reason = "not every test file looks at them")]
pub(crate) fn overrides_json(overrides: &Overrides) -> Value {
    let group = |entries: &[(String, OverrideValue)]| -> Value {
        let pairs = entries.iter().map(|(name, value)| {
            let value = match value {
                OverrideValue::One(value) => json!(value),
                OverrideValue::Many(values) => json!(values),
            };
            (name.clone(), value)
        });
        Value::Object(pairs.collect())
    };
    let mut all = Map::new();
    for (name, entries) in [
        ("request.header", &overrides.request.header),
        ("request.querystring", &overrides.request.querystring),
        ("request.path", &overrides.request.path),
        ("response.header", &overrides.response.header),
    ] {
        if !entries.is_empty() {
            all.insert(name.to_owned(), group(entries));
        }
    }
    if let Some(status) = overrides.response.status {
        all.insert("response.status".to_owned(), json!(status));
    }
    Value::Object(all)
}
