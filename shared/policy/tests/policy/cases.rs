//! Runs the tables in `tests/decisions`, whose form its README describes.

use postern_policy::{Decision, Kind, Policy, Principal, Request};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(crate) const API_ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5";
const DECISIONS_MIN: usize = 300;

fn kind(name: &str) -> Kind<'static> {
    match name {
        "identity" => Kind::Identity,
        "authorizer" => Kind::Authorizer,
        "resource" => Kind::Resource {
            api_arn: Some(API_ARN),
        },
        "endpoint" => Kind::Resource { api_arn: None },
        other => panic!("there is no kind `{other}`"),
    }
}

fn principal(name: &str) -> Principal<'_> {
    let aws = |arn, unique_id| Principal::Aws { arn, unique_id };
    match name {
        "anyone" => Principal::Anonymous,
        "ann" => aws(
            "arn:aws:iam::123456789012:user/ann",
            Some("AIDAANNANNANNANNANNAN"),
        ),
        "bob" => aws(
            "arn:aws:iam::123456789012:user/bob",
            Some("AIDABOBBOBBOBBOBBOBBO"),
        ),
        "role" => aws("arn:aws:iam::123456789012:role/deploy", None),
        "session" => aws(
            "arn:aws:sts::123456789012:assumed-role/deploy/monday",
            Some("AROADEPLOYDEPLOYDEPLO:monday"),
        ),
        "root" => aws("arn:aws:iam::123456789012:root", Some("123456789012")),
        "stranger" => aws("arn:aws:iam::999999999999:user/ann", None),
        name => match name.split_once('=') {
            Some(("Service", name)) => Principal::Service(name),
            Some(("Federated", name)) => Principal::Federated(name),
            Some(("CanonicalUser", name)) => Principal::CanonicalUser(name),
            _ => aws(name, None),
        },
    }
}

/// Whether the line's request gets the line's answer from the policy; else what it got.
fn check(policy: &Policy, line: &str) -> Result<(), Decision> {
    let mut parts = line.split(" @");
    let words: Vec<&str> = parts.next().unwrap().split_whitespace().collect();
    let [expected, caller, action, resource] = words[..] else {
        panic!("four words before the keys, please: {line}");
    };
    let context: BTreeMap<String, Vec<String>> = parts
        .map(|entry| {
            let (key, values) = entry.trim_end().split_once('=').unwrap();
            let values = values.split('|').map(str::to_owned).collect();
            (key.to_lowercase(), values)
        })
        .collect();
    let action = match action {
        "Invoke" => "execute-api:Invoke",
        action => action,
    };
    let resource = match resource.strip_prefix('/') {
        Some(call) => format!("{API_ARN}/{call}"),
        None => resource.to_owned(),
    };
    let expected = match expected {
        "allow" => Decision::Allow,
        "deny" => Decision::ExplicitDeny,
        "silent" => Decision::ImplicitDeny,
        other => panic!("there is no answer `{other}`: {line}"),
    };
    let decision = policy.decide(&Request {
        principal: principal(caller),
        action,
        resource: &resource,
        context: &context,
    });
    if decision == expected {
        Ok(())
    } else {
        Err(decision)
    }
}

#[test]
fn each_policy_says_what_its_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decisions");
    let mut decisions = 0;
    let mut failures = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut kind_of_this = None;
        let mut document = String::new();
        let mut policy = None;
        for (index, line) in text.lines().enumerate() {
            let place = format!("{name}:{}", index + 1);
            if let Some(next) = line.strip_prefix("policy ") {
                kind_of_this = Some(kind(next));
                document.clear();
                policy = None;
                continue;
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let is_answer = ["allow ", "deny ", "silent ", "refused "]
                .iter()
                .any(|answer| line.starts_with(answer));
            if !is_answer {
                document.push_str(line);
                document.push('\n');
                continue;
            }
            let document = document.trim_end();
            let compiled =
                policy.get_or_insert_with(|| Policy::compile(document, kind_of_this.unwrap()));
            decisions += 1;
            match (line.strip_prefix("refused "), compiled) {
                (Some(text), Err(error)) if error.to_string() == text => {}
                (Some(_), Err(error)) => failures.push(format!("{place}: the text is: {error}")),
                (Some(_), Ok(_)) => failures.push(format!("{place}: it is a policy")),
                (None, Err(error)) => failures.push(format!("{place}: {error}")),
                (None, Ok(policy)) => {
                    if let Err(decision) = check(policy, line) {
                        failures.push(format!("{place}: it is {decision:?}: {line}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        decisions >= DECISIONS_MIN,
        "only {decisions} decisions were found"
    );
}

/// An authorizer's policy arrives as a part of a document that has been read already.
#[test]
fn a_value_is_read_like_a_text() {
    let value = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": format!("{API_ARN}/prod/*")}
    });
    let policy = Policy::of_value(&value, Kind::Authorizer).unwrap();
    assert_eq!(check(&policy, "allow anyone Invoke /prod/GET/pets"), Ok(()));
    assert_eq!(check(&policy, "silent anyone Invoke /dev/GET/pets"), Ok(()));
    let wrong = serde_json::json!({"Statement": {"Effect": true}});
    let error = Policy::of_value(&wrong, Kind::Authorizer).unwrap_err();
    assert_eq!(error.to_string(), "Statement.Effect: must be a text");
}

#[test]
fn several_policies_are_as_one() {
    let of = |effect: &str, resource: &str| {
        let text = format!(
            r#"{{"Statement": {{"Effect": "{effect}", "Action": "*", "Resource": "{resource}"}}}}"#
        );
        Policy::compile(&text, Kind::Identity).unwrap()
    };
    let policies = [
        of("Allow", "*"),
        of("Deny", "arn:aws:s3:::*"),
        of("Allow", "*"),
    ];
    for (resource, expected) in [
        ("arn:aws:s3:::bucket", Decision::ExplicitDeny),
        ("arn:aws:sqs:::queue", Decision::Allow),
    ] {
        let request = Request {
            principal: Principal::Anonymous,
            action: "a:B",
            resource,
            context: &(),
        };
        assert_eq!(postern_policy::decide(&policies, &request), expected);
        assert_eq!(postern_policy::decide([], &request), Decision::ImplicitDeny);
    }
}
