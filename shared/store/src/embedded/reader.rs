//! Reading: from the last commit, without waiting for the writer.

use super::layout::{self, TableId};
use super::value::Value;
use super::writer::unavailable;
use crate::{Batch, Item, Key, Query, StoreError};
use redb::{Database, ReadOnlyTable, ReadableDatabase};
use std::ops::Bound;

/// A page ends when it has looked at this much, expired items included, as DynamoDB's pages do.
const PAGE_BYTES_MAX: usize = 1 << 20;

pub(super) fn get(
    database: &Database,
    table: TableId,
    key: &Key,
    now: u64,
) -> Result<Option<Item>, StoreError> {
    let items = items(database, table).map_err(unavailable)?;
    let stored = items
        .get_owned(layout::item_key(key).as_slice())
        .map_err(unavailable)?;
    match stored {
        Some(stored) => live_item(stored.value(), key.clone(), now),
        None => Ok(None),
    }
}

pub(super) fn query(
    database: &Database,
    table: TableId,
    query: &Query,
    now: u64,
) -> Result<Batch, StoreError> {
    let mut batch = Batch {
        items: Vec::new(),
        next: None,
    };
    if query.limit == 0 {
        return Ok(batch);
    }
    let partition_bytes = layout::partition_prefix(&query.partition, "").len();
    let prefix = layout::partition_prefix(&query.partition, &query.prefix);
    let after = query.after.as_deref().unwrap_or_default();
    let after = layout::partition_prefix(&query.partition, after);
    let start = if after < prefix {
        Bound::Included(prefix.as_slice())
    } else {
        Bound::Excluded(after.as_slice())
    };
    let items = items(database, table).map_err(unavailable)?;
    let found = items
        .range_owned::<&[u8]>((start, Bound::Unbounded))
        .map_err(unavailable)?;
    let mut read_bytes = 0;
    let mut last: Option<String> = None;
    for entry in found {
        let (key, stored) = entry.map_err(unavailable)?;
        if !key.value().starts_with(&prefix) {
            break;
        }
        if batch.items.len() == query.limit || read_bytes >= PAGE_BYTES_MAX {
            batch.next = last;
            break;
        }
        read_bytes += key.value().len() + stored.value().len();
        // Only text goes into a key, so this loses nothing.
        let sort = String::from_utf8_lossy(&key.value()[partition_bytes..]).into_owned();
        let key = Key::new(query.partition.as_str(), sort.as_str());
        batch.items.extend(live_item(stored.value(), key, now)?);
        last = Some(sort);
    }
    Ok(batch)
}

fn items(
    database: &Database,
    table: TableId,
) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>, redb::Error> {
    Ok(database.begin_read()?.open_table(table.items())?)
}

fn live_item(stored: &[u8], key: Key, now: u64) -> Result<Option<Item>, StoreError> {
    match Value::decode(stored) {
        Ok(value) if value.is_live(now) => Ok(Some(value.into_item(key))),
        Ok(_) => Ok(None),
        Err(reason) => Err(StoreError::Corrupt {
            partition: key.partition,
            sort: key.sort,
            reason,
        }),
    }
}
