//! Runs the scripts in `tests/cases`, each on an empty store.
//!
//! A step is a request line, a body, and what must come:
//!
//! ```text
//! POST /restapis
//! {"name": "shop"}
//! -> 201 {"id": "$api", ...all of the answer...}
//!
//! PATCH /restapis/$api
//! replace /name = mall
//! copy /variables < /canarySettings/stageVariableOverrides
//! -> 200 ~ {"name": "mall"}
//!
//! GET /restapis/nothere
//! -> 404 NotFoundException: Invalid API identifier specified 123456789012:nothere
//! ```
//!
//! A body is JSON, or patches, one a line. `"$name"` stands for any text where it is met first, and for the same text from then
//! on, also in paths, in bodies and within longer texts; `"$_"` is any text. `~` compares only the members that are written.
//! `\s` ends a message that ends with a space. Lines that begin with `#` are remarks.

use crate::world::{call, management};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Names = BTreeMap<String, String>;

struct Step {
    line: usize,
    verb: String,
    target: String,
    body: String,
    expected: String,
}

fn steps(script: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut told = true;
    for (index, text) in script.lines().enumerate() {
        let trimmed = text.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if let Some(expected) = trimmed.strip_prefix("-> ") {
            let step = steps.last_mut().unwrap();
            expected.clone_into(&mut step.expected);
            told = true;
        } else if told && starts_step(trimmed) {
            let (verb, target) = trimmed.split_once(' ').unwrap();
            steps.push(Step {
                line: index + 1,
                verb: verb.to_owned(),
                target: target.trim().to_owned(),
                body: String::new(),
                expected: String::new(),
            });
            told = false;
        } else {
            let step = steps.last_mut().unwrap();
            let part = if told {
                &mut step.expected
            } else {
                &mut step.body
            };
            part.push('\n');
            part.push_str(trimmed);
        }
    }
    steps
}

fn starts_step(line: &str) -> bool {
    ["GET ", "POST ", "PUT ", "PATCH ", "DELETE "]
        .iter()
        .any(|verb| line.starts_with(verb))
}

fn filled(text: &str, names: &Names) -> String {
    // Longer names first, so that `$api` does not eat the beginning of `$apiTwo`.
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    sorted
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${name}"), value)
        })
}

fn body(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.starts_with(['{', '[', '"']) {
        return text.to_owned();
    }
    let patches: Vec<Value> = text.lines().map(patch).collect();
    json!({ "patchOperations": patches }).to_string()
}

fn patch(line: &str) -> Value {
    let (rest, from) = match line.split_once(" < ") {
        Some((rest, from)) => (rest, Some(from)),
        None => (line, None),
    };
    let (rest, value) = match rest.split_once(" =") {
        Some((rest, value)) => (rest, Some(value.strip_prefix(' ').unwrap_or(value))),
        None => (rest, None),
    };
    let mut words = rest.split_whitespace();
    let mut patch = json!({ "op": words.next() });
    for (member, text) in [("path", words.next()), ("value", value), ("from", from)] {
        if let Some(text) = text {
            patch[member] = json!(text);
        }
    }
    patch
}

/// Whether an answer is as expected; binds the names that it meets first.
fn matches(expected: &Value, found: &Value, partly: bool, names: &mut Names) -> bool {
    match (expected, found) {
        (Value::String(text), _) if text == "$_" => found.is_string(),
        (Value::String(text), Value::String(found)) if text.starts_with('$') => {
            names
                .entry(text[1..].to_owned())
                .or_insert_with(|| found.clone())
                == found
        }
        (Value::String(text), Value::String(found)) => {
            text == found || filled(text, names) == *found
        }
        (Value::Object(expected), Value::Object(found)) => {
            (partly || expected.len() == found.len())
                && expected.iter().all(|(name, value)| {
                    found
                        .get(name)
                        .is_some_and(|found| matches(value, found, partly, names))
                })
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(e, f)| matches(e, f, partly, names))
        }
        _ => expected == found,
    }
}

async fn run(path: &Path) -> Vec<String> {
    let management = management();
    let script = std::fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy();
    let mut names = Names::new();
    let mut failures = Vec::new();
    for step in steps(&script) {
        let target = filled(&step.target, &names);
        let sent = body(&filled(&step.body, &names));
        let answer = call(&management, &step.verb, &target, &sent).await;
        let expected = step.expected.clone();
        let (status, rest) = expected.split_once([' ', '\n']).unwrap_or((&expected, ""));
        let told = if rest.is_empty() {
            answer.body.is_null()
        } else if rest.trim_start().starts_with(['{', '~']) {
            let (partly, json) = match rest.trim_start().strip_prefix('~') {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let json = serde_json::from_str(json)
                .unwrap_or_else(|error| panic!("{name}:{}: {error}", step.line));
            matches(&json, &answer.body, partly, &mut names)
        } else {
            let rest = filled(rest, &names).replace("\\s", " ");
            rest == format!("{}: {}", answer.error, answer.message())
        };
        if status != answer.status.to_string() || !told {
            failures.push(format!(
                "{name}:{}: {} {target}\n  expected {expected}\n  found    {} {} {}",
                step.line, step.verb, answer.status, answer.error, answer.body
            ));
        }
    }
    failures
}

#[tokio::test]
async fn every_script_gets_the_answers_it_expects() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    scripts.sort();
    assert!(
        scripts.len() >= 10,
        "the scripts are not where they should be"
    );
    let mut failures = Vec::new();
    for script in scripts {
        failures.extend(run(&script).await);
    }
    assert!(
        failures.is_empty(),
        "{} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
