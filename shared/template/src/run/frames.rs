//! Variables, and what macros and loops lay over them.
//!
//! Variables live in slots. A macro lays a frame over them: its arguments are looked up by evaluating what the caller
//! wrote, each time, in the caller's frame; what it sets is seen inside it first, and outside as well. Velocity has it
//! so, and templates depend on it.

use crate::program::{Argument, Slot};
use crate::value::Value;

#[derive(Debug)]
struct Frame<'a> {
    /// The frame below, as seen from here; not always the one before in the list.
    below: Option<usize>,
    kind: FrameKind<'a>,
}

#[derive(Debug)]
enum FrameKind<'a> {
    Macro {
        locals: Vec<(Slot, Value<'a>)>,
        proxies: Vec<(Slot, &'a Argument)>,
    },
    /// The loop variable is null in this round, and nothing set outside shows through.
    Hidden { slot: Slot, active: bool },
}

#[derive(Debug)]
pub(super) struct Frames<'a> {
    variables: Vec<Value<'a>>,
    laid: Vec<Frame<'a>>,
    current: Option<usize>,
}

/// A place to come back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    length: usize,
    current: Option<usize>,
}

/// What a variable turns out to be.
#[derive(Debug)]
pub(super) enum Seen<'a> {
    Value(Value<'a>),
    /// A macro's argument, to be evaluated in the frame below its own.
    Argument {
        argument: &'a Argument,
        below: Option<usize>,
    },
}

impl<'a> Frames<'a> {
    pub(super) fn new(count: usize) -> Self {
        Self {
            variables: vec![Value::Null; count],
            laid: Vec::new(),
            current: None,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            length: self.laid.len(),
            current: self.current,
        }
    }

    pub(super) fn reset(&mut self, mark: &Mark) {
        self.laid.truncate(mark.length);
        self.current = mark.current;
    }

    /// Looks from another frame; `reset` to a mark looks from the old one again.
    pub(super) fn look_from(&mut self, frame: Option<usize>) {
        self.current = frame;
    }

    pub(super) fn push_macro(
        &mut self,
        locals: Vec<(Slot, Value<'a>)>,
        proxies: Vec<(Slot, &'a Argument)>,
    ) {
        self.push(FrameKind::Macro { locals, proxies });
    }

    pub(super) fn push_hidden(&mut self, slot: Slot) {
        self.push(FrameKind::Hidden { slot, active: true });
    }

    fn push(&mut self, kind: FrameKind<'a>) {
        self.laid.push(Frame {
            below: self.current,
            kind,
        });
        self.current = Some(self.laid.len() - 1);
    }

    pub(super) fn get(&self, slot: Slot) -> Seen<'a> {
        let mut at = self.current;
        while let Some(frame) = at.and_then(|index| self.laid.get(index)) {
            match &frame.kind {
                FrameKind::Macro { locals, proxies } => {
                    if let Some((_, value)) = locals
                        .iter()
                        .find(|(known, value)| *known == slot && !value.is_null())
                    {
                        return Seen::Value(value.clone());
                    }
                    if let Some((_, argument)) = proxies.iter().find(|(known, _)| *known == slot) {
                        return Seen::Argument {
                            argument,
                            below: frame.below,
                        };
                    }
                }
                FrameKind::Hidden {
                    slot: hidden,
                    active: true,
                } if *hidden == slot => return Seen::Value(Value::Null),
                FrameKind::Hidden { .. } => {}
            }
            at = frame.below;
        }
        Seen::Value(self.variables[slot as usize].clone())
    }

    /// The variable itself, where nothing is laid over it: so it is outside of macros.
    pub(super) fn bare(&self, slot: Slot) -> Option<&Value<'a>> {
        match self.current {
            None => self.variables.get(slot as usize),
            Some(_) => None,
        }
    }

    /// What the caller wrote for this parameter, if the slot is one.
    pub(super) fn argument_literal(&self, slot: Slot) -> Option<&'a str> {
        let mut at = self.current;
        while let Some(frame) = at.and_then(|index| self.laid.get(index)) {
            if let FrameKind::Macro { proxies, .. } = &frame.kind
                && let Some((_, argument)) = proxies.iter().find(|(known, _)| *known == slot)
            {
                return Some(&argument.literal);
            }
            at = frame.below;
        }
        None
    }

    #[inline]
    pub(super) fn set(&mut self, slot: Slot, value: Value<'a>) {
        if self.current.is_some() {
            self.lay(slot, &value);
        }
        self.variables[slot as usize] = value;
    }

    /// Sets what is laid over a variable.
    fn lay(&mut self, slot: Slot, value: &Value<'a>) {
        let mut at = self.current;
        while let Some(index) = at {
            let Some(frame) = self.laid.get_mut(index) else {
                break;
            };
            match &mut frame.kind {
                FrameKind::Macro { locals, .. } => {
                    match locals.iter_mut().find(|(known, _)| *known == slot) {
                        Some((_, local)) => *local = value.clone(),
                        None => locals.push((slot, value.clone())),
                    }
                }
                FrameKind::Hidden {
                    slot: hidden,
                    active,
                } => *active |= *hidden == slot && value.is_null(),
            }
            at = frame.below;
        }
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        let mut at = self.current;
        while let Some(index) = at {
            let Some(frame) = self.laid.get_mut(index) else {
                break;
            };
            match &mut frame.kind {
                FrameKind::Macro { locals, proxies } => {
                    locals.retain(|(known, _)| *known != slot);
                    proxies.retain(|(known, _)| *known != slot);
                }
                FrameKind::Hidden {
                    slot: hidden,
                    active,
                } => *active &= *hidden != slot,
            }
            at = frame.below;
        }
        self.variables[slot as usize] = Value::Null;
    }

    /// Puts back what was there before a loop.
    pub(super) fn restore(&mut self, slot: Slot, value: Value<'a>) {
        if value.is_null() {
            self.remove(slot);
        } else {
            self.set(slot, value);
        }
    }
}
