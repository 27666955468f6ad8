//! An answer that is kept: its status, its headers and its body, as mappings left them and before they are packed.

use crate::answer::{Answer, TRACE_ID};
use crate::{Body, CollectError};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The service's bound for the body of an answer that is kept.
pub(super) const BODY_BYTES_MAX: usize = 1_048_576;
/// What an entry takes in memory beside its headers and body, about.
const OVERHEAD_BYTES: usize = 300;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    status: StatusCode,
    /// None of them is of one request alone.
    headers: HeaderMap,
    body: Bytes,
    traced: bool,
    /// Since 1970.
    pub(super) until: Duration,
}

/// What stands before the body where an entry is stored.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    traced: bool,
    headers: Vec<(String, Vec<u8>)>,
}

impl Entry {
    /// Waits for the body of an answer, and returns the answer with what may be kept of it. A body that is too long for that
    /// goes on as it comes.
    pub(super) async fn of(
        mut answer: Answer,
        body_bytes_max: usize,
        until: impl FnOnce() -> Duration,
    ) -> Result<(Answer, Option<Self>), CollectError> {
        let body = match answer.body.hold(body_bytes_max).await? {
            Ok(body) => body,
            Err(longer) => {
                answer.body = longer;
                return Ok((answer, None));
            }
        };
        answer.body = Body::Full(body.clone());
        let mut headers = answer.headers.clone();
        // Whoever gets the answer later is told of their own trace.
        let told = headers.remove(TRACE_ID).is_some();
        let entry = Self {
            status: answer.status,
            headers,
            body,
            traced: answer.traced || told,
            until: until(),
        };
        Ok((answer, Some(entry)))
    }

    pub(super) fn to_answer(&self) -> Answer {
        Answer {
            status: self.status,
            headers: self.headers.clone(),
            body: Body::Full(self.body.clone()),
            traced: self.traced,
            may_be_packed: true,
        }
    }

    pub(super) fn weight(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len() + 64)
            .sum();
        OVERHEAD_BYTES + headers + self.body.len()
    }

    /// All but its time.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let headers = self.headers.iter();
        let head = Head {
            status: self.status.as_u16(),
            traced: self.traced,
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect(),
        };
        let mut bytes = postcard::to_allocvec(&head).expect("texts and bytes can be written");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// `None` where the bytes are not those of an entry.
    pub(super) fn of_bytes(bytes: Bytes, until: Duration) -> Option<Self> {
        let (head, body): (Head, _) = postcard::take_from_bytes(&bytes).ok()?;
        let mut headers = HeaderMap::with_capacity(head.headers.len());
        for (name, value) in head.headers {
            let name = HeaderName::try_from(name).ok()?;
            headers.append(
                name,
                HeaderValue::from_maybe_shared(Bytes::from(value)).ok()?,
            );
        }
        Some(Self {
            status: StatusCode::from_u16(head.status).ok()?,
            headers,
            body: bytes.slice(bytes.len() - body.len()..),
            traced: head.traced,
            until,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn entry(body: impl Into<Bytes>, until: Duration) -> Entry {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        headers.append("set-cookie", HeaderValue::from_bytes(b"b=\xff").unwrap());
        Entry {
            status: StatusCode::NOT_FOUND,
            headers,
            body: body.into(),
            traced: true,
            until,
        }
    }

    #[test]
    fn what_was_written_comes_back() {
        let until = Duration::from_secs(7);
        for body in [&b""[..], b"hi", &[0xff; 5_000]] {
            let entry = entry(body, until);
            let back = Entry::of_bytes(entry.to_bytes().into(), until);
            assert_eq!(back, Some(entry));
        }
    }

    #[tokio::test]
    async fn the_trace_of_one_request_is_not_kept_for_another() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACE_ID, HeaderValue::from_static("Root=1-a-b"));
        let answer = Answer {
            status: StatusCode::OK,
            headers,
            body: Body::empty(),
            traced: false,
            may_be_packed: true,
        };
        let kept = Entry::of(answer, 10, || Duration::ZERO).await.unwrap();
        assert!(kept.0.headers.contains_key(TRACE_ID));
        let later = kept.1.unwrap().to_answer();
        assert!(later.traced && later.headers.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
            let _ = Entry::of_bytes(bytes.into(), Duration::ZERO);
        }
    }
}
