//! Puts a document together from what a reader meets one after the other, and keeps it within its limits.

use super::{Document, Limits, Position, Seen, Slot, Unreadable, Value};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::cell::Cell;

pub(super) struct Builder<'a> {
    limits: &'a Limits,
    slots: Vec<Slot>,
    open: Vec<Open>,
    root: Option<u32>,
}

struct Open {
    slot: u32,
    at: Position,
    content: Content,
}

enum Content {
    List(Vec<u32>),
    Object {
        members: IndexMap<String, u32>,
        key: Option<MemberKey>,
        /// What `<<` names, in order.
        merged: Vec<u32>,
    },
}

enum MemberKey {
    Name(String),
    /// YAML's `<<`, whose value is merged in rather than kept.
    Merge,
}

impl<'a> Builder<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            slots: Vec::new(),
            open: Vec::new(),
            root: None,
        }
    }

    /// Whether what comes next is a key rather than a value.
    pub(super) fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: Content::Object { key: None, .. },
                ..
            })
        )
    }

    pub(super) fn key(&mut self, name: String, at: Position) -> Result<(), Unreadable> {
        let Some(Open {
            content: Content::Object { members, key, .. },
            ..
        }) = self.open.last_mut()
        else {
            return Err(Unreadable::grammar(at, "a key outside of an object"));
        };
        if let Some(first) = members.get(&name) {
            let first = self.slots[*first as usize].at;
            return Err(Unreadable::rule(
                at,
                format!("the key `{name}` is there twice: its first value is at {first}"),
            ));
        }
        *key = Some(MemberKey::Name(name));
        Ok(())
    }

    /// The key of YAML's merges. Only a plain one is: a quoted one is a key like any other.
    pub(super) fn merge_key(&mut self) {
        if let Some(Open {
            content: Content::Object { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some(MemberKey::Merge);
        }
    }

    pub(super) fn scalar(&mut self, at: Position, value: Value) -> Result<u32, Unreadable> {
        let slot = self.slot(at, value)?;
        self.place(slot, at)?;
        Ok(slot)
    }

    pub(super) fn begin_list(&mut self, at: Position) -> Result<u32, Unreadable> {
        self.begin(at, Content::List(Vec::new()))
    }

    pub(super) fn begin_object(&mut self, at: Position) -> Result<u32, Unreadable> {
        self.begin(
            at,
            Content::Object {
                members: IndexMap::new(),
                key: None,
                merged: Vec::new(),
            },
        )
    }

    fn begin(&mut self, at: Position, content: Content) -> Result<u32, Unreadable> {
        self.deep_enough(at, 1)?;
        let slot = self.slot(at, Value::Null)?;
        self.open.push(Open { slot, at, content });
        Ok(slot)
    }

    /// Ends the object or list that was begun last.
    pub(super) fn end(&mut self) -> Result<(), Unreadable> {
        let Some(Open { slot, at, content }) = self.open.pop() else {
            return Err(Unreadable::grammar(
                Position { line: 1, column: 1 },
                "an end without a beginning",
            ));
        };
        let value = match content {
            Content::List(items) => {
                self.adopt(slot, items.iter().copied());
                Value::List(items)
            }
            Content::Object {
                mut members,
                merged,
                ..
            } => {
                for source in merged {
                    self.merge(&mut members, source)?;
                }
                self.adopt(slot, members.values().copied());
                Value::Object(members)
            }
        };
        self.slots[slot as usize].value = value;
        self.place(slot, at)
    }

    /// A copy of what an anchor names.
    pub(super) fn alias(&mut self, source: u32, at: Position) -> Result<(), Unreadable> {
        if self.open.iter().any(|open| open.slot == source) {
            return Err(Unreadable::rule(at, "an alias within what it stands for"));
        }
        let copy = self.copy(source, 0, at)?;
        self.place(copy, at)
    }

    pub(super) fn finish(self) -> Option<Document> {
        let root = self.root.filter(|_| self.open.is_empty())?;
        Some(Document {
            slots: self.slots,
            root,
        })
    }

    fn deep_enough(&self, at: Position, more: usize) -> Result<(), Unreadable> {
        if self.open.len() + more > self.limits.depth_max {
            return Err(Unreadable::rule(
                at,
                format!(
                    "objects and lists lie more than {} levels deep",
                    self.limits.depth_max
                ),
            ));
        }
        Ok(())
    }

    fn slot(&mut self, at: Position, value: Value) -> Result<u32, Unreadable> {
        if self.slots.len() >= self.limits.nodes_max.min(u32::MAX as usize) {
            return Err(Unreadable::rule(
                at,
                format!(
                    "the document has more than {} values, aliases expanded",
                    self.limits.nodes_max
                ),
            ));
        }
        let index = self.slots.len() as u32;
        self.slots.push(Slot {
            at,
            parent: index,
            ordinal: 0,
            seen: Cell::new(Seen::No),
            value,
        });
        Ok(index)
    }

    fn place(&mut self, slot: u32, at: Position) -> Result<(), Unreadable> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None if self.root.is_some() => {
                return Err(Unreadable::grammar(at, "there is more than one document"));
            }
            None => self.root = Some(slot),
            Some(Content::List(items)) => items.push(slot),
            Some(Content::Object {
                members,
                key,
                merged,
            }) => match key.take() {
                None => return Err(Unreadable::grammar(at, "a value without a key")),
                Some(MemberKey::Merge) => merged.push(slot),
                Some(MemberKey::Name(name)) => {
                    members.insert(name, slot);
                }
            },
        }
        Ok(())
    }

    fn adopt(&mut self, parent: u32, children: impl Iterator<Item = u32>) {
        for (ordinal, child) in children.enumerate() {
            let slot = &mut self.slots[child as usize];
            slot.parent = parent;
            slot.ordinal = ordinal as u32;
        }
    }

    /// Adds the members of a mapping, or of each of a list of mappings, that are not there yet.
    fn merge(
        &mut self,
        members: &mut IndexMap<String, u32>,
        source: u32,
    ) -> Result<(), Unreadable> {
        let at = self.slots[source as usize].at;
        let objects = match &self.slots[source as usize].value {
            Value::Object(_) => vec![source],
            Value::List(items) => items.clone(),
            _ => Vec::new(),
        };
        let is_merge = |slot: &u32| matches!(self.slots[*slot as usize].value, Value::Object(_));
        if objects.is_empty() || !objects.iter().all(is_merge) {
            return Err(Unreadable::rule(
                at,
                "`<<` merges a mapping or a list of mappings, and this is neither",
            ));
        }
        for object in objects {
            let Value::Object(found) = &self.slots[object as usize].value else {
                continue;
            };
            // The source is a copy of what the alias names already, so its members can move.
            for (name, member) in found {
                if let Entry::Vacant(place) = members.entry(name.clone()) {
                    place.insert(*member);
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, source: u32, depth: usize, at: Position) -> Result<u32, Unreadable> {
        let original = &self.slots[source as usize];
        let (place, value) = (original.at, original.value.clone());
        let value = match value {
            Value::List(items) => {
                self.deep_enough(at, depth + 1)?;
                let items = items
                    .into_iter()
                    .map(|item| self.copy(item, depth + 1, at))
                    .collect::<Result<Vec<_>, _>>()?;
                Value::List(items)
            }
            Value::Object(members) => {
                self.deep_enough(at, depth + 1)?;
                let members = members
                    .into_iter()
                    .map(|(name, member)| Ok((name, self.copy(member, depth + 1, at)?)))
                    .collect::<Result<IndexMap<_, _>, Unreadable>>()?;
                Value::Object(members)
            }
            scalar => scalar,
        };
        let children: Vec<u32> = match &value {
            Value::List(items) => items.clone(),
            Value::Object(members) => members.values().copied().collect(),
            _ => Vec::new(),
        };
        let slot = self.slot(place, value)?;
        self.adopt(slot, children.into_iter());
        Ok(slot)
    }
}
