//! Patching maps that are members of something: `/{map}/{key}` with `add`, `replace` and `remove`.

use crate::patch::{Op, Patch};
use crate::wire::Failure;
use postern_definition::Map;

/// Adds, replaces or removes the entry that a patch names. An entry that is not there can only be added, and a map without entries
/// is a map that is not there.
pub(super) fn patch<V>(
    map: &mut Option<Map<V>>,
    patch: &Patch<'_>,
    value: impl FnOnce(&Patch<'_>) -> Result<V, Failure>,
    missing: fn() -> Failure,
) -> Result<(), Failure> {
    let key = patch.key();
    let there = map.as_ref().is_some_and(|map| map.contains_key(&key));
    match patch.op {
        Op::Remove | Op::Replace if !there => Err(missing()),
        Op::Remove => {
            if let Some(entries) = map {
                entries.remove(&key);
            }
            if map.as_ref().is_some_and(Map::is_empty) {
                *map = None;
            }
            Ok(())
        }
        _ => {
            let value = value(patch)?;
            map.get_or_insert_default().insert(key, value);
            Ok(())
        }
    }
}
