//! Encryption of what is stored, for methods whose settings ask for it: AES-256-GCM under the stage's key.

use rand::Rng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// What sealing adds to the bytes: the nonce before them, the tag behind them.
pub(super) const SEAL_BYTES: usize = NONCE_LEN + 16;

pub(super) struct Seal(LessSafeKey);

impl Seal {
    pub(super) fn of(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("the algorithm's keys have 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// `about` is not kept, and must be the same when it is opened.
    pub(super) fn close(&self, mut bytes: Vec<u8>, about: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        // By chance alone: far fewer answers are kept under one key than would make two of the same likely.
        rand::rng().fill_bytes(&mut nonce);
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(unique, Aad::from(about), &mut bytes)
            .expect("no answer is as long as the algorithm allows");
        let mut sealed = nonce.to_vec();
        sealed.append(&mut bytes);
        sealed
    }

    /// `None` where the bytes were not closed under this key, about this.
    pub(super) fn open(&self, mut sealed: Vec<u8>, about: &[u8]) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::from(about), bytes).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_closed_under_the_same_key_about_the_same_is_opened() {
        let (seal, other) = (Seal::of(&[1; 32]), Seal::of(&[2; 32]));
        let sealed = seal.close(b"secret".to_vec(), b"a");
        assert_eq!(sealed.len(), 6 + SEAL_BYTES);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, seal.close(b"secret".to_vec(), b"a"));
        assert_eq!(seal.open(sealed.clone(), b"a").unwrap(), b"secret");
        assert_eq!(seal.open(sealed.clone(), b"b"), None);
        assert_eq!(other.open(sealed.clone(), b"a"), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(changed, b"a"), None, "{at}");
            assert_eq!(seal.open(sealed[..at].to_vec(), b"a"), None, "{at}");
        }
    }
}
