//! The limits on what a table is asked, checked in one place so that every engine refuses the same things in the same words.
//!
//! An engine calls these before it does anything else. They look at the arguments only, never at what is stored.

use crate::{
    Add, BODY_BYTES_MAX, Key, PARTITION_BYTES_MAX, Query, SORT_BYTES_MAX, StoreError,
    TRANSACTION_BYTES_MAX, TRANSACTION_WRITES_MAX, Write,
};
use std::collections::HashSet;

pub fn key(key: &Key) -> Result<(), StoreError> {
    not_empty(&key.partition)?;
    not_empty(&key.sort)?;
    at_most(&key.partition, PARTITION_BYTES_MAX)?;
    at_most(&key.sort, SORT_BYTES_MAX)
}

/// The prefix may be empty: that asks for the whole partition.
pub fn query(query: &Query) -> Result<(), StoreError> {
    not_empty(&query.partition)?;
    at_most(&query.partition, PARTITION_BYTES_MAX)?;
    at_most(&query.prefix, SORT_BYTES_MAX)?;
    match &query.after {
        Some(after) => {
            not_empty(after)?;
            at_most(after, SORT_BYTES_MAX)
        }
        None => Ok(()),
    }
}

pub fn write(write: &Write) -> Result<(), StoreError> {
    key(write.key())?;
    let bytes = write.body_bytes();
    if bytes > BODY_BYTES_MAX {
        return Err(StoreError::TooLarge {
            bytes,
            max: BODY_BYTES_MAX,
        });
    }
    Ok(())
}

/// A transaction without writes is allowed, and does nothing.
pub fn transaction(writes: &[Write]) -> Result<(), StoreError> {
    if writes.len() > TRANSACTION_WRITES_MAX {
        return Err(StoreError::TooManyWrites {
            writes: writes.len(),
            max: TRANSACTION_WRITES_MAX,
        });
    }
    let mut seen = HashSet::new();
    for each in writes {
        write(each)?;
        let key = each.key();
        if !seen.insert(key) {
            return Err(StoreError::DuplicateKey {
                partition: key.partition.clone(),
                sort: key.sort.clone(),
            });
        }
    }
    let bytes = writes.iter().map(Write::body_bytes).sum();
    if bytes > TRANSACTION_BYTES_MAX {
        return Err(StoreError::TooLarge {
            bytes,
            max: TRANSACTION_BYTES_MAX,
        });
    }
    Ok(())
}

pub fn add(add: &Add) -> Result<(), StoreError> {
    key(&add.key)
}

fn not_empty(text: &str) -> Result<(), StoreError> {
    if text.is_empty() {
        Err(StoreError::KeyEmpty)
    } else {
        Ok(())
    }
}

fn at_most(text: &str, max: usize) -> Result<(), StoreError> {
    if text.len() > max {
        Err(StoreError::KeyTooLong {
            bytes: text.len(),
            max,
        })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Condition;

    fn sized(partition: usize, sort: usize) -> Key {
        Key::new("p".repeat(partition), "s".repeat(sort))
    }

    fn put(name: usize, body_bytes: usize) -> Write {
        let key = Key::new("p", name.to_string());
        Write::put(key, vec![0; body_bytes], Condition::Always)
    }

    #[test]
    fn a_key_is_neither_empty_nor_too_long() {
        let too_long = |bytes, max| Err(StoreError::KeyTooLong { bytes, max });
        for (partition, sort, expected) in [
            (1, 1, Ok(())),
            (2_048, 1_024, Ok(())),
            (0, 1, Err(StoreError::KeyEmpty)),
            (1, 0, Err(StoreError::KeyEmpty)),
            (2_049, 1, too_long(2_049, 2_048)),
            (1, 1_025, too_long(1_025, 1_024)),
        ] {
            assert_eq!(
                key(&sized(partition, sort)),
                expected,
                "{partition} and {sort} bytes"
            );
        }
    }

    #[test]
    fn lengths_are_counted_in_bytes_not_in_characters() {
        assert!(key(&Key::new("é".repeat(1_024), "é".repeat(512))).is_ok());
        assert!(key(&Key::new("é".repeat(1_025), "s")).is_err());
    }

    #[test]
    fn a_query_has_a_partition_and_may_leave_out_the_rest() {
        let asked = |partition: usize, prefix: usize, after: Option<usize>| {
            query(&Query {
                partition: "p".repeat(partition),
                prefix: "x".repeat(prefix),
                after: after.map(|bytes| "y".repeat(bytes)),
                limit: 1,
            })
            .is_ok()
        };
        for (partition, prefix, after, allowed) in [
            (1, 0, None, true),
            (2_048, 1_024, Some(1_024), true),
            (0, 0, None, false),
            (2_049, 0, None, false),
            (1, 1_025, None, false),
            (1, 0, Some(0), false),
            (1, 0, Some(1_025), false),
        ] {
            assert_eq!(
                asked(partition, prefix, after),
                allowed,
                "{partition} {prefix} {after:?}"
            );
        }
    }

    #[test]
    fn a_transaction_is_bounded_in_writes_and_in_bytes() {
        let of = |writes: usize, bytes: usize| {
            transaction(&(0..writes).map(|n| put(n, bytes)).collect::<Vec<_>>())
        };
        for (writes, bytes, expected) in [
            (0, 0, Ok(())),
            (100, 38_000, Ok(())),
            (
                101,
                0,
                Err(StoreError::TooManyWrites {
                    writes: 101,
                    max: 100,
                }),
            ),
            (
                100,
                38_001,
                Err(StoreError::TooLarge {
                    bytes: 3_800_100,
                    max: 3_800_000,
                }),
            ),
            (
                1,
                390_001,
                Err(StoreError::TooLarge {
                    bytes: 390_001,
                    max: 390_000,
                }),
            ),
        ] {
            assert_eq!(of(writes, bytes), expected, "{writes} of {bytes} bytes");
        }
    }

    #[test]
    fn a_transaction_names_a_key_once() {
        let twice = [
            put(1, 0),
            put(2, 0),
            Write::delete(Key::new("p", "1"), Condition::Always),
        ];
        assert_eq!(
            transaction(&twice).unwrap_err().to_string(),
            "the transaction names `p` `1` twice"
        );
    }
}
