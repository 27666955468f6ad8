//! One write, as DynamoDB is asked for it, and what its refusal means.

use super::attributes::{
    self, BODY, EXPIRY, FORMAT, FORMAT_VERSION, REVISION, first_revision, number,
};
use super::expression::Terms;
use super::value::Value;
use super::wire::{ALL_OLD, Attributes, Details, Step};
use bytes::Bytes;
use postern_store::{Condition, Key, Write};

/// How a put is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The item is changed, and keeps its counters. Refused where it has expired.
    Update,
    /// The item takes the place of whatever is there. Refused where that is an item that has not expired.
    Replace,
}

/// A write that may have to be tried in another manner.
pub(super) struct Attempt<'w> {
    write: &'w Write,
    manner: Manner,
    /// The revision that a put leaves, where that is known before.
    revision: Option<u64>,
}

/// What the refusal of a write by its condition means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The caller's condition does not hold.
    Failed,
    /// The same write, sent before, has happened.
    Happened,
    /// Only what is expired was not as expected: in the manner set now, it can succeed.
    Again,
}

impl<'w> Attempt<'w> {
    pub(super) fn new(write: &'w Write) -> Self {
        let mut attempt = Self {
            write,
            manner: Manner::Update,
            revision: None,
        };
        if let Write::Put { condition, .. } = write {
            attempt.set(match condition {
                Condition::Absent => Manner::Replace,
                Condition::Always | Condition::Present | Condition::Revision(_) => Manner::Update,
            });
        }
        attempt
    }

    fn set(&mut self, manner: Manner) {
        self.manner = manner;
        self.revision = match (manner, condition(self.write)) {
            (Manner::Replace, _) => Some(first_revision()),
            // Not simply the next, so that it tells this write from another that found the same revision.
            (Manner::Update, Condition::Revision(revision)) => {
                Some(revision.wrapping_add(1 + u64::from(rand::random::<u32>())))
            }
            (Manner::Update, _) => None,
        };
    }

    /// The request.
    pub(super) fn step<'r>(&self, table: &'r str, now: u64) -> Step<'r> {
        match self.write {
            Write::Put {
                key,
                body,
                expires_at,
                condition,
            } => match self.manner {
                Manner::Update => self.update(table, key, body, *expires_at, *condition, now),
                Manner::Replace => self.replace(table, key, body, *expires_at, now),
            },
            Write::Delete { key, condition } => delete(table, key, *condition, now),
            Write::Check { key, condition } => check(table, key, *condition, now),
        }
    }

    fn update<'r>(
        &self,
        table: &'r str,
        key: &Key,
        body: &Bytes,
        expires_at: Option<u64>,
        condition: Condition,
        now: u64,
    ) -> Step<'r> {
        let mut terms = Terms::default();
        let condition = terms
            .condition(condition, now)
            .unwrap_or_else(|| terms.not_expired(now));
        let format = terms.name(FORMAT);
        let format_version = terms.value(number(FORMAT_VERSION));
        let body_name = terms.name(BODY);
        let body = terms.value(Value::Binary(body.clone()));
        let revision_name = terms.name(REVISION);
        let revision = if let Some(revision) = self.revision {
            terms.value(number(revision))
        } else {
            let first = terms.value(number(first_revision()));
            let one = terms.value(number(1));
            format!("if_not_exists({revision_name}, {first}) + {one}")
        };
        let expiry_name = terms.name(EXPIRY);
        let expiry = match expires_at {
            Some(at) => format!(", {expiry_name} = {}", terms.value(number(at))),
            None => format!(" REMOVE {expiry_name}"),
        };
        let update = format!(
            "SET {format} = {format_version}, {body_name} = {body}, {revision_name} = {revision}{expiry}"
        );
        Step::Update(Details {
            key: Some(attributes::key(key)),
            update_expression: Some(update),
            condition_expression: Some(condition),
            return_values_on_condition_check_failure: ALL_OLD,
            ..terms.details(table)
        })
    }

    fn replace<'r>(
        &self,
        table: &'r str,
        key: &Key,
        body: &Bytes,
        expires_at: Option<u64>,
        now: u64,
    ) -> Step<'r> {
        let revision = self.revision.unwrap_or_else(first_revision);
        let mut item = attributes::new_item(key, revision, expires_at);
        item.insert(BODY.into(), Value::Binary(body.clone()));
        replacement(table, item, now)
    }

    /// `found` is the item that the condition was refused on. In a transaction nothing has `happened`: its token sees to that.
    pub(super) fn verdict(&mut self, found: Option<&Attributes>, alone: bool, now: u64) -> Verdict {
        let Write::Put { condition, .. } = self.write else {
            return Verdict::Failed;
        };
        let left = found.and_then(attributes::revision);
        if alone && left.is_some() && left == self.revision {
            return Verdict::Happened;
        }
        if *condition != Condition::Always {
            return Verdict::Failed;
        }
        let is_expired = found.is_some_and(|found| !attributes::is_live(found, now));
        self.set(if is_expired {
            Manner::Replace
        } else {
            Manner::Update
        });
        Verdict::Again
    }
}

/// Puts an item where none is, or only one that has expired.
pub(super) fn replacement(table: &str, item: Attributes, now: u64) -> Step<'_> {
    let mut terms = Terms::default();
    let condition = terms.absent_or_expired(now);
    Step::Put(Details {
        item: Some(item),
        condition_expression: Some(condition),
        return_values_on_condition_check_failure: ALL_OLD,
        ..terms.details(table)
    })
}

fn delete<'r>(table: &'r str, key: &Key, condition: Condition, now: u64) -> Step<'r> {
    let mut terms = Terms::default();
    let condition = terms.condition(condition, now);
    Step::Delete(Details {
        key: Some(attributes::key(key)),
        condition_expression: condition,
        ..terms.details(table)
    })
}

fn check<'r>(table: &'r str, key: &Key, condition: Condition, now: u64) -> Step<'r> {
    let mut terms = Terms::default();
    let condition = terms
        .condition(condition, now)
        .unwrap_or_else(|| terms.tautology());
    Step::ConditionCheck(Details {
        key: Some(attributes::key(key)),
        condition_expression: Some(condition),
        ..terms.details(table)
    })
}

fn condition(write: &Write) -> Condition {
    match write {
        Write::Put { condition, .. }
        | Write::Delete { condition, .. }
        | Write::Check { condition, .. } => *condition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 100;

    fn found(revision: u64, expires_at: Option<u64>) -> Attributes {
        attributes::new_item(&Key::new("p", "s"), revision, expires_at)
    }

    #[test]
    fn a_refusal_is_the_callers_only_where_the_callers_condition_failed() {
        let (live, expired) = (found(7, Some(101)), found(7, Some(100)));
        for (condition, item, expected, manner) in [
            (
                Condition::Always,
                Some(&expired),
                Verdict::Again,
                Manner::Replace,
            ),
            // It was live by the time it was found.
            (
                Condition::Always,
                Some(&live),
                Verdict::Again,
                Manner::Update,
            ),
            (Condition::Always, None, Verdict::Again, Manner::Update),
            (
                Condition::Absent,
                Some(&live),
                Verdict::Failed,
                Manner::Replace,
            ),
            (Condition::Present, None, Verdict::Failed, Manner::Update),
            (
                Condition::Present,
                Some(&expired),
                Verdict::Failed,
                Manner::Update,
            ),
            (
                Condition::Revision(7),
                Some(&expired),
                Verdict::Failed,
                Manner::Update,
            ),
            (
                Condition::Revision(6),
                Some(&live),
                Verdict::Failed,
                Manner::Update,
            ),
        ] {
            let write = Write::put(Key::new("p", "s"), "", condition);
            let mut attempt = Attempt::new(&write);
            assert_eq!(attempt.verdict(item, true, NOW), expected, "{condition:?}");
            assert_eq!(attempt.manner, manner, "{condition:?}");
        }
    }

    #[test]
    fn a_write_whose_answer_was_lost_knows_itself_when_it_is_sent_again() {
        for condition in [Condition::Absent, Condition::Revision(7)] {
            let write = Write::put(Key::new("p", "s"), "", condition);
            let mut attempt = Attempt::new(&write);
            let own = found(attempt.revision.unwrap(), None);
            assert_eq!(attempt.verdict(Some(&own), true, NOW), Verdict::Happened);
            let mut other = Attempt::new(&write);
            assert_eq!(other.verdict(Some(&own), true, NOW), Verdict::Failed);
        }
    }
}
