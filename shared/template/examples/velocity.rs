//! Renders cases as Velocity would: the Rust side of `tests/velocity`.
//!
//! Each line of the input is a JSON object with `template` and `data`; each line of the output is the rendered text as
//! a JSON string, or `{"error": ...}`.

use std::borrow::Cow;
use std::io::{BufRead as _, Write as _};

use postern_template::{
    Dialect, Found, Inputs, Limits, Overrides, Payload, Place, Template, Value, json,
};

struct Nothing;

impl Inputs for Nothing {
    fn context(&self, _: &[&str]) -> Found<'_> {
        Found::Absent
    }

    fn context_keys(&self, _: &[&str]) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn stage_variable(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        Vec::new()
    }

    fn parameter(&self, _: Place, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn parameter_names(&self, _: Place) -> Vec<Cow<'_, str>> {
        Vec::new()
    }
}

fn render(case: &str) -> Result<String, String> {
    let case = json::parse(case).map_err(|error| format!("case: {error}"))?;
    let members = json::java(&case);
    let member = |wanted: &str| {
        members
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
    };
    let (Some(Value::Text(template)), Some(data)) = (member("template"), member("data")) else {
        return Err("case: no template or no data".to_owned());
    };
    let program = Template::parse_as("case", &template, Dialect::Velocity)
        .map_err(|error| format!("parse: {error}"))?;
    let values = json::java(&data);
    let variables: Vec<_> = values
        .iter()
        .map(|(name, value)| (&**name, value.clone()))
        .collect();
    let payload = Payload::new("");
    program
        .run_with(
            &Limits::default(),
            &Nothing,
            &payload,
            &mut Overrides::default(),
            &variables,
        )
        .map_err(|error| format!("run: {error}"))
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = match render(&line) {
            Ok(text) => serde_json::Value::String(text),
            Err(error) => serde_json::json!({ "error": error }),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
