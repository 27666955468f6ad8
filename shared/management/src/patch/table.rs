//! The table of what may be patched, and what is said where something else is tried.

use super::{Op, Patch, pointer};
use crate::wire::{Enumerated, Failure};

pub(crate) const REPLACE: &[Op] = &[Op::Replace];
pub(crate) const REMOVE: &[Op] = &[Op::Remove];
pub(crate) const COPY: &[Op] = &[Op::Copy];
pub(crate) const ADD_REMOVE: &[Op] = &[Op::Add, Op::Remove];
pub(crate) const ADD_REPLACE: &[Op] = &[Op::Add, Op::Replace];
pub(crate) const ADD_REPLACE_REMOVE: &[Op] = &[Op::Add, Op::Replace, Op::Remove];

pub(crate) struct Table<T: 'static> {
    pub(crate) rows: &'static [Row<T>],
    pub(crate) unknown: Unknown,
}

/// What is said of a path that is not in the table.
pub(crate) enum Unknown {
    /// Names the paths that it must be one of, and tells an operation that nothing here takes from one that something does.
    Strict,
    /// Names the path alone.
    Plain,
    /// Words of the resource's own.
    Own(fn(&Patch<'_>) -> Failure),
}

/// A path, the operations that it takes, and what they do. `{...}` and `<...>` stand for any segment; which of the two is a
/// matter of how the service prints the path.
pub(crate) struct Row<T> {
    path: &'static str,
    ops: &'static [Op],
    otherwise: Refusal,
    set: fn(&mut T, &Patch<'_>) -> Result<(), Failure>,
}

/// What is said of an operation that a path of the table does not take.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// The same as of a path that is not in the table.
    AsUnknown,
    /// Names the operations that it must be one of.
    NamesOps,
    /// Names three operations, whichever it takes.
    NamesThreeOps,
    /// Words of the path's own.
    Own(fn(&Patch<'_>) -> Failure),
}

impl<T> Row<T> {
    pub(crate) const fn new(
        path: &'static str,
        ops: &'static [Op],
        set: fn(&mut T, &Patch<'_>) -> Result<(), Failure>,
    ) -> Self {
        Self {
            path,
            ops,
            otherwise: Refusal::AsUnknown,
            set,
        }
    }

    /// A scalar: it takes `replace`, and says so.
    pub(crate) const fn scalar(
        path: &'static str,
        set: fn(&mut T, &Patch<'_>) -> Result<(), Failure>,
    ) -> Self {
        Self::new(path, REPLACE, set).refusing(Refusal::NamesOps)
    }

    pub(crate) const fn refusing(self, otherwise: Refusal) -> Self {
        Self {
            path: self.path,
            ops: self.ops,
            otherwise,
            set: self.set,
        }
    }

    fn captures<'a>(&self, path: &'a str) -> Option<Vec<&'a str>> {
        let mut given = pointer::segments(path)?;
        let mut captures = Vec::new();
        for part in pointer::segments(self.path)? {
            let segment = given.next()?;
            if part.starts_with(['{', '<']) {
                if segment.is_empty() {
                    return None;
                }
                captures.push(segment);
            } else if part != segment {
                return None;
            }
        }
        given.next().is_none().then_some(captures)
    }
}

impl<T> Table<T> {
    /// Applies one patch, or says why not.
    pub(super) fn apply(&self, target: &mut T, mut patch: Patch<'_>) -> Result<(), Failure> {
        let mut refusal = None;
        for row in self.rows {
            let Some(captures) = row.captures(patch.path) else {
                continue;
            };
            if row.ops.contains(&patch.op) {
                patch.captures = captures;
                return (row.set)(target, &patch);
            }
            refusal = refusal.or(Some(row));
        }
        Err(match refusal {
            None => self.unknown(&patch),
            Some(row) => match row.otherwise {
                Refusal::AsUnknown => self.unknown(&patch),
                Refusal::NamesOps => {
                    let ops: Vec<_> = row.ops.iter().map(|op| op.name()).collect();
                    Failure::bad_request(format!(
                        "Invalid patch operation specified. Must be one of: [{}]",
                        ops.join(", ")
                    ))
                }
                Refusal::NamesThreeOps => Failure::bad_request(
                    "Invalid patch operation specified. Must be 'add'|'remove'|'replace'",
                ),
                Refusal::Own(words) => words(&patch),
            },
        })
    }

    fn unknown(&self, patch: &Patch<'_>) -> Failure {
        match self.unknown {
            Unknown::Plain => patch.invalid_path(),
            Unknown::Own(words) => words(patch),
            Unknown::Strict => {
                let paths: Vec<_> = self
                    .rows
                    .iter()
                    .filter(|row| row.ops.contains(&patch.op))
                    .map(|row| row.path)
                    .collect();
                let choose = if paths.is_empty() {
                    "Please choose supported operations".to_owned()
                } else {
                    format!("Must be one of: [{}]", paths.join(", "))
                };
                Failure::bad_request(format!(
                    "Invalid patch path  '{}' specified for op '{}'. {choose}",
                    patch.path,
                    patch.op.name()
                ))
            }
        }
    }
}
