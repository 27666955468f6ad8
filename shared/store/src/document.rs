//! How a typed value becomes the body of an item, and comes back.
//!
//! The first byte is the format: plain JSON, or deflated JSON where that is long enough to pay. A body of a format that this
//! build does not know was written by a newer Postern, and says so.

use crate::{Item, StoreError};
use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, DeflateEncoder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;

const JSON: u8 = 1;
const DEFLATED_JSON: u8 = 2;
/// Below this, deflating saves no read unit and costs time.
const DEFLATE_FROM_BYTES: usize = 3_000;
/// A stored document inflates to no more than this, whatever its bytes claim.
pub(crate) const INFLATED_BYTES_MAX: usize = 64 << 20;

/// The body for a value.
///
/// # Panics
/// If the value is one that JSON cannot hold, such as a map with keys that are not text: a mistake in Postern's types.
pub fn encode<T: Serialize>(value: &T) -> Bytes {
    let json = serde_json::to_vec(value).expect("documents hold only what JSON can");
    if json.len() < DEFLATE_FROM_BYTES {
        return [&[JSON], json.as_slice()].concat().into();
    }
    [&[DEFLATED_JSON], deflate(&json).as_slice()]
        .concat()
        .into()
}

/// The value of an item.
pub fn decode<T: DeserializeOwned>(item: &Item) -> Result<T, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt {
        partition: item.key.partition.clone(),
        sort: item.key.sort.clone(),
        reason,
    };
    let (format, rest) = item
        .body
        .split_first()
        .ok_or_else(|| corrupt("it is empty".to_owned()))?;
    let parsed = match *format {
        JSON => serde_json::from_slice(rest),
        DEFLATED_JSON => {
            serde_json::from_slice(&inflate(rest, INFLATED_BYTES_MAX).map_err(corrupt)?)
        }
        other => {
            return Err(corrupt(format!(
                "its format {other} is not known to this version of Postern; update Postern"
            )));
        }
    };
    parsed.map_err(|error| corrupt(error.to_string()))
}

pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut deflated = Vec::new();
    DeflateEncoder::new(bytes, Compression::fast())
        .read_to_end(&mut deflated)
        .expect("reading from memory does not fail");
    deflated
}

/// Says what is wrong where the bytes are not deflated data, or are more than `max` of it.
pub fn inflate(bytes: &[u8], max: usize) -> Result<Vec<u8>, String> {
    let mut inflated = Vec::new();
    DeflateDecoder::new(bytes)
        .take(max as u64 + 1)
        .read_to_end(&mut inflated)
        .map_err(|error| format!("it does not inflate: {error}"))?;
    if inflated.len() > max {
        Err(format!("it inflates to more than {max} bytes"))
    } else {
        Ok(inflated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use std::collections::BTreeMap;

    fn item(body: impl Into<Bytes>) -> Item {
        Item {
            key: Key::new("p", "s"),
            body: body.into(),
            revision: 1,
            expires_at: None,
            counters: BTreeMap::new(),
        }
    }

    #[test]
    fn what_was_encoded_comes_back() {
        for length in [0, 10, DEFLATE_FROM_BYTES, 300_000] {
            let text = "ab".repeat(length / 2);
            let body = encode(&text);
            assert!(body.len() <= DEFLATE_FROM_BYTES, "{length}");
            assert_eq!(decode::<String>(&item(body)).unwrap(), text);
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_names_its_item_and_the_reason() {
        for (body, reason) in [
            (&b""[..], "it is empty"),
            (
                b"\x09{}",
                "its format 9 is not known to this version of Postern; update Postern",
            ),
            (
                b"\x02\xff\xff",
                "it does not inflate: corrupt deflate stream",
            ),
        ] {
            let error = decode::<String>(&item(body)).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the item `p` `s` cannot be read: {reason}")
            );
        }
    }

    #[test]
    fn inflating_is_bounded() {
        let bomb = deflate(&vec![0; 1 << 20]);
        assert_eq!(
            inflate(&bomb, 1 << 19).unwrap_err(),
            "it inflates to more than 524288 bytes"
        );
    }
}
