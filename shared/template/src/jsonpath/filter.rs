//! `[?(...)]`: which elements stay.

use std::sync::Arc;

use super::select::{self, Budget};
use super::{Path, Selected, TooMuch};
use crate::arithmetic::compare_numbers;
use crate::regex::Regex;
use crate::value::Value;

#[derive(Debug, Clone)]
pub(crate) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Relation, Operand),
}

#[derive(Debug, Clone)]
pub(crate) enum Operand {
    Here(Path),
    Root(Path),
    Text(Box<str>),
    Number(f64),
    Bool(bool),
    Null,
    Json(Box<str>),
    Pattern(Arc<Regex>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Matches,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    Size,
    Empty,
    Contains,
}

impl Filter {
    pub(super) fn keeps<'a>(
        &self,
        here: &Value<'a>,
        root: &Value<'a>,
        budget: Budget<'_>,
    ) -> Result<bool, TooMuch> {
        Ok(match self {
            Self::Any(sides) => {
                for side in sides {
                    if side.keeps(here, root, budget)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::All(sides) => {
                for side in sides {
                    if !side.keeps(here, root, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Not(side) => !side.keeps(here, root, budget)?,
            Self::Exists(operand) => operand.exists(here, root, budget)?,
            Self::Compare(left, relation, right) => {
                if let Operand::Pattern(regex) = right {
                    let Some(Value::Text(text)) = left.value(here, root, budget)? else {
                        return Ok(false);
                    };
                    let characters: Vec<char> = text.chars().collect();
                    let matched =
                        *relation == Relation::Matches && regex.matches(&characters, budget);
                    return if *budget == 0 {
                        Err(TooMuch)
                    } else {
                        Ok(matched)
                    };
                }
                let left = left.value(here, root, budget)?;
                let right = right.value(here, root, budget)?;
                select::step(budget, 1)?;
                relation.holds(left.as_ref(), right.as_ref())
            }
        })
    }
}

impl Operand {
    fn exists<'a>(
        &self,
        here: &Value<'a>,
        root: &Value<'a>,
        budget: Budget<'_>,
    ) -> Result<bool, TooMuch> {
        Ok(match self {
            Self::Here(path) => {
                !matches!(select::select(path, here, root, budget)?, Selected::Nothing)
            }
            Self::Root(path) => {
                !matches!(select::select(path, root, root, budget)?, Selected::Nothing)
            }
            Self::Bool(flag) => *flag,
            _ => true,
        })
    }

    /// The value; none when a path has no match.
    fn value<'a>(
        &self,
        here: &Value<'a>,
        root: &Value<'a>,
        budget: Budget<'_>,
    ) -> Result<Option<Value<'a>>, TooMuch> {
        let selected = match self {
            Self::Here(path) => select::select(path, here, root, budget)?,
            Self::Root(path) => select::select(path, root, root, budget)?,
            Self::Text(text) => return Ok(Some(Value::text(text.to_string()))),
            Self::Number(number) => return Ok(Some(Value::Double(*number))),
            Self::Bool(flag) => return Ok(Some(Value::Bool(*flag))),
            Self::Null => return Ok(Some(Value::Null)),
            Self::Json(json) => {
                return Ok(crate::json::parse(json).ok().map(|value| owned(&value)));
            }
            Self::Pattern(_) => return Ok(None),
        };
        Ok(match selected {
            Selected::Nothing => None,
            Selected::One(value) => Some(value),
            Selected::Many(values) => Some(Value::list(crate::value::ListKind::Json, values)),
        })
    }
}

/// A value that borrows from nothing.
fn owned<'v>(value: &Value<'_>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::text(text.to_string()),
        Value::Bool(flag) => Value::Bool(*flag),
        Value::Int(number) => Value::Int(*number),
        Value::Long(number) => Value::Long(*number),
        Value::Double(number) => Value::Double(*number),
        Value::Big(number) => Value::Big(number.clone()),
        Value::List(list) => Value::list(
            crate::value::ListKind::Json,
            list.items.borrow().iter().map(owned).collect(),
        ),
        Value::Map(map) => {
            let mut entries = crate::value::Entries::default();
            for (key, value) in map.0.borrow().iter() {
                entries.put(owned(key), owned(value));
            }
            Value::map(entries)
        }
        Value::Part(part) => owned(&part.opened()),
        _ => Value::Null,
    }
}

fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match compare_numbers(left, right) {
        Some(order) => order == 0,
        None => crate::methods::equal(left, right),
    }
}

fn items<'a>(value: Option<&Value<'a>>) -> Vec<Value<'a>> {
    match value {
        Some(Value::List(list)) => list.items.borrow().clone(),
        Some(Value::Part(part)) if !part.is_object() => part.values(),
        _ => Vec::new(),
    }
}

fn within(item: &Value<'_>, list: &[Value<'_>]) -> bool {
    list.iter().any(|one| equal(one, item))
}

impl Relation {
    fn holds(self, left: Option<&Value<'_>>, right: Option<&Value<'_>>) -> bool {
        let (Some(left_value), Some(right_value)) = (left, right) else {
            return match self {
                Self::NotEqual => left.is_some() || right.is_some(),
                Self::Equal => left.is_none() && right.is_none(),
                Self::NotIn => left.is_none(),
                _ => false,
            };
        };
        let order = || match (left_value, right_value) {
            (Value::Text(left), Value::Text(right)) => Some((**left).cmp(&**right) as i32),
            _ => compare_numbers(left_value, right_value),
        };
        match self {
            Self::Equal => equal(left_value, right_value),
            Self::NotEqual => !equal(left_value, right_value),
            Self::Less => order().is_some_and(|order| order < 0),
            Self::LessEqual => order().is_some_and(|order| order <= 0),
            Self::Greater => order().is_some_and(|order| order > 0),
            Self::GreaterEqual => order().is_some_and(|order| order >= 0),
            Self::Matches => false,
            Self::In => within(left_value, &items(right)),
            Self::NotIn => !within(left_value, &items(right)),
            Self::SubsetOf => items(left).iter().all(|item| within(item, &items(right))),
            Self::AnyOf => items(left).iter().any(|item| within(item, &items(right))),
            Self::NoneOf => !items(left).iter().any(|item| within(item, &items(right))),
            Self::Size => {
                size(left_value).is_some_and(|size| equal(&Value::Int(size), right_value))
            }
            Self::Empty => size(left_value).is_some_and(
                |size| matches!(right_value, Value::Bool(flag) if *flag == (size == 0)),
            ),
            Self::Contains => match (left_value, right_value) {
                (Value::Text(left), Value::Text(right)) => left.contains(&**right),
                _ => within(right_value, &items(left)),
            },
        }
    }
}

fn size(value: &Value<'_>) -> Option<i32> {
    Some(match value {
        Value::Text(text) => text.encode_utf16().count() as i32,
        Value::List(list) => list.items.borrow().len() as i32,
        Value::Map(map) => map.0.borrow().len() as i32,
        Value::Part(part) => part.len() as i32,
        _ => return None,
    })
}
