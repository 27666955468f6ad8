//! What is said to DynamoDB and what it answers, in its JSON: of its operations only those that Postern calls, and of their
//! members only those that it uses.

use super::value::Value;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An item, or the key of one.
pub(super) type Attributes = BTreeMap<Cow<'static, str>, Value>;

/// What the placeholders of a request stand for: the first for `{sigil}0`, the next for `{sigil}1`, ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placeholders<T, const SIGIL: char>(pub(super) Vec<T>);

pub(super) type Names = Placeholders<String, '#'>;
pub(super) type Values = Placeholders<Value, ':'>;

impl<T, const SIGIL: char> Placeholders<T, SIGIL> {
    pub(super) fn placeholder(number: usize) -> String {
        format!("{SIGIL}{number}")
    }

    /// DynamoDB refuses an empty map.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, const SIGIL: char> Default for Placeholders<T, SIGIL> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T: Serialize, const SIGIL: char> Serialize for Placeholders<T, SIGIL> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = self.0.iter().enumerate();
        serializer.collect_map(named.map(|(number, what)| (Self::placeholder(number), what)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetItem<'r> {
    pub(super) table_name: &'r str,
    pub(super) key: Attributes,
    pub(super) consistent_read: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Got {
    pub(super) item: Option<Attributes>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Query<'r> {
    pub(super) table_name: &'r str,
    pub(super) key_condition_expression: String,
    pub(super) expression_attribute_names: Names,
    pub(super) expression_attribute_values: Values,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclusive_start_key: Option<Attributes>,
    pub(super) limit: i32,
    pub(super) consistent_read: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Page {
    pub(super) items: Vec<Attributes>,
    pub(super) last_evaluated_key: Option<Attributes>,
}

/// One write: a step of a transaction, or, with the same members, an operation of its own.
#[derive(Serialize)]
pub(super) enum Step<'r> {
    Put(Details<'r>),
    Update(Details<'r>),
    Delete(Details<'r>),
    ConditionCheck(Details<'r>),
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Details<'r> {
    pub(super) table_name: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Attributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<Attributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) update_expression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) condition_expression: Option<String>,
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub(super) expression_attribute_names: Names,
    #[serde(skip_serializing_if = "Values::is_empty")]
    pub(super) expression_attribute_values: Values,
    /// The item as it was, when the condition refuses the write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_values_on_condition_check_failure: Option<&'static str>,
    /// The item as it is, when the write is done. Not in a transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_values: Option<&'static str>,
}

pub(super) const ALL_OLD: Option<&str> = Some("ALL_OLD");
pub(super) const ALL_NEW: Option<&str> = Some("ALL_NEW");

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Written {
    pub(super) attributes: Attributes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TransactWriteItems<'r> {
    pub(super) transact_items: Vec<Step<'r>>,
    /// By it DynamoDB knows a transaction that is sent again because its answer was lost.
    pub(super) client_request_token: String,
}

/// Why DynamoDB did not do what was asked.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    /// Under one name or the other, as it happens to be.
    message: Option<String>,
    #[serde(rename = "message")]
    message_in_lower_case: Option<String>,
    /// What the condition of a single write was refused on.
    pub(super) item: Option<Attributes>,
    /// One for each step of a transaction.
    pub(super) cancellation_reasons: Vec<Reason>,
}

impl Refusal {
    /// Without the name of the protocol before it.
    pub(super) fn code(&self) -> &str {
        self.kind.rsplit('#').next().unwrap_or_default()
    }

    pub(super) fn message(&self) -> Option<&str> {
        let either = self
            .message
            .as_ref()
            .or(self.message_in_lower_case.as_ref());
        either.map(String::as_str)
    }
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Reason {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) item: Option<Attributes>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    fn item() -> Attributes {
        Attributes::from([
            ("p".into(), Value::Text("a \"b\" é".to_owned())),
            ("r".into(), Value::Number("7".to_owned())),
            ("b".into(), Value::Binary(Bytes::from_static(b"\0\xff?"))),
        ])
    }

    #[test]
    fn requests_are_what_dynamodb_calls_them() {
        let item = item();
        let on_the_wire = json!({"p": {"S": "a \"b\" é"}, "r": {"N": "7"}, "b": {"B": "AP8/"}});
        let names = || Placeholders(vec!["p".to_owned(), "ttl".to_owned()]);
        let values = || Placeholders(vec![Value::Number("-1".to_owned())]);
        let put = || Details {
            table_name: "t",
            item: Some(item.clone()),
            condition_expression: Some("c".to_owned()),
            expression_attribute_names: names(),
            expression_attribute_values: values(),
            return_values_on_condition_check_failure: ALL_OLD,
            ..Details::default()
        };
        let put_on_the_wire = json!({
            "TableName": "t", "Item": on_the_wire, "ConditionExpression": "c",
            "ExpressionAttributeNames": {"#0": "p", "#1": "ttl"}, "ExpressionAttributeValues": {":0": {"N": "-1"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        let bare = || Details {
            table_name: "t",
            key: Some(item.clone()),
            ..Details::default()
        };
        let bare_on_the_wire = json!({"TableName": "t", "Key": on_the_wire});
        let update = Details {
            update_expression: Some("u".to_owned()),
            return_values: ALL_NEW,
            ..bare()
        };
        let get = GetItem {
            table_name: "t",
            key: item.clone(),
            consistent_read: true,
        };
        let query = |exclusive_start_key| Query {
            table_name: "t",
            key_condition_expression: "k".to_owned(),
            expression_attribute_names: names(),
            expression_attribute_values: values(),
            exclusive_start_key,
            limit: 11,
            consistent_read: true,
        };
        let mut query_on_the_wire = json!({
            "TableName": "t", "KeyConditionExpression": "k", "Limit": 11, "ConsistentRead": true,
            "ExpressionAttributeNames": {"#0": "p", "#1": "ttl"}, "ExpressionAttributeValues": {":0": {"N": "-1"}},
        });
        let first_page = query_on_the_wire.clone();
        query_on_the_wire["ExclusiveStartKey"] = on_the_wire.clone();
        let transaction = TransactWriteItems {
            transact_items: vec![
                Step::Put(put()),
                Step::Update(bare()),
                Step::Delete(bare()),
                Step::ConditionCheck(bare()),
            ],
            client_request_token: "x".to_owned(),
        };
        for (found, expected) in [
            (
                serde_json::to_value(&get),
                json!({"TableName": "t", "Key": on_the_wire, "ConsistentRead": true}),
            ),
            (serde_json::to_value(query(None)), first_page),
            (
                serde_json::to_value(query(Some(item.clone()))),
                query_on_the_wire,
            ),
            (serde_json::to_value(put()), put_on_the_wire.clone()),
            (serde_json::to_value(bare()), bare_on_the_wire.clone()),
            (
                serde_json::to_value(&update),
                json!({"TableName": "t", "Key": on_the_wire, "UpdateExpression": "u", "ReturnValues": "ALL_NEW"}),
            ),
            (
                serde_json::to_value(&transaction),
                json!({"ClientRequestToken": "x", "TransactItems": [
                    {"Put": put_on_the_wire}, {"Update": bare_on_the_wire}, {"Delete": bare_on_the_wire},
                    {"ConditionCheck": bare_on_the_wire},
                ]}),
            ),
        ] {
            assert_eq!(found.unwrap(), expected);
        }
    }

    #[test]
    fn answers_are_read_with_what_may_be_missing() {
        let got: Got = serde_json::from_str(r#"{"ConsumedCapacity": {}}"#).unwrap();
        assert!(got.item.is_none());
        let got: Got = serde_json::from_str(r#"{"Item": {"r": {"N": "7"}}}"#).unwrap();
        assert_eq!(got.item.unwrap()["r"], Value::Number("7".to_owned()));
        let page: Page = serde_json::from_str(
            r#"{"Count": 1, "Items": [{"s": {"S": "x"}}], "LastEvaluatedKey": {"s": {"S": "x"}}, "ScannedCount": 1}"#,
        )
        .unwrap();
        assert_eq!(page.items, [page.last_evaluated_key.unwrap()]);
        let written: Written = serde_json::from_str("{}").unwrap();
        assert!(written.attributes.is_empty());
    }

    #[test]
    fn a_refusal_is_read_in_every_form_it_comes_in() {
        for (text, code, message) in [
            (
                r#"{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}"#,
                "ConditionalCheckFailedException",
                Some("no"),
            ),
            (
                r#"{"__type": "com.amazon.coral.validate#ValidationException", "Message": "no"}"#,
                "ValidationException",
                Some("no"),
            ),
            (
                r#"{"__type": "a#Throttling", "message": "no", "Message": "no"}"#,
                "Throttling",
                Some("no"),
            ),
            (r#"{"__type": "Throttling"}"#, "Throttling", None),
            ("{}", "", None),
        ] {
            let refusal: Refusal = serde_json::from_str(text).unwrap();
            assert_eq!(refusal.code(), code);
            assert_eq!(refusal.message(), message);
        }
        let refusal: Refusal = serde_json::from_value(json!({
            "__type": "x#TransactionCanceledException", "Message": "m",
            "CancellationReasons": [
                {"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "no", "Item": {"r": {"N": "7"}}},
            ],
        }))
        .unwrap();
        let expected = [
            Reason {
                code: Some("None".to_owned()),
                ..Reason::default()
            },
            Reason {
                code: Some("ConditionalCheckFailed".to_owned()),
                message: Some("no".to_owned()),
                item: Some(Attributes::from([(
                    "r".into(),
                    Value::Number("7".to_owned()),
                )])),
            },
        ];
        assert_eq!(refusal.cancellation_reasons, expected);
    }

    /// Reads as each kind of answer; what comes of it does not matter.
    fn read_as_all(bytes: &[u8]) {
        let _ = serde_json::from_slice::<Got>(bytes);
        let _ = serde_json::from_slice::<Page>(bytes);
        let _ = serde_json::from_slice::<Written>(bytes);
        let _ = serde_json::from_slice::<Refusal>(bytes);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            read_as_all(&bytes);
        }

        #[test]
        fn an_answer_with_any_byte_changed_is_read_without_panic(at in any::<usize>(), byte in any::<u8>(), cut in any::<usize>()) {
            let mut bytes = serde_json::to_vec(&json!({
                "Item": item(), "Items": [item()], "LastEvaluatedKey": item(), "Attributes": item(), "__type": "a#b",
                "message": "m", "CancellationReasons": [{"Code": "c", "Message": "m", "Item": item()}],
            })).unwrap();
            let length = bytes.len();
            bytes[at % length] = byte;
            read_as_all(&bytes);
            read_as_all(&bytes[..cut % length]);
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_not_followed() {
        for opening in ["[", r#"{"a":"#, r#"{"Item":"#, r#"{"Item":{"a":{"M":"#] {
            read_as_all(opening.repeat(100_000).as_bytes());
        }
    }
}
