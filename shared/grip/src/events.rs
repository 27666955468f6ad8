//! WebSocket-over-HTTP: what happens on a socket, as the bodies of requests and answers tell it. Events follow each other, each
//! `NAME\r\n`, or `NAME {length in hex}\r\n{content}\r\n`.

use crate::close::{CONTROL_BYTES_MAX, CloseError, Closing};
use bytes::{Buf, Bytes};
use thiserror::Error;

/// The type of bodies made of events.
pub const CONTENT_TYPE: &str = "application/websocket-events";

/// Bytes of an event's first line: the longest name, a space and sixteen digits, with some room.
const LINE_BYTES_MAX: usize = 64;

/// One thing that happened, or should happen, on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The first of every socket; answered with itself, the handshake succeeds.
    Open,
    /// A whole message, of valid UTF-8.
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<Closing>),
    /// The socket is gone without a close. As an answer: let it go so.
    Disconnect,
}

/// Why a body is not made of events.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    #[error(
        "an event begins with a line that ends in CR LF and has {LINE_BYTES_MAX} bytes at most"
    )]
    Line,
    #[error("an event's length is hexadecimal, with at most 15 digits")]
    Length,
    #[error("an event's content ends before its length, or not in CR LF")]
    Content,
    #[error("{0} is not allowed here, or not with this content")]
    Event(&'static str),
    #[error(transparent)]
    Close(#[from] CloseError),
}

impl Event {
    /// Appends the event to a body.
    pub fn write(&self, body: &mut Vec<u8>) {
        match self {
            Self::Open => line(body, "OPEN"),
            Self::Disconnect => line(body, "DISCONNECT"),
            Self::Close(None) => line(body, "CLOSE"),
            Self::Close(closing) => content(body, "CLOSE", &Closing::payload(closing.as_ref())),
            Self::Text(payload) => content(body, "TEXT", payload),
            Self::Binary(payload) => content(body, "BINARY", payload),
            Self::Ping(payload) => optional(body, "PING", payload),
            Self::Pong(payload) => optional(body, "PONG", payload),
        }
    }

    /// What an event's name and content mean. Nothing for a name that is not known: a peer may know more than we do.
    fn of(name: &[u8], content: Bytes) -> Result<Option<Self>, Malformed> {
        let control = |name, content: Bytes| {
            if content.len() > CONTROL_BYTES_MAX {
                return Err(Malformed::Event(name));
            }
            Ok(content)
        };
        Ok(Some(match name {
            b"OPEN" => Self::Open,
            b"TEXT" if std::str::from_utf8(&content).is_err() => {
                return Err(Malformed::Event("TEXT"));
            }
            b"TEXT" => Self::Text(content),
            b"BINARY" => Self::Binary(content),
            b"PING" => Self::Ping(control("PING", content)?),
            b"PONG" => Self::Pong(control("PONG", content)?),
            b"CLOSE" => Self::Close(Closing::read(&content)?),
            b"DISCONNECT" => Self::Disconnect,
            _ => return Ok(None),
        }))
    }
}

fn line(body: &mut Vec<u8>, name: &str) {
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\r\n");
}

fn content(body: &mut Vec<u8>, name: &str, content: &[u8]) {
    line(body, &format!("{name} {:x}", content.len()));
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

fn optional(body: &mut Vec<u8>, name: &str, payload: &[u8]) {
    if payload.is_empty() {
        line(body, name);
    } else {
        content(body, name, payload);
    }
}

/// The events of a body, read one by one: contents are slices of the body, and nothing is copied. After the first mistake there
/// is nothing more.
#[derive(Clone, Debug)]
pub struct Events {
    rest: Bytes,
}

impl Events {
    pub fn new(body: Bytes) -> Self {
        Self { rest: body }
    }

    fn read(&mut self) -> Result<Option<Event>, Malformed> {
        let head = &self.rest[..self.rest.len().min(LINE_BYTES_MAX)];
        let end = head
            .windows(2)
            .position(|pair| pair == b"\r\n")
            .ok_or(Malformed::Line)?;
        let line = self.rest.split_to(end);
        self.rest.advance(2);
        let Some(space) = line.iter().position(|byte| *byte == b' ') else {
            return Event::of(&line, Bytes::new());
        };
        let len = length(&line[space + 1..])?;
        // Compared without adding: the length is whatever the peer wrote.
        if self.rest.len() < len || !self.rest[len..].starts_with(b"\r\n") {
            return Err(Malformed::Content);
        }
        let content = self.rest.split_to(len);
        self.rest.advance(2);
        Event::of(&line[..space], content)
    }
}

fn length(digits: &[u8]) -> Result<usize, Malformed> {
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Malformed::Length);
    }
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed::Length)?;
    usize::from_str_radix(digits, 16).map_err(|_| Malformed::Length)
}

impl Iterator for Events {
    type Item = Result<Event, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.read() {
                Ok(None) => {}
                Ok(Some(event)) => return Some(Ok(event)),
                Err(malformed) => {
                    self.rest.clear();
                    return Some(Err(malformed));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(body: &[u8]) -> Vec<Result<Event, Malformed>> {
        Events::new(Bytes::copy_from_slice(body)).collect()
    }

    fn text(content: &'static str) -> Event {
        Event::Text(Bytes::from_static(content.as_bytes()))
    }

    #[test]
    fn events_are_written_as_the_protocol_has_them() {
        for (event, expected) in [
            (Event::Open, &b"OPEN\r\n"[..]),
            (text("hi there"), b"TEXT 8\r\nhi there\r\n"),
            (text(""), b"TEXT 0\r\n\r\n"),
            (
                text("seventeen letters"),
                b"TEXT 11\r\nseventeen letters\r\n",
            ),
            (
                Event::Binary(Bytes::from_static(b"\r\n\0")),
                b"BINARY 3\r\n\r\n\0\r\n",
            ),
            (Event::Ping(Bytes::new()), b"PING\r\n"),
            (Event::Pong(Bytes::from_static(b"x")), b"PONG 1\r\nx\r\n"),
            (Event::Close(None), b"CLOSE\r\n"),
            (
                Event::Close(Some(Closing::new(1001, "bye").unwrap())),
                b"CLOSE 5\r\n\x03\xe9bye\r\n",
            ),
            (Event::Disconnect, b"DISCONNECT\r\n"),
        ] {
            let mut body = Vec::new();
            event.write(&mut body);
            assert_eq!(body, expected, "{event:?}");
            assert_eq!(all(&body), [Ok(event)]);
        }
    }

    #[test]
    fn a_body_is_read_up_to_its_first_mistake() {
        for (body, expected) in [
            (&b""[..], vec![]),
            (b"TEXT\r\n", vec![Ok(text(""))]),
            (b"TEXT A\r\n0123456789\r\n", vec![Ok(text("0123456789"))]),
            (b"LATER 2\r\nxx\r\nLATER\r\nOPEN\r\n", vec![Ok(Event::Open)]),
            (
                b"OPEN\r\nTEXT 5\r\nab\r\n",
                vec![Ok(Event::Open), Err(Malformed::Content)],
            ),
            (b"TEXT 2\r\nabc\r\n", vec![Err(Malformed::Content)]),
            (b"TEXT 2\r\nab", vec![Err(Malformed::Content)]),
            (b"TEXT 2\r\nab\n\r", vec![Err(Malformed::Content)]),
            (b"OPEN", vec![Err(Malformed::Line)]),
            (b"OPEN\n", vec![Err(Malformed::Line)]),
            (&[b'A'; 100], vec![Err(Malformed::Line)]),
            (b"TEXT \r\n", vec![Err(Malformed::Length)]),
            (b"TEXT -1\r\n", vec![Err(Malformed::Length)]),
            (b"TEXT +1\r\na\r\n", vec![Err(Malformed::Length)]),
            (b"TEXT g\r\n", vec![Err(Malformed::Length)]),
            (b"TEXT 1 1\r\n", vec![Err(Malformed::Length)]),
            (b"TEXT fffffffffffffff\r\n", vec![Err(Malformed::Content)]),
            (b"TEXT ffffffffffffffff\r\n", vec![Err(Malformed::Length)]),
            (b"TEXT 1\r\n\xff\r\n", vec![Err(Malformed::Event("TEXT"))]),
            (b"CLOSE 1\r\nx\r\n", vec![Err(CloseError::Short.into())]),
            (
                b"CLOSE 2\r\n\x03\xee\r\n",
                vec![Err(CloseError::Code(1006).into())],
            ),
        ] {
            assert_eq!(all(body), expected, "{}", body.escape_ascii());
        }
    }

    fn event() -> impl Strategy<Value = Event> {
        let bytes = |max| prop::collection::vec(any::<u8>(), 0..max).prop_map(Bytes::from);
        prop_oneof![
            Just(Event::Open),
            Just(Event::Disconnect),
            any::<String>().prop_map(|text| Event::Text(text.into())),
            bytes(300).prop_map(Event::Binary),
            bytes(126).prop_map(Event::Ping),
            bytes(126).prop_map(Event::Pong),
            Just(Event::Close(None)),
            (3000_u16..5000, "[a-zä]{0,60}")
                .prop_map(|(code, reason)| Event::Close(Some(Closing::new(code, reason).unwrap()))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(events in prop::collection::vec(event(), 0..12)) {
            let mut body = Vec::new();
            for event in &events {
                event.write(&mut body);
            }
            let read: Result<Vec<_>, _> = Events::new(body.into()).collect();
            prop_assert_eq!(read, Ok(events));
        }

        #[test]
        fn any_body_is_read_to_an_end(
            pieces in prop::collection::vec(prop_oneof![
                prop::collection::vec(any::<u8>(), 0..6),
                prop::sample::select(vec![
                    "OPEN", "TEXT", "CLOSE", "PING", " ", "\r\n", "3", "ff", "0", "abc", "fffffffffffffff",
                ]).prop_map(|piece| piece.as_bytes().to_vec()),
            ], 0..20),
        ) {
            let body = pieces.concat();
            let read = all(&body);
            prop_assert!(read.len() <= body.len());
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
        }

        /// A body that was cut or changed is read or refused, and what was whole before the change is read as it was.
        #[test]
        fn a_damaged_body_keeps_its_sound_beginning(
            events in prop::collection::vec(event(), 1..6),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut body = Vec::new();
            let mut ends = Vec::new();
            for event in &events {
                event.write(&mut body);
                ends.push(body.len());
            }
            let at = at.index(body.len());
            body[at] = byte;
            let sound = ends.iter().filter(|end| **end <= at).count();
            let read = all(&body);
            prop_assert!(read.len() >= sound);
            for (read, event) in read.iter().zip(&events[..sound]) {
                prop_assert_eq!(read.as_ref(), Ok(event));
            }
        }
    }
}
