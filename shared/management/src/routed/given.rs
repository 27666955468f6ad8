//! How members that a request gives change what there is. What it does not give stays.

use crate::wire::{Choice, Enumerated, Failure};
use postern_definition::Map;

/// An empty text takes the text away.
pub(super) fn text(into: &mut Option<String>, given: Option<&String>) {
    if let Some(text) = given {
        *into = Some(text.clone()).filter(|text| !text.is_empty());
    }
}

pub(super) fn choice<T: Enumerated>(
    into: &mut Option<T>,
    given: Option<&Choice<T>>,
) -> Result<(), Failure> {
    if let Some(choice) = given {
        *into = Some(choice.known()?);
    }
    Ok(())
}

/// Maps change key by key, and an empty text takes a key away.
pub(super) fn texts(into: &mut Option<Map<String>>, given: Option<&Map<String>>) {
    entries(into, given, String::is_empty);
}

/// As [`texts`], for values of which some mean that there is to be none.
pub(super) fn entries<V: Clone>(
    into: &mut Option<Map<V>>,
    given: Option<&Map<V>>,
    is_none: impl Fn(&V) -> bool,
) {
    let Some(given) = given else {
        return;
    };
    let map = into.get_or_insert_default();
    for (key, value) in given {
        if is_none(value) {
            map.remove(key);
        } else {
            map.insert(key.clone(), value.clone());
        }
    }
    if map.is_empty() {
        *into = None;
    }
}

/// Refuses a text that is too long, or that is there and empty where it has to say something.
pub(super) fn within(what: &str, text: Option<&str>, max: usize) -> Result<(), Failure> {
    match text {
        Some(text) if text.chars().count() > max => Err(Failure::bad_request(format!(
            "Invalid {what} specified, can be at most {max} characters."
        ))),
        _ => Ok(()),
    }
}

/// As [`within`], for a text without which the thing cannot be.
pub(super) fn named(what: &str, text: &str, max: usize) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(Failure::bad_request(format!("{what} cannot be empty")));
    }
    within(what, Some(text), max)
}
