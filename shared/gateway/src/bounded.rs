//! Memory of what was found out, bounded by how much of it is held.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};
use std::hash::Hash;

/// Enough that few threads of a laptop wait for each other. The cache would rather know how many cores there are, and asks the
/// kernel in some twenty calls: too many for a cold start.
const SHARDS: usize = 8;

/// Holds so many at most.
pub(crate) fn bounded<K: Eq + Hash, V: Clone>(most: usize) -> Cache<K, V> {
    let options = OptionsBuilder::new()
        .weight_capacity(most as u64)
        .estimated_items_capacity(most)
        .shards(SHARDS)
        .build()
        .expect("both capacities are given");
    let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
    Cache::with_options(options, UnitWeighter, hasher, lifecycle)
}
