//! JSON, to the letter of RFC 8259.

use super::build::Builder;
use super::{Document, Limits, Position, Unreadable, Value};

pub(super) fn read(text: &str, limits: &Limits) -> Result<Document, Unreadable> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        column_bytes: 0,
        column: 0,
    };
    let mut builder = Builder::new(limits);
    reader.document(&mut builder)?;
    let end = reader.position();
    builder
        .finish()
        .ok_or_else(|| Unreadable::grammar(end, "the document ends early"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    /// How far columns were counted in this line, in bytes and in characters: a document in one line is not counted anew each time.
    column_bytes: usize,
    column: usize,
}

/// What the innermost object or list waits for.
#[derive(Clone, Copy, PartialEq)]
enum In {
    List,
    Object,
}

impl Reader<'_> {
    /// A loop with a stack of its own, so that no depth of nesting can exhaust the program's.
    fn document(&mut self, builder: &mut Builder) -> Result<(), Unreadable> {
        let mut open: Vec<In> = Vec::new();
        loop {
            // A value begins here.
            self.space();
            let at = self.position();
            let began = match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    builder.begin_object(at)?;
                    Some((In::Object, b'}'))
                }
                Some(b'[') => {
                    self.at += 1;
                    builder.begin_list(at)?;
                    Some((In::List, b']'))
                }
                Some(b'"') => {
                    let text = self.string()?;
                    builder.scalar(at, Value::Text(text))?;
                    None
                }
                Some(b'-' | b'0'..=b'9') => {
                    let number = self.number()?;
                    builder.scalar(at, Value::Number(number))?;
                    None
                }
                _ => {
                    let word = self.word()?;
                    builder.scalar(at, word)?;
                    None
                }
            };
            if let Some((kind, end)) = began {
                self.space();
                if self.peek() == Some(end) {
                    self.at += 1;
                    builder.end()?;
                } else {
                    open.push(kind);
                    if kind == In::Object {
                        self.key(builder)?;
                    }
                    continue;
                }
            }
            // A value ended here.
            loop {
                self.space();
                let Some(kind) = open.last().copied() else {
                    return if self.at == self.text.len() {
                        Ok(())
                    } else {
                        Err(self.unexpected("the end of the document"))
                    };
                };
                match (self.peek(), kind) {
                    (Some(b','), In::List) => self.at += 1,
                    (Some(b','), In::Object) => {
                        self.at += 1;
                        self.key(builder)?;
                    }
                    (Some(b'}'), In::Object) | (Some(b']'), In::List) => {
                        self.at += 1;
                        open.pop();
                        builder.end()?;
                        continue;
                    }
                    (_, In::List) => return Err(self.unexpected("`,` or `]`")),
                    (_, In::Object) => return Err(self.unexpected("`,` or `}`")),
                }
                break;
            }
        }
    }

    fn key(&mut self, builder: &mut Builder) -> Result<(), Unreadable> {
        self.space();
        let at = self.position();
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let name = self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        builder.key(name, at)
    }

    fn word(&mut self) -> Result<Value, Unreadable> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn number(&mut self) -> Result<String, Unreadable> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.text[start..self.at].to_owned())
    }

    fn digits(&mut self) -> Result<(), Unreadable> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected("a digit"));
        }
        Ok(())
    }

    /// The text between two quotes, of which the first is next.
    fn string(&mut self) -> Result<String, Unreadable> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let plain = rest
                .iter()
                .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            text.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.unexpected("no control character within a text")),
                None => return Err(self.unexpected("`\"` at the end of a text")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Unreadable> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("an escape that JSON knows")),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, Unreadable> {
        let first = self.hex()?;
        let code = match first {
            0xd800..=0xdbff if self.text[self.at..].starts_with("\\u") => {
                let back = self.at;
                self.at += 2;
                let second = self.hex()?;
                if (0xdc00..=0xdfff).contains(&second) {
                    0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    self.at = back;
                    first
                }
            }
            code => code,
        };
        // Half a pair stands for no character; what cannot be kept is shown as such.
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, Unreadable> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            return Err(self.unexpected("four hexadecimal digits"));
        };
        self.at += 4;
        Ok(code)
    }

    fn space(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    self.column_bytes = 0;
                    self.column = 0;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ => return,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn position(&mut self) -> Position {
        let from = self.line_start + self.column_bytes;
        self.column += self.text[from..self.at].chars().count();
        self.column_bytes = self.at - self.line_start;
        Position {
            line: self.line,
            column: self.column + 1,
        }
    }

    fn unexpected(&mut self, expected: &str) -> Unreadable {
        let reason = match self.text[self.at..].chars().next() {
            Some(c) => format!("expected {expected}, found `{}`", c.escape_debug()),
            None => format!("expected {expected}, found the end"),
        };
        Unreadable::grammar(self.position(), reason)
    }
}
