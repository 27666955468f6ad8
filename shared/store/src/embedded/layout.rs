//! How tables, keys and expiries are laid out in the database.
//!
//! Keys are bytes that sort as they must: all of one partition lies together, in the order of the bytes of the sort key;
//! and all that expires lies in the order of time, across the tables, so that what is due is found without a scan.

use crate::Key;
use redb::TableDefinition;

pub(super) type Items = TableDefinition<'static, &'static [u8], &'static [u8]>;
pub(super) type Expiries = TableDefinition<'static, &'static [u8], ()>;

/// What expires, by when.
pub(super) const EXPIRIES: Expiries = TableDefinition::new("expiries");

/// The four tables, by their place in an expiry's key: never renumber them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableId {
    Definitions = 0,
    Usage = 1,
    Cache = 2,
    Connections = 3,
}

impl TableId {
    pub(super) const ALL: [Self; 4] = [
        Self::Definitions,
        Self::Usage,
        Self::Cache,
        Self::Connections,
    ];

    pub(super) fn index(self) -> usize {
        self as usize
    }

    pub(super) fn items(self) -> Items {
        TableDefinition::new(match self {
            Self::Definitions => "definitions",
            Self::Usage => "usage",
            Self::Cache => "cache",
            Self::Connections => "connections",
        })
    }
}

/// The length of the partition goes first, or `("a", "bc")` and `("ab", "c")` would meet.
pub(super) fn partition_prefix(partition: &str, sort_prefix: &str) -> Vec<u8> {
    let length =
        u16::try_from(partition.len()).expect("validated: PARTITION_BYTES_MAX is below 65536");
    let mut bytes = Vec::with_capacity(2 + partition.len() + sort_prefix.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(partition.as_bytes());
    bytes.extend_from_slice(sort_prefix.as_bytes());
    bytes
}

pub(super) fn item_key(key: &Key) -> Vec<u8> {
    partition_prefix(&key.partition, &key.sort)
}

pub(super) fn expiry_key(expires_at: u64, table: TableId, item_key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(9 + item_key.len());
    bytes.extend_from_slice(&expires_at.to_be_bytes());
    bytes.push(table as u8);
    bytes.extend_from_slice(item_key);
    bytes
}

/// The greatest bound that keeps below it everything due at `now`.
pub(super) fn due_before(now: u64) -> [u8; 8] {
    now.saturating_add(1).to_be_bytes()
}

/// What an expiry's key says, where it can be read.
pub(super) fn parse_expiry_key(bytes: &[u8]) -> Option<(u64, TableId, &[u8])> {
    let (expires_at, rest) = bytes.split_first_chunk::<8>()?;
    let (table, item_key) = rest.split_first()?;
    let table = *TableId::ALL.get(usize::from(*table))?;
    Some((u64::from_be_bytes(*expires_at), table, item_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_do_not_run_into_each_other() {
        let keys = [("a", "bc"), ("ab", "c"), ("a", "b\u{0}c"), ("a\u{0}b", "c")];
        for (index, one) in keys.iter().enumerate() {
            for other in &keys[index + 1..] {
                let bytes = |of: &(&str, &str)| item_key(&Key::new(of.0, of.1));
                assert_ne!(bytes(one), bytes(other), "{one:?} {other:?}");
                assert!(
                    one.0 == other.0 || !bytes(other).starts_with(&partition_prefix(one.0, "")),
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn an_expiry_key_reads_back_and_sorts_by_time() {
        for table in TableId::ALL {
            let bytes = expiry_key(77, table, b"key");
            assert_eq!(parse_expiry_key(&bytes), Some((77, table, &b"key"[..])));
        }
        let earlier = expiry_key(255, TableId::Connections, b"z");
        let later = expiry_key(256, TableId::Definitions, b"a");
        assert!(earlier < later);
        assert!(earlier.as_slice() < due_before(255).as_slice());
        assert!(earlier.as_slice() > due_before(254).as_slice());
    }

    #[test]
    fn an_expiry_key_that_makes_no_sense_is_none() {
        for bytes in [&b""[..], b"12345678", b"12345678\x04key"] {
            assert_eq!(parse_expiry_key(bytes), None, "{bytes:?}");
        }
    }
}
