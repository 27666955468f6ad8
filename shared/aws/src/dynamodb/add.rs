//! Additions to counters.

use super::attributes::{
    self, EXPIRY, FORMAT, FORMAT_VERSION, REVISION, counter, first_revision, number,
};
use super::expression::Terms;
use super::wire::{ALL_NEW, ALL_OLD, Details, Step};
use postern_store::Add;
use std::collections::BTreeMap;

/// Names each counter once: DynamoDB refuses to add twice to the same.
pub(super) fn sums(add: &Add) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::<String, i64>::new();
    for (name, by) in &add.by {
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*by);
    }
    sums
}

/// Whether the bounds hold for counters as they are.
pub(super) fn is_within(add: &Add, counters: &BTreeMap<String, i64>) -> bool {
    add.within.iter().all(|(name, bounds)| {
        let counter = counters.get(name).copied().unwrap_or_default();
        (bounds.at_least..=bounds.at_most).contains(&counter)
    })
}

/// Refused where the item has expired, as well as where a bound does not hold. Answered with the item as it then is.
pub(super) fn update<'r>(
    table: &'r str,
    add: &Add,
    sums: &BTreeMap<String, i64>,
    now: u64,
) -> Step<'r> {
    let mut terms = Terms::default();
    let mut condition = terms.not_expired(now);
    for (name, bounds) in &add.within {
        condition.push_str(" AND ");
        condition.push_str(&terms.within(&counter(name), *bounds));
    }
    let format = terms.name(FORMAT);
    let format_version = terms.value(number(FORMAT_VERSION));
    let revision = terms.name(REVISION);
    let first = terms.value(number(first_revision()));
    let mut update = format!(
        "SET {format} = if_not_exists({format}, {format_version}), {revision} = if_not_exists({revision}, {first})"
    );
    if let Some(at) = add.expires_at {
        let expiry = terms.name(EXPIRY);
        let at = terms.value(number(at));
        update = format!("{update}, {expiry} = {at}");
    }
    let additions: Vec<String> = sums
        .iter()
        .map(|(name, by)| {
            let name = terms.name(&counter(name));
            let by = terms.value(number(by));
            format!("{name} {by}")
        })
        .collect();
    if !additions.is_empty() {
        update.push_str(" ADD ");
        update.push_str(&additions.join(", "));
    }
    Step::Update(Details {
        key: Some(attributes::key(&add.key)),
        update_expression: Some(update),
        condition_expression: Some(condition),
        return_values_on_condition_check_failure: ALL_OLD,
        return_values: ALL_NEW,
        ..terms.details(table)
    })
}

/// The item that an addition makes in place of an expired one.
pub(super) fn replacement<'r>(
    table: &'r str,
    add: &Add,
    sums: &BTreeMap<String, i64>,
    now: u64,
) -> Step<'r> {
    let mut item = attributes::new_item(&add.key, first_revision(), add.expires_at);
    for (name, by) in sums {
        item.insert(counter(name).into(), number(by));
    }
    super::put::replacement(table, item, now)
}
