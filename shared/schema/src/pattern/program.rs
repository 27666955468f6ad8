//! From a pattern's tree to operations, and their running.

use super::parse::Tree;
use super::set::{Set, is_word};

/// Told apart by a byte of its own: a mark within one of its parts, as the compiler would have it, takes longer to read.
#[derive(Debug)]
#[repr(u8)]
pub(super) enum Op {
    Set(Set),
    /// A set, repeated: by far the most common loop, and so one operation with one place to come back to.
    Run {
        set: Set,
        min: u32,
        max: u32,
        greed: Greed,
    },
    /// Goes on at the first, and at the second if that fails.
    Split(usize, usize),
    Jump(usize),
    /// Writes the position down.
    Save(usize),
    /// Fails where nothing was matched since the position was written down: the loop would have no end.
    Moved(usize),
    Start,
    End,
    Edge(bool),
    Back(usize),
    /// What follows, to the `Found` before `past`, must match here, or must not.
    Ahead {
        past: usize,
        negative: bool,
    },
    Found,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    /// Takes all it can, and gives back what is too much.
    Greedy,
    /// Takes all it can and gives nothing back: what follows cannot begin with what was taken.
    Keeping,
    /// Takes as little as it can.
    Lazy,
}

/// The budget is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

const OPS_MAX: usize = 20_000;
/// Places to come back to.
const STACK_MAX: usize = 2_000_000;
const UNSET: usize = usize::MAX;

/// The operations, and how many slots they write to.
pub(super) fn emit(tree: &Tree) -> Result<(Vec<Op>, usize), String> {
    let mut emitter = Emitter {
        ops: Vec::new(),
        slots: 2 * groups(tree),
    };
    emitter.tree(tree)?;
    emitter.push(Op::Found)?;
    keep_what_is_apart(&mut emitter.ops);
    Ok((emitter.ops, emitter.slots))
}

/// Most runs are followed by what they cannot take, as in `^[a-z]+-[0-9]+$`: to match shorter ones would be in vain.
fn keep_what_is_apart(ops: &mut [Op]) {
    for at in 1..ops.len() {
        let (before, after) = ops.split_at_mut(at);
        let Some(Op::Run { set, greed, .. }) = before.last_mut() else {
            continue;
        };
        let is_apart = match after.iter().find(|op| !matches!(op, Op::Save(_))) {
            Some(Op::End | Op::Found) => true,
            Some(
                Op::Set(next)
                | Op::Run {
                    set: next,
                    min: 1..,
                    ..
                },
            ) => set.is_apart(next),
            _ => false,
        };
        if is_apart && *greed == Greed::Greedy {
            *greed = Greed::Keeping;
        }
    }
}

/// The slots where a group's ends are written down. Groups count from one.
fn slots_of(group: usize) -> (usize, usize) {
    (2 * group - 2, 2 * group - 1)
}

/// The highest number of a group.
fn groups(tree: &Tree) -> usize {
    match tree {
        Tree::Group(tree, number) => groups(tree).max(*number),
        Tree::Ahead(tree, _) | Tree::Repeat { tree, .. } => groups(tree),
        Tree::Sequence(trees) | Tree::Either(trees) => {
            trees.iter().map(groups).max().unwrap_or_default()
        }
        Tree::Back(number) => *number,
        Tree::Empty | Tree::Set(_) | Tree::Start | Tree::End | Tree::Edge(_) => 0,
    }
}

struct Emitter {
    ops: Vec<Op>,
    slots: usize,
}

impl Emitter {
    fn push(&mut self, op: Op) -> Result<usize, String> {
        if self.ops.len() >= OPS_MAX {
            return Err("it is too large".to_owned());
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn tree(&mut self, tree: &Tree) -> Result<(), String> {
        match tree {
            Tree::Empty => {}
            Tree::Set(set) => drop(self.push(Op::Set(set.clone()))?),
            Tree::Start => drop(self.push(Op::Start)?),
            Tree::End => drop(self.push(Op::End)?),
            Tree::Edge(at) => drop(self.push(Op::Edge(*at))?),
            Tree::Back(number) => drop(self.push(Op::Back(*number))?),
            Tree::Group(tree, number) => {
                let (from, to) = slots_of(*number);
                self.push(Op::Save(from))?;
                self.tree(tree)?;
                self.push(Op::Save(to))?;
            }
            Tree::Ahead(tree, negative) => {
                let at = self.push(Op::Found)?;
                self.tree(tree)?;
                let past = self.push(Op::Found)? + 1;
                self.ops[at] = Op::Ahead {
                    past,
                    negative: *negative,
                };
            }
            Tree::Sequence(trees) => {
                for tree in trees {
                    self.tree(tree)?;
                }
            }
            Tree::Either(trees) => {
                let mut jumps = Vec::new();
                for (place, tree) in trees.iter().enumerate() {
                    if place + 1 == trees.len() {
                        self.tree(tree)?;
                        break;
                    }
                    let split = self.push(Op::Found)?;
                    self.tree(tree)?;
                    jumps.push(self.push(Op::Found)?);
                    self.ops[split] = Op::Split(split + 1, self.ops.len());
                }
                for jump in jumps {
                    self.ops[jump] = Op::Jump(self.ops.len());
                }
            }
            Tree::Repeat {
                tree,
                min,
                max,
                greedy,
            } => self.repeat(tree, *min, *max, *greedy)?,
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        tree: &Tree,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    ) -> Result<(), String> {
        if let Tree::Set(set) = tree {
            self.push(Op::Run {
                set: set.clone(),
                min,
                max: max.unwrap_or(u32::MAX),
                greed: if greedy { Greed::Greedy } else { Greed::Lazy },
            })?;
            return Ok(());
        }
        let split = |inner, past| {
            if greedy {
                Op::Split(inner, past)
            } else {
                Op::Split(past, inner)
            }
        };
        for _ in 0..min {
            // What matches nothing however often it is repeated would never reach the bound of operations.
            let before = self.ops.len();
            self.tree(tree)?;
            if self.ops.len() == before {
                return Ok(());
            }
        }
        match max {
            None => {
                let slot = self.slots;
                self.slots += 1;
                let at = self.push(Op::Found)?;
                self.push(Op::Save(slot))?;
                self.tree(tree)?;
                self.push(Op::Moved(slot))?;
                self.push(Op::Jump(at))?;
                self.ops[at] = split(at + 1, self.ops.len());
            }
            Some(max) => {
                let mut splits = Vec::new();
                for _ in min..max {
                    splits.push(self.push(Op::Found)?);
                    self.tree(tree)?;
                }
                for at in splits {
                    self.ops[at] = split(at + 1, self.ops.len());
                }
            }
        }
        Ok(())
    }
}

/// Whether the operations match from anywhere in the text.
pub(super) fn find(
    ops: &[Op],
    slots: usize,
    text: &str,
    steps: &mut u64,
) -> Result<bool, Exhausted> {
    let mut matcher = Matcher {
        ops,
        text,
        slots: vec![UNSET; slots],
        stack: Vec::new(),
        steps,
    };
    let mut at = 0;
    loop {
        if matcher.matches(0, at)? {
            return Ok(true);
        }
        match matcher.character(at) {
            Some(c) if !matches!(ops.first(), Some(Op::Start)) => at += c.len_utf8(),
            _ => return Ok(false),
        }
    }
}

struct Matcher<'r> {
    ops: &'r [Op],
    text: &'r str,
    slots: Vec<usize>,
    stack: Vec<Back>,
    steps: &'r mut u64,
}

/// What to do when a way has failed.
enum Back {
    To {
        op: usize,
        at: usize,
    },
    /// Give back one character of a run, as long as it is longer than `least`.
    Shorter {
        op: usize,
        least: usize,
        at: usize,
    },
    /// Take one more character of a run.
    Longer {
        op: usize,
        at: usize,
        taken: u32,
    },
    Restore {
        slot: usize,
        value: usize,
    },
}

impl Matcher<'_> {
    fn character(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    fn character_before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        *self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        Ok(())
    }

    fn matches(&mut self, op: usize, at: usize) -> Result<bool, Exhausted> {
        let bottom = self.stack.len();
        let mut state = Some((op, at));
        loop {
            self.spend(1)?;
            if self.stack.len() > STACK_MAX {
                return Err(Exhausted);
            }
            let Some((op, at)) = state else {
                if self.stack.len() == bottom {
                    return Ok(false);
                }
                state = self.stack.pop().and_then(|back| self.come_back(back));
                continue;
            };
            let next = |holds: bool| holds.then_some((op + 1, at));
            state = match &self.ops[op] {
                Op::Found => {
                    self.stack.truncate(bottom);
                    return Ok(true);
                }
                Op::Set(set) => self
                    .character(at)
                    .filter(|c| set.has(*c))
                    .map(|c| (op + 1, at + c.len_utf8())),
                Op::Run {
                    set,
                    min,
                    max,
                    greed,
                } => self.run(op, at, (set, *min, *max, *greed))?,
                Op::Split(first, second) => {
                    self.stack.push(Back::To { op: *second, at });
                    Some((*first, at))
                }
                Op::Jump(to) => Some((*to, at)),
                Op::Save(slot) => {
                    self.stack.push(Back::Restore {
                        slot: *slot,
                        value: self.slots[*slot],
                    });
                    self.slots[*slot] = at;
                    Some((op + 1, at))
                }
                Op::Moved(slot) => next(self.slots[*slot] != at),
                Op::Start => next(at == 0),
                Op::End => next(at == self.text.len()),
                Op::Edge(wanted) => {
                    let before = self.character_before(at).is_some_and(is_word);
                    let after = self.character(at).is_some_and(is_word);
                    next((before != after) == *wanted)
                }
                Op::Back(number) => self.again(op, at, *number)?,
                Op::Ahead { past, negative } => {
                    let (past, negative) = (*past, *negative);
                    let found = self.matches(op + 1, at)?;
                    (found != negative).then_some((past, at))
                }
            };
        }
    }

    fn run(
        &mut self,
        op: usize,
        at: usize,
        (set, min, max, greed): (&Set, u32, u32, Greed),
    ) -> Result<Option<(usize, usize)>, Exhausted> {
        let wanted = if greed == Greed::Lazy { min } else { max };
        let mut taken = 0;
        let mut end = at;
        let mut least = at;
        for c in self.text[at..].chars() {
            if taken == wanted || !set.has(c) {
                break;
            }
            taken += 1;
            end += c.len_utf8();
            if taken == min {
                least = end;
            }
        }
        self.spend(u64::from(taken))?;
        if taken < min {
            return Ok(None);
        }
        match greed {
            Greed::Greedy if end > least => {
                self.stack.push(Back::Shorter { op, least, at: end });
            }
            Greed::Lazy if taken < max => self.stack.push(Back::Longer { op, at: end, taken }),
            _ => {}
        }
        Ok(Some((op + 1, end)))
    }

    fn come_back(&mut self, back: Back) -> Option<(usize, usize)> {
        match back {
            Back::To { op, at } => Some((op, at)),
            Back::Restore { slot, value } => {
                self.slots[slot] = value;
                None
            }
            Back::Shorter { op, least, at } => {
                let shorter = at - self.character_before(at)?.len_utf8();
                if shorter > least {
                    self.stack.push(Back::Shorter {
                        op,
                        least,
                        at: shorter,
                    });
                }
                Some((op + 1, shorter))
            }
            Back::Longer { op, at, taken } => {
                let Op::Run { set, max, .. } = &self.ops[op] else {
                    return None;
                };
                let longer = at + self.character(at).filter(|c| set.has(*c))?.len_utf8();
                if taken + 1 < *max {
                    self.stack.push(Back::Longer {
                        op,
                        at: longer,
                        taken: taken + 1,
                    });
                }
                Some((op + 1, longer))
            }
        }
    }

    /// What a group matched, once more. A group that has matched nothing yet matches everywhere.
    fn again(
        &mut self,
        op: usize,
        at: usize,
        number: usize,
    ) -> Result<Option<(usize, usize)>, Exhausted> {
        let (from, to) = slots_of(number);
        let (from, to) = (self.slots[from], self.slots[to]);
        if from == UNSET || to == UNSET || from > to {
            return Ok(Some((op + 1, at)));
        }
        self.spend((to - from) as u64)?;
        let text = &self.text[from..to];
        Ok(self.text[at..]
            .starts_with(text)
            .then_some((op + 1, at + text.len())))
    }
}
