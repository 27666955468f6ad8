//! Messages from the client's frames, whatever the pieces in which the network brings them.

use super::encoder::Opcode;
use super::utf8::Utf8;
use bytes::{Buf, Bytes, BytesMut};
use postern_grip::{CONTROL_BYTES_MAX, CloseError, Closing};
use thiserror::Error;

/// A whole message, or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<Closing>),
}

/// Why no more of a socket can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Violation {
    #[error("reserved bits are set, and no extension was agreed on")]
    Reserved,
    #[error("unknown opcode")]
    Opcode,
    #[error("a client's frames are masked")]
    Unmasked,
    #[error("a control frame is whole and has 125 bytes at most")]
    Control,
    #[error("a continuation follows no beginning")]
    NothingToContinue,
    #[error("a message begins within a message")]
    NotFinished,
    #[error("text is not UTF-8")]
    NotText,
    #[error("frame too long")]
    FrameTooLong,
    #[error("message too long")]
    MessageTooLong,
    #[error(transparent)]
    Close(#[from] CloseError),
}

impl Violation {
    /// What the client is told.
    pub(crate) fn closing(&self) -> Closing {
        match self {
            Self::Reserved
            | Self::Opcode
            | Self::Unmasked
            | Self::Control
            | Self::NothingToContinue
            | Self::NotFinished
            | Self::Close(CloseError::Code(_) | CloseError::Reason(_) | CloseError::Short) => {
                Closing::ours(1002, "Protocol error")
            }
            Self::NotText | Self::Close(CloseError::Text) => {
                Closing::ours(1007, "Invalid UTF-8 in a text")
            }
            Self::FrameTooLong | Self::MessageTooLong => {
                Closing::ours(1009, "Message or frame too long")
            }
        }
    }
}

/// Reads one socket. Between messages it holds no memory of its own.
#[derive(Debug)]
pub(crate) struct Decoder {
    frame_bytes_max: usize,
    message_bytes_max: usize,
    frame: Option<Frame>,
    message: Option<Message>,
}

/// A frame whose head has been read.
#[derive(Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    mask: [u8; 4],
    remaining: usize,
    /// Of a control frame: those come between the frames of a message.
    control: Vec<u8>,
}

/// A message that has begun.
#[derive(Debug)]
struct Message {
    /// There when the message is text.
    utf8: Option<Utf8>,
    payload: Vec<u8>,
}

impl Decoder {
    pub(crate) fn new(frame_bytes_max: usize, message_bytes_max: usize) -> Self {
        Self {
            frame_bytes_max,
            message_bytes_max,
            frame: None,
            message: None,
        }
    }

    /// The next message or control frame of what has arrived, or nothing when more must arrive first. After a violation there is
    /// no telling where a frame begins: do not ask again.
    pub(crate) fn next(&mut self, arrived: &mut BytesMut) -> Result<Option<Incoming>, Violation> {
        loop {
            if self.frame.is_none() {
                let Some(frame) = self.head(arrived)? else {
                    return Ok(None);
                };
                self.frame = Some(frame);
            }
            if !self.payload(arrived)? {
                return Ok(None);
            }
            if let Some(incoming) = self.end()? {
                return Ok(Some(incoming));
            }
        }
    }

    /// Reads a frame's head once it is there whole, and judges it by as little of it as possible.
    fn head(&mut self, arrived: &mut BytesMut) -> Result<Option<Frame>, Violation> {
        let Some(first) = arrived.first().copied() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(Violation::Reserved);
        }
        let opcode = Opcode::of(first & 0x0f).ok_or(Violation::Opcode)?;
        let fin = first & 0x80 != 0;
        match (opcode, &self.message) {
            (Opcode::Continuation, None) => return Err(Violation::NothingToContinue),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Violation::NotFinished),
            _ if opcode.is_control() && !fin => return Err(Violation::Control),
            _ => {}
        }
        let Some(second) = arrived.get(1).copied() else {
            return Ok(None);
        };
        if second & 0x80 == 0 {
            return Err(Violation::Unmasked);
        }
        let short = second & 0x7f;
        if opcode.is_control() && usize::from(short) > CONTROL_BYTES_MAX {
            return Err(Violation::Control);
        }
        let len_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(long) = arrived.get(2..2 + len_bytes) else {
            return Ok(None);
        };
        let len = match short {
            126 | 127 => long
                .iter()
                .fold(0_u64, |len, byte| len << 8 | u64::from(*byte)),
            _ => u64::from(short),
        };
        let remaining = self.check_length(opcode, len)?;
        let Some(mask) = arrived.get(2 + len_bytes..6 + len_bytes) else {
            return Ok(None);
        };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        arrived.advance(6 + len_bytes);
        if matches!(opcode, Opcode::Text | Opcode::Binary) {
            self.message = Some(Message {
                utf8: (opcode == Opcode::Text).then(Utf8::default),
                payload: Vec::new(),
            });
        }
        Ok(Some(Frame {
            opcode,
            fin,
            mask,
            remaining,
            control: Vec::new(),
        }))
    }

    fn check_length(&self, opcode: Opcode, len: u64) -> Result<usize, Violation> {
        let len = usize::try_from(len).map_err(|_| Violation::FrameTooLong)?;
        if opcode.is_control() {
            return Ok(len);
        }
        if len > self.frame_bytes_max {
            return Err(Violation::FrameTooLong);
        }
        let before = self
            .message
            .as_ref()
            .map_or(0, |message| message.payload.len());
        if len > self.message_bytes_max.saturating_sub(before) {
            return Err(Violation::MessageTooLong);
        }
        Ok(len)
    }

    /// Takes what has arrived of the frame's payload, and tells whether that was the last of it.
    fn payload(&mut self, arrived: &mut BytesMut) -> Result<bool, Violation> {
        let Some(frame) = &mut self.frame else {
            return Ok(false);
        };
        let taken = frame.remaining.min(arrived.len());
        let piece = &mut arrived[..taken];
        unmask(piece, frame.mask);
        // The next piece begins at another byte of the mask.
        frame.mask.rotate_left(taken % 4);
        frame.remaining -= taken;
        if frame.opcode.is_control() {
            frame.control.extend_from_slice(piece);
        } else if let Some(message) = &mut self.message {
            if let Some(utf8) = &mut message.utf8 {
                utf8.push(piece).map_err(|_| Violation::NotText)?;
            }
            message.payload.extend_from_slice(piece);
        }
        arrived.advance(taken);
        Ok(frame.remaining == 0)
    }

    /// Ends the frame, and with it perhaps a message.
    fn end(&mut self) -> Result<Option<Incoming>, Violation> {
        let Some(frame) = self.frame.take() else {
            return Ok(None);
        };
        Ok(Some(match frame.opcode {
            Opcode::Ping => Incoming::Ping(frame.control.into()),
            Opcode::Pong => Incoming::Pong(frame.control.into()),
            Opcode::Close => Incoming::Close(Closing::read(&frame.control)?),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                if !frame.fin {
                    return Ok(None);
                }
                let Some(message) = self.message.take() else {
                    return Ok(None);
                };
                match message.utf8 {
                    Some(utf8) if !utf8.is_whole() => return Err(Violation::NotText),
                    Some(_) => Incoming::Text(message.payload.into()),
                    None => Incoming::Binary(message.payload.into()),
                }
            }
        }))
    }
}

/// Eight bytes at a time, of which the compiler makes more.
fn unmask(bytes: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client_frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            len @ ..=125 => frame.push(0x80 | len as u8),
            len @ ..=65_535 => {
                frame.push(0xfe);
                frame.extend_from_slice(&(len as u16).to_be_bytes());
            }
            len => {
                frame.push(0xff);
                frame.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&mask);
        frame.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
        frame
    }

    /// Everything read, with the bytes handed over in pieces of the given sizes, again and again.
    fn read(bytes: &[u8], pieces: &[usize]) -> (Vec<Incoming>, Option<Violation>) {
        let mut decoder = Decoder::new(32, 100);
        let mut arrived = BytesMut::new();
        let mut all = Vec::new();
        let mut rest = bytes;
        let mut pieces = pieces.iter().copied().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(pieces.next().unwrap_or(1).clamp(1, rest.len()));
            arrived.extend_from_slice(piece);
            rest = after;
            loop {
                match decoder.next(&mut arrived) {
                    Ok(Some(incoming)) => all.push(incoming),
                    Ok(None) => break,
                    Err(violation) => return (all, Some(violation)),
                }
            }
        }
        (all, None)
    }

    fn text(payload: &'static str) -> Incoming {
        Incoming::Text(Bytes::from_static(payload.as_bytes()))
    }

    #[test]
    fn fragments_are_joined_and_control_frames_come_between_them() {
        let bytes = [
            client_frame(0x01, b"Hel", [1, 2, 3, 4]),
            client_frame(0x89, b"ping", [9, 9, 9, 9]),
            client_frame(0x00, b"", [0; 4]),
            client_frame(0x80, b"lo", [5, 6, 7, 8]),
            client_frame(0x88, b"\x03\xe8bye", [1; 4]),
        ]
        .concat();
        let expected = vec![
            Incoming::Ping(Bytes::from_static(b"ping")),
            text("Hello"),
            Incoming::Close(Some(Closing::new(1000, "bye").unwrap())),
        ];
        for pieces in [&[usize::MAX][..], &[1], &[2, 3]] {
            assert_eq!(read(&bytes, pieces), (expected.clone(), None));
        }
    }

    #[test]
    fn a_violation_is_told_as_early_as_it_can_be() {
        for (bytes, expected, code) in [
            (&b"\xc1"[..], Violation::Reserved, 1002),
            (b"\x83", Violation::Opcode, 1002),
            (b"\x8b", Violation::Opcode, 1002),
            (b"\x09", Violation::Control, 1002),
            (b"\x89\xfe", Violation::Control, 1002),
            (b"\x80", Violation::NothingToContinue, 1002),
            (b"\x01\x80\0\0\0\0\x81", Violation::NotFinished, 1002),
            (b"\x81\x05", Violation::Unmasked, 1002),
            (b"\x81\x85\0\0\0\0a\xff", Violation::NotText, 1007),
            (b"\x81\x81\0\0\0\0\xc3", Violation::NotText, 1007),
            (b"\x82\xa1", Violation::FrameTooLong, 1009),
            (b"\x82\xff\xff\0\0\0\0\0\0\0", Violation::FrameTooLong, 1009),
            (b"\x88\x81\0\0\0\0a", CloseError::Short.into(), 1002),
            (
                b"\x88\x82\0\0\0\0\x03\xed",
                CloseError::Code(1005).into(),
                1002,
            ),
            (
                b"\x88\x83\0\0\0\0\x03\xe8\xff",
                CloseError::Text.into(),
                1007,
            ),
        ] {
            let (_, violation) = read(bytes, &[1]);
            assert_eq!(violation.as_ref(), Some(&expected), "{bytes:x?}");
            assert_eq!(expected.closing().code(), code);
            // Not before its last byte.
            assert_eq!(read(&bytes[..bytes.len() - 1], &[1]).1, None, "{bytes:x?}");
        }
    }

    #[test]
    fn frame_and_message_have_limits_of_their_own() {
        let frame = |first| client_frame(first, &[b'a'; 32], [7; 4]);
        let whole = [frame(0x01), frame(0x00), frame(0x80)].concat();
        assert_eq!(read(&whole, &[5]).1, None);
        let too_long = [frame(0x01), frame(0x00), frame(0x00), frame(0x80)].concat();
        assert_eq!(read(&too_long, &[5]).1, Some(Violation::MessageTooLong));
    }

    #[derive(Clone, Debug)]
    enum Sent {
        Message(bool, Vec<Vec<u8>>),
        Ping(Vec<u8>),
    }

    fn sent() -> impl Strategy<Value = Sent> {
        let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
        prop_oneof![
            (prop::collection::vec(bytes(33), 1..4))
                .prop_map(|pieces| Sent::Message(false, pieces)),
            "\\PC{0,8}".prop_map(|text| {
                let pieces = text.as_bytes().chunks(3).map(<[u8]>::to_vec).collect();
                Sent::Message(true, pieces)
            }),
            bytes(126).prop_map(Sent::Ping),
        ]
    }

    proptest! {
        #[test]
        fn what_was_sent_is_read_in_any_pieces(
            sent in prop::collection::vec(sent(), 0..8),
            mask in any::<[u8; 4]>(),
            pieces in prop::collection::vec(1_usize..40, 1..8),
        ) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for sent in sent {
                match sent {
                    Sent::Ping(payload) => {
                        bytes.extend(client_frame(0x89, &payload, mask));
                        expected.push(Incoming::Ping(payload.into()));
                    }
                    Sent::Message(is_text, pieces) => {
                        let opcode = if is_text { 1 } else { 2 };
                        let last = pieces.len().saturating_sub(1);
                        if pieces.is_empty() {
                            bytes.extend(client_frame(0x80 | opcode, b"", mask));
                        }
                        for (index, piece) in pieces.iter().enumerate() {
                            let fin = if index == last { 0x80 } else { 0 };
                            bytes.extend(client_frame(fin | if index == 0 { opcode } else { 0 }, piece, mask));
                        }
                        let payload = pieces.concat().into();
                        expected.push(if is_text { Incoming::Text(payload) } else { Incoming::Binary(payload) });
                    }
                }
            }
            prop_assert_eq!(read(&bytes, &pieces), (expected, None));
        }

        #[test]
        fn any_bytes_are_judged_the_same_in_any_pieces(
            bytes in prop::collection::vec(prop_oneof![
                any::<u8>(),
                prop::sample::select(vec![0x81_u8, 0x01, 0x80, 0x00, 0x89, 0x82, 0xfe, 0xff]),
            ], 0..64),
            pieces in prop::collection::vec(1_usize..9, 1..8),
        ) {
            prop_assert_eq!(read(&bytes, &pieces), read(&bytes, &[1]));
        }
    }
}
