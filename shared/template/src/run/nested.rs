//! Blocks that run within others: `#foreach`, macros, and what `#define` has put aside.

use std::rc::Rc;

use super::{Interrupt, Outcome, Run};
use crate::error::{Fault, Limit};
use crate::program::{Block, Call, Expression, Slot};
use crate::value::{Cursor, Defined, Entries, Map, Scope, Value};

/// The first slots are what every template has; see `parse::BUILT_IN` and what follows it.
const FOREACH: Slot = 4;
const COUNT: Slot = 5;
const HAS_NEXT: Slot = 6;
const BODY: Slot = 7;

/// How deep macros may call each other, as in Velocity.
const MACRO_DEPTH_MAX: u32 = 20;

/// How deep a `#define`d block may use itself, as in Velocity.
pub(super) const DEFINE_DEPTH_MAX: u32 = 2;

impl<'a> Run<'a, '_> {
    pub(super) fn foreach(
        &mut self,
        slot: Slot,
        over: &'a Expression,
        body: &'a Block,
        out: &mut String,
    ) -> Outcome<()> {
        let over = self.evaluate(over)?;
        let Some(mut items) = self.items(&over)? else {
            return Ok(());
        };
        let saved = [
            (slot, self.variable(slot)?),
            (COUNT, self.variable(COUNT)?),
            (HAS_NEXT, self.variable(HAS_NEXT)?),
        ];
        let scope = Rc::new(match self.variable(FOREACH)? {
            Value::Scope(parent) => Scope {
                index: (-1).into(),
                has_next: false.into(),
                parent: Some(parent),
                replaced: Value::Null,
                stored: Rc::new(Map(Entries::default().into())),
            },
            other => Scope {
                index: (-1).into(),
                has_next: false.into(),
                parent: None,
                replaced: other.opened(),
                stored: Rc::new(Map(Entries::default().into())),
            },
        });
        self.frames.set(FOREACH, Value::Scope(scope.clone()));
        let depth = self.depth;
        let macro_depth = self.macro_depth;
        let frame = self.frames.mark();
        let mut result = Ok(());
        let mut count = 0_u32;
        while let Some(item) = items.next() {
            count += 1;
            if count > self.limits.loop_rounds && self.dialect.loop_rounds_max().is_some() {
                return Err(self.limit(Limit::LoopRounds));
            }
            self.step(1)?;
            let has_next = items.has_next();
            if self.template.counts {
                self.frames.set(COUNT, Value::Int(count as i32));
                self.frames.set(HAS_NEXT, Value::Bool(has_next));
            }
            let null = item.is_null();
            self.frames.set(slot, item);
            scope.index.set(scope.index.get() + 1);
            scope.has_next.set(has_next);
            if null {
                self.frames.push_hidden(slot);
            }
            let round = self.block(body, out);
            self.frames.reset(&frame);
            match round {
                Ok(()) => {}
                Err(Interrupt::Break) => {
                    self.depth = depth;
                    self.macro_depth = macro_depth;
                    break;
                }
                Err(Interrupt::BreakOf(of)) if of == Rc::as_ptr(&scope).addr() => {
                    self.depth = depth;
                    self.macro_depth = macro_depth;
                    break;
                }
                Err(interrupt) => {
                    result = Err(interrupt);
                    break;
                }
            }
        }
        for (slot, value) in saved {
            self.frames.restore(slot, value);
        }
        if let Value::Scope(current) = self.variable(FOREACH)? {
            match (&current.parent, current.replaced.clone()) {
                (Some(parent), _) => self.frames.set(FOREACH, Value::Scope(parent.clone())),
                (None, replaced) => self.frames.restore(FOREACH, replaced),
            }
        }
        result
    }

    /// What `#foreach` goes over; nothing when it cannot.
    fn items(&mut self, value: &Value<'a>) -> Outcome<Option<Items<'a>>> {
        let plain = self.materialized(value);
        Ok(Some(match plain.as_ref().unwrap_or(value) {
            Value::List(list) => {
                self.step(list.items.borrow().len() / 8)?;
                Items::Taken(list.items.borrow().clone().into_iter())
            }
            Value::Map(map) => {
                let values: Vec<_> = map
                    .0
                    .borrow()
                    .iter()
                    .map(|(_, value)| value.clone())
                    .collect();
                self.step(values.len() / 8)?;
                Items::Taken(values.into_iter())
            }
            Value::Part(part) => {
                let values = part.values();
                self.step(values.len() / 8)?;
                Items::Taken(values.into_iter())
            }
            Value::Iterator(cursor) => Items::Cursor(cursor.clone()),
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_macro(&mut self, call: &'a Call, out: &mut String) -> Outcome<()> {
        let Some(known) = self.template.macros.get(&call.name) else {
            out.push_str(&call.literal);
            return Ok(());
        };
        if call.bad_argument {
            let what = format!("`#{}` was called with a bare word", call.name);
            return Err(Fault::Misuse { what: what.into() }.into());
        }
        if self.macro_depth >= MACRO_DEPTH_MAX {
            return Err(Fault::Limit {
                what: Limit::Depth,
                max: u64::from(MACRO_DEPTH_MAX),
            }
            .into());
        }
        let mark = self.frames.mark();
        let mut locals = Vec::new();
        let mut proxies = Vec::new();
        for (slot, argument) in known.parameters.iter().zip(&call.arguments) {
            match &argument.value {
                Expression::Int(_)
                | Expression::Long(_)
                | Expression::Big(_)
                | Expression::Double(_)
                | Expression::True
                | Expression::False => locals.push((*slot, self.evaluate(&argument.value)?)),
                _ => proxies.push((*slot, argument)),
            }
        }
        if let Some(body) = &call.body {
            locals.push((BODY, defined_value(body, MACRO_DEPTH_MAX)));
        }
        self.frames.push_macro(locals, proxies);
        let depth = self.depth;
        self.macro_depth += 1;
        let result = self.block(&known.body, out);
        self.macro_depth -= 1;
        self.frames.reset(&mark);
        match result {
            Err(Interrupt::Break) => {
                self.depth = depth;
                Ok(())
            }
            other => other,
        }
    }

    /// Renders a block that was defined; false when it is already inside itself as deep as it may be.
    pub(super) fn defined(&mut self, block: &Rc<Defined<'a>>, out: &mut String) -> Outcome<bool> {
        if block.depth.get() >= block.depth_max {
            return Ok(false);
        }
        block.depth.set(block.depth.get() + 1);
        let depth = self.depth;
        let result = self.block(block.body, out);
        block.depth.set(block.depth.get() - 1);
        match result {
            Err(Interrupt::Break) => self.depth = depth,
            other => other?,
        }
        Ok(true)
    }
}

pub(super) fn defined_value(body: &Block, depth_max: u32) -> Value<'_> {
    Value::Block(Rc::new(Defined {
        body,
        depth: std::cell::Cell::new(0),
        depth_max,
    }))
}

enum Items<'a> {
    Taken(std::vec::IntoIter<Value<'a>>),
    Cursor(Rc<Cursor<'a>>),
}

impl<'a> Items<'a> {
    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Taken(items) => items.next(),
            Self::Cursor(cursor) => {
                let at = cursor.at.get();
                let item = cursor.list.get(at)?.clone();
                cursor.at.set(at + 1);
                Some(item)
            }
        }
    }

    fn has_next(&self) -> bool {
        match self {
            Self::Taken(items) => items.len() > 0,
            Self::Cursor(cursor) => cursor.at.get() < cursor.list.len(),
        }
    }
}
