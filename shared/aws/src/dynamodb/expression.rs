//! Conditions and updates in DynamoDB's words. Names and values always travel beside the text: many short names are reserved.

use super::attributes::{EXPIRY, PARTITION, REVISION, number};
use super::value::Value;
use super::wire::{Details, Names, Values};
use postern_store::{Bounds, Condition};

/// Names and values of one request, and the texts that use them.
#[derive(Default)]
pub(super) struct Terms {
    pub(super) names: Names,
    pub(super) values: Values,
}

impl Terms {
    /// A placeholder for an attribute's name.
    pub(super) fn name(&mut self, attribute: &str) -> String {
        let names = &mut self.names.0;
        let taken = names.iter().position(|name| name == attribute);
        Names::placeholder(taken.unwrap_or_else(|| {
            names.push(attribute.to_owned());
            names.len() - 1
        }))
    }

    /// A placeholder for a value.
    pub(super) fn value(&mut self, value: Value) -> String {
        let values = &mut self.values.0;
        values.push(value);
        Values::placeholder(values.len() - 1)
    }

    /// A write to the table whose texts these are.
    pub(super) fn details(self, table: &str) -> Details<'_> {
        Details {
            table_name: table,
            expression_attribute_names: self.names,
            expression_attribute_values: self.values,
            ..Details::default()
        }
    }

    /// Holds also where there is no item.
    pub(super) fn not_expired(&mut self, now: u64) -> String {
        let expiry = self.name(EXPIRY);
        let now = self.value(number(now));
        format!("(attribute_not_exists({expiry}) OR {expiry} > {now})")
    }

    pub(super) fn absent_or_expired(&mut self, now: u64) -> String {
        let partition = self.name(PARTITION);
        let expiry = self.name(EXPIRY);
        let now = self.value(number(now));
        format!("(attribute_not_exists({partition}) OR {expiry} <= {now})")
    }

    /// `None` where nothing need hold.
    pub(super) fn condition(&mut self, condition: Condition, now: u64) -> Option<String> {
        match condition {
            Condition::Always => None,
            Condition::Absent => Some(self.absent_or_expired(now)),
            Condition::Present => {
                let partition = self.name(PARTITION);
                let not_expired = self.not_expired(now);
                Some(format!("attribute_exists({partition}) AND {not_expired}"))
            }
            Condition::Revision(revision) => {
                let name = self.name(REVISION);
                let value = self.value(number(revision));
                let not_expired = self.not_expired(now);
                Some(format!("{name} = {value} AND {not_expired}"))
            }
        }
    }

    /// For where DynamoDB insists on a condition.
    pub(super) fn tautology(&mut self) -> String {
        let partition = self.name(PARTITION);
        format!("attribute_exists({partition}) OR attribute_not_exists({partition})")
    }

    /// A counter that is missing is zero.
    pub(super) fn within(&mut self, attribute: &str, bounds: Bounds) -> String {
        let name = self.name(attribute);
        let least = self.value(number(bounds.at_least));
        let most = self.value(number(bounds.at_most));
        let between = format!("{name} >= {least} AND {name} <= {most}");
        if (bounds.at_least..=bounds.at_most).contains(&0) {
            format!("(attribute_not_exists({name}) OR ({between}))")
        } else {
            format!("({between})")
        }
    }
}
