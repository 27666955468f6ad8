//! Reads JSON once, from front to back, and tells what comes: whoever reads makes of it what it needs, and nothing else.
//!
//! Mapping templates and models look at nearly every body, and want different things of it: a template a record in the order of
//! the text, a model members in the order of their names. A reader that made a tree for both would make it for nobody. This one
//! knows JSON and nothing of values: texts without escapes, which nearly all are, and short numbers, which nearly all are, are
//! told as what they are; of longer numbers only the form is checked.

mod marks;
mod text;

pub use marks::Marks;
pub use text::plain_bytes;

/// What is told of a document, in its order.
pub trait Events<'t> {
    /// Lists and objects within each other. Deeper documents are refused.
    const DEPTH_MAX: usize;
    /// Whether half of a surrogate pair may stand alone. It is then told as `?`; otherwise the document is refused.
    const LONE_SURROGATES: bool;

    fn null(&mut self);
    fn bool(&mut self, value: bool);
    /// A number without a fraction, of 18 digits at most. Negative zero is no such number.
    fn whole(&mut self, number: i64);
    /// A number of so few digits that it is the nearest float without rounding twice.
    fn float(&mut self, number: f64);
    /// Any other number, as it is written. False refuses the document.
    fn number(&mut self, text: &'t str) -> bool;
    fn text(&mut self, text: &'t str);
    /// A text that has escapes in it, without them.
    fn escaped_text(&mut self, text: String);
    /// The name of the member whose value comes next.
    fn name(&mut self, name: &'t str);
    fn escaped_name(&mut self, name: String);
    fn list_begins(&mut self);
    fn list_ends(&mut self);
    fn object_begins(&mut self);
    fn object_ends(&mut self);
}

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bad {
    /// The byte where it stops making sense.
    pub at: usize,
}

/// Tells of the one value that fills a text. What was told before a failure was there.
pub fn read<'t, E: Events<'t>>(text: &'t str, events: &mut E) -> Result<(), Bad> {
    let mut reader = Reader { text, at: 0 };
    let mut open = Vec::with_capacity(16);
    let mut named = false;
    loop {
        if named {
            reader.name(events)?;
        }
        reader.blanks();
        // A value begins here.
        match reader.byte() {
            Some(b'"') => match reader.plain() {
                Some(text) => events.text(text),
                None => events.escaped_text(reader.escaped(E::LONE_SURROGATES)?),
            },
            Some(b'{') => {
                reader.opens(&mut open, Kind::Object, E::DEPTH_MAX)?;
                events.object_begins();
                named = !reader.next_is(b'}');
                if named {
                    continue;
                }
                open.pop();
                events.object_ends();
            }
            Some(b'[') => {
                reader.opens(&mut open, Kind::List, E::DEPTH_MAX)?;
                events.list_begins();
                named = false;
                if !reader.next_is(b']') {
                    continue;
                }
                open.pop();
                events.list_ends();
            }
            Some(b't') => {
                reader.word("true")?;
                events.bool(true);
            }
            Some(b'f') => {
                reader.word("false")?;
                events.bool(false);
            }
            Some(b'n') => {
                reader.word("null")?;
                events.null();
            }
            _ => reader.number(events)?,
        }
        // A value ends here, and with it perhaps what it is in.
        loop {
            reader.blanks();
            let Some(kind) = open.last() else {
                return if reader.at == text.len() {
                    Ok(())
                } else {
                    Err(reader.bad())
                };
            };
            match (reader.byte(), kind) {
                (Some(b','), kind) => {
                    reader.at += 1;
                    named = *kind == Kind::Object;
                    break;
                }
                (Some(b'}'), Kind::Object) => events.object_ends(),
                (Some(b']'), Kind::List) => events.list_ends(),
                _ => return Err(reader.bad()),
            }
            reader.at += 1;
            open.pop();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Object,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

/// Digits that are an integer of 64 bits for sure.
const WHOLE_DIGITS_MAX: usize = 18;
/// Digits that are a float for sure, without rounding.
const FLOAT_DIGITS_MAX: usize = 15;
/// All of them exact, so that dividing by one rounds once, as reading the number at its full length does.
const POWERS: [f64; FLOAT_DIGITS_MAX + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];

impl<'t> Reader<'t> {
    fn bad(&self) -> Bad {
        Bad { at: self.at }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn blanks(&mut self) {
        while let Some(byte) = self.byte()
            && byte <= b' '
            && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
        {
            self.at += 1;
        }
    }

    /// Whether a sign is next, which is then behind us.
    #[inline]
    fn next_is(&mut self, sign: u8) -> bool {
        self.blanks();
        let found = self.byte() == Some(sign);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn opens(&mut self, open: &mut Vec<Kind>, kind: Kind, depth_max: usize) -> Result<(), Bad> {
        if open.len() == depth_max {
            return Err(self.bad());
        }
        self.at += 1;
        open.push(kind);
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Bad> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.bad());
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn name<E: Events<'t>>(&mut self, events: &mut E) -> Result<(), Bad> {
        self.blanks();
        if self.byte() != Some(b'"') {
            return Err(self.bad());
        }
        match self.plain() {
            Some(name) => events.name(name),
            None => events.escaped_name(self.escaped(E::LONE_SURROGATES)?),
        }
        if self.next_is(b':') {
            Ok(())
        } else {
            Err(self.bad())
        }
    }

    /// A text without escapes, from its first quote to behind its last. None where there are any.
    #[inline]
    fn plain(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at + 1..)?;
        let length = text::plain_bytes(rest.as_bytes());
        if rest.as_bytes().get(length) != Some(&b'"') {
            return None;
        }
        self.at += length + 2;
        rest.get(..length)
    }

    /// Any text, from its first quote to behind its last.
    #[cold]
    fn escaped(&mut self, lone_surrogates: bool) -> Result<String, Bad> {
        let read = text::escaped(self.text, self.at + 1, lone_surrogates);
        let (text, end) = read.map_err(|at| Bad { at })?;
        self.at = end;
        Ok(text)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    #[inline]
    fn number<E: Events<'t>>(&mut self, events: &mut E) -> Result<(), Bad> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let negative = self.byte() == Some(b'-');
        self.at += usize::from(negative);
        let first = self.at;
        // It wraps where there are more digits than are looked at.
        let mut number = 0_i64;
        let mut digit = |at: usize| {
            let digit = bytes.get(at).map(|byte| byte.wrapping_sub(b'0'));
            let digit = digit.filter(|digit| *digit < 10)?;
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
            Some(())
        };
        while digit(self.at).is_some() {
            self.at += 1;
        }
        let whole = self.at - first;
        if whole == 0 || (whole > 1 && bytes[first] == b'0') {
            return Err(self.bad());
        }
        let mut fraction = 0;
        if self.byte() == Some(b'.') {
            self.at += 1;
            let point = self.at;
            while digit(self.at).is_some() {
                self.at += 1;
            }
            fraction = self.at - point;
            if fraction == 0 {
                return Err(self.bad());
            }
        }
        let exponent = matches!(self.byte(), Some(b'e' | b'E'));
        if !exponent && (number != 0 || !negative) {
            let signed = if negative {
                number.wrapping_neg()
            } else {
                number
            };
            if fraction == 0 && whole <= WHOLE_DIGITS_MAX {
                events.whole(signed);
                return Ok(());
            }
            if fraction > 0 && whole + fraction <= FLOAT_DIGITS_MAX {
                events.float(signed as f64 / POWERS[fraction]);
                return Ok(());
            }
        }
        if exponent {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.bad());
            }
        }
        if events.number(&self.text[start..self.at]) {
            Ok(())
        } else {
            Err(Bad { at: start })
        }
    }
}
