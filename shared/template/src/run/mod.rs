//! Runs a program: the state of one run, and what each of its nodes does.

mod budget;
mod evaluate;
mod frames;
mod nested;
mod reference;

use std::rc::Rc;

use crate::error::{Fault, Limit, RunError};
use crate::host::Host;
use crate::inputs::{Inputs, Limits, Overrides, Payload};
use crate::print::{self, Unprintable};
use crate::program::{Block, Node, Place, Slot};
use crate::regex::Regex;
use crate::value::{ListKind, Text, Value};
use crate::{Dialect, Template};
use frames::Frames;
use nested::{DEFINE_DEPTH_MAX, defined_value};

/// Room that is made for a text because the last one was that long.
const LENGTH_HINT_MAX: usize = 1 << 16;

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

    pub(crate) fn new_list(&mut self, kind: ListKind, items: Vec<Value<'a>>) -> Outcome<Value<'a>> {
        self.spend(items.len() * size_of::<Value<'_>>() + 64)?;
        let items = items.into_iter().map(Value::opened).collect();
        Ok(Value::list(kind, items))
    }
}
