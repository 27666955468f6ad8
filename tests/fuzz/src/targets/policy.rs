//! Policy documents, compiled and asked.

use super::{Target, parts, text};
use postern_policy::{Context, Kind, Policy, Principal, Request, Values};
use std::fmt::Write;

pub(super) const TARGET: Target = Target {
    name: "policy",
    about: "IAM policies: action, resource, principal and lines of KEY=VALUE, ---, the document",
    make: || Box::new(run),
};

struct Asked<'a>(Vec<(String, &'a str)>);

impl Context for Asked<'_> {
    fn values(&self, key: &str) -> Option<Values<'_>> {
        let found = self.0.iter().find(|(known, _)| known == key)?;
        Some(Values::One(found.1.into()))
    }
}

fn run(input: &[u8]) -> String {
    let text = text(input);
    let (question, document) = parts(&text);
    let mut lines = question.lines();
    let action = lines.next().unwrap_or_default();
    let resource = lines.next().unwrap_or_default();
    let caller = lines.next().unwrap_or_default();
    let context = lines.filter_map(|line| line.split_once('='));
    let context = Asked(
        context
            .map(|(key, value)| (key.to_ascii_lowercase(), value))
            .collect(),
    );
    let api_arn = Some("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5");
    let mut outcome = String::new();
    for kind in [Kind::Identity, Kind::Resource { api_arn }, Kind::Authorizer] {
        let policy = match Policy::compile(document, kind) {
            Ok(policy) => policy,
            Err(error) => {
                outcome += &error.to_string();
                continue;
            }
        };
        for principal in [
            Principal::Anonymous,
            Principal::Aws {
                arn: caller,
                unique_id: Some(caller),
            },
            Principal::Service(caller),
            Principal::Federated(caller),
        ] {
            let request = Request {
                principal,
                action,
                resource,
                context: &context,
            };
            let _ = write!(outcome, "{:?}", policy.decide(&request));
        }
    }
    outcome
}
