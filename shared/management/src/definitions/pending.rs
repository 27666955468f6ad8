//! Changes of an API that are more than one transaction holds, made all or not at all.
//!
//! The writes are first stored as a list that nothing refers to. One transaction then names the list in the API's item: from
//! here on the change is made, whatever happens to whoever makes it. The list is carried out in transactions which hold only
//! while the API's item still names it, so that a slow writer cannot undo what came later; the last one lets the list go.
//! Every edit of an API begins by finishing what it finds unfinished.

use super::batches::{size, transactions};
use super::{ApiKind, ApiRecord, Definitions, api_key_of};
use crate::ids;
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_plan::api_partition;
use postern_store::{
    BODY_BYTES_MAX, Condition, Consistency, Key, StoreError, TRANSACTION_BYTES_MAX,
    TRANSACTION_WRITES_MAX, Write, deflate, encode, inflate,
};
use serde::{Deserialize, Serialize};

/// What a list may inflate to: far beyond what the largest import makes.
const LIST_BYTES_MAX: usize = 1 << 30;

/// A list of writes that is stored and not yet carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    id: String,
    chunks: usize,
}

/// A write as the list holds it: a deletion has no body.
#[derive(Serialize, Deserialize)]
struct Step {
    partition: String,
    sort: String,
    body: Option<Vec<u8>>,
}

impl Pending {
    fn keys(&self, api: &ApiId) -> impl Iterator<Item = Key> {
        let (partition, id) = (api_partition(api), self.id.clone());
        (0..self.chunks)
            .map(move |number| Key::new(partition.clone(), format!("pending#{id}#{number:05}")))
    }
}

/// Whether the writes fit into one transaction with the API's own item.
pub(super) fn fits(writes: &[Write]) -> bool {
    let bytes: usize = writes.iter().map(size).sum();
    writes.len() < TRANSACTION_WRITES_MAX && bytes + BODY_BYTES_MAX <= TRANSACTION_BYTES_MAX
}

impl Definitions<'_> {
    /// Stores a list of unconditional writes. It has no effect before the API's item names it.
    pub(super) async fn save_pending(
        self,
        api: &ApiId,
        writes: Vec<Write>,
    ) -> Result<Pending, Failure> {
        let steps: Vec<_> = writes.into_iter().filter_map(step).collect();
        let bytes = postcard::to_allocvec(&steps)
            .map_err(|error| Failure::internal(format!("a list of writes: {error}")))?;
        let deflated = deflate(&bytes);
        let chunks: Vec<_> = deflated.chunks(BODY_BYTES_MAX).collect();
        let pending = Pending {
            id: ids::random(ids::SHORT),
            chunks: chunks.len(),
        };
        let puts = pending
            .keys(api)
            .zip(chunks)
            .map(|(key, chunk)| Write::put(key, chunk.to_vec(), Condition::Always));
        self.write_all(puts.collect()).await?;
        Ok(pending)
    }

    /// Removes a list that did not come to be named.
    pub(super) async fn drop_pending(self, api: &ApiId, pending: &Pending) {
        let deletes = pending
            .keys(api)
            .map(|key| Write::delete(key, Condition::Always));
        // Else it lies there, unreachable, until the API is deleted.
        let _ = self.write_all(deletes.collect()).await;
    }

    /// Carries out the list that the API's item names, where there is one. Says whether it is done: where another is at it too,
    /// it may not be.
    pub(super) async fn finish_pending<A: ApiKind>(self, api: &ApiId) -> Result<bool, Failure> {
        let Some((mut record, revision)) = self.api_of::<A>(api).await? else {
            return Ok(true);
        };
        let Some(pending) = record.pending.take() else {
            return Ok(true);
        };
        let held = Write::Check {
            key: api_key_of::<A>(api),
            condition: Condition::Revision(revision),
        };
        let Some(steps) = self.read_pending(api, &pending).await? else {
            return self.is_finished::<A>(api, &pending).await;
        };
        for transaction in transactions(steps.into_iter().map(write), Some(&held)) {
            if !self.carried_out(transaction).await? {
                return self.is_finished::<A>(api, &pending).await;
            }
        }
        if !self.let_go(api, &record, revision).await? {
            return self.is_finished::<A>(api, &pending).await;
        }
        self.drop_pending(api, &pending).await;
        Ok(true)
    }

    async fn let_go<A: ApiKind>(
        self,
        api: &ApiId,
        record: &ApiRecord<A>,
        revision: u64,
    ) -> Result<bool, Failure> {
        let put = Write::put(
            api_key_of::<A>(api),
            encode(record),
            Condition::Revision(revision),
        );
        self.carried_out(vec![put]).await
    }

    async fn carried_out(self, writes: Vec<Write>) -> Result<bool, Failure> {
        match self.table().transact(writes).await {
            Ok(()) => Ok(true),
            Err(StoreError::ConditionFailed { .. } | StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_finished<A: ApiKind>(
        self,
        api: &ApiId,
        pending: &Pending,
    ) -> Result<bool, Failure> {
        let now = self.api_of::<A>(api).await?;
        Ok(now.is_none_or(|(record, _)| record.pending.as_ref() != Some(pending)))
    }

    /// `None` where a part of the list is gone, as it is once the list was carried out.
    async fn read_pending(
        self,
        api: &ApiId,
        pending: &Pending,
    ) -> Result<Option<Vec<Step>>, Failure> {
        let mut deflated = Vec::new();
        for key in pending.keys(api) {
            match self.table().get(&key, Consistency::Strong).await? {
                Some(item) => deflated.extend_from_slice(&item.body),
                None => return Ok(None),
            }
        }
        let read = inflate(&deflated, LIST_BYTES_MAX).and_then(|bytes| {
            postcard::from_bytes(&bytes).map_err(|error| format!("it cannot be read: {error}"))
        });
        read.map(Some)
            .map_err(|error| Failure::internal(format!("a list of writes: {error}")))
    }
}

/// `None` for what changes nothing.
fn step(write: Write) -> Option<Step> {
    let (key, body) = match write {
        Write::Put { key, body, .. } => (key, Some(body.to_vec())),
        Write::Delete { key, .. } => (key, None),
        Write::Check { .. } => return None,
    };
    Some(Step {
        partition: key.partition,
        sort: key.sort,
        body,
    })
}

fn write(step: Step) -> Write {
    let key = Key::new(step.partition, step.sort);
    match step.body {
        Some(body) => Write::put(key, body, Condition::Always),
        None => Write::delete(key, Condition::Always),
    }
}
