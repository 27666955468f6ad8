//! What an authorizer's function answers.

use crate::rejection::AuthorizeRejection;
use postern_definition::Map;
use postern_plan::AuthorizerFormat;
use postern_policy::{Kind, Policy};
use serde_json::Value;
use std::sync::Arc;

/// An answer of the due form.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// Functions that say yes or no need not say of whom.
    pub(crate) principal: Option<String>,
    pub(crate) grants: Grants,
    /// For the integration and for logs.
    pub(crate) context: Arc<Map<Value>>,
    /// Stands for the client's API key, where the API takes its keys from authorizers.
    pub(crate) usage_identifier_key: Option<String>,
}

/// What a function lets somebody do.
#[derive(Clone, Debug)]
pub(crate) enum Grants {
    Policy {
        policy: Arc<Policy>,
        /// As the function wrote it.
        document: Value,
    },
    /// Everything, or nothing.
    All(bool),
}

/// What is wrong with an answer, in words for the execution log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Malformed(&'static str);

impl Verdict {
    pub(crate) fn read(
        payload: &[u8],
        format: AuthorizerFormat,
    ) -> Result<Self, AuthorizeRejection> {
        let configuration = |reason: String| AuthorizeRejection::Configuration(reason);
        let answer =
            Answer::read(payload, format).map_err(|error| configuration(error.to_string()))?;
        let grants = match answer.says {
            Says::Yes(yes) => Grants::All(yes),
            Says::Policy(document) => {
                let policy = Policy::of_value(&document, Kind::Authorizer);
                let policy = policy.map_err(|error| {
                    configuration(format!("policyDocument cannot be used: {error}"))
                })?;
                Grants::Policy {
                    policy: Arc::new(policy),
                    document,
                }
            }
        };
        Ok(Self {
            principal: answer.principal,
            grants,
            context: Arc::new(answer.context),
            usage_identifier_key: answer.usage_identifier_key,
        })
    }

    /// The policy as the function wrote it.
    pub(crate) fn document(&self) -> Option<&Value> {
        match &self.grants {
            Grants::Policy { document, .. } => Some(document),
            Grants::All(_) => None,
        }
    }
}

/// The parts of an answer, its policy not looked at.
#[derive(Debug, PartialEq)]
struct Answer {
    principal: Option<String>,
    says: Says,
    context: Map<Value>,
    usage_identifier_key: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Says {
    Policy(Value),
    Yes(bool),
}

impl Answer {
    fn read(payload: &[u8], format: AuthorizerFormat) -> Result<Self, Malformed> {
        let answer: Value =
            serde_json::from_slice(payload).map_err(|_| Malformed("the answer is not JSON"))?;
        let Value::Object(mut answer) = answer else {
            return Err(Malformed("the answer is not an object"));
        };
        let is_second = matches!(format, AuthorizerFormat::Two { .. });
        let principal = match answer.remove("principalId") {
            Some(Value::String(principal)) if !principal.is_empty() => Some(principal),
            None | Some(Value::Null) if is_second => None,
            _ => return Err(Malformed("principalId is not a text")),
        };
        let says = match (format, answer.remove("isAuthorized")) {
            (AuthorizerFormat::Two { is_simple: true }, Some(Value::Bool(yes))) => Says::Yes(yes),
            (AuthorizerFormat::Two { is_simple: true }, _) => {
                return Err(Malformed("isAuthorized is not a boolean"));
            }
            _ => match answer.remove("policyDocument") {
                Some(policy @ Value::Object(_)) => Says::Policy(policy),
                _ => return Err(Malformed("policyDocument is not an object")),
            },
        };
        let context = match answer.remove("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) if is_second => members.into_iter().collect(),
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
            says,
            context,
            usage_identifier_key,
        })
    }
}

/// Values are texts, numbers and booleans, and nothing that holds others. All become texts.
fn context(members: serde_json::Map<String, Value>) -> Result<Map<Value>, Malformed> {
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
        context.insert(name, Value::String(text));
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
        let verdict =
            Answer::read(good.to_string().as_bytes(), AuthorizerFormat::Unversioned).unwrap();
        assert_eq!(verdict.principal.as_deref(), Some("u1"));
        let context: Vec<_> = verdict
            .context
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        assert_eq!(context, [r#"a="x""#, r#"b="true""#, r#"n="1""#]);
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
            for format in [AuthorizerFormat::Unversioned, AuthorizerFormat::One] {
                let read = Answer::read(Value::from(answer.clone()).to_string().as_bytes(), format);
                assert_eq!(read, Err(Malformed(what)), "{change}");
            }
        }
        for payload in ["", "null", "[]", "\"Unauthorized\"", "{"] {
            for format in [
                AuthorizerFormat::Unversioned,
                AuthorizerFormat::Two { is_simple: true },
            ] {
                assert!(
                    Verdict::read(payload.as_bytes(), format).is_err(),
                    "{payload}"
                );
            }
        }
    }

    #[test]
    fn an_answer_of_the_second_version_says_yes_or_no_or_has_a_policy_and_any_context() {
        let policy = json!({"Statement": []});
        let any = json!({"a": 1, "b": [true, null], "c": {"d": "e"}, "n": null});
        for (is_simple, answer, says) in [
            (true, json!({"isAuthorized": true}), Ok(Says::Yes(true))),
            (true, json!({"isAuthorized": false}), Ok(Says::Yes(false))),
            (
                true,
                json!({"isAuthorized": true, "principalId": "u1", "policyDocument": policy}),
                Ok(Says::Yes(true)),
            ),
            (
                true,
                json!({"isAuthorized": "true"}),
                Err("isAuthorized is not a boolean"),
            ),
            (true, json!({}), Err("isAuthorized is not a boolean")),
            (
                true,
                json!({"principalId": "u1", "policyDocument": policy}),
                Err("isAuthorized is not a boolean"),
            ),
            (
                true,
                json!({"isAuthorized": true, "context": "x"}),
                Err("context is not an object"),
            ),
            (
                false,
                json!({"principalId": "u1", "policyDocument": policy}),
                Ok(Says::Policy(policy.clone())),
            ),
            (
                false,
                json!({"policyDocument": policy}),
                Ok(Says::Policy(policy.clone())),
            ),
            (
                false,
                json!({"isAuthorized": true}),
                Err("policyDocument is not an object"),
            ),
        ] {
            let mut whole = answer.clone();
            if whole.get("context").is_none() {
                whole["context"] = any.clone();
            }
            let read = Answer::read(
                whole.to_string().as_bytes(),
                AuthorizerFormat::Two { is_simple },
            );
            let context = read.as_ref().map(|answer| {
                let members = answer.context.clone().into_iter();
                Value::Object(members.collect())
            });
            if let Ok(context) = context {
                assert_eq!(context, any, "{answer}");
            }
            let read = read.map(|answer| answer.says);
            assert_eq!(read, says.map_err(Malformed), "{answer}");
        }
    }
}
