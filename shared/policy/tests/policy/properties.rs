//! What holds for every policy.

use crate::cases::API_ARN;
use postern_policy::{Decision, Kind, Policy, Principal, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

type Keys = BTreeMap<String, Vec<String>>;

fn condition() -> impl Strategy<Value = Value> {
    let operator = (
        select(vec!["", "ForAllValues:", "ForAnyValue:"]),
        select(vec![
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
        ]),
        select(vec!["", "IfExists"]),
    )
        .prop_map(|(set, operator, if_exists)| format!("{set}{operator}{if_exists}"));
    let values = vec(select(vec!["a", "b", "*", "${x:b}", "${x:b, 'a'}"]), 0..3);
    (operator, select(vec!["x:a", "x:b"]), values)
        .prop_map(|(operator, key, values)| json!({operator: {key: values}}))
}

fn statement() -> impl Strategy<Value = Value> {
    (
        select(vec!["Allow", "Deny"]),
        select(vec!["Action", "NotAction"]),
        vec(select(vec!["x:Get", "x:Put", "x:*", "*", "x:?et"]), 1..3),
        select(vec!["Resource", "NotResource"]),
        vec(
            select(vec![
                "arn:a:b:c:d:e",
                "arn:a:b:c:d:*",
                "*",
                "arn:*:b:?:d:${x:b}",
            ]),
            1..3,
        ),
        select(vec!["Principal", "NotPrincipal"]),
        select(vec![
            json!("*"),
            json!({"AWS": "123456789012"}),
            json!({"Service": "s"}),
        ]),
        proptest::option::of(condition()),
    )
        .prop_map(
            |(effect, action, actions, resource, resources, principal, principals, condition)| {
                let mut statement = json!({
                    "Effect": effect, action: actions, resource: resources, principal: principals
                });
                if let Some(condition) = condition {
                    statement["Condition"] = condition;
                }
                statement
            },
        )
}

fn keys() -> impl Strategy<Value = Keys> {
    let values = || vec(select(vec!["a", "b", "*"]).prop_map(str::to_owned), 0..3);
    (values(), values())
        .prop_map(|(a, b)| Keys::from([("x:a".to_owned(), a), ("x:b".to_owned(), b)]))
}

#[derive(Clone, Debug)]
struct Asked {
    principal: Principal<'static>,
    action: &'static str,
    resource: &'static str,
    keys: Keys,
}

fn asked() -> impl Strategy<Value = Asked> {
    let ann = Principal::Aws {
        arn: "arn:aws:iam::123456789012:user/ann",
        unique_id: None,
    };
    (
        select(vec![Principal::Anonymous, ann, Principal::Service("s")]),
        select(vec!["x:Get", "x:Put", "y:Get"]),
        select(vec!["arn:a:b:c:d:e", "arn:a:b:c:d:a", "arn:z:b:c:d:b", "z"]),
        keys(),
    )
        .prop_map(|(principal, action, resource, keys)| Asked {
            principal,
            action,
            resource,
            keys,
        })
}

fn decision(statements: &[Value], asked: &Asked) -> Decision {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let kind = Kind::Resource {
        api_arn: Some(API_ARN),
    };
    let policy = Policy::compile(&document.to_string(), kind).unwrap();
    assert_eq!(
        policy.decide(&request(asked)),
        Policy::of_value(&document, kind)
            .unwrap()
            .decide(&request(asked)),
        "a text and a value are one policy"
    );
    policy.decide(&request(asked))
}

fn request(asked: &Asked) -> Request<'_> {
    Request {
        principal: asked.principal,
        action: asked.action,
        resource: asked.resource,
        context: &asked.keys,
    }
}

/// Any JSON, but mostly of names and values that policies have.
fn anything() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        9 => select(vec![
            "Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
            "NotResource", "Condition", "StringEquals", "ArnLike", "IpAddress", "DateLessThan", "Null", "AWS", "aws:a",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let leaf = prop_oneof![
        6 => select(vec![
            "2012-10-17", "Allow", "Deny", "*", "a:b", "arn:a:b:c:d:e", "${a}", "${a,'b'}", "${", "execute-api:/x", "1.2.3.4/5",
            "2026-01-01T00:00:00Z", "true", "123456789012",
        ]).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => vec((name.clone(), inner), 0..7)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_kind() -> impl Strategy<Value = Kind<'static>> {
    select(vec![
        Kind::Identity,
        Kind::Authorizer,
        Kind::Resource { api_arn: None },
        Kind::Resource {
            api_arn: Some(API_ARN),
        },
    ])
}

/// Whether a pattern takes a text, by the definition, in a table of all beginnings of both.
fn takes(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for unit in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        next[0] = unit == '*' && row[0];
        for end in 1..=text.len() {
            next[end] = match unit {
                '*' => row[end] || next[end - 1],
                '?' => row[end - 1],
                unit => row[end - 1] && unit == text[end - 1],
            };
        }
        row = next;
    }
    row[text.len()]
}

proptest! {
    #[test]
    fn a_deny_that_matches_wins(
        statements in vec(statement(), 0..6),
        deny in statement(),
        at in any::<Index>(),
        asked in asked(),
    ) {
        let mut deny = deny;
        deny["Effect"] = "Deny".into();
        let alone = decision(std::slice::from_ref(&deny), &asked);
        let before = decision(&statements, &asked);
        let mut all = statements;
        all.insert(at.index(all.len() + 1), deny);
        let expected = if alone == Decision::ExplicitDeny { alone } else { before };
        prop_assert_eq!(decision(&all, &asked), expected);
    }

    #[test]
    fn an_allow_that_matches_lifts_silence_and_nothing_else(
        statements in vec(statement(), 0..6),
        allow in statement(),
        asked in asked(),
    ) {
        let mut allow = allow;
        allow["Effect"] = "Allow".into();
        let alone = decision(std::slice::from_ref(&allow), &asked);
        let before = decision(&statements, &asked);
        let mut all = statements;
        all.push(allow);
        let expected = if before == Decision::ImplicitDeny { alone } else { before };
        prop_assert_eq!(decision(&all, &asked), expected);
    }

    #[test]
    fn the_order_of_statements_does_not_matter(
        (statements, shuffled) in vec(statement(), 0..6).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        asked in asked(),
    ) {
        prop_assert_eq!(decision(&statements, &asked), decision(&shuffled, &asked));
    }

    #[test]
    fn a_statement_for_these_or_for_all_but_these_is_for_everything(
        statement in statement(),
        element in select(vec!["Action", "Resource", "Principal"]),
        asked in asked(),
    ) {
        let mut with = statement;
        for name in ["Action", "Resource", "Principal"] {
            let not = format!("Not{name}");
            if let Some(values) = with.as_object_mut().unwrap().remove(&not) {
                with[name] = values;
            }
        }
        for (effect, expected) in [("Deny", Decision::ExplicitDeny), ("Allow", Decision::Allow)] {
            with["Effect"] = effect.into();
            let mut without = with.clone();
            let values = without.as_object_mut().unwrap().remove(element).unwrap();
            without[format!("Not{element}")] = values;
            let mut always = with.clone();
            always[element] = "*".into();
            let holds = |statement| decision(&[statement], &asked) == expected;
            let (one, other, always) = (holds(with.clone()), holds(without), holds(always));
            prop_assert!(!(one && other));
            // Of what it does not know to leave out a statement allows nothing.
            let is_known = effect == "Deny" || !with.to_string().contains("${");
            let either = one || other;
            prop_assert!(either == always || !is_known && !either);
        }
    }

    #[test]
    fn no_document_panics(document in anything(), kind in any_kind(), asked in asked()) {
        let text = document.to_string();
        let compiled = Policy::compile(&text, kind);
        if let Ok(policy) = &compiled {
            policy.decide(&request(&asked));
        }
        prop_assert_eq!(compiled.is_ok(), Policy::of_value(&document, kind).is_ok());
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}|[{}\\[\\]\",:A-Za-z* $]{0,60}", kind in any_kind()) {
        let _ = Policy::compile(&text, kind);
    }

    #[test]
    fn no_value_of_a_statement_panics(
        value in "\\PC{0,30}|[a:*?${}, ']{0,30}",
        operator in select(vec!["StringLike", "NumericEquals", "DateEquals", "IpAddress", "ArnLike", "BinaryEquals", "Bool"]),
        given in "\\PC{0,30}|[0-9TZ:.+-]{0,30}",
        version in select(vec!["2008-10-17", "2012-10-17"]),
    ) {
        for (resource, tested) in [(value.as_str(), "a"), ("*", value.as_str())] {
            let document = json!({"Version": version, "Statement": {
                "Effect": "Allow", "Action": "*", "Resource": resource, "Condition": {operator: {"a:b": [tested]}}
            }});
            if let Ok(policy) = Policy::of_value(&document, Kind::Authorizer) {
                let keys = Keys::from([("a:b".to_owned(), vec![given.clone()])]);
                policy.decide(&Request { principal: Principal::Anonymous, action: "a:b", resource: &given, context: &keys });
            }
        }
    }

    #[test]
    fn wildcards_take_what_their_definition_says(
        pattern in "[ab*?é]{0,12}",
        text in "[abé]{0,16}",
    ) {
        let document = json!({"Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"x:a": pattern}}
        }});
        let policy = Policy::of_value(&document, Kind::Identity).unwrap();
        let keys = Keys::from([("x:a".to_owned(), vec![text.clone()])]);
        let asked = Asked { principal: Principal::Anonymous, action: "a:B", resource: "*", keys };
        let allowed = policy.decide(&request(&asked)) == Decision::Allow;
        prop_assert_eq!(allowed, takes(&pattern, &text));
    }

    #[test]
    fn parts_of_an_arn_are_matched_one_by_one(
        pattern in vec("[ab*?]{0,4}", 6),
        arn in vec("[ab]{0,5}", 6),
        end in "(:[ab]{0,2})?",
    ) {
        let resource = format!("{}{end}", arn.join(":"));
        let document = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": pattern.join(":")}});
        let policy = Policy::of_value(&document, Kind::Authorizer).unwrap();
        let asked = Request { principal: Principal::Anonymous, action: "a:B", resource: &resource, context: &() };
        let last = format!("{}{end}", arn[5]);
        let expected = pattern[..5].iter().zip(&arn).all(|(pattern, part)| takes(pattern, part)) && takes(&pattern[5], &last);
        prop_assert_eq!(policy.decide(&asked) == Decision::Allow, expected);
    }
}
