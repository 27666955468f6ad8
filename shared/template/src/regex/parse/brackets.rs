//! Character classes: what stands in brackets.

use super::{DEPTH_MAX, Parser};
use crate::regex::BadPattern;
use crate::regex::class::Set;

impl Parser {
    /// After `[`.
    pub(super) fn set(&mut self) -> Result<Set, BadPattern> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.bad("nested too deeply"));
        }
        let negated = self.take('^');
        let mut sets = Vec::new();
        let mut left: Option<Set> = None;
        loop {
            let start = self.at;
            match self
                .next()
                .map_err(|_| self.bad("an unclosed character class"))?
            {
                // A `]` that comes first closes nothing.
                ']' if !(sets.is_empty() && left.is_none()) => break,
                '[' => sets.push(self.set()?),
                '&' if self.peek() == Some('&') => {
                    self.at += 1;
                    let right = Set::Union(std::mem::take(&mut sets));
                    left = Some(both(left, right));
                }
                character => {
                    let from = if character == '\\' {
                        if self.take('Q') {
                            while self.at < self.pattern.len() && !self.take_all("\\E") {
                                let literal = self.next()?;
                                sets.push(Set::Range(literal, literal));
                            }
                            continue;
                        }
                        if let Some(set) = self.escaped_set()? {
                            sets.push(set);
                            continue;
                        }
                        self.escaped_char()?
                    } else {
                        character
                    };
                    let range = self.peek() == Some('-')
                        && self
                            .pattern
                            .get(self.at + 1)
                            .is_some_and(|next| !matches!(next, ']' | '['));
                    if range {
                        self.at += 1;
                        let to = match self.next()? {
                            '\\' => self.escaped_char()?,
                            other => other,
                        };
                        if to < from {
                            self.at = start;
                            return Err(self.bad("an illegal character range"));
                        }
                        sets.push(Set::Range(from, to));
                    } else {
                        sets.push(Set::Range(from, from));
                    }
                }
            }
        }
        self.depth -= 1;
        let union = Set::Union(sets);
        let set = match left {
            Some(left) => both(Some(left), union),
            None => union,
        };
        Ok(if negated {
            Set::Not(Box::new(set))
        } else {
            set
        })
    }
}

fn both(left: Option<Set>, right: Set) -> Set {
    match left {
        Some(left) => Set::Both(Box::new(left), Box::new(right)),
        None => right,
    }
}
