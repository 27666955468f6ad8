//! Runs a program: the state of one run, its bounds, and the blocks.

mod arithmetic;
mod evaluate;
mod frames;
mod reference;

use std::rc::Rc;

use crate::error::{Fault, Limit, RunError};
use crate::host::Host;
use crate::inputs::{Inputs, Limits, Overrides, Payload};
use crate::print::{self, Unprintable};
use crate::program::{Block, Call, Expression, Node, Place, Slot};
use crate::regex::Regex;
use crate::value::{Defined, Entries, ListKind, Map, Scope, Text, Value};
use crate::{Dialect, Template};
use frames::Frames;

pub(crate) use arithmetic::{compare_numbers, double_value, int_value, long_value};

/// The first slots are what every template has; see `parse::BUILT_IN` and what follows it.
const FOREACH: Slot = 4;
const COUNT: Slot = 5;
const HAS_NEXT: Slot = 6;
const BODY: Slot = 7;

/// Room that is made for a text because the last one was that long.
const LENGTH_HINT_MAX: usize = 1 << 16;

/// How deep macros may call each other, as in Velocity.
const MACRO_DEPTH_MAX: u32 = 20;
/// How deep a `#define`d block may use itself, as in Velocity.
const DEFINE_DEPTH_MAX: u32 = 2;

/// Why rendering does not go on with the next node.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// `#break`: up to whatever is nearest.
    Break,
    /// `#break($foreach)`: up to that loop.
    BreakOf(usize),
    /// `#stop`.
    Stop,
    Fail(Box<Failure>),
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) place: Option<Place>,
    pub(crate) fault: Fault,
}

impl From<Fault> for Interrupt {
    fn from(fault: Fault) -> Self {
        Self::Fail(Box::new(Failure { place: None, fault }))
    }
}

impl Interrupt {
    /// Says where, if nothing further in has said it.
    fn at(mut self, place: Place) -> Self {
        if let Self::Fail(failure) = &mut self {
            failure.place.get_or_insert(place);
        }
        self
    }
}

pub(crate) type Outcome<T> = Result<T, Interrupt>;

/// One run.
pub(crate) struct Run<'a, 'r> {
    pub(crate) template: &'a Template,
    pub(crate) dialect: Dialect,
    pub(crate) inputs: &'a dyn Inputs,
    pub(crate) payload: &'r Payload<'a>,
    pub(crate) overrides: &'r mut Overrides,
    /// Overrides that this run has written: each is final.
    pub(crate) overridden: Vec<String>,
    limits: &'r Limits,
    steps_left: u64,
    memory: usize,
    regex_steps: u64,
    depth: u32,
    macro_depth: u32,
    frames: Frames<'a>,
    patterns: Vec<(Text<'a>, Rc<Regex>)>,
}

pub(crate) fn run<'a>(
    template: &'a Template,
    limits: &Limits,
    inputs: &'a dyn Inputs,
    payload: &Payload<'a>,
    overrides: &mut Overrides,
    variables: &[(&str, Value<'a>)],
) -> Result<String, RunError> {
    let mut run = Run {
        template,
        dialect: template.dialect,
        inputs,
        payload,
        overrides,
        overridden: Vec::new(),
        limits,
        steps_left: limits.steps,
        memory: 0,
        regex_steps: 0,
        depth: 0,
        macro_depth: 0,
        frames: Frames::new(template.names.len()),
        patterns: Vec::new(),
    };
    if template.dialect == Dialect::ApiGateway {
        for (slot, host) in [
            Host::Input,
            Host::Util,
            Host::Context(Rc::default()),
            Host::StageVariables,
        ]
        .into_iter()
        .enumerate()
        {
            run.frames.set(slot as Slot, Value::Host(host));
        }
    }
    for (name, value) in variables {
        if let Some(slot) = template.names.iter().position(|known| **known == **name) {
            run.frames.set(slot as Slot, value.clone());
        }
    }
    let mut out = String::with_capacity(template.length.get() as usize);
    match run.block(&template.block, &mut out) {
        Ok(()) | Err(Interrupt::Stop | Interrupt::Break | Interrupt::BreakOf(_)) => {
            template.length.set(out.len().min(LENGTH_HINT_MAX) as u32);
            Ok(out)
        }
        Err(Interrupt::Fail(failure)) => {
            let place = failure.place.unwrap_or(Place { line: 1, column: 1 });
            Err(RunError {
                template: template.name.clone(),
                line: place.line,
                column: place.column,
                fault: failure.fault,
            })
        }
    }
}

impl<'a> Run<'a, '_> {
    #[cold]
    pub(crate) fn limit(&self, what: Limit) -> Interrupt {
        let max = match what {
            Limit::Steps => self.limits.steps,
            Limit::LoopRounds => u64::from(self.limits.loop_rounds),
            Limit::OutputBytes => self.limits.output_bytes as u64,
            Limit::Memory => self.limits.memory_bytes as u64,
            Limit::Depth => u64::from(self.limits.depth),
            Limit::RegexSteps => self.limits.regex_steps,
        };
        Fault::Limit { what, max }.into()
    }

    #[inline]
    pub(crate) fn step(&mut self, count: usize) -> Outcome<()> {
        match self.steps_left.checked_sub(count as u64) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(self.limit(Limit::Steps)),
        }
    }

    /// Counts what a value takes, before it is made.
    pub(crate) fn spend(&mut self, bytes: usize) -> Outcome<()> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > self.limits.memory_bytes {
            Err(self.limit(Limit::Memory))
        } else {
            Ok(())
        }
    }

    /// What may still be spent on values.
    pub(crate) fn memory_left(&self) -> usize {
        self.limits.memory_bytes - self.memory.min(self.limits.memory_bytes)
    }

    fn enter(&mut self) -> Outcome<()> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            Err(self.limit(Limit::Depth))
        } else {
            Ok(())
        }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The regular expression, compiled once a run.
    pub(crate) fn regex(&mut self, pattern: &Text<'a>, method: &str) -> Outcome<Rc<Regex>> {
        if let Some((_, known)) = self.patterns.iter().find(|(text, _)| text == pattern) {
            return Ok(known.clone());
        }
        self.spend(pattern.len() * 64)?;
        let regex = Regex::compile(pattern).map_err(|error| Fault::Method {
            method: method.into(),
            why: error.to_string().into(),
        })?;
        let regex = Rc::new(regex);
        if self.patterns.len() < 64 {
            self.patterns.push((pattern.clone(), regex.clone()));
        }
        Ok(regex)
    }

    /// The budget that regular expressions draw from.
    pub(crate) fn regex_budget(&mut self) -> u64 {
        self.limits.regex_steps - self.regex_steps.min(self.limits.regex_steps)
    }

    pub(crate) fn regex_spent(&mut self, left: u64) -> Outcome<()> {
        self.regex_steps = self.limits.regex_steps - left;
        if left == 0 {
            Err(self.limit(Limit::RegexSteps))
        } else {
            Ok(())
        }
    }

    /// A value as Java prints it.
    pub(crate) fn text_of(&mut self, value: &Value<'a>) -> Outcome<Text<'a>> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Block(block) => {
                let mut out = String::new();
                if self.defined(block, &mut out)? {
                    self.spend(out.len())?;
                }
                Ok(out.into())
            }
            _ => {
                let mut out = String::new();
                self.print_into(value, &mut out)?;
                Ok(out.into())
            }
        }
    }

    /// As `text_of`, to the end of a string that is being made.
    pub(crate) fn print_into(&mut self, value: &Value<'a>, out: &mut String) -> Outcome<()> {
        let before = out.len();
        if let Value::Int(number) = value {
            print::integer(i64::from(*number), out);
            return self.spend(out.len() - before);
        }
        let max = before.saturating_add(self.memory_left());
        let plain = self.materialized(value);
        print::print(plain.as_ref().unwrap_or(value), out, max)
            .map_err(|error| self.unprintable(error))?;
        self.spend(out.len() - before)
    }

    pub(crate) fn json_text(&mut self, value: &Value<'a>) -> Outcome<String> {
        let mut out = String::new();
        print::print_json(value, &mut out, self.memory_left())
            .map_err(|error| self.unprintable(error))?;
        self.spend(out.len())?;
        Ok(out)
    }

    fn unprintable(&self, error: Unprintable) -> Interrupt {
        match error {
            Unprintable::TooDeep => self.limit(Limit::Depth),
            Unprintable::TooLong => self.limit(Limit::Memory),
        }
    }

    fn block(&mut self, block: &'a Block, out: &mut String) -> Outcome<()> {
        self.enter()?;
        self.step(block.len())?;
        for node in block {
            self.node(node, out)?;
        }
        if out.len() > self.limits.output_bytes {
            return Err(self.limit(Limit::OutputBytes));
        }
        self.leave();
        Ok(())
    }

    fn node(&mut self, node: &'a Node, out: &mut String) -> Outcome<()> {
        match node {
            Node::Text(text) => {
                out.push_str(text);
                Ok(())
            }
            Node::Reference(reference) => {
                if out.len() > self.limits.output_bytes {
                    return Err(self.limit(Limit::OutputBytes));
                }
                self.print_reference(reference, out)
            }
            Node::Set {
                target,
                slot,
                value,
            } => {
                let value = self.evaluate(value)?;
                self.set(target, *slot, value)
            }
            Node::If {
                branches,
                otherwise,
            } => {
                for (condition, block) in branches {
                    if self.truth(condition)? {
                        return self.block(block, out);
                    }
                }
                self.block(otherwise, out)
            }
            Node::Foreach { slot, over, body } => self.foreach(*slot, over, body, out),
            Node::Define { slot, body } => {
                let block = defined_value(body, DEFINE_DEPTH_MAX);
                self.frames.set(*slot, block);
                Ok(())
            }
            Node::Call(call) => self
                .call_macro(call, out)
                .map_err(|interrupt| interrupt.at(call.place)),
            Node::Break { scope: None } => Err(Interrupt::Break),
            Node::Break { scope: Some(scope) } => match self.evaluate(scope)? {
                Value::Scope(scope) => Err(Interrupt::BreakOf(Rc::as_ptr(&scope).addr())),
                _ => Err(Fault::Misuse {
                    what: "`#break` was given what is no loop".into(),
                }
                .into()),
            },
            Node::Stop => Err(Interrupt::Stop),
            Node::Refused { directive, place } => {
                Err(Interrupt::from(Fault::Refused { directive }).at(*place))
            }
        }
    }

    /// Renders a block that was defined; false when it is already inside itself as deep as it may be.
    fn defined(&mut self, block: &Rc<Defined<'a>>, out: &mut String) -> Outcome<bool> {
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

    fn foreach(
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

    fn call_macro(&mut self, call: &'a Call, out: &mut String) -> Outcome<()> {
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

    pub(crate) fn new_list(&mut self, kind: ListKind, items: Vec<Value<'a>>) -> Outcome<Value<'a>> {
        self.spend(items.len() * size_of::<Value<'_>>() + 64)?;
        let items = items.into_iter().map(Value::opened).collect();
        Ok(Value::list(kind, items))
    }
}

fn defined_value(body: &Block, depth_max: u32) -> Value<'_> {
    Value::Block(Rc::new(Defined {
        body,
        depth: std::cell::Cell::new(0),
        depth_max,
    }))
}

enum Items<'a> {
    Taken(std::vec::IntoIter<Value<'a>>),
    Cursor(Rc<crate::value::Cursor<'a>>),
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
