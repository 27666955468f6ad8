//! Expressions: their values, and whether they are true.

use std::rc::Rc;

use super::{Outcome, Run};
use crate::arithmetic;
use crate::program::{Expression, Link, Operator};
use crate::value::{Entries, ListKind, Value};

impl<'a> Run<'a, '_> {
    #[inline]
    pub(crate) fn evaluate(&mut self, expression: &'a Expression) -> Outcome<Value<'a>> {
        match expression {
            Expression::Reference(reference) => self.reference(reference),
            Expression::Int(number) => Ok(Value::Int(*number)),
            _ => self.less_common(expression),
        }
    }

    fn less_common(&mut self, expression: &'a Expression) -> Outcome<Value<'a>> {
        match expression {
            Expression::True => Ok(Value::Bool(true)),
            Expression::False => Ok(Value::Bool(false)),
            Expression::Long(number) => Ok(Value::Long(*number)),
            Expression::Big(number) => Ok(Value::Big(Rc::new((**number).clone()))),
            Expression::Double(number) => Ok(Value::Double(*number)),
            Expression::Text(text) => Ok(Value::text(&**text)),
            Expression::Word => Ok(Value::Null),
            _ => self.compound(expression),
        }
    }

    fn compound(&mut self, expression: &'a Expression) -> Outcome<Value<'a>> {
        self.enter()?;
        self.step(1)?;
        let value = match expression {
            Expression::Interpolated { body, trim } => {
                let mut text = String::new();
                self.block(body, &mut text)?;
                if *trim {
                    text.pop();
                }
                self.spend(text.len())?;
                Value::text(text)
            }
            Expression::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.push(self.evaluate(item)?.opened());
                }
                self.new_list(ListKind::Java, list)?
            }
            Expression::Map(entries) => {
                let mut map = Entries::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.evaluate(key)?;
                    map.put(key.opened(), self.evaluate(value)?.opened());
                }
                self.spend(entries.len() * 96 + 64)?;
                Value::map(map)
            }
            Expression::Range(ends) => self.range(&ends.0, &ends.1)?,
            Expression::Group(inner) => self.evaluate(inner)?,
            Expression::Chain {
                first,
                first_literal,
                links,
            } => self.chain(first, first_literal, links)?,
            _ => Value::Bool(self.truth(expression)?),
        };
        self.leave();
        Ok(value)
    }

    /// Whether a condition holds. A literal as a whole condition does not, except `true`: so it is in Velocity 1.7.
    pub(super) fn truth(&mut self, expression: &'a Expression) -> Outcome<bool> {
        self.enter()?;
        let truth = match expression {
            Expression::True => true,
            Expression::Reference(reference) => match self.reference(reference)? {
                Value::Null => false,
                Value::Bool(flag) => flag,
                Value::Block(block) => block.depth.get() < block.depth_max,
                _ => true,
            },
            Expression::Group(inner) => self.truth(inner)?,
            Expression::Not(inner) => !self.truth(inner)?,
            Expression::And(sides) => {
                let mut all = true;
                for side in sides {
                    all = self.truth(side)?;
                    if !all {
                        break;
                    }
                }
                all
            }
            Expression::Or(sides) => {
                let mut any = false;
                for side in sides {
                    any = self.truth(side)?;
                    if any {
                        break;
                    }
                }
                any
            }
            Expression::Chain {
                first,
                first_literal,
                links,
            } if links.last().is_some_and(|link| compares(link.operator)) => {
                self.step(1)?;
                matches!(self.chain(first, first_literal, links)?, Value::Bool(true))
            }
            _ => false,
        };
        self.leave();
        Ok(truth)
    }

    fn chain(
        &mut self,
        first: &'a Expression,
        literal: &'a str,
        links: &'a [Link],
    ) -> Outcome<Value<'a>> {
        let mut left = self.evaluate(first)?;
        let mut left_literal = literal;
        for link in links {
            self.step(1)?;
            let right = self.evaluate(&link.right)?;
            left = self.operate(link.operator, left, right, (left_literal, &link.literal))?;
            left_literal = &link.row_literal;
        }
        Ok(left)
    }

    fn operate(
        &mut self,
        operator: Operator,
        left: Value<'a>,
        right: Value<'a>,
        literals: (&'a str, &'a str),
    ) -> Outcome<Value<'a>> {
        let (left, right) = match (left, right) {
            (Value::Int(left), Value::Int(right)) => {
                return Ok(arithmetic::of_integers(operator, left, right));
            }
            other => other,
        };
        Ok(match operator {
            Operator::Add if matches!(left, Value::Text(_)) || matches!(right, Value::Text(_)) => {
                let mut text = String::new();
                for (value, literal) in [(left, literals.0), (right, literals.1)] {
                    match value {
                        Value::Null => text.push_str(literal),
                        Value::Text(piece) => text.push_str(&piece),
                        other => text.push_str(&self.text_of(&other)?),
                    }
                }
                self.spend(text.len())?;
                Value::text(text)
            }
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo => {
                if let (Value::Big(left), Value::Big(right)) = (&left, &right) {
                    self.step((left.bits() / 64 * (right.bits() / 64)) as usize)?;
                }
                let value = arithmetic::compute(operator, &left, &right);
                if let Value::Big(number) = &value {
                    self.spend((number.bits() / 8) as usize)?;
                }
                value
            }
            Operator::Equal => Value::Bool(self.equals(&left, &right)?),
            Operator::NotEqual => Value::Bool(!self.equals(&left, &right)?),
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
                Value::Bool(arithmetic::compare(operator, &left, &right))
            }
        })
    }

    /// `==`: numbers by value, equal classes by `equals`, the rest by how they print.
    pub(crate) fn equals(&mut self, left: &Value<'a>, right: &Value<'a>) -> Outcome<bool> {
        if let Some(order) = arithmetic::compare_numbers(left, right) {
            return Ok(order == 0);
        }
        match (left, right) {
            (Value::Part(part), other @ (Value::Part(_) | Value::List(_) | Value::Map(_))) => {
                return self.equals(&part.opened(), other);
            }
            (other @ (Value::List(_) | Value::Map(_)), Value::Part(part)) => {
                return self.equals(other, &part.opened());
            }
            (Value::Null, Value::Null) => return Ok(true),
            (Value::Null, other) | (other, Value::Null) => {
                return Ok(self.dialect.null_equals_empty()
                    && match other {
                        Value::Text(text) => text.is_empty(),
                        _ => false,
                    });
            }
            (Value::Text(left), Value::Text(right)) => return Ok(**left == **right),
            (Value::Bool(left), Value::Bool(right)) => return Ok(left == right),
            (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
                self.step(1)?;
                return crate::methods::equal_within(self, left, right);
            }
            _ => {}
        }
        let left = self.text_of(left)?;
        let right = self.text_of(right)?;
        Ok(*left == *right)
    }

    fn range(&mut self, from: &'a Expression, to: &'a Expression) -> Outcome<Value<'a>> {
        let from = self.evaluate(from)?;
        let to = self.evaluate(to)?;
        let (Some(from), Some(to)) = (arithmetic::int_value(&from), arithmetic::int_value(&to))
        else {
            return Ok(Value::Null);
        };
        let count = (i64::from(from) - i64::from(to)).unsigned_abs() as usize + 1;
        self.step(count / 4)?;
        self.spend(count.saturating_mul(size_of::<Value<'_>>()))?;
        let list: Vec<_> = if from >= to {
            (to..=from).rev().map(Value::Int).collect()
        } else {
            (from..=to).map(Value::Int).collect()
        };
        Ok(Value::list(ListKind::Java, list))
    }
}

fn compares(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual
    )
}
