//! What a backslash may stand before: a character, a set of them, a place, or a group to be met again.

use super::{Assertion, Parser, Tree};
use crate::regex::BadPattern;
use crate::regex::class::{Named, Set, property};

impl Parser {
    pub(super) fn escape(&mut self) -> Result<Tree, BadPattern> {
        let ignore_case = self.flags.ignore_case;
        if let Some(set) = self.escaped_set()? {
            return Ok(Tree::Set(set, false));
        }
        Ok(
            match self
                .peek()
                .ok_or_else(|| self.bad("a backslash at the end"))?
            {
                'b' => self.assert(Assertion::Word),
                'B' => self.assert(Assertion::NotWord),
                'A' | 'G' => self.assert(Assertion::InputStart),
                'z' => self.assert(Assertion::InputEnd),
                'Z' => self.assert(Assertion::LastLineEnd),
                'R' => {
                    self.at += 1;
                    Tree::Choice(vec![
                        Tree::Row(vec![Tree::Char('\r', false), Tree::Char('\n', false)]),
                        Tree::Set(Set::Named(Named::Vertical), false),
                    ])
                }
                'k' => {
                    self.at += 1;
                    if !self.take('<') {
                        return Err(self.bad("a bad group name"));
                    }
                    let mut name = String::new();
                    loop {
                        match self.next()? {
                            '>' => break,
                            letter => name.push(letter),
                        }
                    }
                    match self.names.iter().find(|(known, _)| *known == name) {
                        Some((_, index)) => Tree::Back(*index, ignore_case),
                        None => return Err(self.bad("no such group")),
                    }
                }
                digit @ '1'..='9' => {
                    self.at += 1;
                    let mut index = digit as usize - '0' as usize;
                    while let Some(more) = self.peek().and_then(|character| character.to_digit(10))
                    {
                        let longer = index * 10 + more as usize;
                        if longer >= self.groups {
                            break;
                        }
                        index = longer;
                        self.at += 1;
                    }
                    Tree::Back(index, ignore_case)
                }
                _ => Tree::Char(self.escaped_char()?, ignore_case),
            },
        )
    }

    fn assert(&mut self, assertion: Assertion) -> Tree {
        self.at += 1;
        Tree::Assert(assertion)
    }

    /// `\d` and its like, after the backslash.
    pub(super) fn escaped_set(&mut self) -> Result<Option<Set>, BadPattern> {
        let Some(character) = self.peek() else {
            return Ok(None);
        };
        let named = match character.to_ascii_lowercase() {
            'd' => Named::Digit,
            'w' => Named::Word,
            's' => Named::Space,
            'h' => Named::Horizontal,
            'v' => Named::Vertical,
            'p' => {
                self.at += 1;
                let mut name = String::new();
                if self.take('{') {
                    loop {
                        match self.next()? {
                            '}' => break,
                            letter => name.push(letter),
                        }
                    }
                } else {
                    name.push(self.next()?);
                }
                self.at -= 1;
                property(&name).ok_or_else(|| self.bad("an unknown property"))?
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let set = Set::Named(named);
        Ok(Some(if character.is_ascii_uppercase() {
            Set::Not(Box::new(set))
        } else {
            set
        }))
    }

    /// A character after a backslash.
    pub(super) fn escaped_char(&mut self) -> Result<char, BadPattern> {
        Ok(match self.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            '0' => {
                let mut code = 0;
                let mut digits = 0;
                while let Some(digit) = self.peek().and_then(|character| character.to_digit(8)) {
                    if digits == 3 || code * 8 + digit > 0o377 {
                        break;
                    }
                    code = code * 8 + digit;
                    digits += 1;
                    self.at += 1;
                }
                if digits == 0 {
                    return Err(self.bad("an illegal octal escape"));
                }
                char::from_u32(code).unwrap_or('?')
            }
            'x' => self.hex(2)?,
            'u' => self.hex(4)?,
            'c' => char::from_u32(self.next()? as u32 ^ 64)
                .ok_or_else(|| self.bad("an illegal control"))?,
            letter if letter.is_ascii_alphabetic() => return Err(self.bad("an illegal escape")),
            other => other,
        })
    }

    fn hex(&mut self, digits: usize) -> Result<char, BadPattern> {
        let mut code = 0;
        for _ in 0..digits {
            let digit = self
                .next()?
                .to_digit(16)
                .ok_or_else(|| self.bad("an illegal hexadecimal escape"))?;
            code = code * 16 + digit;
        }
        Ok(char::from_u32(code).unwrap_or('?'))
    }
}
