//! Reads JSON into values that borrow from its text.
//!
//! Strings without escapes, which is nearly all, are slices of the body; numbers become what Java's parser makes of
//! them: Integer, Long, BigInteger or Double.

use std::rc::Rc;

use crate::value::{Entries, ListKind, Text, Value};

/// Deeper documents are refused, for the stack's sake.
const DEPTH_MAX: usize = 100;

/// Longer numbers are read as doubles: turning digits into a big number costs their square.
const DIGITS_MAX: usize = 1_000;

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}")]
pub struct BadJson {
    /// Where it stops making sense.
    pub at: usize,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// What the lists and objects that are still open hold so far: each is allocated once, when its size is known.
    items: Vec<Value<'a>>,
    entries: Vec<(Value<'a>, Value<'a>)>,
}

/// Reads one JSON value that fills `text`.
pub fn parse(text: &str) -> Result<Value<'_>, BadJson> {
    let mut reader = Reader {
        text,
        at: 0,
        items: Vec::with_capacity(32),
        entries: Vec::with_capacity(32),
    };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.bad());
    }
    Ok(value)
}

impl<'a> Reader<'a> {
    fn bad(&self) -> BadJson {
        BadJson { at: self.at }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, BadJson> {
        self.blanks();
        if depth > DEPTH_MAX {
            return Err(self.bad());
        }
        match self.byte().ok_or_else(|| self.bad())? {
            b'"' => Ok(Value::Text(self.string()?)),
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, BadJson> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.bad());
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, BadJson> {
        self.at += 1;
        self.blanks();
        if self.take(b'}') {
            return Ok(Value::map(Entries::default()));
        }
        let from = self.entries.len();
        let mut seen = 0;
        let mut distinct = true;
        loop {
            self.blanks();
            if self.byte() != Some(b'"') {
                return Err(self.bad());
            }
            let key = self.string()?;
            self.blanks();
            if !self.take(b':') {
                return Err(self.bad());
            }
            let value = self.value(depth + 1)?;
            let mark = mark(&key);
            distinct &= seen & mark == 0;
            seen |= mark;
            self.entries.push((Value::Text(key), value));
            if self.ends(b'}')? {
                let entries = self.entries.split_off(from);
                return Ok(Value::map(Entries::of(entries, distinct)));
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, BadJson> {
        self.at += 1;
        self.blanks();
        if self.take(b']') {
            return Ok(Value::list(ListKind::Json, Vec::new()));
        }
        let from = self.items.len();
        loop {
            let item = self.value(depth + 1)?;
            self.items.push(item);
            if self.ends(b']')? {
                return Ok(Value::list(ListKind::Json, self.items.split_off(from)));
            }
        }
    }

    /// Whether a list or object closes here, rather than going on after a comma.
    fn ends(&mut self, sign: u8) -> Result<bool, BadJson> {
        self.blanks();
        if self.take(b',') {
            Ok(false)
        } else if self.take(sign) {
            Ok(true)
        } else {
            Err(self.bad())
        }
    }

    fn number(&mut self) -> Result<Value<'a>, BadJson> {
        let start = self.at;
        self.take(b'-');
        let digits = self.at;
        self.digits();
        let whole = self.at - digits;
        if whole == 0 || (whole > 1 && self.text.as_bytes()[digits] == b'0') {
            return Err(self.bad());
        }
        let mut float = false;
        if self.take(b'.') {
            float = true;
            if self.digits() == 0 {
                return Err(self.bad());
            }
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            float = true;
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.bad());
            }
        }
        let text = &self.text[start..self.at];
        if float || text.len() > DIGITS_MAX {
            return text.parse().map(Value::Double).map_err(|_| self.bad());
        }
        if let Ok(number) = text.parse() {
            return Ok(Value::Int(number));
        }
        if let Ok(number) = text.parse() {
            return Ok(Value::Long(number));
        }
        text.parse()
            .map(|number| Value::Big(Rc::new(number)))
            .map_err(|_| self.bad())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self) -> Result<Text<'a>, BadJson> {
        let start = self.at + 1;
        self.at = start + plain_bytes(&self.text.as_bytes()[start..]);
        match self.byte() {
            Some(b'"') => {
                let text = &self.text[start..self.at];
                self.at += 1;
                Ok(Text::Borrowed(text))
            }
            Some(b'\\') => self.escaped(start),
            _ => Err(self.bad()),
        }
    }

    fn escaped(&mut self, start: usize) -> Result<Text<'a>, BadJson> {
        let mut out = self.text[start..self.at].to_owned();
        loop {
            let plain = self.at;
            self.at += plain_bytes(&self.text.as_bytes()[plain..]);
            out.push_str(&self.text[plain..self.at]);
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    let escape = self.byte().ok_or_else(|| self.bad())?;
                    self.at += 1;
                    out.push(match escape {
                        b'"' => '"',
                        b'\\' => '\\',
                        b'/' => '/',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode()?,
                        _ => return Err(self.bad()),
                    });
                }
                _ => return Err(self.bad()),
            }
        }
    }

    fn unit(&mut self) -> Result<u32, BadJson> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .ok_or_else(|| self.bad())?;
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.bad())
    }

    /// Half a pair alone becomes `?`, as it does when Java writes it as UTF-8.
    fn unicode(&mut self) -> Result<char, BadJson> {
        let unit = self.unit()?;
        if (0xD800..0xDC00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.unit()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or('?'));
            }
            self.at = back;
        }
        Ok(char::from_u32(unit).unwrap_or('?'))
    }
}

/// One of 128 bits. Keys with different ones differ, which spares most objects the search for keys that come twice.
fn mark(key: &str) -> u128 {
    let hash = key
        .bytes()
        .fold(0_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte));
    1 << (hash % 128)
}

/// How many bytes there are before one that is no part of a plain string, which is looked for in eight bytes at a time.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut plain = 0;
    while let Some(eight) = bytes[plain..].first_chunk() {
        let word = u64::from_le_bytes(*eight);
        // The highest bit of each byte below the limit, and perhaps of bytes after the first that is.
        let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
        let is = |sign: u8| below(word ^ (ONES * u64::from(sign)), 1);
        let ends = (is(b'"') | is(b'\\') | below(word, b' ')) & (ONES << 7);
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

/// The members of an object as variables for a template, with lists as Java's own, which print as `[a, b]`.
pub fn java<'a>(document: &Value<'a>) -> Vec<(String, Value<'a>)> {
    let Value::Map(map) = document else {
        return Vec::new();
    };
    map.0
        .borrow()
        .iter()
        .filter_map(|(key, value)| match key {
            Value::Text(name) => Some((name.to_string(), as_java(value))),
            _ => None,
        })
        .collect()
}

fn as_java<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::List(list) => Value::list(
            ListKind::Java,
            list.items.borrow().iter().map(as_java).collect(),
        ),
        Value::Map(map) => {
            let mut entries = Entries::default();
            for (key, value) in map.0.borrow().iter() {
                entries.put(key.clone(), as_java(value));
            }
            Value::map(entries)
        }
        other => other.clone(),
    }
}
