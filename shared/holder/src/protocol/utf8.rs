//! Whether bytes that arrive in pieces are UTF-8, told at the first byte that settles it.

/// What has been seen of a text so far: at most the beginning of one character is carried over.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    begun: [u8; 4],
    len: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8;

impl Utf8 {
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), NotUtf8> {
        while self.len > 0 {
            let [first, rest @ ..] = bytes else {
                return Ok(());
            };
            bytes = rest;
            self.begun[self.len] = *first;
            self.len += 1;
            match std::str::from_utf8(&self.begun[..self.len]) {
                Ok(_) => self.len = 0,
                // Never with four bytes: those are a character or they are not.
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(NotUtf8),
            }
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            if error.error_len().is_some() {
                return Err(NotUtf8);
            }
            let begun = &bytes[error.valid_up_to()..];
            self.begun[..begun.len()].copy_from_slice(begun);
            self.len = begun.len();
        }
        Ok(())
    }

    /// Whether the text may end here.
    pub(crate) fn is_whole(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_fails_at_the_first_byte_that_settles_it() {
        for (bytes, fails_at) in [
            (&b"\xc3\x28"[..], 1),
            (b"\xc0", 0),
            (b"\xe0\x80", 1),
            (b"\xed\xa0", 1),
            (b"\xf4\x90", 1),
            (b"\xf5", 0),
            (b"\xf0\x90\x80\x41", 3),
            (b"ok\x80", 2),
        ] {
            let mut utf8 = Utf8::default();
            for (at, byte) in bytes.iter().enumerate() {
                let expected = if at == fails_at { Err(NotUtf8) } else { Ok(()) };
                assert_eq!(utf8.push(&[*byte]), expected, "{bytes:x?} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_are_judged_as_the_whole(
            bytes in prop_oneof![any::<String>().prop_map(String::into_bytes), any::<Vec<u8>>()],
            cuts in prop::collection::vec(0_usize..8, 0..64),
        ) {
            let mut utf8 = Utf8::default();
            let mut rest = &bytes[..];
            let mut cuts = cuts.into_iter();
            let mut verdict = Ok(());
            while !rest.is_empty() && verdict.is_ok() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
                verdict = utf8.push(piece);
                rest = after;
            }
            let is_text = verdict.is_ok() && utf8.is_whole();
            prop_assert_eq!(is_text, std::str::from_utf8(&bytes).is_ok());
        }
    }
}
