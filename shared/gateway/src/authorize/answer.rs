//! What an authorizer's function answers.

use crate::rejection::AuthorizeRejection;
use postern_definition::Map;
use postern_policy::{Kind, Policy};
use serde_json::Value;
use std::sync::Arc;

/// An answer of the due form.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) principal: String,
    pub(crate) policy: Arc<Policy>,
    /// As the function wrote it.
    pub(crate) document: Value,
    /// For the integration and for logs, where all values are text.
    pub(crate) context: Arc<Map<String>>,
    /// Stands for the client's API key, where the API takes its keys from authorizers.
    pub(crate) usage_identifier_key: Option<String>,
}

/// What is wrong with an answer, in words for the execution log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Malformed(&'static str);

impl Verdict {
    pub(crate) fn read(payload: &[u8]) -> Result<Self, AuthorizeRejection> {
        let configuration = |reason: String| AuthorizeRejection::Configuration(reason);
        let answer = Answer::read(payload).map_err(|error| configuration(error.to_string()))?;
        let policy = Policy::of_value(&answer.policy, Kind::Authorizer)
            .map_err(|error| configuration(format!("policyDocument cannot be used: {error}")))?;
        Ok(Self {
            principal: answer.principal,
            policy: Arc::new(policy),
            document: answer.policy,
            context: Arc::new(answer.context),
            usage_identifier_key: answer.usage_identifier_key,
        })
    }
}

/// The parts of an answer, its policy not looked at.
#[derive(Debug, PartialEq)]
struct Answer {
    principal: String,
    policy: Value,
    context: Map<String>,
    usage_identifier_key: Option<String>,
}

impl Answer {
    fn read(payload: &[u8]) -> Result<Self, Malformed> {
        let answer: Value =
            serde_json::from_slice(payload).map_err(|_| Malformed("the answer is not JSON"))?;
        let Value::Object(mut answer) = answer else {
            return Err(Malformed("the answer is not an object"));
        };
        let principal = match answer.remove("principalId") {
            Some(Value::String(principal)) if !principal.is_empty() => principal,
            _ => return Err(Malformed("principalId is not a text")),
        };
        let Some(policy @ Value::Object(_)) = answer.remove("policyDocument") else {
            return Err(Malformed("policyDocument is not an object"));
        };
        let context = match answer.remove("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => context(members)?,
            Some(_) => return Err(Malformed("context is not an object")),
        };
        let usage_identifier_key = match answer.remove("usageIdentifierKey") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(key),
            Some(_) => return Err(Malformed("usageIdentifierKey is not a text")),
        };
        Ok(Self {
            principal,
            policy,
            context,
            usage_identifier_key,
        })
    }
}

/// Values are texts, numbers and booleans, and nothing that holds others.
fn context(members: serde_json::Map<String, Value>) -> Result<Map<String>, Malformed> {
    let mut context = Map::new();
    for (name, value) in members {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(Malformed("context holds a list or an object"));
            }
        };
        context.insert(name, text);
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_read_or_told_what_is_wrong_with_it() {
        let good = json!({
            "principalId": "u1", "policyDocument": {"Statement": []},
            "context": {"a": "x", "n": 1, "b": true, "z": null}, "usageIdentifierKey": "key",
        });
        let verdict = Answer::read(good.to_string().as_bytes()).unwrap();
        assert_eq!(verdict.principal, "u1");
        let context: Vec<_> = verdict
            .context
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        assert_eq!(context, ["a=x", "b=true", "n=1"]);
        assert_eq!(verdict.usage_identifier_key.as_deref(), Some("key"));
        for (change, what) in [
            (json!({"principalId": 7}), "principalId is not a text"),
            (json!({"principalId": ""}), "principalId is not a text"),
            (
                json!({"policyDocument": null}),
                "policyDocument is not an object",
            ),
            (json!({"context": []}), "context is not an object"),
            (
                json!({"context": {"a": {}}}),
                "context holds a list or an object",
            ),
            (
                json!({"usageIdentifierKey": 1}),
                "usageIdentifierKey is not a text",
            ),
        ] {
            let mut answer = good.as_object().unwrap().clone();
            answer.extend(change.as_object().unwrap().clone());
            let read = Answer::read(Value::from(answer).to_string().as_bytes());
            assert_eq!(read, Err(Malformed(what)), "{change}");
        }
        for payload in ["", "null", "[]", "\"Unauthorized\"", "{"] {
            assert!(Verdict::read(payload.as_bytes()).is_err(), "{payload}");
        }
    }
}
