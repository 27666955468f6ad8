//! Resource policies as the service keeps and shows them.

use crate::Management;
use crate::wire::Failure;
use postern_definition::rest::RestApi;
use postern_policy::{Kind, Policy};
use serde_json::Value;

const CHARS_MAX: usize = 8_192;

/// The API with its policy as it is kept: checked, without white space, and with `execute-api:/...` made a full ARN.
pub(super) fn saved(mut api: RestApi, service: &Management) -> Result<RestApi, Failure> {
    if let Some(policy) = &api.policy {
        let arn = format!(
            "arn:aws:execute-api:{}:{}:{}/",
            service.region(),
            service.account(),
            api.id
        );
        let policy = normal(policy, &arn)?;
        let kind = Kind::Resource {
            api_arn: Some(arn.trim_end_matches('/')),
        };
        // What does not compile would refuse every request.
        Policy::compile(&policy, kind).map_err(|_| invalid())?;
        api.policy = Some(policy);
    }
    Ok(api)
}

fn invalid() -> Failure {
    Failure::bad_request(
        "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.",
    )
}

fn normal(policy: &str, arn: &str) -> Result<String, Failure> {
    let is_policy = serde_json::from_str::<Value>(policy).is_ok_and(|value| {
        value
            .get("Statement")
            .is_some_and(|statement| statement.is_array() || statement.is_object())
    });
    if !is_policy {
        return Err(invalid());
    }
    let policy = compact(policy).replace("\"execute-api:/", &format!("\"{arn}"));
    if policy.chars().count() > CHARS_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid policy document. It has more than {CHARS_MAX} characters."
        )));
    }
    Ok(policy)
}

/// JSON without the white space between its tokens; the order of members stays.
fn compact(json: &str) -> String {
    let mut in_text = false;
    let mut escaped = false;
    json.chars()
        .filter(|c| {
            if in_text {
                in_text = escaped || *c != '"';
                escaped = !escaped && *c == '\\';
                true
            } else {
                in_text = *c == '"';
                !c.is_ascii_whitespace()
            }
        })
        .collect()
}

/// The policy as an answer has it: quotes and backslashes are escaped once more than JSON needs.
pub(super) fn escaped(policy: &str) -> String {
    policy.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_kept_without_white_space_and_with_full_arns() {
        let given = r#"{ "Version" : "2012-10-17",
            "Statement": [ {"Resource": "execute-api:/*", "Sid": "a \" b\\" , "Action": "execute-api:Invoke" } ] }"#;
        assert_eq!(
            normal(given, "arn:aws:execute-api:r:1:api/").unwrap(),
            r#"{"Version":"2012-10-17","Statement":[{"Resource":"arn:aws:execute-api:r:1:api/*","Sid":"a \" b\\","Action":"execute-api:Invoke"}]}"#
        );
        for bad in ["", "x", "{}", "[]", r#"{"Statement":"x"}"#] {
            assert!(
                normal(bad, "")
                    .unwrap_err()
                    .message
                    .starts_with("Invalid policy document."),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_policy_comes_back_with_escaped_quotes() {
        assert_eq!(escaped(r#"{"a":"b"}"#), r#"{\"a\":\"b\"}"#);
    }
}
