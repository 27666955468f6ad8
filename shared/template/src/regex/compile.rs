//! From a tree to instructions.

use super::class::Set;
use super::parse::{Assertion, Greed, Parsed, Tree};
use super::{BadPattern, Regex};

/// A pattern may unfold to so many instructions.
const INSTRUCTIONS_MAX: usize = 20_000;

#[derive(Debug)]
pub(super) enum Instruction {
    Char(char, bool),
    Any(bool),
    Set(Set, bool),
    Assert(Assertion),
    /// Try the first, then the second.
    Split(usize, usize),
    Jump(usize),
    /// Remembers the position in a slot.
    Save(usize),
    /// Goes on only if the position moved since the slot was saved: ends loops over nothing.
    Moved(usize),
    Back(usize, bool),
    /// Runs what follows, up to its `Done`, on its own; then goes to the end.
    Look {
        ahead: bool,
        wanted: bool,
        end: usize,
    },
    Atomic {
        end: usize,
    },
    Done,
}

struct Compiler {
    program: Vec<Instruction>,
    slots: usize,
}

pub(super) fn compile(parsed: &Parsed) -> Result<Regex, BadPattern> {
    let mut compiler = Compiler {
        program: Vec::new(),
        slots: parsed.groups * 2,
    };
    compiler.push(Instruction::Save(0))?;
    compiler.tree(&parsed.tree)?;
    compiler.push(Instruction::Save(1))?;
    compiler.push(Instruction::Done)?;
    Ok(Regex {
        program: compiler.program,
        groups: parsed.groups,
        slots: compiler.slots,
        names: parsed.names.clone(),
    })
}

impl Compiler {
    fn push(&mut self, instruction: Instruction) -> Result<usize, BadPattern> {
        if self.program.len() >= INSTRUCTIONS_MAX {
            return Err(BadPattern {
                at: 0,
                what: "the pattern is too large",
            });
        }
        self.program.push(instruction);
        Ok(self.program.len() - 1)
    }

    fn tree(&mut self, tree: &Tree) -> Result<(), BadPattern> {
        match tree {
            Tree::Char(character, ignore_case) => {
                self.push(Instruction::Char(*character, *ignore_case))?;
            }
            Tree::Any(dot_all) => {
                self.push(Instruction::Any(*dot_all))?;
            }
            Tree::Set(set, ignore_case) => {
                self.push(Instruction::Set(set.clone(), *ignore_case))?;
            }
            Tree::Assert(assertion) => {
                self.push(Instruction::Assert(*assertion))?;
            }
            Tree::Back(group, ignore_case) => {
                self.push(Instruction::Back(*group, *ignore_case))?;
            }
            Tree::Group(inner, None) => self.tree(inner)?,
            Tree::Group(inner, Some(index)) => {
                self.push(Instruction::Save(index * 2))?;
                self.tree(inner)?;
                self.push(Instruction::Save(index * 2 + 1))?;
            }
            Tree::Row(row) => {
                for one in row {
                    self.tree(one)?;
                }
            }
            Tree::Choice(rows) => self.choice(rows)?,
            Tree::Repeat {
                tree,
                min,
                max,
                greed: Greed::Possessive,
            } => {
                let start = self.push(Instruction::Atomic { end: 0 })?;
                self.repeat(tree, *min, *max, false)?;
                self.push(Instruction::Done)?;
                self.program[start] = Instruction::Atomic {
                    end: self.program.len(),
                };
            }
            Tree::Repeat {
                tree,
                min,
                max,
                greed,
            } => self.repeat(tree, *min, *max, *greed == Greed::Lazy)?,
            Tree::Look {
                tree,
                ahead,
                wanted,
            } => {
                let (ahead, wanted) = (*ahead, *wanted);
                let start = self.push(Instruction::Look {
                    ahead,
                    wanted,
                    end: 0,
                })?;
                self.tree(tree)?;
                self.push(Instruction::Done)?;
                self.program[start] = Instruction::Look {
                    ahead,
                    wanted,
                    end: self.program.len(),
                };
            }
            Tree::Atomic(tree) => {
                let start = self.push(Instruction::Atomic { end: 0 })?;
                self.tree(tree)?;
                self.push(Instruction::Done)?;
                self.program[start] = Instruction::Atomic {
                    end: self.program.len(),
                };
            }
        }
        Ok(())
    }

    fn choice(&mut self, rows: &[Tree]) -> Result<(), BadPattern> {
        let mut jumps = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            if index + 1 == rows.len() {
                self.tree(row)?;
                break;
            }
            let split = self.push(Instruction::Split(0, 0))?;
            self.tree(row)?;
            jumps.push(self.push(Instruction::Jump(0))?);
            self.program[split] = Instruction::Split(split + 1, self.program.len());
        }
        let end = self.program.len();
        for jump in jumps {
            self.program[jump] = Instruction::Jump(end);
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        tree: &Tree,
        min: u32,
        max: Option<u32>,
        lazy: bool,
    ) -> Result<(), BadPattern> {
        for _ in 0..min {
            self.tree(tree)?;
        }
        let split = |inside: usize, after: usize| {
            if lazy {
                Instruction::Split(after, inside)
            } else {
                Instruction::Split(inside, after)
            }
        };
        let Some(max) = max else {
            let slot = self.slots;
            self.slots += 1;
            let start = self.push(Instruction::Split(0, 0))?;
            self.push(Instruction::Save(slot))?;
            self.tree(tree)?;
            self.push(Instruction::Moved(slot))?;
            self.push(Instruction::Jump(start))?;
            self.program[start] = split(start + 1, self.program.len());
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.push(Instruction::Split(0, 0))?);
            self.tree(tree)?;
        }
        let end = self.program.len();
        for at in splits {
            self.program[at] = split(at + 1, end);
        }
        Ok(())
    }
}
