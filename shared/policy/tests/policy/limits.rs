//! What is too large, and what would be too slow.

use postern_policy::{
    AUTHORIZER_RESOURCE_CHARS_MAX, Decision, Fault, Kind, POLICY_BYTES_MAX, Policy, Principal,
    Request, STATEMENTS_MAX,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn with_resource(resource: &str) -> Value {
    json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": resource}})
}

#[test]
fn a_document_has_a_greatest_size_in_either_form() {
    let document = |bytes: usize| {
        let empty = with_resource("arn:").to_string();
        with_resource(&format!("arn:{}", "x".repeat(bytes - empty.len()))).to_string()
    };
    assert!(Policy::compile(&document(POLICY_BYTES_MAX), Kind::Identity).is_ok());
    let larger = document(POLICY_BYTES_MAX + 1);
    let error = Policy::compile(&larger, Kind::Identity).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    let much_larger = with_resource(&"x".repeat(POLICY_BYTES_MAX * 2));
    let many = json!({"Statement": vec![Value::Null; POLICY_BYTES_MAX]});
    for value in [much_larger, many] {
        let error = Policy::of_value(&value, Kind::Identity).unwrap_err();
        assert_eq!(error.fault, Fault::TooLarge);
    }
}

#[test]
fn statements_are_counted() {
    let of = |count: usize| {
        let statement = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
        format!(r#"{{"Statement":[{}]}}"#, vec![statement; count].join(","))
    };
    assert!(
        POLICY_BYTES_MAX < of(STATEMENTS_MAX).len(),
        "the bytes are the nearer limit"
    );
    let few = of(POLICY_BYTES_MAX / 50);
    assert!(Policy::compile(&few, Kind::Identity).is_ok());
    let none = format!(
        r#"{{"Statement":[{}]}}"#,
        vec!["{}"; STATEMENTS_MAX + 1].join(",")
    );
    let error = Policy::compile(&none, Kind::Identity).unwrap_err();
    assert_eq!(error.fault, Fault::TooManyStatements);
    assert_eq!(error.place, "Statement");
}

#[test]
fn a_deep_value_is_refused_before_it_is_walked_down() {
    let mut value = json!(1);
    for _ in 0..1_000 {
        value = json!([value]);
    }
    let error = Policy::of_value(&value, Kind::Authorizer).unwrap_err();
    assert_eq!(error.fault, Fault::TooDeep);
    let text = "[".repeat(10_000);
    let error = Policy::compile(&text, Kind::Authorizer).unwrap_err();
    assert_eq!(error.fault, Fault::TooDeep);
}

#[test]
fn a_resource_from_an_authorizer_is_short() {
    let of = |chars: usize| with_resource(&format!("arn:{}", "é".repeat(chars - 4)));
    assert!(Policy::of_value(&of(AUTHORIZER_RESOURCE_CHARS_MAX), Kind::Authorizer).is_ok());
    let longer = of(AUTHORIZER_RESOURCE_CHARS_MAX + 1);
    let error = Policy::of_value(&longer, Kind::Authorizer).unwrap_err();
    assert!(matches!(error.fault, Fault::ResourceTooLong(_)));
    assert!(Policy::of_value(&longer, Kind::Identity).is_ok());
}

/// Patterns that take a matcher which tries everything longer than the universe has been around.
#[test]
fn hostile_patterns_are_matched_in_no_time() {
    let text = "a".repeat(1_600);
    for pattern in [
        "*a".repeat(2_000) + "b",
        "*".repeat(10_000) + "b",
        "*?".repeat(700) + "b",
        "*".to_owned() + &"a".repeat(800) + "b*",
        "*a*".repeat(3_000) + "b",
    ] {
        let pattern = format!("arn:{pattern}");
        let policy = Policy::of_value(&with_resource(&pattern), Kind::Identity).unwrap();
        let resource = format!("arn:{text}");
        let started = Instant::now();
        let decision = policy.decide(&Request {
            principal: Principal::Anonymous,
            action: "a:B",
            resource: &resource,
            context: &(),
        });
        assert_eq!(decision, Decision::ImplicitDeny);
        // A hundred times what it takes without optimization on a slow machine.
        assert!(started.elapsed() < Duration::from_secs(5), "{pattern:.20}");
    }
}
