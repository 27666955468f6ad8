//! Texts in quotes.

/// How many bytes there are before one that is no part of a plain text, which is looked for in eight bytes at a time.
#[inline]
pub fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut plain = 0;
    while let Some(eight) = bytes[plain..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of each byte below the limit, and perhaps of bytes after the first that is.
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
        // With its second bit turned, a quote comes right behind the signs that must be escaped, and no other sign does.
        let quote_or_control = below(word ^ (ONES << 1), b' ' + 1);
        let escape = below(word ^ (ONES * u64::from(b'\\')), 1);
        let ends = (quote_or_control | escape) & (ONES << 7);
        if ends != 0 {
            return plain + ends.trailing_zeros() as usize / 8;
        }
        plain += 8;
    }
    let rest = bytes[plain..].iter();
    plain
        + rest
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..b' '))
            .count()
}

/// The text from behind one quote to the next, and the byte behind that. The error is where it stops making sense.
pub(crate) fn escaped(
    text: &str,
    start: usize,
    lone_surrogates: bool,
) -> Result<(String, usize), usize> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = start;
    loop {
        let plain = at;
        at += plain_bytes(&bytes[plain..]);
        out.push_str(&text[plain..at]);
        match bytes.get(at) {
            Some(b'"') => return Ok((out, at + 1)),
            Some(b'\\') => {
                at += 1;
                let sign = bytes.get(at).ok_or(at)?;
                at += 1;
                out.push(match sign {
                    b'"' => '"',
                    b'\\' => '\\',
                    b'/' => '/',
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    b'u' => {
                        let (character, end) = unicode(text, at)?;
                        at = end;
                        match character {
                            Some(character) => character,
                            None if lone_surrogates => '?',
                            None => return Err(at),
                        }
                    }
                    _ => return Err(at),
                });
            }
            _ => return Err(at),
        }
    }
}

/// Four hexadecimal digits, and the byte behind them.
fn unit(text: &str, at: usize) -> Result<(u32, usize), usize> {
    let digits = text.get(at..at + 4);
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    Ok((unit.ok_or(at)?, at + 4))
}

/// One character, of one unit or of two. None is half of a pair.
fn unicode(text: &str, at: usize) -> Result<(Option<char>, usize), usize> {
    let (high, end) = unit(text, at)?;
    if (0xD800..0xDC00).contains(&high) && text[end..].starts_with("\\u") {
        let (low, low_end) = unit(text, end + 2)?;
        if (0xDC00..0xE000).contains(&low) {
            let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return Ok((char::from_u32(code), low_end));
        }
    }
    Ok((char::from_u32(high), end))
}
