//! Values and operators, in the places where Velocity takes them.

use super::Parser;
use super::lexer::Kind;
use super::lookahead::starts_value;
use crate::error::ParseError;
use crate::program::{Expression, Link, Operator, Place};

/// Operators by how tightly they bind, loosest first.
const LEVELS: [&[(Kind, Operator)]; 4] = [
    &[
        (Kind::Equal, Operator::Equal),
        (Kind::NotEqual, Operator::NotEqual),
    ],
    &[
        (Kind::Less, Operator::Less),
        (Kind::Greater, Operator::Greater),
        (Kind::LessEqual, Operator::LessEqual),
        (Kind::GreaterEqual, Operator::GreaterEqual),
    ],
    &[
        (Kind::Plus, Operator::Add),
        (Kind::Minus, Operator::Subtract),
    ],
    &[
        (Kind::Times, Operator::Multiply),
        (Kind::Divide, Operator::Divide),
        (Kind::Modulo, Operator::Modulo),
    ],
];

impl Parser<'_, '_, '_> {
    pub(super) fn expression(&mut self) -> Result<Expression, ParseError> {
        self.deeper()?;
        let expression = self.or()?;
        self.shared.depth -= 1;
        Ok(expression)
    }

    fn or(&mut self) -> Result<Expression, ParseError> {
        let first = self.and()?;
        if self.next()? != Kind::Or {
            return Ok(first);
        }
        let mut sides = vec![first];
        while self.take(Kind::Or)? {
            sides.push(self.and()?);
        }
        Ok(Expression::Or(sides))
    }

    fn and(&mut self) -> Result<Expression, ParseError> {
        let first = self.binary(0)?;
        if self.next()? != Kind::And {
            return Ok(first);
        }
        let mut sides = vec![first];
        while self.take(Kind::And)? {
            sides.push(self.binary(0)?);
        }
        Ok(Expression::And(sides))
    }

    fn binary(&mut self, level: usize) -> Result<Expression, ParseError> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let operator_of = |next| {
            operators
                .iter()
                .find(|(kind, _)| *kind == next)
                .map(|(_, operator)| *operator)
        };
        self.next()?;
        let start = self.current + 1;
        let first = self.binary(level + 1)?;
        if operator_of(self.next()?).is_none() {
            return Ok(first);
        }
        let first_literal = self.literal_if_wanted(start, &first);
        let mut links = Vec::new();
        while let Some(operator) = operator_of(self.next()?) {
            self.advance()?;
            self.next()?;
            let start = self.current + 1;
            let right = self.binary(level + 1)?;
            let literal = self.literal_if_wanted(start, &right);
            let row_literal = if literal.is_empty() {
                "".into()
            } else {
                self.literal(start).into()
            };
            links.push(Link {
                operator,
                right,
                literal,
                row_literal,
            });
        }
        Ok(Expression::Chain {
            first: Box::new(first),
            first_literal,
            links,
        })
    }

    /// The source of an operand, for `+`.
    fn literal_if_wanted(&self, first: usize, operand: &Expression) -> Box<str> {
        if !self.shared.dialect.null_prints_source() {
            return "".into();
        }
        // A row is, to Velocity, what stands after its last operator.
        if let Expression::Chain { links, .. } = operand {
            return links
                .last()
                .map(|link| link.row_literal.clone())
                .unwrap_or_default();
        }
        // An operand is a node of its own, without the blanks and the brackets around it.
        let blank = |index: &usize| self.tokens[*index].kind == Kind::Blank;
        let start = (first..=self.current)
            .find(|index| !blank(index))
            .unwrap_or(first);
        let end = (start..=self.current)
            .rev()
            .find(|index| !blank(index))
            .unwrap_or(self.current);
        let (start, end) = if matches!(operand, Expression::Group(_)) {
            (start + 1, end - 1)
        } else {
            (start, end)
        };
        (start..=end)
            .map(|index| self.token_literal(index))
            .collect::<String>()
            .into()
    }

    fn unary(&mut self) -> Result<Expression, ParseError> {
        let blank = self.next()? == Kind::Blank;
        if self.peek(1 + usize::from(blank))? == Kind::Not {
            self.take(Kind::Blank)?;
            self.advance()?;
            self.deeper()?;
            let operand = self.unary()?;
            self.shared.depth -= 1;
            return Ok(Expression::Not(Box::new(operand)));
        }
        self.take(Kind::Blank)?;
        let value = if self.take(Kind::ParenOpen)? {
            let inner = self.expression()?;
            self.expect(Kind::ParenClose, "`)`")?;
            Expression::Group(Box::new(inner))
        } else {
            self.value()?
        };
        self.take(Kind::Blank)?;
        Ok(value)
    }

    /// A value with the blanks around it.
    pub(super) fn parameter(&mut self) -> Result<Expression, ParseError> {
        self.take(Kind::Blank)?;
        let value = self.value()?;
        self.take(Kind::Blank)?;
        Ok(value)
    }

    pub(super) fn value(&mut self) -> Result<Expression, ParseError> {
        match self.next()? {
            Kind::String => self.string(),
            Kind::Integer => {
                let image = self.advance()?.image.clone();
                Ok(integer(&image))
            }
            Kind::Float => {
                let number = self.advance()?.image.parse().unwrap_or(f64::NAN);
                Ok(Expression::Double(number))
            }
            Kind::True => {
                self.advance()?;
                Ok(Expression::True)
            }
            Kind::False => {
                self.advance()?;
                Ok(Expression::False)
            }
            Kind::Identifier | Kind::CurlyOpen => {
                Ok(Expression::Reference(Box::new(self.reference()?)))
            }
            Kind::ListOpen => {
                self.deeper()?;
                let value = if self.range_ahead()? {
                    self.range()?
                } else {
                    self.list()?
                };
                self.shared.depth -= 1;
                Ok(value)
            }
            Kind::MapOpen => {
                self.deeper()?;
                let value = self.map()?;
                self.shared.depth -= 1;
                Ok(value)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn range(&mut self) -> Result<Expression, ParseError> {
        self.advance()?;
        let from = self.range_end()?;
        self.expect(Kind::DotDot, "`..`")?;
        let to = self.range_end()?;
        self.expect(Kind::ListClose, "`]`")?;
        Ok(Expression::Range(Box::new((from, to))))
    }

    fn range_end(&mut self) -> Result<Expression, ParseError> {
        self.take(Kind::Blank)?;
        let end = match self.next()? {
            Kind::Integer | Kind::Identifier | Kind::CurlyOpen => self.value()?,
            _ => return Err(self.unexpected("an integer or a reference")),
        };
        self.take(Kind::Blank)?;
        Ok(end)
    }

    fn list(&mut self) -> Result<Expression, ParseError> {
        self.advance()?;
        let mut items = Vec::new();
        let next = self.next()?;
        if next == Kind::Blank || starts_value(next) {
            items.push(self.parameter()?);
            while self.take(Kind::Comma)? {
                items.push(self.parameter()?);
            }
        }
        self.expect(Kind::ListClose, "`,` or `]`")?;
        Ok(Expression::List(items))
    }

    fn map(&mut self) -> Result<Expression, ParseError> {
        self.advance()?;
        let mut entries = Vec::new();
        if self.key_ahead()? {
            loop {
                let key = self.parameter()?;
                self.expect(Kind::Colon, "`:`")?;
                entries.push((key, self.parameter()?));
                if !self.take(Kind::Comma)? {
                    break;
                }
            }
        } else {
            self.take(Kind::Blank)?;
        }
        if !self.take(Kind::MapClose)? {
            self.expect(Kind::CurlyClose, "`,` or `}`")?;
        }
        Ok(Expression::Map(entries))
    }

    fn string(&mut self) -> Result<Expression, ParseError> {
        let image = self.advance()?.image.clone();
        let place = self.place();
        let inner = &image[1..image.len() - 1];
        if image.starts_with('\'') {
            return Ok(Expression::Text(inner.replace("''", "'").into()));
        }
        let unescaped = unescape(inner).ok_or_else(|| {
            self.error_at(place, "`\\u` wants four hexadecimal digits".to_owned())
        })?;
        let text = unescaped.replace("\"\"", "\"");
        if !image.contains(['$', '#']) {
            return Ok(Expression::Text(text.into()));
        }
        self.interpolated(text, place)
    }

    fn interpolated(&mut self, mut text: String, place: Place) -> Result<Expression, ParseError> {
        self.deeper()?;
        let trim = !text.contains("##");
        if trim {
            text.push(' ');
        }
        let outer = self.shared.outer;
        self.shared.outer = outer.or(Some(place));
        let body = Parser::new(&text, self.shared).whole()?;
        self.shared.outer = outer;
        self.shared.depth -= 1;
        if let [crate::program::Node::Text(only)] = body.as_slice() {
            let length = only.len() - usize::from(trim && only.ends_with(' '));
            return Ok(Expression::Text(only[..length].into()));
        }
        Ok(Expression::Interpolated { body, trim })
    }
}

fn integer(image: &str) -> Expression {
    if let Ok(number) = image.parse::<i32>() {
        Expression::Int(number)
    } else if let Ok(number) = image.parse::<i64>() {
        Expression::Long(number)
    } else {
        Expression::Big(Box::new(image.parse().unwrap_or_default()))
    }
}

/// `\uXXXX` in a double-quoted string.
fn unescape(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return Some(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        units.extend(rest[..at].encode_utf16());
        let digits = rest
            .get(at + 2..at + 6)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        units.push(u16::from_str_radix(digits, 16).ok()?);
        rest = &rest[at + 6..];
    }
    units.extend(rest.encode_utf16());
    Some(String::from_utf16_lossy(&units))
}
