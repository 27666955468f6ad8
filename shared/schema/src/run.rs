//! Running a schema over a body.
//!
//! Twice at most: first only to see whether it is valid, which stops at the first failure and allocates nothing; then, where it is
//! not, to say what is wrong, as far as the service says it. The service tells all failures of a value, and looks into its members
//! and items only where there are none yet.

use crate::Schema;
use crate::instance::{Content, Instance};
use crate::message;
use crate::node::{Check, Dependency, Exclusive, Node, NodeId};
use crate::pattern::{Exhausted, Pattern};
use std::cmp::Ordering;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;

/// Why a body is refused. `Display` is the service's `$context.error.validationErrorString`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    NotJson,
    /// Each in the service's words.
    Invalid(Vec<String>),
    /// It could not be decided within the budget, or within the depth that is allowed.
    TooComplex,
}

/// Steps that any body may take, and as many more for each of its bytes.
const STEPS_MIN: u64 = 1_000_000;
const STEPS_PER_BYTE: u64 = 20;
/// Schemas within schemas while a value is looked at. A cycle of schemas over one value has no other end.
const DEPTH_MAX: usize = 500;
/// Failures that are told.
const MESSAGES_MAX: usize = 50;

impl Schema {
    /// Checks the text of a body.
    pub fn check(&self, body: &[u8]) -> Result<(), Failure> {
        let instance = Instance::parse(body).ok_or(Failure::NotJson)?;
        self.check_instance(&instance, body.len())
    }

    /// Checks a body that was read before. Its length in bytes bounds the steps that are taken.
    pub fn check_instance(&self, instance: &Instance<'_>, bytes: usize) -> Result<(), Failure> {
        let mut run = Run {
            nodes: &self.nodes,
            steps: STEPS_MIN + STEPS_PER_BYTE * bytes as u64,
            depth: 0,
        };
        match run.matches(self.root, &instance.content()) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let mut messages = Vec::new();
                match run.tell(self.root, &instance.content(), &mut messages) {
                    Err(Exhausted) if messages.is_empty() => Err(Failure::TooComplex),
                    Ok(()) | Err(Exhausted) => Err(Failure::Invalid(messages)),
                }
            }
            Err(Exhausted) => Err(Failure::TooComplex),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("[Unknown error parsing request body]"),
            Self::Invalid(messages) => write!(f, "[{}]", messages.join(", ")),
            Self::TooComplex => f.write_str("[the body and its model are too complex to compare]"),
        }
    }
}

pub(crate) struct Run<'s> {
    nodes: &'s [Node],
    steps: u64,
    depth: usize,
}

impl<'s> Run<'s> {
    fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(steps as u64).ok_or(Exhausted)?;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Exhausted> {
        self.spend(1)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Exhausted);
        }
        Ok(())
    }

    pub(crate) fn matches(
        &mut self,
        id: NodeId,
        instance: &Content<'_>,
    ) -> Result<bool, Exhausted> {
        self.enter()?;
        let node = &self.nodes[id];
        let matched = self.checks_hold(node, instance)? && self.children_match(node, instance)?;
        self.depth -= 1;
        Ok(matched)
    }

    fn checks_hold(&mut self, node: &'s Node, instance: &Content<'_>) -> Result<bool, Exhausted> {
        for check in &node.checks {
            let holds = match check {
                // Half of all checks.
                Check::Type(types) => types.allow(instance),
                // Whether a member is named comes out anyway when it is matched.
                Check::Closed => true,
                _ => self.holds(node, check, instance)?,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn children_match(
        &mut self,
        node: &'s Node,
        instance: &Content<'_>,
    ) -> Result<bool, Exhausted> {
        match instance {
            Content::Object(members) => {
                let mut properties = Properties::of(node);
                for (name, value) in members.iter() {
                    let mut named = false;
                    if let Some(child) = properties.find(name) {
                        named = true;
                        if !self.matches(child, &value)? {
                            return Ok(false);
                        }
                    }
                    for (pattern, child) in &node.patterns {
                        if self.finds(pattern, name)? {
                            named = true;
                            if !self.matches(*child, &value)? {
                                return Ok(false);
                            }
                        }
                    }
                    if named {
                        continue;
                    }
                    if node.closed {
                        return Ok(false);
                    }
                    if let Some(child) = node.other_properties
                        && !self.matches(child, &value)?
                    {
                        return Ok(false);
                    }
                }
            }
            Content::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    if let Some(child) = node.items.get(place).copied().or(node.other_items)
                        && !self.matches(child, &item)?
                    {
                        return Ok(false);
                    }
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
        }
        Ok(true)
    }

    /// Says what is wrong. Where the value itself fails, its members are not looked at; nor are they once anything has failed.
    fn tell(
        &mut self,
        id: NodeId,
        instance: &Content<'_>,
        messages: &mut Vec<String>,
    ) -> Result<(), Exhausted> {
        self.enter()?;
        let node = &self.nodes[id];
        for check in &node.checks {
            if messages.len() >= MESSAGES_MAX {
                break;
            }
            if let Check::Dependencies(dependencies) = check {
                self.tell_dependencies(dependencies, instance, messages)?;
            } else if !self.holds(node, check, instance)? {
                let message = message::of(self, node, check, instance)?;
                messages.push(message);
            }
        }
        if messages.is_empty() {
            self.tell_children(node, instance, messages)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn tell_dependencies(
        &mut self,
        dependencies: &'s [(String, Dependency)],
        instance: &Content<'_>,
        messages: &mut Vec<String>,
    ) -> Result<(), Exhausted> {
        let Content::Object(members) = instance else {
            return Ok(());
        };
        for (name, dependency) in dependencies {
            if !members.has(name) {
                continue;
            }
            match dependency {
                Dependency::Names(names) => {
                    messages.extend(message::dependency(name, names, *members));
                }
                Dependency::Schema(schema) => self.tell(*schema, instance, messages)?,
            }
        }
        Ok(())
    }

    fn tell_children(
        &mut self,
        node: &'s Node,
        instance: &Content<'_>,
        messages: &mut Vec<String>,
    ) -> Result<(), Exhausted> {
        match instance {
            Content::Object(members) => {
                let mut properties = Properties::of(node);
                for (name, value) in members.by_name() {
                    let mut named = false;
                    if let Some(child) = properties.find(name) {
                        named = true;
                        self.tell(child, &value, messages)?;
                    }
                    for (pattern, child) in &node.patterns {
                        if self.finds(pattern, name)? {
                            named = true;
                            self.tell(*child, &value, messages)?;
                        }
                    }
                    if let Some(child) = node.other_properties.filter(|_| !named) {
                        self.tell(child, &value, messages)?;
                    }
                }
            }
            Content::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    if let Some(child) = node.items.get(place).copied().or(node.other_items) {
                        self.tell(child, &item, messages)?;
                    }
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) => {}
        }
        Ok(())
    }

    /// How many of the schemas match.
    pub(crate) fn matching(
        &mut self,
        schemas: &[NodeId],
        instance: &Content<'_>,
    ) -> Result<usize, Exhausted> {
        let mut matching = 0;
        for schema in schemas {
            matching += usize::from(self.matches(*schema, instance)?);
        }
        Ok(matching)
    }

    pub(crate) fn finds(&mut self, pattern: &Pattern, text: &str) -> Result<bool, Exhausted> {
        pattern.is_in(text, &mut self.steps)
    }

    /// Whether neither the properties nor the patterns name a member.
    pub(crate) fn is_unnamed(
        &mut self,
        node: &Node,
        properties: &mut Properties<'_>,
        name: &str,
    ) -> Result<bool, Exhausted> {
        if properties.find(name).is_some() {
            return Ok(false);
        }
        for (pattern, _) in &node.patterns {
            if self.finds(pattern, name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A keyword says nothing of values that are not of its type.
    #[inline]
    fn holds(
        &mut self,
        node: &Node,
        check: &Check,
        instance: &Content<'_>,
    ) -> Result<bool, Exhausted> {
        Ok(match (check, instance) {
            (Check::Type(types), _) => types.allow(instance),
            (Check::Enum(values), _) => {
                self.spend(values.len())?;
                values.iter().any(|value| value.content().is(instance))
            }
            (Check::Required(names), Content::Object(members)) => {
                names.iter().all(|name| members.has(name))
            }
            (Check::Closed, Content::Object(members)) => {
                let mut properties = Properties::of(node);
                for (name, _) in members.iter() {
                    if self.is_unnamed(node, &mut properties, name)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Check::MinProperties(least), Content::Object(members)) => {
                members.len() as u64 >= *least
            }
            (Check::MaxProperties(most), Content::Object(members)) => members.len() as u64 <= *most,
            (Check::Dependencies(dependencies), Content::Object(members)) => {
                for (name, dependency) in dependencies {
                    if !members.has(name) {
                        continue;
                    }
                    let holds = match dependency {
                        Dependency::Names(names) => names.iter().all(|name| members.has(name)),
                        Dependency::Schema(schema) => self.matches(*schema, instance)?,
                    };
                    if !holds {
                        return Ok(false);
                    }
                }
                true
            }
            (Check::AdditionalItems, Content::List(items)) => items.len() <= node.items.len(),
            (Check::MinItems(least), Content::List(items)) => items.len() as u64 >= *least,
            (Check::MaxItems(most), Content::List(items)) => items.len() as u64 <= *most,
            (Check::UniqueItems, Content::List(items)) => {
                let mut sorted: Vec<_> = items.iter().collect();
                sorted.sort_unstable_by(Content::order);
                sorted.is_sorted_by(|a, b| !a.is(b))
            }
            (Check::Minimum(bound, Exclusive(exclusive)), Content::Number(number)) => {
                match number.order(*bound) {
                    Ordering::Less => false,
                    Ordering::Equal => !exclusive,
                    Ordering::Greater => true,
                }
            }
            (Check::Maximum(bound, Exclusive(exclusive)), Content::Number(number)) => {
                match number.order(*bound) {
                    Ordering::Less => true,
                    Ordering::Equal => !exclusive,
                    Ordering::Greater => false,
                }
            }
            (Check::MultipleOf(divisor), Content::Number(number)) => {
                number.is_multiple_of(*divisor)
            }
            (Check::MinLength(least), Content::Text(text)) => {
                // A character has four bytes at most.
                text.len() as u64 / 4 >= *least || text.chars().count() as u64 >= *least
            }
            (Check::MaxLength(most), Content::Text(text)) => {
                text.len() as u64 <= *most || text.chars().count() as u64 <= *most
            }
            (Check::Pattern(pattern), Content::Text(text)) => self.finds(pattern, text)?,
            (Check::AllOf(schemas), _) => {
                for schema in schemas {
                    if !self.matches(*schema, instance)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Check::AnyOf(schemas), _) => {
                for schema in schemas {
                    if self.matches(*schema, instance)? {
                        return Ok(true);
                    }
                }
                false
            }
            (Check::OneOf(schemas), _) => self.matching(schemas, instance)? == 1,
            (Check::Not(schema), _) => !self.matches(*schema, instance)?,
            _ => true,
        })
    }
}

/// Up to so many properties are looked at one after the other, which takes less than halving them.
const LINEAR_MAX: usize = 8;

/// The properties of a node, while members are gone through.
pub(crate) struct Properties<'s> {
    node: &'s Node,
    /// How many members there were before.
    at: usize,
}

impl<'s> Properties<'s> {
    pub(crate) fn of(node: &'s Node) -> Self {
        Self { node, at: 0 }
    }

    #[inline]
    pub(crate) fn find(&mut self, name: &str) -> Option<NodeId> {
        let properties = &self.node.properties;
        let guess = self.node.order.get(self.at);
        self.at += 1;
        match guess.and_then(|guess| properties.get(guess.load(Relaxed))) {
            Some((known, child)) if known == name => Some(*child),
            _ => {
                let place = self.search(name)?;
                if let Some(guess) = guess {
                    guess.store(place, Relaxed);
                }
                Some(properties[place].1)
            }
        }
    }

    fn search(&self, name: &str) -> Option<usize> {
        let properties = &self.node.properties;
        if properties.len() <= LINEAR_MAX {
            return properties.iter().position(|(known, _)| known == name);
        }
        let found = properties.binary_search_by(|(known, _)| known.as_str().cmp(name));
        found.ok()
    }
}
