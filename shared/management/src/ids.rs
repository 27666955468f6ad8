//! Ids as the service makes them: lower-case letters and digits, drawn at random.

use rand::RngExt;

/// For APIs and root resources.
pub(crate) const LONG: usize = 10;
/// For what lives within an API.
pub(crate) const SHORT: usize = 6;
/// For routes and integrations of HTTP and WebSocket APIs.
pub(crate) const MEDIUM: usize = 7;

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

pub(crate) fn random(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
        .collect()
}

const UPPER_LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// For access keys and those who have them.
pub(crate) fn upper(length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(UPPER_LETTERS[rng.random_range(0..UPPER_LETTERS.len())]))
        .collect()
}

const SECRET_LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The value of an API key, or the secret of an access key: forty letters and digits, from the operating system's randomness through a generator fit for keys.
pub(crate) fn secret() -> String {
    let mut rng = rand::rng();
    (0..40)
        .map(|_| char::from(SECRET_LETTERS[rng.random_range(0..SECRET_LETTERS.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_length_and_only_lower_case_letters_and_digits() {
        for length in [LONG, SHORT] {
            let id = random(length);
            assert_eq!(id.len(), length);
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            );
        }
        assert_ne!(random(LONG), random(LONG));
    }
}
