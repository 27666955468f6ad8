//! Writing more than one transaction holds.

use super::Definitions;
use crate::wire::Failure;
use postern_store::{TRANSACTION_BYTES_MAX, TRANSACTION_WRITES_MAX, Write};

/// What a write counts towards a transaction's bytes.
pub(super) fn size(write: &Write) -> usize {
    match write {
        Write::Put { body, .. } => body.len(),
        Write::Delete { .. } | Write::Check { .. } => 0,
    }
}

/// The writes, in order, in as few transactions as they fit. Each begins with `head`, where there is one.
pub(super) fn transactions(
    writes: impl IntoIterator<Item = Write>,
    head: Option<&Write>,
) -> Vec<Vec<Write>> {
    let begun = || Vec::from_iter(head.cloned());
    let mut all = Vec::new();
    let mut batch = begun();
    let mut bytes = 0;
    for write in writes {
        if batch.len() == TRANSACTION_WRITES_MAX || bytes + size(&write) > TRANSACTION_BYTES_MAX {
            all.push(std::mem::replace(&mut batch, begun()));
            bytes = 0;
        }
        bytes += size(&write);
        batch.push(write);
    }
    if batch.len() > usize::from(head.is_some()) {
        all.push(batch);
    }
    all
}

impl Definitions<'_> {
    /// Makes all writes, in order, in as few transactions as they fit. Only for what nothing refers to yet.
    pub(crate) async fn write_all(self, writes: Vec<Write>) -> Result<(), Failure> {
        for transaction in transactions(writes, None) {
            self.table().transact(transaction).await?;
        }
        Ok(())
    }
}
