//! Why a socket ends: a code and a reason, as a Close frame and a CLOSE event carry them.

use thiserror::Error;

/// Bytes that a control frame holds.
pub const CONTROL_BYTES_MAX: usize = 125;
/// Bytes of a reason: what a control frame holds beside the code.
pub const REASON_BYTES_MAX: usize = CONTROL_BYTES_MAX - 2;

/// A code and a reason that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    code: u16,
    reason: String,
}

/// What cannot be in a Close frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CloseError {
    #[error("close code {0} may not be sent: take 1000 to 1003, 1007 to 1014, or 3000 to 4999")]
    Code(u16),
    #[error("a close reason has {0} bytes; {REASON_BYTES_MAX} are allowed")]
    Reason(usize),
    #[error("a close reason is not UTF-8")]
    Text,
    #[error("a close has one byte; it has none, or a code of two and a reason")]
    Short,
}

impl Closing {
    pub fn new(code: u16, reason: impl Into<String>) -> Result<Self, CloseError> {
        let reason = reason.into();
        if !is_sendable(code) {
            return Err(CloseError::Code(code));
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(CloseError::Reason(reason.len()));
        }
        Ok(Self { code, reason })
    }

    /// One of our own. The tests of whoever makes it hold that it may be sent.
    pub fn ours(code: u16, reason: &'static str) -> Self {
        debug_assert!(is_sendable(code) && reason.len() <= REASON_BYTES_MAX);
        Self {
            code,
            reason: reason.to_owned(),
        }
    }

    pub fn code(&self) -> u16 {
        self.code
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Reads the payload of a frame or event: nothing, or a code and perhaps a reason.
    pub fn read(payload: &[u8]) -> Result<Option<Self>, CloseError> {
        match payload {
            [] => Ok(None),
            [_] => Err(CloseError::Short),
            [high, low, reason @ ..] => {
                let reason = std::str::from_utf8(reason).map_err(|_| CloseError::Text)?;
                Self::new(u16::from_be_bytes([*high, *low]), reason).map(Some)
            }
        }
    }

    /// What [`Closing::read`] reads.
    pub fn payload(closing: Option<&Self>) -> Vec<u8> {
        let Some(Self { code, reason }) = closing else {
            return Vec::new();
        };
        let mut payload = Vec::with_capacity(2 + reason.len());
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
        payload
    }
}

/// 1004 to 1006 and 1015 stand for what no frame says; what is not registered below 3000 is a violation.
fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_may_be_sent_are_read() {
        for code in [
            1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4000,
            4999,
        ] {
            let read = Closing::read(&u16::to_be_bytes(code));
            assert_eq!(read, Ok(Some(Closing::new(code, "").unwrap())), "{code}");
        }
        for code in [
            0,
            999,
            1004,
            1005,
            1006,
            1015,
            1016,
            1100,
            2000,
            2999,
            5000,
            u16::MAX,
        ] {
            let read = Closing::read(&u16::to_be_bytes(code));
            assert_eq!(read, Err(CloseError::Code(code)), "{code}");
        }
    }

    #[test]
    fn a_close_is_read_as_it_was_written() {
        let longest = "x".repeat(REASON_BYTES_MAX);
        for (payload, expected) in [
            (vec![], Ok(None)),
            (vec![3], Err(CloseError::Short)),
            (b"\x03\xe9bye".to_vec(), Closing::new(1001, "bye").map(Some)),
            (b"\x03\xe9\xff".to_vec(), Err(CloseError::Text)),
            (
                [b"\x03\xe8", longest.as_bytes()].concat(),
                Closing::new(1000, longest.clone()).map(Some),
            ),
            (
                [b"\x03\xe8", longest.as_bytes(), b"x"].concat(),
                Err(CloseError::Reason(124)),
            ),
        ] {
            let read = Closing::read(&payload);
            assert_eq!(read, expected, "{payload:?}");
            if let Ok(closing) = read {
                assert_eq!(Closing::payload(closing.as_ref()), payload);
            }
        }
    }
}
