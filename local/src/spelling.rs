//! How clients write the names of headers. Functions are given them so, and the HTTP library forgets it: to HTTP, `X-Pet` and
//! `x-pet` are one name.
//!
//! An [`Ear`] hears all that comes over a connection, on its way to the library. It tells heads from bodies by their lengths and
//! keeps what heads say until the library, which answers requests in their order, hands over the request. What it does not
//! understand it passes over, with all that comes after: then the names are written as they usually are.

use postern_gateway::Spelling;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The library refuses a head that is longer.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A connection that is listened to.
pub(crate) struct Heard<S> {
    stream: S,
    ear: Ear,
}

/// Hears a connection. All clones are one.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Hearing>>);

#[derive(Default)]
struct Hearing {
    place: Place,
    /// Of requests that were heard, and not yet handed over.
    heads: VecDeque<Spelling>,
}

/// Of what the next byte is part.
enum Place {
    Head(Vec<u8>),
    Body(u64),
    /// The line before a chunk.
    ChunkSize(Vec<u8>),
    /// Of a chunk, and the line end behind it.
    Chunk(u64),
    /// A line behind the last chunk.
    Trailer(Vec<u8>),
    Lost,
}

impl Default for Place {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Ear {
    pub(crate) fn on<S>(&self, stream: S) -> Heard<S> {
        Heard {
            stream,
            ear: self.clone(),
        }
    }

    /// Of the next request, in the order in which they came.
    pub(crate) fn next(&self) -> Spelling {
        let mut hearing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hearing.heads.pop_front().unwrap_or_default()
    }

    fn hear(&self, bytes: &[u8]) {
        let mut hearing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hearing.hear(bytes);
    }
}

impl Hearing {
    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Lost => return,
                Place::Body(left) | Place::Chunk(left) => {
                    let many = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= many as u64;
                    bytes = &bytes[many..];
                    if *left == 0 {
                        self.place = match self.place {
                            Place::Chunk(_) => Place::ChunkSize(Vec::new()),
                            _ => Place::default(),
                        };
                    }
                }
                Place::Head(held) | Place::ChunkSize(held) | Place::Trailer(held) => {
                    let line = bytes.iter().position(|byte| *byte == b'\n');
                    let (part, rest) = bytes.split_at(line.map_or(bytes.len(), |at| at + 1));
                    bytes = rest;
                    held.extend_from_slice(part);
                    if held.len() > HEAD_BYTES_MAX {
                        self.place = Place::Lost;
                    } else if line.is_some() {
                        self.line_ended();
                    }
                }
            }
        }
    }

    fn line_ended(&mut self) {
        self.place = match std::mem::replace(&mut self.place, Place::Lost) {
            Place::Head(held) if held.iter().all(u8::is_ascii_whitespace) => Place::default(),
            Place::Head(held) if held.ends_with(b"\n\r\n") || held.ends_with(b"\n\n") => {
                let (spelling, behind) = head(&held);
                self.heads.push_back(spelling);
                behind
            }
            Place::ChunkSize(line) => match chunk_size(&line) {
                Some(0) => Place::Trailer(Vec::new()),
                Some(size) => Place::Chunk(size.saturating_add(2)),
                None => Place::Lost,
            },
            Place::Trailer(line) if line == b"\r\n" || line == b"\n" => Place::default(),
            Place::Trailer(_) => Place::Trailer(Vec::new()),
            place => place,
        };
    }
}

/// How a head's names are written, and what comes behind it.
fn head(held: &[u8]) -> (Spelling, Place) {
    let lines = held.split(|byte| *byte == b'\n').skip(1);
    let fields: Vec<(&str, &str)> = lines
        .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let of = |name: &str| {
        let mut values = fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        values.next_back().map(|(_, value)| *value)
    };
    let behind = if of("upgrade").is_some() {
        Place::Lost
    } else if let Some(coding) = of("transfer-encoding") {
        if coding.eq_ignore_ascii_case("chunked") {
            Place::ChunkSize(Vec::new())
        } else {
            Place::Lost
        }
    } else {
        match of("content-length").map_or(Ok(0), str::parse::<u64>) {
            Ok(0) => Place::default(),
            Ok(length) => Place::Body(length),
            Err(_) => Place::Lost,
        }
    };
    (Spelling::of(fields.iter().map(|(name, _)| *name)), behind)
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let size = line.split(';').next().unwrap_or_default().trim();
    u64::from_str_radix(size, 16).ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = polled {
            self.ear.hear(&buffer.filled()[before..]);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was heard of each request, for all ways in which the bytes may come.
    fn heard(bytes: &str) -> Vec<Spelling> {
        let told = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let ear = Ear::default();
            pieces.for_each(|piece| ear.hear(piece));
            let mut hearing = ear.0.lock().unwrap();
            hearing.heads.drain(..).collect::<Vec<_>>()
        };
        let whole = told(&mut std::iter::once(bytes.as_bytes()));
        assert_eq!(whole, told(&mut bytes.as_bytes().chunks(1)), "{bytes}");
        assert_eq!(whole, told(&mut bytes.as_bytes().chunks(7)), "{bytes}");
        whole
    }

    fn of(names: &[&str]) -> Spelling {
        Spelling::of(names.iter().copied())
    }

    #[test]
    fn each_requests_names_are_as_its_client_wrote_them() {
        for (bytes, expected) in [
            ("", vec![]),
            ("GET / HTTP/1.1\r\nX-Pet: a\r\n", vec![]),
            (
                "GET / HTTP/1.1\r\nX-Pet: a\r\nhost: b\r\n\r\n",
                vec![of(&["X-Pet", "host"])],
            ),
            (
                "\r\nGET / HTTP/1.1\nX-PET:a\n\nGET / HTTP/1.1\r\n\r\n",
                vec![of(&["X-PET"]), of(&[])],
            ),
            (
                "POST / HTTP/1.1\r\nContent-length: 16\r\n\r\nX-Not: a\r\n\r\nlastGET / HTTP/1.1\r\nX-a: b\r\n\r\n",
                vec![of(&["Content-length"]), of(&["X-a"])],
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6;x=y\r\nA: b\r\n\r\n0\r\nT-r: x\r\n\r\nGET / HTTP/1.1\r\nB: c\r\n\r\n",
                vec![of(&["Transfer-Encoding"]), of(&["B"])],
            ),
            // What follows is not HTTP any more.
            (
                "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\u{1}\nX: y\r\n\r\n",
                vec![of(&["Upgrade"])],
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\nX: y\r\n\r\n",
                vec![of(&["Content-Length"])],
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nX: y\r\n\r\n",
                vec![of(&["Transfer-Encoding"])],
            ),
        ] {
            assert_eq!(heard(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn a_head_without_end_is_not_held() {
        let ear = Ear::default();
        for _ in 0..100 {
            ear.hear(&[b'a'; 1_024]);
        }
        assert!(matches!(ear.0.lock().unwrap().place, Place::Lost));
        assert_eq!(ear.next(), Spelling::default());
    }
}
