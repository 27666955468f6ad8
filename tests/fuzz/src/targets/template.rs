//! Mapping templates, parsed and run on a body.

use super::{Target, parts, text};
use postern_template::{Found, Inputs, Limits, OverrideValue, Overrides, Payload, Place, Template};
use std::borrow::Cow;

pub(super) const TARGET: Target = Target {
    name: "template",
    about: "mapping templates, parsed and run: the template, ---, the body",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let text = text(input);
    let (template, body) = parts(&text);
    let template = match Template::parse("fuzz", template) {
        Ok(template) => template,
        Err(error) => return error.to_string(),
    };
    // Within a tenth of what a request may take: a debug build must not be mistaken for a hang.
    let limits = Limits {
        steps: 200_000,
        memory_bytes: 16 << 20,
        output_bytes: 4 << 20,
        regex_steps: 200_000,
        ..Limits::default()
    };
    let payload = Payload::new(body);
    let mut overrides = Overrides::default();
    match template.run_within(&limits, &Known, &payload, &mut overrides) {
        Ok(output) => {
            let written = |all: &[(String, OverrideValue)]| all.len();
            let (length, headers) = (output.len().min(64), written(&overrides.request.header));
            format!("ok {:?} {}", length.checked_ilog2(), headers.min(3))
        }
        Err(error) => error.to_string(),
    }
}

/// A request of which a little is known.
struct Known;

impl Inputs for Known {
    fn context(&self, path: &[&str]) -> Found<'_> {
        match path {
            ["requestId"] => Found::Text("7607df51".into()),
            ["identity"] => Found::Object,
            ["identity", "sourceIp"] => Found::Text("198.51.100.7".into()),
            ["identity", "user"] => Found::Null,
            ["requestTimeEpoch"] => Found::Number(1_723_055_832_123),
            _ => Found::Absent,
        }
    }

    fn context_keys(&self, path: &[&str]) -> Vec<Cow<'_, str>> {
        match path {
            [] => vec!["requestId".into(), "identity".into()],
            ["identity"] => vec!["sourceIp".into(), "user".into()],
            _ => Vec::new(),
        }
    }

    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        (name == "env").then(|| "prod".into())
    }

    fn stage_variable_names(&self) -> Vec<Cow<'_, str>> {
        vec!["env".into()]
    }

    fn parameter(&self, place: Place, name: &str) -> Option<Cow<'_, str>> {
        (name == "q").then(|| place.name().into())
    }

    fn parameter_names(&self, _: Place) -> Vec<Cow<'_, str>> {
        vec!["q".into()]
    }
}
