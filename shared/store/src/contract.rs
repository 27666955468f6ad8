//! What every engine promises, as tests.
//!
//! An engine's crate takes this one with the feature `contract`, says how to reach a table, and gets one test for each
//! promise:
//!
//! ```text
//! async fn harness() -> postern_store::contract::Harness { … }
//! postern_store::contract!(harness);
//! ```
//!
//! Each promise works in partitions of its own, so one table serves them all, at the same time. No promise waits for time
//! to pass, since some engines live by the real clock: what has expired is written with an expiry that is over.

mod conditions;
mod counters;
mod expiry;
mod generation;
mod limits;
mod paging;
mod revisions;
mod transactions;

use crate::{Add, Bounds, Clock, Condition, Consistency, Item, Key, StoreError, Table, Write};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many writers go for the same item where a promise is about many.
const WRITERS: usize = 64;

/// An engine under test.
#[derive(Clone)]
pub struct Harness {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
}

impl Harness {
    /// The clock is the one that the engine goes by.
    pub fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// An expiry that is over.
    fn past(&self) -> u64 {
        self.clock.now().as_secs() - 60
    }

    /// An expiry that is not over before the test is.
    fn future(&self) -> u64 {
        self.clock.now().as_secs() + 3_600
    }

    async fn get(&self, key: &Key) -> Option<Item> {
        self.table.get(key, Consistency::Strong).await.unwrap()
    }

    async fn revision(&self, key: &Key) -> u64 {
        self.get(key).await.unwrap().revision
    }

    async fn put(&self, key: &Key, body: &'static str) {
        let write = Write::put(key.clone(), body, Condition::Always);
        self.table.write(write).await.unwrap();
    }

    async fn put_expiring(&self, key: &Key, body: &'static str, expires_at: u64) {
        let write = Write::Put {
            key: key.clone(),
            body: Bytes::from_static(body.as_bytes()),
            expires_at: Some(expires_at),
            condition: Condition::Always,
        };
        self.table.write(write).await.unwrap();
    }

    async fn delete(&self, key: &Key) {
        let write = Write::delete(key.clone(), Condition::Always);
        self.table.write(write).await.unwrap();
    }

    async fn add(&self, key: &Key, by: &[(&str, i64)]) -> BTreeMap<String, i64> {
        self.table.add(adding(key, by)).await.unwrap()
    }

    /// Runs the same thing many times at once, and gives back what each returned.
    async fn at_once<T, F>(&self, times: usize, each: impl Fn(Harness, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for index in 0..times {
            tasks.spawn(each(self.clone(), index));
        }
        tasks.join_all().await
    }
}

/// A partition that nobody else uses.
fn unique_partition() -> String {
    format!("contract#{:032x}", rand::random::<u128>())
}

/// A key that nobody else uses.
fn unique_key() -> Key {
    Key::new(unique_partition(), "item")
}

fn adding(key: &Key, by: &[(&str, i64)]) -> Add {
    Add {
        key: key.clone(),
        by: by
            .iter()
            .map(|(name, by)| ((*name).to_owned(), *by))
            .collect(),
        within: Vec::new(),
        expires_at: None,
    }
}

fn within(name: &str, at_least: i64, at_most: i64) -> (String, Bounds) {
    (name.to_owned(), Bounds { at_least, at_most })
}

fn counters(of: &[(&str, i64)]) -> BTreeMap<String, i64> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect()
}

/// Whether someone else was quicker, and trying again is right.
fn lost_a_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::ConditionFailed { .. } | StoreError::Conflict
    )
}

/// Names each promise once: here it becomes public, and a test of `contract!`. One that is missing here is unused code.
macro_rules! promises {
    ($d:tt $($module:ident { $($promise:ident)* })*) => {
        $(pub use $module::{$($promise),*};)*

        /// One `#[tokio::test]` for each promise. Takes an async function that returns a [`Harness`](crate::contract::Harness),
        /// or an `Option` of one: `None` where the engine cannot be reached, and has said so.
        #[macro_export]
        macro_rules! contract {
            ($d harness:path) => {
                $($(
                    #[tokio::test]
                    async fn $promise() {
                        let harness: Option<$d crate::contract::Harness> = $d harness().await.into();
                        if let Some(harness) = harness {
                            $d crate::contract::$promise(&harness).await;
                        }
                    }
                )*)*
            };
        }
    };
}

promises! { $
    conditions {
        an_item_reads_back_as_it_was_put
        what_was_never_put_is_not_there
        a_put_happens_only_under_its_condition
        a_delete_happens_only_under_its_condition
        deleting_what_is_not_there_succeeds
        of_many_who_create_an_item_one_wins
    }
    revisions {
        every_put_moves_the_revision
        a_revision_never_returns
        an_addition_leaves_the_revision
        many_who_read_and_write_one_item_lose_nothing
    }
    paging {
        a_query_sorts_by_the_bytes_of_the_sort_key
        a_query_finds_what_begins_with_the_prefix
        a_query_sees_one_partition_only
        pages_hold_everything_once
        a_page_may_begin_after_any_key
        more_than_a_megabyte_comes_in_pages
        a_limit_of_zero_asks_for_nothing
    }
    counters {
        an_addition_makes_what_is_missing
        counters_move_together_and_apart
        an_addition_leaves_the_body
        an_addition_sets_the_expiry_only_where_told
        bounds_are_inclusive_and_refuse_the_whole_addition
        counters_survive_a_put_but_not_a_delete
        many_additions_at_once_sum_exactly
        many_spenders_at_once_never_overspend
    }
    transactions {
        a_hundred_writes_happen_together
        one_failed_condition_stops_all_and_says_which
        the_first_failed_condition_is_named
        a_check_changes_nothing
        a_transaction_keeps_counters_and_moves_revisions
        a_transaction_of_nothing_succeeds
        too_many_writes_are_refused
        a_key_named_twice_is_refused
        many_transactions_over_the_same_items_lose_nothing
    }
    expiry {
        an_expired_item_is_hidden
        an_expired_item_counts_as_absent
        an_item_that_has_not_expired_counts_as_present
        a_put_over_an_expired_item_keeps_nothing_of_it
        an_addition_to_an_expired_item_keeps_nothing_of_it
        a_put_without_an_expiry_removes_it
        expired_items_do_not_end_a_query
    }
    limits {
        the_largest_body_reads_back
        a_larger_body_is_refused
        the_longest_keys_read_back
        keys_that_are_empty_or_too_long_are_refused
        the_largest_transaction_happens
        a_larger_transaction_is_refused
    }
    generation {
        the_generation_moves_with_every_kind_of_write
    }
}
