//! Messages of AWS's event stream, `application/vnd.amazon.eventstream`, as they lie behind each other in a body.
//!
//! A message is its length and that of its headers, a checksum of both, the headers, the payload, and a checksum of all before
//! it. Nothing of it is believed before its checksum is right, the length least of all: memory is held for it.

use bytes::{Buf, Bytes, BytesMut};
use flate2::Crc;

/// The two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// Of the headers only those whose value is text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    headers: Vec<(String, String)>,
    pub(crate) payload: Bytes,
}

/// Why a message is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the checksum of a message is wrong")]
    Checksum,
    #[error("a message of {0} bytes is too long or too short")]
    Length(usize),
    #[error("the headers of a message are malformed")]
    Headers,
}

impl Message {
    /// Takes the next message off what has arrived, if it has arrived whole. One longer than `bytes_max` is refused.
    pub(crate) fn take(
        arrived: &mut BytesMut,
        bytes_max: usize,
    ) -> Result<Option<Self>, Malformed> {
        let Some((prelude, _)) = arrived.split_first_chunk::<PRELUDE_BYTES>() else {
            return Ok(None);
        };
        let [length, headers_length, checksum] = words(*prelude);
        if checksum != sum(&prelude[..PRELUDE_BYTES - CHECKSUM_BYTES]) {
            return Err(Malformed::Checksum);
        }
        let (length, headers_length) = (length as usize, headers_length as usize);
        let Some(rest) = length.checked_sub(PRELUDE_BYTES + CHECKSUM_BYTES) else {
            return Err(Malformed::Length(length));
        };
        if length > bytes_max {
            return Err(Malformed::Length(length));
        }
        if headers_length > rest {
            return Err(Malformed::Headers);
        }
        if arrived.len() < length {
            return Ok(None);
        }
        let mut message = arrived.split_to(length).freeze();
        let mut checksum = message.split_off(length - CHECKSUM_BYTES);
        if checksum.get_u32() != sum(&message) {
            return Err(Malformed::Checksum);
        }
        message.advance(PRELUDE_BYTES);
        let headers = message.split_to(headers_length);
        Ok(Some(Self {
            headers: headers_in(&headers).ok_or(Malformed::Headers)?,
            payload: message,
        }))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn words(prelude: [u8; PRELUDE_BYTES]) -> [u32; 3] {
    let mut prelude = &prelude[..];
    std::array::from_fn(|_| prelude.get_u32())
}

fn sum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn headers_in(mut bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let mut headers = vec![];
    while !bytes.is_empty() {
        let name_length = bytes.try_get_u8().ok()?;
        let name = str::from_utf8(bytes.split_off(..usize::from(name_length))?).ok()?;
        let kind = bytes.try_get_u8().ok()?;
        let length = match kind {
            // True and false.
            0 | 1 => 0,
            // Numbers of growing length.
            2 => 1,
            3 => 2,
            4 => 4,
            // A long number, and a moment.
            5 | 8 => 8,
            // Bytes, and text.
            6 | 7 => usize::from(bytes.try_get_u16().ok()?),
            // A UUID.
            9 => 16,
            _ => return None,
        };
        let value = bytes.split_off(..length)?;
        if kind == 7 {
            let value = str::from_utf8(value).ok()?;
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
    use aws_smithy_types::DateTime;
    use aws_smithy_types::event_stream::{self, Header, HeaderValue};
    use proptest::prelude::*;

    const MAX: usize = 1 << 20;

    fn written(headers: &[(String, HeaderValue)], payload: &[u8]) -> Vec<u8> {
        let message = event_stream::Message::new(Bytes::copy_from_slice(payload));
        let message = headers.iter().fold(message, |message, (name, value)| {
            message.add_header(Header::new(name.clone(), value.clone()))
        });
        let mut bytes = Vec::new();
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    }

    fn value() -> impl Strategy<Value = HeaderValue> {
        prop_oneof![
            any::<bool>().prop_map(HeaderValue::Bool),
            any::<i8>().prop_map(HeaderValue::Byte),
            any::<i16>().prop_map(HeaderValue::Int16),
            any::<i32>().prop_map(HeaderValue::Int32),
            any::<i64>().prop_map(HeaderValue::Int64),
            proptest::collection::vec(any::<u8>(), 0..9)
                .prop_map(|bytes| HeaderValue::ByteArray(bytes.into())),
            "[ -~é]{0,9}".prop_map(|text| HeaderValue::String(text.into())),
            (0..4_000_000_000_i64).prop_map(|at| HeaderValue::Timestamp(DateTime::from_secs(at))),
            any::<u128>().prop_map(HeaderValue::Uuid),
        ]
    }

    /// Fixes the checksums of a message whose bytes were changed.
    fn summed(mut bytes: Vec<u8>) -> Vec<u8> {
        let prelude = sum(&bytes[..8]);
        bytes[8..12].copy_from_slice(&prelude.to_be_bytes());
        let end = bytes.len() - CHECKSUM_BYTES;
        let all = sum(&bytes[..end]);
        bytes[end..].copy_from_slice(&all.to_be_bytes());
        bytes
    }

    #[test]
    fn what_is_no_message_is_refused_as_soon_as_that_is_known() {
        let good = written(&[], b"payload");
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        for (bytes, expected) in [
            (changed(3, 9), Err(Malformed::Checksum)),
            (changed(13, 0), Err(Malformed::Checksum)),
            (summed(changed(3, 15)), Err(Malformed::Length(15))),
            (summed(changed(0, 255)), Err(Malformed::Length(0xff00_0017))),
            (summed(changed(7, 8)), Err(Malformed::Headers)),
            // The payload taken for headers.
            (summed(changed(7, 7)), Err(Malformed::Headers)),
            (good[..11].to_vec(), Ok(None)),
            (good[..22].to_vec(), Ok(None)),
        ] {
            let found = Message::take(&mut bytes[..].into(), MAX);
            assert_eq!(found, expected, "{bytes:?}");
        }
        let found = Message::take(&mut good[..].into(), good.len() - 1);
        assert_eq!(found, Err(Malformed::Length(good.len())));
    }

    proptest! {
        #[test]
        fn messages_are_what_the_sdk_makes_them(
            headers in proptest::collection::vec(("[a-z:é]{0,5}", value()), 0..4),
            payload in proptest::collection::vec(any::<u8>(), 0..50),
        ) {
            let bytes = written(&headers, &payload);
            let mut arrived = BytesMut::from(&[&bytes[..], b"next"].concat()[..]);
            let message = Message::take(&mut arrived, MAX).unwrap().unwrap();
            prop_assert_eq!(&arrived[..], b"next");
            prop_assert_eq!(&message.payload, &payload);
            let texts: Vec<_> = headers
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.as_string().ok()?.as_str().to_owned())))
                .collect();
            prop_assert_eq!(message.headers, texts);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 16..100)) {
            let _ = Message::take(&mut bytes[..].into(), MAX);
            let _ = Message::take(&mut summed(bytes)[..].into(), MAX);
        }

        #[test]
        fn headers_that_were_changed_are_refused_where_the_sdk_refuses_them(
            headers in proptest::collection::vec(("[a-z]{1,3}", value()), 1..4),
            at in any::<usize>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = written(&headers, b"");
            let end = bytes.len() - CHECKSUM_BYTES;
            bytes[PRELUDE_BYTES + at % (end - PRELUDE_BYTES)] = byte;
            let bytes = summed(bytes);
            let ours = Message::take(&mut bytes[..].into(), MAX);
            let theirs = read_message_from(&bytes[..]);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        }
    }
}
