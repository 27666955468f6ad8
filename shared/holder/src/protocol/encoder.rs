//! Frames for the client. A server's frames are not masked, so that the same bytes serve every socket of a channel.

use bytes::Bytes;
use postern_grip::CONTROL_BYTES_MAX;

const FIN: u8 = 0x80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    pub(crate) fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A message, in as many frames as the limit on one asks for. Text may be cut within a character: only the whole must be UTF-8.
pub(crate) fn message(opcode: Opcode, payload: &[u8], frame_bytes_max: usize) -> Bytes {
    let frame_bytes_max = frame_bytes_max.max(1);
    let frames = payload.len().div_ceil(frame_bytes_max).max(1);
    let mut encoded = Vec::with_capacity(payload.len() + frames * 10);
    let mut rest = payload;
    for index in 0..frames {
        let (piece, after) = rest.split_at(rest.len().min(frame_bytes_max));
        rest = after;
        let opcode = if index == 0 {
            opcode
        } else {
            Opcode::Continuation
        };
        let fin = if rest.is_empty() { FIN } else { 0 };
        frame(fin | opcode as u8, piece, &mut encoded);
    }
    encoded.into()
}

/// A control frame. What is beyond its limit is cut off: the callers have refused it before.
pub(crate) fn control(opcode: Opcode, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_BYTES_MAX)];
    let mut encoded = Vec::with_capacity(2 + payload.len());
    frame(FIN | opcode as u8, payload, &mut encoded);
    encoded.into()
}

fn frame(first: u8, payload: &[u8], encoded: &mut Vec<u8>) {
    encoded.push(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len @ ..=125), _) => encoded.push(len),
        (_, Ok(len)) => {
            encoded.push(126);
            encoded.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            encoded.push(127);
            encoded.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    encoded.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_into_frames() {
        for (payload, max, expected) in [
            ("", 4, &b"\x81\x00"[..]),
            ("abcd", 4, b"\x81\x04abcd"),
            ("abcde", 4, b"\x01\x04abcd\x80\x01e"),
            ("abcdefgh", 4, b"\x01\x04abcd\x80\x04efgh"),
            ("abc", 0, b"\x01\x01a\x00\x01b\x80\x01c"),
        ] {
            let encoded = message(Opcode::Text, payload.as_bytes(), max);
            assert_eq!(encoded, expected, "{payload} by {max}");
        }
    }

    #[test]
    fn a_length_takes_the_shortest_form() {
        for (len, head) in [
            (125, &b"\x82\x7d"[..]),
            (126, b"\x82\x7e\x00\x7e"),
            (65_535, b"\x82\x7e\xff\xff"),
            (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        ] {
            let encoded = message(Opcode::Binary, &vec![0; len], usize::MAX);
            assert_eq!(encoded[..head.len()], *head, "{len}");
            assert_eq!(encoded.len(), head.len() + len);
        }
    }
}
