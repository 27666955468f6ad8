//! Patch operations: how every `Update` of the REST management API says what to change.
//!
//! A resource has a [`Table`] of the paths that may be patched. Patches are applied in order to a copy of the resource, and the
//! first that does not apply ends it, so all are applied or none. What a refusal says differs from resource to resource; that
//! too is in the table.

mod pointer;
mod table;

pub(crate) use table::{
    ADD_REMOVE, ADD_REPLACE, ADD_REPLACE_REMOVE, COPY, REMOVE, REPLACE, Refusal, Row, Table,
    Unknown,
};

use crate::wire::{Choice, Enumerated, Failure, Input, Members, Part, Violations};
use serde::Deserialize;

/// More patches than anyone sends, and few enough to apply quickly.
const OPERATIONS_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Remove,
    Move,
    Test,
    Replace,
    Copy,
}

impl Enumerated for Op {
    const SET: &'static [(&'static str, Self)] = &[
        ("add", Self::Add),
        ("remove", Self::Remove),
        ("move", Self::Move),
        ("test", Self::Test),
        ("replace", Self::Replace),
        ("copy", Self::Copy),
    ];
}

/// One patch as it came.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PatchOperation {
    op: Option<Choice<Op>>,
    path: Option<String>,
    value: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PatchOperations {
    patch_operations: Option<Vec<PatchOperation>>,
}

impl Part for PatchOperations {}

/// The input of an update: what is addressed, and the patches to it.
#[derive(Debug)]
pub(crate) struct Update<A> {
    pub(crate) at: A,
    operations: Vec<PatchOperation>,
}

impl<A: Part> Input for Update<A> {
    fn read(operation: &str, members: &Members) -> Result<Self, Failure> {
        let body = <PatchOperations as Input>::read(operation, members)?;
        Ok(Self {
            at: A::read(operation, members)?,
            operations: body.patch_operations.unwrap_or_default(),
        })
    }

    fn check(&self, violations: &mut Violations) {
        for (index, operation) in self.operations.iter().enumerate() {
            let member = format!("patchOperations.{}.member.op", index + 1);
            match &operation.op {
                Some(op) => violations.choice(&member, Some(op)),
                None => violations.missing(&member),
            }
        }
        self.at.constraints(violations);
    }
}

impl<A> Update<A> {
    /// Which paths are patched, and whether they are taken away.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, Option<Op>)> {
        self.operations.iter().map(|operation| {
            let op = operation.op.as_ref().and_then(|op| op.known().ok());
            (operation.path.as_deref().unwrap_or_default(), op)
        })
    }

    /// The resource with all patches applied.
    pub(crate) fn apply<T: Clone>(&self, table: &Table<T>, target: &T) -> Result<T, Failure> {
        if self.operations.len() > OPERATIONS_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid patch operations: at most {OPERATIONS_MAX} are allowed in one request"
            )));
        }
        let mut patched = target.clone();
        for operation in &self.operations {
            let op = match &operation.op {
                Some(op) => op.known()?,
                None => continue,
            };
            let path = operation
                .path
                .as_deref()
                .ok_or_else(|| Failure::bad_request("Invalid patch path null"))?;
            table.apply(
                &mut patched,
                Patch {
                    op,
                    path,
                    value: operation.value.as_deref(),
                    from: operation.from.as_deref(),
                    captures: Vec::new(),
                },
            )?;
        }
        Ok(patched)
    }
}

/// One patch on its way to a setter.
#[derive(Clone, Debug)]
pub(crate) struct Patch<'a> {
    pub(crate) op: Op,
    /// As it came, escapes and all.
    pub(crate) path: &'a str,
    pub(crate) value: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    /// What stands where the row's path has `{...}`, as it came.
    captures: Vec<&'a str>,
}

impl<'a> Patch<'a> {
    /// The text at the path's first `{...}`, unescaped.
    pub(crate) fn key(&self) -> String {
        self.unescaped(0)
    }

    /// The text at one of the path's `{...}`, unescaped.
    pub(crate) fn unescaped(&self, index: usize) -> String {
        pointer::unescape(self.raw(index))
    }

    /// The text at one of the path's `{...}`, as it came.
    pub(crate) fn raw(&self, index: usize) -> &'a str {
        self.captures.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &'a str {
        self.value.unwrap_or_default()
    }

    /// The value, where it is neither absent nor empty: what an empty value clears.
    pub(crate) fn optional(&self) -> Option<String> {
        self.value
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    /// Anything but `true` is false, and so is nothing.
    pub(crate) fn boolean(&self) -> bool {
        self.text().eq_ignore_ascii_case("true")
    }

    pub(crate) fn removes(&self) -> bool {
        self.op == Op::Remove
    }

    pub(crate) fn invalid_path(&self) -> Failure {
        Failure::bad_request(format!("Invalid patch path {}", self.path))
    }
}
