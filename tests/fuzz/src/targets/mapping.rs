//! URIs, parameter mappings and the templates of gateway responses, compiled as a method and filled.

use super::{Target, parts, text};
use postern_definition::rest::Method;
use postern_plan::{MethodPlan, Source, TextTemplate, UriTemplate};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

pub(super) const TARGET: Target = Target {
    name: "mapping",
    about: "integrations: the URI, lines of TARGET: SOURCE, ---, a gateway response's template",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    let text = text(input);
    let (integration, template) = parts(&text);
    let mut lines = integration.lines();
    let uri = lines.next().unwrap_or_default();
    let (mut requests, mut responses) = (Map::new(), Map::new());
    for line in lines {
        let (target, source) = line.split_once(": ").unwrap_or((line, ""));
        let map = if target.starts_with("method.response") {
            &mut responses
        } else {
            &mut requests
        };
        map.insert(target.to_owned(), source.into());
        let _ = (
            Source::of_gateway_response(source),
            Source::of_identity(source),
        );
    }
    let mut outcome = String::new();
    for kind in ["HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"] {
        outcome += &compiled(kind, uri, &requests, &responses);
    }
    let filled = UriTemplate::parse(uri)
        .fill(
            |name| (name.len() < 4).then_some(Cow::Borrowed("value")),
            |name| (name.len() < 4).then_some("variable"),
        )
        .len();
    let answer = TextTemplate::parse(template).fill(|source| Some(format!("{source:?}")));
    format!(
        "{outcome}{}{}",
        filled > uri.len(),
        answer.len() > template.len()
    )
}

fn compiled(
    kind: &str,
    uri: &str,
    requests: &Map<String, Value>,
    responses: &Map<String, Value>,
) -> String {
    let method = json!({
        "httpMethod": "POST", "authorizationType": "NONE", "apiKeyRequired": false,
        "methodResponses": {"200": {"statusCode": "200"}},
        "methodIntegration": {
            "type": kind, "httpMethod": "POST", "uri": uri, "requestParameters": requests, "credentials": uri,
            "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
            "integrationResponses": {"200": {"statusCode": "200", "selectionPattern": uri, "responseParameters": responses}},
        },
    });
    let method: Method = serde_json::from_value(method).expect("this is a method");
    match MethodPlan::compile(&method) {
        Ok(_) => format!("{kind} "),
        Err(defects) => defects.iter().map(|defect| format!("{defect} ")).collect(),
    }
}
