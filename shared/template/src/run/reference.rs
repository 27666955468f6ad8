//! References: what they lead to, how they print, and how `#set` writes through them.

use super::frames::Seen;
use super::{Interrupt, Outcome, Run};
use crate::error::Fault;
use crate::host::Host;
use crate::methods;
use crate::program::{Expression, Place, Reference, Slot, Step};
use crate::value::Value;

impl<'a> Run<'a, '_> {
    pub(super) fn variable(&mut self, slot: Slot) -> Outcome<Value<'a>> {
        match self.frames.get(slot) {
            Seen::Value(value) => Ok(value),
            Seen::Argument { argument, below } => {
                self.enter()?;
                self.step(1)?;
                let mark = self.frames.mark();
                self.frames.look_from(below);
                let value = self.evaluate(&argument.value);
                self.frames.reset(&mark);
                self.leave();
                value
            }
        }
    }

    #[inline]
    pub(super) fn reference(&mut self, reference: &'a Reference) -> Outcome<Value<'a>> {
        self.step(1)?;
        // Most references are variables, or name a member of an object, which need not be held for that.
        match (reference.steps.as_slice(), self.frames.bare(reference.slot)) {
            ([Step::Member(name, hint), rest @ ..], Some(Value::Part(part))) => {
                match part.member_as_guessed(name, hint) {
                    Some(value) if rest.is_empty() => Ok(value),
                    Some(value) => self.follow_all(value, rest, reference.place),
                    None => self.followed(reference),
                }
            }
            ([Step::Member(name, _)], Some(Value::Scope(scope))) => {
                Ok(methods::scope_member(scope, name))
            }
            ([], Some(value)) => Ok(value.clone()),
            _ => self.followed(reference),
        }
    }

    fn followed(&mut self, reference: &'a Reference) -> Outcome<Value<'a>> {
        let mut steps = reference.steps.as_slice();
        let value = match (steps, self.frames.bare(reference.slot)) {
            ([Step::Member(name, _), rest @ ..], Some(Value::Map(map))) => {
                steps = rest;
                map.0.borrow().member(name).cloned().unwrap_or_default()
            }
            ([Step::Member(name, hint), rest @ ..], Some(Value::Part(part)))
                if part.is_object() =>
            {
                steps = rest;
                part.member_near(name, hint).unwrap_or_default()
            }
            (_, Some(value)) => value.clone(),
            (_, None) => self.variable(reference.slot)?,
        };
        if let (Value::Host(Host::Context(path)), Some(members)) = (&value, &reference.members)
            && path.is_empty()
            && steps.len() == reference.steps.len()
        {
            return Ok(self.context_members(members));
        }
        self.follow_all(value, steps, reference.place)
    }

    fn follow_all(
        &mut self,
        mut value: Value<'a>,
        steps: &'a [Step],
        place: Place,
    ) -> Outcome<Value<'a>> {
        for step in steps {
            if value.is_null() {
                break;
            }
            value = self
                .follow(&value, step)
                .map_err(|interrupt| interrupt.at(place))?;
        }
        Ok(value)
    }

    fn follow(&mut self, value: &Value<'a>, step: &'a Step) -> Outcome<Value<'a>> {
        match step {
            Step::Member(name, hint) => match value {
                Value::Part(part) if part.is_object() => {
                    Ok(part.member_near(name, hint).unwrap_or_default())
                }
                _ => methods::member(self, value, name),
            },
            Step::Index(index) => {
                let index = self.evaluate(index)?;
                self.index(value, index)
            }
            Step::Call {
                name,
                arguments,
                path,
                place,
            } => {
                self.step(1)?;
                if let (Value::Host(Host::Input), Some(path)) = (value, path) {
                    return self
                        .input_path(name, path)
                        .map_err(|interrupt| interrupt.at(*place));
                }
                let result = match arguments.as_slice() {
                    [] => methods::call(self, value, name, &[]),
                    [only] => {
                        let only = self.argument(only)?;
                        methods::call(self, value, name, &[only])
                    }
                    [first, second] => {
                        let arguments = [self.argument(first)?, self.argument(second)?];
                        methods::call(self, value, name, &arguments)
                    }
                    _ => {
                        let mut values = Vec::with_capacity(arguments.len());
                        for argument in arguments {
                            values.push(self.argument(argument)?);
                        }
                        methods::call(self, value, name, &values)
                    }
                };
                result
                    .map(Option::unwrap_or_default)
                    .map_err(|interrupt| interrupt.at(*place))
            }
        }
    }

    fn argument(&mut self, argument: &'a Expression) -> Outcome<Value<'a>> {
        self.enter()?;
        let value = self.evaluate(argument)?;
        self.leave();
        Ok(value)
    }

    /// A negative index counts from the end.
    fn counted_from_end(&mut self, value: &Value<'a>, index: Value<'a>) -> Outcome<Value<'a>> {
        let Value::Int(number @ ..0) = index else {
            return Ok(index);
        };
        match methods::call(self, value, "size", &[])? {
            Some(Value::Int(size)) => Ok(Value::Int(size + number)),
            _ => Err(Fault::Method {
                method: "size".into(),
                why: format!("a negative index, {number}, wants a value with a size").into(),
            }
            .into()),
        }
    }

    fn index(&mut self, value: &Value<'a>, index: Value<'a>) -> Outcome<Value<'a>> {
        let index = self.counted_from_end(value, index)?;
        methods::call(self, value, "get", &[index]).map(Option::unwrap_or_default)
    }

    pub(super) fn print_reference(
        &mut self,
        reference: &'a Reference,
        out: &mut String,
    ) -> Outcome<()> {
        let value = self.reference(reference)?;
        if reference.escaped {
            out.push_str(&reference.escape_prefix);
            if value.is_null() {
                out.push('\\');
            }
            out.push_str(self.null_text(reference));
            return Ok(());
        }
        if value.is_null() {
            out.push_str(&reference.escape_prefix);
            out.push_str(&reference.escape_prefix);
            out.push_str(&reference.prefix);
            out.push_str(self.null_text(reference));
            return Ok(());
        }
        if let Value::Block(block) = &value {
            // A block prints itself where it stands; Velocity leaves the marks before it out.
            let rendered = self.defined(block, out);
            if !rendered.map_err(|interrupt| interrupt.at(reference.place))? {
                out.push_str(&reference.escape_prefix);
                out.push_str(&reference.escape_prefix);
                out.push_str(&reference.prefix);
                out.push_str(self.null_text(reference));
            }
            return Ok(());
        }
        if !(reference.escape_prefix.is_empty() && reference.prefix.is_empty()) {
            out.push_str(&reference.escape_prefix);
            out.push_str(&reference.prefix);
        }
        match value {
            Value::Text(text) => out.push_str(&text),
            other => self
                .print_into(&other, out)
                .map_err(|interrupt| interrupt.at(reference.place))?,
        }
        Ok(())
    }

    /// What an undefined reference prints: in a macro, what the caller wrote for it.
    fn null_text(&self, reference: &'a Reference) -> &'a str {
        if self.dialect.null_prints_source()
            && reference.steps.is_empty()
            && reference.null_text.starts_with('$')
            && !reference.null_text.starts_with("${")
            && let Some(literal) = self.frames.argument_literal(reference.slot)
        {
            return literal;
        }
        &reference.null_text
    }

    pub(super) fn set(
        &mut self,
        target: &'a Reference,
        slot: Slot,
        value: Value<'a>,
    ) -> Outcome<()> {
        if value.is_null() && self.dialect.null_keeps_old_value() {
            return Ok(());
        }
        let Some((last, steps)) = target.steps.split_last() else {
            if value.is_null() {
                self.frames.remove(slot);
            } else {
                self.frames.set(slot, value);
            }
            return Ok(());
        };
        let mut holder = self.variable(target.slot)?;
        for step in steps {
            if holder.is_null() {
                return Ok(());
            }
            holder = self
                .follow(&holder, step)
                .map_err(|interrupt| interrupt.at(target.place))?;
        }
        if holder.is_null() {
            return Ok(());
        }
        self.set_in(&holder, last, value)
            .map_err(|interrupt: Interrupt| interrupt.at(target.place))
    }

    fn set_in(&mut self, holder: &Value<'a>, last: &'a Step, value: Value<'a>) -> Outcome<()> {
        match last {
            Step::Index(index) => {
                let index = self.evaluate(index)?;
                let index = self.counted_from_end(holder, index)?;
                let arguments = [index, value];
                if methods::call(self, holder, "set", &arguments)?.is_none() {
                    methods::call(self, holder, "put", &arguments)?;
                }
            }
            // `#set($x.call() = 1)` looks for a property of the call's name, as Velocity does.
            Step::Member(name, _) | Step::Call { name, .. } => {
                methods::set_member(self, holder, name, value)?;
            }
        }
        Ok(())
    }
}
