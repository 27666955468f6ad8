//! Looking ahead without consuming, as far as Velocity's parser does and no further.

use super::Parser;
use super::lexer::Kind;
use crate::error::ParseError;

/// What a value can begin with.
const VALUE: [Kind; 9] = [
    Kind::ListOpen,
    Kind::MapOpen,
    Kind::String,
    Kind::True,
    Kind::False,
    Kind::Integer,
    Kind::Float,
    Kind::Identifier,
    Kind::CurlyOpen,
];

pub(super) fn starts_value(kind: Kind) -> bool {
    VALUE.contains(&kind)
}

impl Parser<'_, '_, '_> {
    /// Two tokens: `name`, or `{name`.
    pub(super) fn reference_ahead(&mut self) -> Result<bool, ParseError> {
        Ok(match self.next()? {
            Kind::Identifier => {
                self.peek(2)?;
                true
            }
            Kind::CurlyOpen => self.peek(2)? == Kind::Identifier,
            _ => false,
        })
    }

    /// Two tokens: a dot and a name.
    pub(super) fn member_ahead(&mut self) -> Result<bool, ParseError> {
        Ok(self.next()? == Kind::Dot && self.peek(2)? == Kind::Identifier)
    }

    /// Three tokens: a name, `(`, and what an argument or `)` can begin with.
    pub(super) fn call_ahead(&mut self) -> Result<bool, ParseError> {
        if self.next()? != Kind::Identifier || self.peek(2)? != Kind::ParenOpen {
            return Ok(false);
        }
        let third = self.peek(3)?;
        Ok(third == Kind::CallClose || third == Kind::Blank || starts_value(third))
    }

    /// Two tokens: another argument of a directive, after blanks and a comma.
    pub(super) fn argument_ahead(&mut self) -> Result<bool, ParseError> {
        let starts = |kind| kind == Kind::Word || starts_value(kind);
        Ok(match self.next()? {
            Kind::Blank => {
                let second = self.peek(2)?;
                second == Kind::Comma || starts(second)
            }
            Kind::Comma => {
                let second = self.peek(2)?;
                second == Kind::Blank || starts(second)
            }
            Kind::CurlyOpen => self.peek(2)? == Kind::Identifier,
            Kind::ListOpen => {
                let second = self.peek(2)?;
                second == Kind::Blank || second == Kind::ListClose || starts_value(second)
            }
            Kind::MapOpen => {
                let second = self.peek(2)?;
                matches!(second, Kind::Blank | Kind::MapClose | Kind::CurlyClose)
                    || starts_value(second)
            }
            Kind::Identifier => {
                self.peek(2)?;
                true
            }
            first => starts(first),
        })
    }

    /// Two tokens: a key of a map.
    pub(super) fn key_ahead(&mut self) -> Result<bool, ParseError> {
        Ok(match self.next()? {
            Kind::Blank => starts_value(self.peek(2)?),
            Kind::CurlyOpen => self.peek(2)? == Kind::Identifier,
            Kind::ListOpen => {
                let second = self.peek(2)?;
                matches!(second, Kind::Blank | Kind::ListClose) || starts_value(second)
            }
            Kind::MapOpen => {
                let second = self.peek(2)?;
                matches!(second, Kind::Blank | Kind::MapClose | Kind::CurlyClose)
                    || starts_value(second)
            }
            first => {
                self.peek(2)?;
                starts_value(first)
            }
        })
    }

    /// As many tokens as it takes: `[`, a reference or an integer, `..`.
    pub(super) fn range_ahead(&mut self) -> Result<bool, ParseError> {
        if self.next()? != Kind::ListOpen {
            return Ok(false);
        }
        let mut at = 2;
        if self.peek(at)? == Kind::Blank {
            at += 1;
        }
        match self.peek(at)? {
            Kind::Integer => at += 1,
            Kind::Identifier | Kind::CurlyOpen => match self.past_reference(at)? {
                Some(past) => at = past,
                None => return Ok(false),
            },
            _ => return Ok(false),
        }
        if self.peek(at)? == Kind::Blank {
            at += 1;
        }
        Ok(self.peek(at)? == Kind::DotDot)
    }

    /// Where a reference that begins at `at` ends. Calls and indexes are skipped by their brackets: what is wrong
    /// inside them is found when they are parsed.
    fn past_reference(&mut self, mut at: usize) -> Result<Option<usize>, ParseError> {
        let curly = self.peek(at)? == Kind::CurlyOpen;
        at += usize::from(curly);
        if self.peek(at)? != Kind::Identifier {
            return Ok(None);
        }
        at += 1;
        loop {
            match self.peek(at)? {
                Kind::IndexOpen => match self.past_bracket(at)? {
                    Some(past) => at = past,
                    None => return Ok(None),
                },
                Kind::Dot if self.peek(at + 1)? == Kind::Identifier => {
                    at += 2;
                    if self.peek(at)? == Kind::ParenOpen {
                        match self.past_bracket(at)? {
                            Some(past) => at = past,
                            None => return Ok(None),
                        }
                    }
                }
                _ => break,
            }
        }
        if curly {
            if self.peek(at)? != Kind::CurlyClose {
                return Ok(None);
            }
            at += 1;
        }
        Ok(Some(at))
    }

    fn past_bracket(&mut self, mut at: usize) -> Result<Option<usize>, ParseError> {
        let mut depth = 0_usize;
        loop {
            match self.peek(at)? {
                Kind::IndexOpen | Kind::ParenOpen => depth += 1,
                Kind::IndexClose | Kind::CallClose | Kind::ParenClose => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(Some(at + 1));
                    }
                }
                Kind::Eof => return Ok(None),
                _ => {}
            }
            at += 1;
        }
    }
}
