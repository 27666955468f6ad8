//! Writing more than one transaction holds.

use super::Definitions;
use crate::wire::Failure;
use postern_store::{TRANSACTION_BYTES_MAX, TRANSACTION_WRITES_MAX, Write};

impl Definitions<'_> {
    /// Makes all writes, in order, in as few transactions as they fit. Only for what nothing refers to yet.
    pub(crate) async fn write_all(self, writes: Vec<Write>) -> Result<(), Failure> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        for write in writes {
            let size = match &write {
                Write::Put { body, .. } => body.len(),
                Write::Delete { .. } | Write::Check { .. } => 0,
            };
            if batch.len() == TRANSACTION_WRITES_MAX || bytes + size > TRANSACTION_BYTES_MAX {
                self.table().transact(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += size;
            batch.push(write);
        }
        if !batch.is_empty() {
            self.table().transact(batch).await?;
        }
        Ok(())
    }
}
