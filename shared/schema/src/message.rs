//! What is wrong with a body, in the words of the library that the service uses.

use crate::instance::{Content, Members};
use crate::node::{Check, Exclusive, Node, type_name};
use crate::pattern::Exhausted;
use crate::run::{Properties, Run};
use serde_json::Value;

/// A message may quote the body, and is kept no longer than this.
const MESSAGE_CHARACTERS_MAX: usize = 1_000;

/// The message for a check that does not hold.
pub(crate) fn of(
    run: &mut Run<'_>,
    node: &Node,
    check: &Check,
    instance: &Content<'_>,
) -> Result<String, Exhausted> {
    let message = match check {
        Check::Type(types) => format!(
            "instance type ({}) does not match any allowed primitive type (allowed: {})",
            type_name(instance),
            list(types.names())
        ),
        Check::Enum(values) => {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            format!(
                "instance value ({instance}) not found in enum (possible values: [{}])",
                values.join(",")
            )
        }
        Check::Required(names) => {
            let missing = match instance {
                Content::Object(members) => list(missing(names, *members)),
                _ => list(std::iter::empty()),
            };
            format!("object has missing required properties ({missing})")
        }
        Check::Closed => {
            let mut unnamed = Vec::new();
            if let Content::Object(members) = instance {
                let mut properties = Properties::of(node);
                for (name, _) in members.by_name() {
                    if run.is_unnamed(node, &mut properties, name)? {
                        unnamed.push(name);
                    }
                }
            }
            format!(
                "object instance has properties which are not allowed by the schema: {}",
                list(unnamed.into_iter())
            )
        }
        Check::MinProperties(least) => format!(
            "object has too few properties (found {} but schema requires at least {least})",
            size(instance)
        ),
        Check::MaxProperties(most) => format!(
            "object has too many properties (found {} but schema requires at most {most})",
            size(instance)
        ),
        // Told one by one.
        Check::Dependencies(_) => String::new(),
        Check::AdditionalItems => format!(
            "schema only allows {} elements in array but instance has {} elements",
            node.items.len(),
            size(instance)
        ),
        Check::MinItems(least) => format!(
            "array is too short: must have at least {least} elements but instance has {} elements",
            size(instance)
        ),
        Check::MaxItems(most) => format!(
            "array is too long: must have at most {most} elements but instance has {} elements",
            size(instance)
        ),
        Check::UniqueItems => "array must not contain duplicate elements".to_owned(),
        Check::Minimum(bound, Exclusive(false)) => format!(
            "numeric instance is lower than the required minimum (minimum: {bound}, found: {instance})"
        ),
        Check::Minimum(bound, Exclusive(true)) => {
            format!("numeric instance is not strictly greater than the required minimum {bound}")
        }
        Check::Maximum(bound, Exclusive(false)) => format!(
            "numeric instance is greater than the required maximum (maximum: {bound}, found: {instance})"
        ),
        Check::Maximum(bound, Exclusive(true)) => {
            format!("numeric instance is not strictly lower than the required maximum {bound}")
        }
        Check::MultipleOf(divisor) => {
            format!("remainder of division is not zero ({instance} / {divisor})")
        }
        Check::MinLength(least) => format!(
            "string {instance} is too short (length: {}, required minimum: {least})",
            size(instance)
        ),
        Check::MaxLength(most) => format!(
            "string {instance} is too long (length: {}, maximum allowed: {most})",
            size(instance)
        ),
        Check::Pattern(pattern) => format!(
            "ECMA 262 regex {} does not match input string {instance}",
            Value::from(pattern.text.as_str())
        ),
        Check::AllOf(schemas) => format!(
            "instance failed to match all required schemas (matched only {} out of {})",
            run.matching(schemas, instance)?,
            schemas.len()
        ),
        Check::AnyOf(schemas) => format!(
            "instance failed to match at least one required schema among {}",
            schemas.len()
        ),
        Check::OneOf(schemas) => format!(
            "instance failed to match exactly one schema (matched {} out of {})",
            run.matching(schemas, instance)?,
            schemas.len()
        ),
        Check::Not(_) => "instance matched a schema which it should not have".to_owned(),
    };
    Ok(bounded(message))
}

/// The message for names that a member calls for, where some are missing.
pub(crate) fn dependency(name: &str, names: &[String], members: Members<'_>) -> Option<String> {
    let mut gone = missing(names, members).peekable();
    gone.peek()?;
    Some(bounded(format!(
        "property {} of object has missing property dependencies (schema requires {}; missing: {})",
        Value::from(name),
        list(names.iter().map(String::as_str)),
        list(gone)
    )))
}

fn missing<'n>(names: &'n [String], members: Members<'n>) -> impl Iterator<Item = &'n str> {
    names
        .iter()
        .map(String::as_str)
        .filter(move |name| !members.has(name))
}

/// Members, items or characters.
fn size(instance: &Content<'_>) -> usize {
    match instance {
        Content::Object(members) => members.len(),
        Content::List(items) => items.len(),
        Content::Text(text) => text.chars().count(),
        Content::Null | Content::Bool(_) | Content::Number(_) => 0,
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.map(|name| Value::from(name).to_string()).collect();
    format!("[{}]", names.join(","))
}

fn bounded(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message,
    }
}
