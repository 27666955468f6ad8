//! The walk of a path through a document.

use super::{Function, Path, Selected, Token, TooMuch};
use crate::value::{Entries, ListKind, Value};

/// Elements that may still be looked at.
pub(super) type Budget<'b> = &'b mut u64;

/// Documents and paths nest less deeply than this; what a template built may not.
const DEPTH_MAX: usize = 150;

pub(super) fn step(budget: Budget<'_>, count: usize) -> Result<(), TooMuch> {
    *budget = budget.saturating_sub(count as u64);
    if *budget == 0 { Err(TooMuch) } else { Ok(()) }
}

struct Walk<'p, 'v, 'a, 'b> {
    tokens: &'p [Token],
    root: &'v Value<'a>,
    budget: Budget<'b>,
    found: Vec<Value<'a>>,
}

pub(super) fn select<'a>(
    path: &Path,
    start: &Value<'a>,
    root: &Value<'a>,
    budget: Budget<'_>,
) -> Result<Selected<'a>, TooMuch> {
    let walk_is_definite = path.tokens.iter().all(|token| match token {
        Token::Names(_) => true,
        Token::Indexes(indexes) => indexes.len() == 1,
        _ => false,
    });
    let mut walk = Walk {
        tokens: &path.tokens,
        root,
        budget,
        found: Vec::new(),
    };
    walk.from(0, start, 0)?;
    let mut found = walk.found;
    let Some(function) = path.function else {
        return Ok(if walk_is_definite {
            found.pop().map_or(Selected::Nothing, Selected::One)
        } else {
            Selected::Many(found)
        });
    };
    let subject = if walk_is_definite {
        found.pop()
    } else {
        Some(Value::list(ListKind::Json, found))
    };
    Ok(subject
        .and_then(|subject| function.of(&subject))
        .map_or(Selected::Nothing, Selected::One))
}

impl<'a> Walk<'_, '_, 'a, '_> {
    fn from(&mut self, index: usize, value: &Value<'a>, depth: usize) -> Result<(), TooMuch> {
        step(self.budget, 1)?;
        if depth > DEPTH_MAX {
            return Err(TooMuch);
        }
        let tokens = self.tokens;
        let Some(token) = tokens.get(index) else {
            self.found.push(value.clone());
            return Ok(());
        };
        let depth = depth + 1;
        match token {
            Token::Names(names) => self.names(names, index, value, depth)?,
            Token::Wildcard => {
                for child in children(value) {
                    self.from(index + 1, &child, depth)?;
                }
            }
            Token::Indexes(indexes) => {
                for wanted in indexes {
                    if let Some(child) = element(value, *wanted) {
                        self.from(index + 1, &child, depth)?;
                    }
                }
            }
            Token::Slice(from, to) => {
                if is_list(value) {
                    let slice = slice(&children(value), *from, *to);
                    step(self.budget, slice.len())?;
                    for child in slice {
                        self.from(index + 1, &child, depth)?;
                    }
                }
            }
            Token::Descend => self.descend(index + 1, value, depth)?,
            Token::Filter(filter) => match value {
                _ if is_list(value) => {
                    for child in children(value) {
                        if filter.keeps(&child, self.root, self.budget)? {
                            self.from(index + 1, &child, depth)?;
                        }
                    }
                }
                Value::Map(_) | Value::Part(_)
                    if filter.keeps(value, self.root, self.budget)? =>
                {
                    self.from(index + 1, value, depth)?;
                }
                _ => {}
            },
        }
        Ok(())
    }

    fn names(
        &mut self,
        names: &[Box<str>],
        index: usize,
        value: &Value<'a>,
        depth: usize,
    ) -> Result<(), TooMuch> {
        let member = |name: &str| match value {
            Value::Map(map) => map.0.borrow().member(name).cloned(),
            Value::Part(part) => part.member(name),
            _ => None,
        };
        if names.len() == 1 || index + 1 < self.tokens.len() {
            for name in names {
                if let Some(child) = member(name) {
                    self.from(index + 1, &child, depth)?;
                }
            }
            return Ok(());
        }
        if !matches!(value, Value::Map(_)) && (!matches!(value, Value::Part(_)) || is_list(value)) {
            return Ok(());
        }
        // Several names at the end give one object of them.
        let mut entries = Entries::default();
        for name in names {
            if let Some(child) = member(name) {
                entries.put(Value::text(name.to_string()), child.opened());
            }
        }
        self.found.push(Value::map(entries));
        Ok(())
    }

    /// This value and all below it, parents first.
    fn descend(&mut self, index: usize, value: &Value<'a>, depth: usize) -> Result<(), TooMuch> {
        if depth > DEPTH_MAX {
            return Err(TooMuch);
        }
        self.from(index, value, depth)?;
        for child in children(value) {
            if matches!(child, Value::List(_) | Value::Map(_) | Value::Part(_)) {
                self.descend(index, &child, depth + 1)?;
            }
        }
        Ok(())
    }
}

fn is_list(value: &Value<'_>) -> bool {
    match value {
        Value::List(_) => true,
        Value::Part(part) => !part.is_object(),
        _ => false,
    }
}

fn children<'a>(value: &Value<'a>) -> Vec<Value<'a>> {
    match value {
        Value::List(list) => list.items.borrow().clone(),
        Value::Map(map) => map
            .0
            .borrow()
            .iter()
            .map(|(_, value)| value.clone())
            .collect(),
        Value::Part(part) => part.values(),
        _ => Vec::new(),
    }
}

fn element<'a>(value: &Value<'a>, index: i64) -> Option<Value<'a>> {
    let length = match value {
        Value::List(list) => list.items.borrow().len(),
        Value::Part(part) => part.len(),
        _ => return None,
    };
    let index = if index < 0 {
        index + length as i64
    } else {
        index
    };
    let index = usize::try_from(index).ok()?;
    match value {
        Value::List(list) => list.items.borrow().get(index).cloned(),
        Value::Part(part) => part.item(index),
        _ => None,
    }
}

fn slice<'a>(items: &[Value<'a>], from: Option<i64>, to: Option<i64>) -> Vec<Value<'a>> {
    let length = items.len() as i64;
    let place =
        |index: i64| (if index < 0 { index + length } else { index }).clamp(0, length) as usize;
    let from = place(from.unwrap_or(0));
    let to = place(to.unwrap_or(length));
    items.get(from..to).unwrap_or_default().to_vec()
}

impl Function {
    fn of<'a>(self, value: &Value<'a>) -> Option<Value<'a>> {
        if let Value::Part(part) = value {
            return self.of(&part.opened());
        }
        if let (Self::Length | Self::Keys, Value::Map(map)) = (self, value) {
            let map = map.0.borrow();
            return Some(match self {
                Self::Length => Value::Int(map.len() as i32),
                _ => Value::list(
                    ListKind::Json,
                    map.iter().map(|(key, _)| key.clone()).collect(),
                ),
            });
        }
        let Value::List(list) = value else {
            return None;
        };
        let items = list.items.borrow();
        let numbers = || items.iter().filter_map(crate::arithmetic::double_value);
        let count = numbers().count() as f64;
        let sum = numbers().sum::<f64>();
        match self {
            Self::Length => Some(Value::Int(items.len() as i32)),
            Self::First => items.first().cloned(),
            Self::Last => items.last().cloned(),
            Self::Keys => None,
            _ if count == 0.0 => None,
            Self::Min => Some(Value::Double(numbers().fold(f64::INFINITY, f64::min))),
            Self::Max => Some(Value::Double(numbers().fold(f64::NEG_INFINITY, f64::max))),
            Self::Average => Some(Value::Double(sum / count)),
            Self::Sum => Some(Value::Double(sum)),
            Self::Deviation => {
                let squares = numbers().map(|number| number * number).sum::<f64>();
                Some(Value::Double(
                    (squares / count - sum * sum / count / count).sqrt(),
                ))
            }
        }
    }
}
