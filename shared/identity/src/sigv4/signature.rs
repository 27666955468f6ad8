//! From a request, written down, to its signature.

use super::{ALGORITHM, TERMINATOR};
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256, Key};
use std::time::Duration;
use time::{Date, Month, OffsetDateTime, Time};

/// What a secret comes down to on one day, for one service in one region. Making it takes as much hashing as a short request,
/// so that who signs often keeps it.
pub fn signing_key(secret_access_key: &str, day: &str, region: &str, service: &str) -> Key {
    let secret = format!("AWS4{secret_access_key}");
    let mut key = Key::new(HMAC_SHA256, secret.as_bytes());
    for part in [day, region, service, TERMINATOR] {
        key = Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    key
}

/// `20150830/us-east-1/service/aws4_request`.
pub fn scope(day: &str, region: &str, service: &str) -> String {
    format!("{day}/{region}/{service}/{TERMINATOR}")
}

/// `time` is as in the request; `canonical` is the request written down.
pub fn string_to_sign(time: &str, scope: &str, canonical: &str) -> String {
    let hash = sha256(canonical.as_bytes());
    format!("{ALGORITHM}\n{time}\n{scope}\n{hash}")
}

pub fn sign(key: &Key, string_to_sign: &str) -> String {
    hex(hmac::sign(key, string_to_sign.as_bytes()).as_ref())
}

/// Whether the signature is the one, found out in a time that does not depend on how much of it is right.
pub(super) fn is_signature(key: &Key, string_to_sign: &str, signature: &str) -> bool {
    from_hex(signature)
        .is_some_and(|bytes| hmac::verify(key, string_to_sign.as_bytes(), &bytes).is_ok())
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// Lower-case digits only, as they are made.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// `20150830T123600Z`.
pub fn timestamp(since_1970: Duration) -> String {
    let at = OffsetDateTime::UNIX_EPOCH
        .saturating_add(since_1970.try_into().unwrap_or(time::Duration::MAX));
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        at.month() as u8,
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// The time of a timestamp, since 1970.
pub fn read_timestamp(text: &str) -> Option<Duration> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if date.len() != 8 || time.len() != 6 || !is_number(date) || !is_number(time) {
        return None;
    }
    let month: u8 = date[4..6].parse().ok()?;
    let date = Date::from_calendar_date(
        date[..4].parse().ok()?,
        Month::try_from(month).ok()?,
        date[6..].parse().ok()?,
    );
    let time = Time::from_hms(
        time[..2].parse().ok()?,
        time[2..4].parse().ok()?,
        time[4..].parse().ok()?,
    );
    let seconds = date
        .ok()?
        .with_time(time.ok()?)
        .assume_utc()
        .unix_timestamp();
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_written_and_read() {
        for (text, seconds) in [
            ("20150830T123600Z", 1_440_938_160),
            ("19700101T000000Z", 0),
            ("20240229T235959Z", 1_709_251_199),
        ] {
            let at = Duration::from_secs(seconds);
            assert_eq!(read_timestamp(text), Some(at));
            assert_eq!(timestamp(at), text);
        }
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150830T1236Z",
            "20150830T246000Z",
            "20150230T123600Z",
            "2015-08-30T12:36:00Z",
            "20150830T+12360Z",
            "19690830T123600Z",
            "2015083\u{e9}T123600Z",
        ] {
            assert_eq!(read_timestamp(text), None, "{text}");
        }
        assert_eq!(
            timestamp(Duration::MAX),
            "9999".to_owned() + &timestamp(Duration::MAX)[4..]
        );
    }

    #[test]
    fn only_the_very_signature_is_the_signature() {
        let key = signing_key("secret", "20150830", "us-east-1", "service");
        let signature = sign(&key, "text");
        assert!(is_signature(&key, "text", &signature));
        let upper = signature.to_uppercase();
        for other in [
            "",
            "0",
            &signature[..62],
            &format!("{signature}00"),
            &upper,
            "é",
        ] {
            assert!(!is_signature(&key, "text", other), "{other}");
        }
        assert!(!is_signature(&key, "texts", &signature));
    }
}
