//! Cases in plain text: `tests/cases` holds one file per topic, and its README says how a case is written.
//!
//! Each case is an API of one method and one request to it, so that what a case shows stands in a few lines. They become the
//! same `Case` that the JSON files hold, and run as those do.

use crate::harness::{Case, merge};
use serde_json::{Map, Value, json};

/// What a file says, with the name of each case.
pub(crate) fn read(name: &str, text: &str) -> Vec<(String, Case)> {
    let mut shared = Told::default();
    let mut cases: Vec<(String, Told)> = Vec::new();
    for line in lines(text) {
        let wrong = |what: &str| -> ! { panic!("{name}:{}: {what}: {}", line.number, line.text) };
        if let Some(claim) = line.text.strip_prefix("= ") {
            cases.push((format!("{name}: {claim}"), shared.clone()));
            continue;
        }
        if let Some(keys) = line.text.strip_prefix("table ") {
            let Some((claim, told)) = cases.pop() else {
                wrong("a table belongs to a case")
            };
            let keys: Vec<_> = keys.split(" | ").map(str::trim).collect();
            for (number, row) in line.block.iter().enumerate() {
                let cells: Vec<_> = row.split(" | ").map(str::trim).collect();
                if cells.len() != keys.len() {
                    wrong(&format!("row {} has other columns", number + 1));
                }
                let mut told = told.clone();
                for (key, cell) in keys.iter().zip(cells).filter(|(_, cell)| *cell != "-") {
                    let (keyword, name) = key.split_once(' ').unwrap_or((key, ""));
                    told.take(keyword, name, cell)
                        .unwrap_or_else(|error| wrong(&error));
                }
                cases.push((format!("{claim} (row {})", number + 1), told));
            }
            continue;
        }
        let told = cases.last_mut().map_or(&mut shared, |(_, told)| told);
        let (keyword, rest) = line.text.split_once(' ').unwrap_or((line.text, ""));
        let (named, inline) = match rest
            .split_once(": ")
            .or(rest.strip_suffix(':').map(|n| (n, "")))
        {
            Some((named, inline)) if NAMED.contains(&keyword) => (named, inline),
            _ if NAMED.contains(&keyword) => wrong("this needs a name and a colon"),
            _ => ("", rest),
        };
        let mut value: Vec<&str> = Vec::new();
        value.extend((!inline.is_empty()).then_some(inline));
        value.extend(&line.block);
        told.take(keyword, named, &value.join("\n"))
            .unwrap_or_else(|error| wrong(&error));
    }
    let case = |(claim, told): (String, Told)| {
        let case = serde_json::from_value(told.case(&claim));
        let case = case.unwrap_or_else(|error| panic!("{claim}: {error}"));
        (claim, case)
    };
    cases.into_iter().map(case).collect()
}

/// Keywords that are followed by the name of what they set.
const NAMED: [&str; 13] = [
    "template",
    "response",
    "response-template",
    "map",
    "map-back",
    "gateway-response",
    "model",
    "validator",
    "with",
    "answers-header",
    "saw-header",
    "gets-header",
    "context",
];

struct Line<'a> {
    number: usize,
    text: &'a str,
    /// The indented lines under it.
    block: Vec<&'a str>,
}

/// Without comments and empty lines, except for those within a block.
fn lines(text: &str) -> Vec<Line<'_>> {
    let mut found: Vec<Line<'_>> = Vec::new();
    for (number, text) in text.lines().enumerate() {
        if let (Some(inner), Some(line)) = (text.strip_prefix("  "), found.last_mut()) {
            line.block.push(inner);
        } else if !text.is_empty() && !text.starts_with('#') {
            found.push(Line {
                number: number + 1,
                text,
                block: Vec::new(),
            });
        }
    }
    found
}

/// A case as far as it has been told.
#[derive(Clone, Default)]
struct Told {
    /// `VERB /path`.
    on: String,
    method: Map<String, Value>,
    integration: Map<String, Value>,
    /// The members of `Case`, without the methods and the request.
    api: Map<String, Value>,
    request: Map<String, Value>,
    /// What `$context` holds when all is done.
    context: Map<String, Value>,
}

impl Told {
    fn take(&mut self, keyword: &str, name: &str, value: &str) -> Result<(), String> {
        let json = || serde_json::from_str::<Value>(value).map_err(|error| error.to_string());
        let text = || Value::from(value);
        // `(none)` says that there must be nothing.
        let expected = || (value != "(none)").then_some(value);
        match keyword {
            "on" => value.clone_into(&mut self.on),
            "api" | "stage" => merge(member(&mut self.api, keyword), &json()?),
            "method" => self.method.extend(object(json()?)?),
            "integration" => self.integration.extend(object(json()?)?),
            "template" => set(&mut self.integration, &["requestTemplates", name], text()),
            "map" => set(&mut self.integration, &["requestParameters", name], text()),
            "response" => {
                let mut whole = json!({"statusCode": name});
                merge(&mut whole, &json()?);
                set(
                    &mut self.integration,
                    &["integrationResponses", name],
                    whole,
                );
                let declared = json!({"statusCode": name});
                set(&mut self.method, &["methodResponses", name], declared);
            }
            "response-template" | "map-back" => {
                let (status, name) = name
                    .split_once(' ')
                    .ok_or("this needs a status and a name")?;
                let members = if keyword == "map-back" {
                    "responseParameters"
                } else {
                    "responseTemplates"
                };
                let path = ["integrationResponses", status, members, name];
                set(&mut self.integration, &path, text());
            }
            "routes" | "authorizers" => {
                self.api.insert(keyword.to_owned(), json()?);
            }
            "guard" | "asked" => {
                self.request.insert(keyword.to_owned(), json()?);
            }
            "gateway-response" => set(&mut self.api, &["gateway_responses", name], json()?),
            "model" => set(&mut self.api, &["models", name], json()?),
            "validator" => set(&mut self.api, &["validators", name], json()?),
            "send" => set(&mut self.request, &["request"], text()),
            "with" => {
                let headers = member(&mut self.request, "headers");
                let mut all = headers.as_array().cloned().unwrap_or_default();
                all.push(json!([name, value]));
                *headers = Value::from(all);
            }
            "body" => set(&mut self.request, &["body"], text()),
            "body-base64" => set(&mut self.request, &["base64"], text()),
            "calls-nothing" => set(&mut self.request, &["backend"], Value::Null),
            "fails" => set(&mut self.request, &["backend"], text()),
            "answers" => set(&mut self.request, &["backend", "status"], json()?),
            "answers-header" => set(&mut self.request, &["backend", "headers", name], text()),
            "answers-body" => set(&mut self.request, &["backend", "body"], text()),
            "answers-base64" => set(&mut self.request, &["backend", "base64"], text()),
            "saw-method" | "saw-url" | "saw-body" | "saw-base64" => {
                set(&mut self.request, &["sent", &keyword[4..]], text());
            }
            "saw-json" => set(&mut self.request, &["sent", "json"], json()?),
            "saw-header" => {
                let values = expected().map(|value| value.split(" || ").collect::<Vec<_>>());
                let name = name.to_ascii_lowercase();
                set(
                    &mut self.request,
                    &["sent", "headers", &name],
                    json!(values),
                );
            }
            "gets" => set(&mut self.request, &["status"], json()?),
            "gets-header" => set(&mut self.request, &["answered", name], json!(expected())),
            "gets-body" => set(
                &mut self.request,
                &["answer"],
                json!(expected().unwrap_or_default()),
            ),
            "gets-base64" => set(&mut self.request, &["answer_base64"], text()),
            "context" => set(&mut self.context, &[name], text()),
            _ => return Err("there is no such word".to_owned()),
        }
        Ok(())
    }

    fn case(mut self, claim: &str) -> Value {
        if !self.context.is_empty() {
            let names = self.context.keys().map(|name| format!("$context.{name}"));
            let format = names.collect::<Vec<_>>().join("\u{1f}");
            let stage = member(&mut self.api, "stage");
            merge(stage, &json!({"accessLogSettings": {"format": format}}));
            let values: Vec<_> = self.context.values().filter_map(Value::as_str).collect();
            set(&mut self.request, &["logged"], json!(values.join("\u{1f}")));
        }
        self.method
            .insert("methodIntegration".to_owned(), self.integration.into());
        let mut case = self.api;
        case.insert("about".to_owned(), claim.into());
        if !self.on.is_empty() {
            case.insert("methods".to_owned(), json!({self.on: self.method}));
        }
        case.insert("requests".to_owned(), json!([self.request]));
        case.into()
    }
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(members) => Ok(members),
        other => Err(format!("{other} has no members")),
    }
}

fn member<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Value {
    members.entry(name).or_insert_with(|| json!({}))
}

/// Sets what is found under the names, and makes what lies on the way.
fn set(members: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => {
            members.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let under = member(members, first);
            if !under.is_object() {
                *under = json!({});
            }
            if let Some(under) = under.as_object_mut() {
                set(under, rest, value);
            }
        }
    }
}
