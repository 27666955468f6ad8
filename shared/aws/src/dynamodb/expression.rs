//! Conditions and updates in DynamoDB's words. Names and values always travel beside the text: many short names are reserved.

use super::attributes::{Attributes, EXPIRY, PARTITION, REVISION, number};
use aws_sdk_dynamodb::types::AttributeValue;
use postern_store::{Bounds, Condition};
use std::collections::HashMap;

/// Names and values of one request, and the texts that use them.
#[derive(Default)]
pub(super) struct Terms {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Terms {
    /// A placeholder for an attribute's name.
    pub(super) fn name(&mut self, attribute: &str) -> String {
        let taken = self.names.iter().find(|(_, name)| *name == attribute);
        if let Some((placeholder, _)) = taken {
            return placeholder.clone();
        }
        let placeholder = format!("#{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    /// A placeholder for a value.
    pub(super) fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// DynamoDB refuses an empty map.
    pub(super) fn values(&self) -> Option<Attributes> {
        (!self.values.is_empty()).then(|| self.values.clone())
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
