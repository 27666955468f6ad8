//! What a gateway begins with: a stage, and beside it a copy of the index that its deployment has.
//!
//! A cold start would otherwise read the stage to learn which deployment it points to, and only then that deployment's index.
//! Side by side, one query brings both. Where there is no copy, or it is another deployment's, the index is read from the
//! snapshot: the copy saves time, and nothing rests on it.

use crate::deployed::{all_items, read_index};
use crate::layout::{live_index_sort_prefix, live_partition, live_sort_prefix, live_stage_key};
use crate::snapshot::CHUNK_BYTES;
use crate::{Deployed, DeployedError, stage_key};
use postern_definition::rest::Stage;
use postern_definition::{ApiId, StageName};
use postern_store::{Condition, Consistency, Item, Key, StoreError, Table, Write, decode, encode};
use std::sync::Arc;

/// An index of more parts than these is not copied: stage, copy and what else changes must fit one transaction.
const PARTS_MAX: usize = 4;

/// A stage, and its deployment where its index was read along with it.
pub struct Beginning {
    pub stage: Stage,
    /// Moves whenever the stage changes.
    pub revision: u64,
    pub deployed: Option<Deployed>,
}

/// Reads what a gateway begins with. `None` where there is no such stage.
pub async fn begin(
    table: &Arc<dyn Table>,
    api: &ApiId,
    name: &StageName,
) -> Result<Option<Beginning>, DeployedError> {
    let items = all_items(&**table, live_partition(api), &live_sort_prefix(name)).await?;
    let stage_key = live_stage_key(api, name);
    let Some(item) = items.iter().find(|item| item.key == stage_key) else {
        return Ok(None);
    };
    let stage: Stage = decode(item)?;
    let prefix = live_index_sort_prefix(name, &stage.deployment_id);
    let mut index = Vec::new();
    for part in items
        .iter()
        .filter(|item| item.key.sort.starts_with(&prefix))
    {
        index.extend_from_slice(&part.body);
    }
    let deployed = if index.is_empty() {
        None
    } else {
        Some(Deployed::of_index(
            table.clone(),
            &stage.deployment_id,
            &index,
        )?)
    };
    Ok(Some(Beginning {
        stage,
        revision: item.revision,
        deployed,
    }))
}

/// Reads the stage alone, to see whether it has changed.
pub async fn stage(
    table: &dyn Table,
    api: &ApiId,
    name: &StageName,
    consistency: Consistency,
) -> Result<Option<Item>, StoreError> {
    table.get(&live_stage_key(api, name), consistency).await
}

/// The writes that make or change a stage, its document among them. They are to be made in one transaction.
pub async fn put(table: &dyn Table, api: &ApiId, stage: &Stage) -> Result<Vec<Write>, StoreError> {
    let name = &stage.stage_name;
    let mut writes = vec![
        Write::put(stage_key(api, name), encode(stage), Condition::Always),
        Write::put(live_stage_key(api, name), encode(stage), Condition::Always),
    ];
    let prefix = live_index_sort_prefix(name, &stage.deployment_id);
    let copies = keys(table, api, name).await?;
    if copies.iter().any(|key| key.sort.starts_with(&prefix)) {
        return Ok(writes);
    }
    let stale = copies
        .into_iter()
        .filter(|key| *key != live_stage_key(api, name));
    writes.extend(stale.map(|key| Write::delete(key, Condition::Always)));
    let index = read_index(table, api, &stage.deployment_id).await?;
    let parts = index.chunks(CHUNK_BYTES);
    if parts.len() <= PARTS_MAX {
        writes.extend(parts.enumerate().map(|(number, part)| {
            let key = Key::new(live_partition(api), format!("{prefix}{number:05}"));
            Write::put(key, part.to_vec(), Condition::Always)
        }));
    }
    Ok(writes)
}

/// The writes that remove a stage, its document among them: six at most.
pub async fn delete(
    table: &dyn Table,
    api: &ApiId,
    name: &StageName,
) -> Result<Vec<Write>, StoreError> {
    let mut writes = vec![Write::delete(stage_key(api, name), Condition::Always)];
    writes.extend(
        keys(table, api, name)
            .await?
            .into_iter()
            .map(|key| Write::delete(key, Condition::Always)),
    );
    Ok(writes)
}

async fn keys(table: &dyn Table, api: &ApiId, name: &StageName) -> Result<Vec<Key>, StoreError> {
    Ok(
        all_items(table, live_partition(api), &live_sort_prefix(name))
            .await?
            .into_iter()
            .map(|item| item.key)
            .collect(),
    )
}
