//! The ids by which a request is known: its own, and those of the trace that it is part of.

use std::time::Duration;

/// A version 4 UUID of random bytes.
pub(crate) fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let hex = hex(&random);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)] as char)
        .collect()
}

/// What a gateway that is part of a trace says of itself in it.
pub(super) const PARENT: &str = ";Parent=";

/// A trace header with a parent is kept; one with only a root gets a parent; without one a trace begins here, unsampled.
pub(super) fn trace_id(incoming: Option<&str>, now: Duration, random: [u8; 16]) -> String {
    let incoming = incoming.unwrap_or_default();
    let has = |field: &str| {
        incoming
            .split(';')
            .any(|part| part.trim_start().starts_with(field))
    };
    let (root, parent) = random.split_at(8);
    match (has("Root="), has("Parent=")) {
        (true, true) => incoming.to_owned(),
        (true, false) => format!("{incoming}{PARENT}{}", hex(parent)),
        (false, _) => {
            // Twelve bytes of root are needed, and eight of parent: they share four, which no trace can tell.
            let unique = [root, &parent[..4]].concat();
            format!(
                "Root=1-{:08x}-{}{PARENT}{};Sampled=0",
                now.as_secs(),
                hex(&unique),
                hex(parent)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn ids_have_their_forms() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        let extended = STANDARD.encode([7; 11]);
        assert_eq!((extended.len(), extended.ends_with('=')), (16, true));
    }

    #[test]
    fn a_trace_goes_on_or_begins() {
        let now = Duration::from_secs(0x66b3_c1aa);
        for (incoming, expected) in [
            (
                Some("Root=1-a-b;Parent=c;Sampled=1"),
                "Root=1-a-b;Parent=c;Sampled=1",
            ),
            (Some("Root=1-a-b"), "Root=1-a-b;Parent=0707070707070707"),
            (
                None,
                "Root=1-66b3c1aa-070707070707070707070707;Parent=0707070707070707;Sampled=0",
            ),
            (
                Some("nonsense"),
                "Root=1-66b3c1aa-070707070707070707070707;Parent=0707070707070707;Sampled=0",
            ),
        ] {
            assert_eq!(trace_id(incoming, now, [7; 16]), expected);
        }
    }
}
