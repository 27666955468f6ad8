//! Runs instructions over a text, backtracking on a stack of its own.

use super::compile::Instruction;
use super::parse::Assertion;
use super::{Groups, Regex};

/// More saved states than this count as the budget's end: they are memory.
const SAVED_MAX: usize = 200_000;

/// Look-arounds and atomic groups inside each other.
const DEPTH_MAX: usize = 60;

enum Saved {
    /// Another way to go on.
    Branch { at: usize, position: usize },
    /// What a slot held before.
    Slot { slot: usize, old: usize },
}

struct Machine<'t> {
    regex: &'t Regex,
    text: &'t [char],
    slots: Vec<usize>,
    /// `matches`: only the end of the text will do.
    whole: bool,
}

const UNSET: usize = usize::MAX;

pub(super) fn run(
    regex: &Regex,
    text: &[char],
    start: usize,
    whole: bool,
    budget: &mut u64,
) -> Option<Groups> {
    let mut machine = Machine {
        regex,
        text,
        slots: vec![UNSET; regex.slots],
        whole,
    };
    machine.execute(0, start, whole, 0, budget)?;
    Some(
        (0..regex.groups)
            .map(|group| {
                let (from, to) = (machine.slots[group * 2], machine.slots[group * 2 + 1]);
                (from != UNSET && to != UNSET && from <= to).then_some((from, to))
            })
            .collect(),
    )
}

impl Machine<'_> {
    /// Runs from an instruction to its `Done`; gives the position there.
    fn execute(
        &mut self,
        at: usize,
        position: usize,
        to_end: bool,
        depth: usize,
        budget: &mut u64,
    ) -> Option<usize> {
        let regex = self.regex;
        let mut saved: Vec<Saved> = Vec::new();
        let (mut at, mut position) = (at, position);
        if depth > DEPTH_MAX {
            *budget = 0;
        }
        loop {
            if *budget == 0 || saved.len() > SAVED_MAX {
                *budget = 0;
                return None;
            }
            *budget -= 1;
            let goes_on = match &regex.program[at] {
                Instruction::Done => {
                    if !to_end || position == self.text.len() {
                        return Some(position);
                    }
                    false
                }
                Instruction::Char(wanted, ignore_case) => {
                    let matched = self
                        .text
                        .get(position)
                        .is_some_and(|character| same(*character, *wanted, *ignore_case));
                    position += 1;
                    at += 1;
                    matched
                }
                Instruction::Any(dot_all) => {
                    let matched = self
                        .text
                        .get(position)
                        .is_some_and(|character| *dot_all || !is_line_end(*character));
                    position += 1;
                    at += 1;
                    matched
                }
                Instruction::Set(set, ignore_case) => {
                    let matched = self.text.get(position).is_some_and(|character| {
                        if *ignore_case {
                            set.has_ignoring_case(*character)
                        } else {
                            set.has(*character)
                        }
                    });
                    position += 1;
                    at += 1;
                    matched
                }
                Instruction::Assert(assertion) => {
                    at += 1;
                    self.holds(*assertion, position)
                }
                Instruction::Split(first, second) => {
                    saved.push(Saved::Branch {
                        at: *second,
                        position,
                    });
                    at = *first;
                    true
                }
                Instruction::Jump(target) => {
                    at = *target;
                    true
                }
                Instruction::Save(slot) => {
                    saved.push(Saved::Slot {
                        slot: *slot,
                        old: self.slots[*slot],
                    });
                    self.slots[*slot] = position;
                    at += 1;
                    true
                }
                Instruction::Moved(slot) => {
                    // A round over nothing ends the loop: on to what follows it.
                    at += if self.slots[*slot] == position { 2 } else { 1 };
                    true
                }
                Instruction::Back(group, ignore_case) => {
                    at += 1;
                    match self.back(*group, position, *ignore_case) {
                        Some(end) => {
                            *budget = budget.saturating_sub((end - position) as u64);
                            position = end;
                            true
                        }
                        None => false,
                    }
                }
                Instruction::Look { ahead, wanted, end } => {
                    let slots = self.slots.clone();
                    *budget = budget.saturating_sub(slots.len() as u64);
                    let found = if *ahead {
                        self.execute(at + 1, position, false, depth + 1, budget)
                            .is_some()
                    } else {
                        self.behind(at + 1, position, depth, budget)
                    };
                    if found && *wanted {
                        self.remember(slots, &mut saved);
                    } else {
                        self.slots = slots;
                    }
                    at = *end;
                    found == *wanted
                }
                Instruction::Atomic { end } => {
                    let slots = self.slots.clone();
                    *budget = budget.saturating_sub(slots.len() as u64);
                    if let Some(after) = self.execute(at + 1, position, false, depth + 1, budget) {
                        self.remember(slots, &mut saved);
                        position = after;
                        at = *end;
                        true
                    } else {
                        self.slots = slots;
                        false
                    }
                }
            };
            if goes_on {
                continue;
            }
            loop {
                match saved.pop()? {
                    Saved::Slot { slot, old } => self.slots[slot] = old,
                    Saved::Branch {
                        at: branch,
                        position: there,
                    } => {
                        at = branch;
                        position = there;
                        break;
                    }
                }
            }
        }
    }

    fn remember(&self, before: Vec<usize>, saved: &mut Vec<Saved>) {
        for (slot, old) in before.into_iter().enumerate() {
            if self.slots[slot] != old {
                saved.push(Saved::Slot { slot, old });
            }
        }
    }

    /// Whether something that ends here matches.
    fn behind(&mut self, at: usize, position: usize, depth: usize, budget: &mut u64) -> bool {
        let text = self.text;
        let whole = self.whole;
        self.text = &text[..position];
        let mut found = false;
        for start in (0..=position).rev() {
            if *budget == 0 {
                break;
            }
            if self.execute(at, start, true, depth + 1, budget).is_some() {
                found = true;
                break;
            }
        }
        self.text = text;
        self.whole = whole;
        found
    }

    fn back(&self, group: usize, position: usize, ignore_case: bool) -> Option<usize> {
        let from = *self.slots.get(group * 2)?;
        let to = *self.slots.get(group * 2 + 1)?;
        if group >= self.regex.groups || from == UNSET || to == UNSET || from > to {
            return None;
        }
        let end = position + (to - from);
        let here = self.text.get(position..end)?;
        let there = self.text.get(from..to)?;
        here.iter()
            .zip(there)
            .all(|(here, there)| same(*here, *there, ignore_case))
            .then_some(end)
    }

    fn holds(&self, assertion: Assertion, position: usize) -> bool {
        let word = |at: Option<usize>| {
            at.and_then(|at| self.text.get(at))
                .is_some_and(|character| character.is_alphanumeric() || *character == '_')
        };
        let length = self.text.len();
        match assertion {
            Assertion::InputStart => position == 0,
            Assertion::InputEnd => position == length,
            Assertion::LineStart => {
                position == 0 || (position < length && is_line_end(self.text[position - 1]))
            }
            Assertion::LineEnd => position == length || is_line_end(self.text[position]),
            Assertion::LastLineEnd => {
                position == length
                    || (position + 1 == length
                        && is_line_end(self.text[position])
                        && !(self.text[position] == '\n'
                            && position > 0
                            && self.text[position - 1] == '\r'))
                    || (position + 2 == length && self.text[position..] == ['\r', '\n'])
            }
            Assertion::Word | Assertion::NotWord => {
                let boundary = word(position.checked_sub(1)) != word(Some(position));
                boundary == (assertion == Assertion::Word)
            }
        }
    }
}

fn same(left: char, right: char, ignore_case: bool) -> bool {
    left == right || (ignore_case && left.eq_ignore_ascii_case(&right))
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
