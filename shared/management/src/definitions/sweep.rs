//! Clearing away what a deleted API leaves behind.
//!
//! Deleting the API's item makes everything of it unreachable at once. The rest may be more than one call should take upon
//! itself, and a process may die halfway, so a note that there is something to clear is written with the deletion, and every
//! later deletion of an API goes on with what is noted.

use super::{ApiKind, Definitions, Edit};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_plan::api_partition;
use postern_store::{Condition, Key, Query, TRANSACTION_WRITES_MAX, Write};

const LEFTOVERS: &str = "leftovers";
/// Transactions of one call.
const BATCHES_MAX: usize = 40;

/// Notes, with the deletion of an API, that its parts are to be cleared away.
pub(crate) fn leave<A: ApiKind>(edit: &mut Edit<'_, A>) {
    let note = Key::new(LEFTOVERS, edit.id().as_str());
    edit.put(note, &());
}

/// Clears away what is noted, as much of it as one call may.
pub(crate) async fn sweep(definitions: Definitions<'_>) -> Result<(), Failure> {
    let mut batches = 0;
    let noted = definitions
        .query(Query {
            partition: LEFTOVERS.to_owned(),
            prefix: String::new(),
            after: None,
            limit: BATCHES_MAX,
        })
        .await?;
    for note in noted.items {
        let partition = api_partition(&ApiId::from(note.key.sort.as_str()));
        loop {
            if batches == BATCHES_MAX {
                return Ok(());
            }
            batches += 1;
            let left = definitions
                .query(Query {
                    partition: partition.clone(),
                    prefix: String::new(),
                    after: None,
                    limit: TRANSACTION_WRITES_MAX,
                })
                .await?;
            if left.items.is_empty() && left.next.is_none() {
                let done = Write::delete(note.key, Condition::Always);
                definitions.table().write(done).await?;
                break;
            }
            let deletes = left
                .items
                .into_iter()
                .map(|item| Write::delete(item.key, Condition::Always))
                .collect();
            definitions.table().transact(deletes).await?;
        }
    }
    Ok(())
}
