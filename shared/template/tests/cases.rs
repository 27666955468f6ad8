//! The cases in `cases/`, one file per subject: anyone can read them and add to them.
//!
//! A file holds cases apart by lines of `===`. A case begins with its name (`[R]` marks a fact recorded from API
//! Gateway) and settings, one a line: `body`, `params`, `context`, `stage`, `overrides` (JSON), `velocity` (plain
//! Velocity, with the variables of `support/data.json`; the outputs are Velocity 1.7's own). After `--- template` and `--- output` stand the texts, each up to the line end
//! before the next mark; `--- output json` gives the output as a JSON string, `--- error` a part of the error's text,
//! `--- overrides` the overrides left behind, as JSON.

#![allow(clippy::unwrap_used, reason = "a broken case must fail loudly")]

mod support;

use std::fmt::Write as _;

use postern_template::{Dialect, Limits, Overrides, Payload, Template, json};
use support::{Request, overrides_json};

#[derive(Default)]
struct Case {
    name: String,
    velocity: bool,
    request: serde_json::Map<String, serde_json::Value>,
    template: String,
    output: Option<String>,
    error: Option<String>,
    overrides: Option<serde_json::Value>,
}

fn read(text: &str) -> Case {
    let mut case = Case::default();
    let mut sections = text.split("\n--- ");
    let head = sections.next().unwrap();
    let mut lines = head
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    case.name = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        match key {
            "velocity" => case.velocity = true,
            "body" => drop(case.request.insert(key.to_owned(), value.into())),
            _ => drop(
                case.request
                    .insert(key.to_owned(), serde_json::from_str(value).expect(line)),
            ),
        }
    }
    for section in sections {
        let (mark, content) = section.split_once('\n').unwrap_or((section, ""));
        match mark {
            "template" => content.clone_into(&mut case.template),
            "template json" => case.template = serde_json::from_str(content).expect(content),
            "output" => case.output = Some(content.to_owned()),
            "output json" => case.output = Some(serde_json::from_str(content).expect(content)),
            "error" => case.error = Some(content.trim().to_owned()),
            "overrides" => case.overrides = Some(serde_json::from_str(content).expect(content)),
            other => panic!("{}: `{other}` is no section", case.name),
        }
    }
    case
}

fn failure(case: &Case) -> Option<String> {
    let request = Request::new(&case.request);
    let dialect = if case.velocity {
        Dialect::Velocity
    } else {
        Dialect::ApiGateway
    };
    let mut overrides = Overrides::default();
    let template =
        Template::parse_as("case", &case.template, dialect).map_err(|error| error.to_string());
    let payload = Payload::new(&request.body);
    let result = template
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|template| {
            let document = json::parse(include_str!("support/data.json")).unwrap();
            let variables = if case.velocity {
                json::java(&document)
            } else {
                Vec::new()
            };
            let variables: Vec<_> = variables
                .iter()
                .map(|(name, value)| (&**name, value.clone()))
                .collect();
            template
                .run_with(
                    &Limits::default(),
                    &request,
                    &payload,
                    &mut overrides,
                    &variables,
                )
                .map_err(|error| error.to_string())
        });
    let mut wrong = String::new();
    match (&result, &case.output, &case.error) {
        (Ok(text), Some(wanted), _) if text == wanted => {}
        (Err(error), _, Some(wanted)) if error.contains(wanted.as_str()) => {}
        (result, output, error) => {
            let wanted = output.as_ref().or(error.as_ref());
            let _ = write!(wrong, "gave {result:?}, wanted {wanted:?}");
        }
    }
    if let Some(wanted) = &case.overrides {
        let left = overrides_json(&overrides);
        if left != *wanted {
            let _ = write!(wrong, "; left {left}, wanted {wanted}");
        }
    }
    (!wrong.is_empty()).then_some(wrong)
}

#[test]
fn every_case_gives_its_output() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let mut failures = String::new();
    let mut count = 0;
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for case in text
            .split("\n===\n")
            .map(|text| read(text.trim_end_matches('\n')))
        {
            if case.name.is_empty() {
                continue;
            }
            count += 1;
            if let Some(wrong) = failure(&case) {
                let _ = writeln!(
                    failures,
                    "{}: {}: {wrong}",
                    file.file_name().unwrap().to_string_lossy(),
                    case.name
                );
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count > 200, "only {count} cases were found");
}
