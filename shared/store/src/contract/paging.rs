//! A query goes through a partition in order, page by page, and leaves nothing out.

use super::{Harness, unique_partition};
use crate::{Condition, Key, Query, Write};
use std::collections::BTreeSet;

/// Keys whose order tells bytes from characters, from UTF-16 and from any alphabet.
const SORTS: [&str; 16] = [
    "\u{1}",
    "#",
    "A",
    "B",
    "Z",
    "a",
    "a#",
    "a#1",
    "a#1#x",
    "a#10",
    "a#2",
    "aa",
    "a\u{10ffff}",
    "é",
    "\u{ffff}",
    "\u{10000}",
];

pub async fn a_query_sorts_by_the_bytes_of_the_sort_key(harness: &Harness) {
    let partition = partition_with(harness, &SORTS).await;
    let mut expected = SORTS.map(str::to_owned).to_vec();
    expected.sort_by(|one, other| one.as_bytes().cmp(other.as_bytes()));
    assert_eq!(sorts(harness, &partition, "", None, 100).await, expected);
}

pub async fn a_query_finds_what_begins_with_the_prefix(harness: &Harness) {
    let partition = partition_with(harness, &SORTS).await;
    for (prefix, expected) in [
        (
            "a",
            &[
                "a",
                "a#",
                "a#1",
                "a#1#x",
                "a#10",
                "a#2",
                "aa",
                "a\u{10ffff}",
            ][..],
        ),
        ("a#", &["a#", "a#1", "a#1#x", "a#10", "a#2"]),
        ("a#1", &["a#1", "a#1#x", "a#10"]),
        ("a\u{10ffff}", &["a\u{10ffff}"]),
        ("\u{ffff}", &["\u{ffff}"]),
        ("b", &[]),
        ("a#3", &[]),
    ] {
        assert_eq!(
            sorts(harness, &partition, prefix, None, 100).await,
            expected,
            "{prefix:?}"
        );
    }
}

pub async fn a_query_sees_one_partition_only(harness: &Harness) {
    let name = unique_partition();
    let partitions = [
        name.clone(),
        format!("{name}#"),
        format!("{name}#a"),
        format!("{name}\u{10ffff}"),
        name[..name.len() - 1].to_owned(),
    ];
    for (index, partition) in partitions.iter().enumerate() {
        for sort in ["a".to_owned(), format!("own{index}")] {
            harness
                .put(&Key::new(partition.as_str(), sort), "body")
                .await;
        }
    }
    for (index, partition) in partitions.iter().enumerate() {
        assert_eq!(
            sorts(harness, partition, "", None, 100).await,
            ["a".to_owned(), format!("own{index}")],
            "{partition:?}"
        );
    }
    let nothing = unique_partition();
    assert!(sorts(harness, &nothing, "", None, 100).await.is_empty());
}

pub async fn pages_hold_everything_once(harness: &Harness) {
    let expected: Vec<String> = (0..25).map(|n| format!("in#{n:03}")).collect();
    let mut all: Vec<&str> = expected.iter().map(String::as_str).collect();
    all.extend(["im", "in", "in$", "io"]);
    let partition = partition_with(harness, &all).await;
    for limit in [1, 2, 5, 24, 25, 26, 1_000] {
        assert_eq!(
            sorts(harness, &partition, "in#", None, limit).await,
            expected,
            "by {limit}"
        );
    }
}

pub async fn a_page_may_begin_after_any_key(harness: &Harness) {
    let partition = partition_with(harness, &["a", "b#1", "b#3", "b#5", "c"]).await;
    for (after, expected) in [
        ("b#1", &["b#3", "b#5"][..]),
        ("b#2", &["b#3", "b#5"]),
        ("b#5", &[]),
        ("b#9", &[]),
        ("b#", &["b#1", "b#3", "b#5"]),
        ("a", &["b#1", "b#3", "b#5"]),
        ("b", &["b#1", "b#3", "b#5"]),
        ("c", &[]),
        ("z", &[]),
    ] {
        assert_eq!(
            sorts(harness, &partition, "b#", Some(after), 10).await,
            expected,
            "after {after:?}"
        );
    }
}

pub async fn more_than_a_megabyte_comes_in_pages(harness: &Harness) {
    let partition = unique_partition();
    let expected: Vec<String> = (0..8).map(|n| format!("{n}")).collect();
    for sort in &expected {
        let key = Key::new(partition.as_str(), sort.as_str());
        let body = vec![sort.as_bytes()[0]; 300_000];
        let put = Write::put(key, body, Condition::Always);
        harness.table.write(put).await.unwrap();
    }
    assert_eq!(sorts(harness, &partition, "", None, 1_000).await, expected);
}

pub async fn a_limit_of_zero_asks_for_nothing(harness: &Harness) {
    let partition = partition_with(harness, &["a"]).await;
    let query = Query {
        partition,
        prefix: String::new(),
        after: None,
        limit: 0,
    };
    let batch = harness.table.query(query).await.unwrap();
    assert_eq!((batch.items, batch.next), (Vec::new(), None));
}

async fn partition_with(harness: &Harness, sorts: &[&str]) -> String {
    let partition = unique_partition();
    // Not in order, so that the order is the engine's doing.
    let shuffled: BTreeSet<_> = sorts.iter().map(|sort| (sort.len() % 3, *sort)).collect();
    for (_, sort) in shuffled {
        harness
            .put(&Key::new(partition.as_str(), sort), "body")
            .await;
    }
    partition
}

/// The sort keys of all pages.
pub(super) async fn sorts(
    harness: &Harness,
    partition: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = after.map(str::to_owned);
    loop {
        let query = Query {
            partition: partition.to_owned(),
            prefix: prefix.to_owned(),
            after: after.clone(),
            limit,
        };
        let batch = harness.table.query(query).await.unwrap();
        assert!(batch.items.len() <= limit);
        for item in batch.items {
            assert_eq!(item.key.partition, partition);
            found.push(item.key.sort);
        }
        match batch.next {
            None => return found,
            next => {
                assert!(next > after, "a page leads on: {after:?} {next:?}");
                after = next;
            }
        }
    }
}
