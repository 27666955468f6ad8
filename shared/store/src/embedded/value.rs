//! How an item lies in the database.
//!
//! One byte of format, one of flags, the revision, then the expiry and the counters where there are any, then the body to
//! the end. All numbers are big-endian.

use crate::{Item, Key};
use bytes::Bytes;
use std::collections::BTreeMap;

const FORMAT: u8 = 1;
const HAS_EXPIRY: u8 = 1;
const HAS_COUNTERS: u8 = 2;

/// An item without its key. The body is borrowed, because most writes only look at the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) revision: u64,
    pub(super) expires_at: Option<u64>,
    pub(super) counters: BTreeMap<String, i64>,
    pub(super) body: &'a [u8],
}

impl<'a> Value<'a> {
    /// Says what is wrong where the bytes are no value.
    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, String> {
        let mut rest = Rest(bytes);
        let [format] = rest.array()?;
        if format != FORMAT {
            return Err(format!(
                "its format {format} is not known to this version of Postern; update Postern"
            ));
        }
        let [flags] = rest.array()?;
        if flags & !(HAS_EXPIRY | HAS_COUNTERS) != 0 {
            return Err(format!("its flags {flags:#04x} make no sense"));
        }
        let revision = u64::from_be_bytes(rest.array()?);
        let expires_at = if flags & HAS_EXPIRY == 0 {
            None
        } else {
            Some(u64::from_be_bytes(rest.array()?))
        };
        let mut counters = BTreeMap::new();
        if flags & HAS_COUNTERS != 0 {
            for _ in 0..u32::from_be_bytes(rest.array()?) {
                let length = u32::from_be_bytes(rest.array()?) as usize;
                let name = std::str::from_utf8(rest.slice(length)?)
                    .map_err(|_| "the name of a counter is not text".to_owned())?;
                counters.insert(name.to_owned(), i64::from_be_bytes(rest.array()?));
            }
        }
        Ok(Self {
            revision,
            expires_at,
            counters,
            body: rest.0,
        })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.body.len());
        let mut flags = 0;
        if self.expires_at.is_some() {
            flags |= HAS_EXPIRY;
        }
        if !self.counters.is_empty() {
            flags |= HAS_COUNTERS;
        }
        bytes.extend_from_slice(&[FORMAT, flags]);
        bytes.extend_from_slice(&self.revision.to_be_bytes());
        if let Some(expires_at) = self.expires_at {
            bytes.extend_from_slice(&expires_at.to_be_bytes());
        }
        if !self.counters.is_empty() {
            bytes.extend_from_slice(&length(self.counters.len()));
            for (name, value) in &self.counters {
                bytes.extend_from_slice(&length(name.len()));
                bytes.extend_from_slice(name.as_bytes());
                bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.body);
        bytes
    }

    /// Whether the item is still there, `now` being seconds since 1970.
    pub(super) fn is_live(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|expires_at| expires_at > now)
    }

    pub(super) fn into_item(self, key: Key) -> Item {
        Item {
            key,
            body: Bytes::copy_from_slice(self.body),
            revision: self.revision,
            expires_at: self.expires_at,
            counters: self.counters,
        }
    }
}

fn length(of: usize) -> [u8; 4] {
    u32::try_from(of)
        .expect("nobody holds 4 GiB of counters in memory")
        .to_be_bytes()
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(*array)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (slice, rest) = self.0.split_at_checked(length).ok_or_else(cut_short)?;
        self.0 = rest;
        Ok(slice)
    }
}

fn cut_short() -> String {
    "it is cut short".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(body: &[u8]) -> Value<'_> {
        Value {
            revision: 0x0102_0304_0506_0708,
            expires_at: Some(9),
            counters: BTreeMap::from([("n".to_owned(), -1)]),
            body,
        }
    }

    #[test]
    fn the_bytes_are_these() {
        let bytes = [
            &[1, 3][..],
            &[1, 2, 3, 4, 5, 6, 7, 8],
            &[0, 0, 0, 0, 0, 0, 0, 9],
            &[0, 0, 0, 1],
            &[0, 0, 0, 1, b'n'],
            &[255; 8],
            b"body",
        ]
        .concat();
        assert_eq!(value(b"body").encode(), bytes);
        assert_eq!(Value::decode(&bytes), Ok(value(b"body")));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let whole = value(b"").encode();
        for length in 0..whole.len() {
            assert_eq!(
                Value::decode(&whole[..length]),
                Err("it is cut short".to_owned()),
                "{length} bytes"
            );
        }
        for (bytes, reason) in [
            (
                &b"\x02newer"[..],
                "its format 2 is not known to this version of Postern; update Postern",
            ),
            (b"\x01\x04", "its flags 0x04 make no sense"),
            (
                b"\x01\x02\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\xff",
                "the name of a counter is not text",
            ),
        ] {
            assert_eq!(Value::decode(bytes), Err(reason.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_value_reads_back(
            revision: u64,
            expires_at: Option<u64>,
            counters in proptest::collection::btree_map(".{0,8}", any::<i64>(), 0..5),
            body: Vec<u8>,
        ) {
            let value = Value { revision, expires_at, counters, body: &body };
            let bytes = value.encode();
            prop_assert_eq!(Value::decode(&bytes), Ok(value));
        }

        #[test]
        fn any_bytes_are_refused_or_read_without_a_panic(
            mut bytes: Vec<u8>,
            known_format: bool,
            flags in 0..4_u8,
        ) {
            if known_format && bytes.len() > 1 {
                bytes[0] = FORMAT;
                bytes[1] = flags;
            }
            // A counter named twice reads as one, so what is read may be shorter than what was there, but never longer.
            if let Ok(value) = Value::decode(&bytes) {
                prop_assert!(value.encode().len() <= bytes.len());
            }
        }
    }
}
