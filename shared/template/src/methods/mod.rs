//! The Java methods that templates call, by the class of the value they are called on.
//!
//! A method that its class does not have, or not for these arguments, gives nothing, as in Velocity; one that throws
//! ends the run. Reflection has no method here, so there is nothing to refuse.

mod format;
mod list;
mod map;
mod number;
mod pattern;
mod string;

use std::rc::Rc;

use crate::error::Fault;
use crate::host;
use crate::run::{Interrupt, Outcome, Run};
use crate::value::{ListKind, Scope, Value};

/// Values in each other deeper than this are not compared further.
const DEPTH_MAX: usize = 64;

/// What a method gives: nothing when there is no such method.
pub(crate) type Answer<'a> = Outcome<Option<Value<'a>>>;

/// A Java exception.
pub(crate) fn threw(method: &str, why: impl Into<String>) -> Interrupt {
    Fault::Method {
        method: method.into(),
        why: why.into().into(),
    }
    .into()
}

fn null_pointer(method: &str) -> Interrupt {
    threw(method, "NullPointerException")
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it is what every method answers with"
)]
fn give(value: Value<'_>) -> Answer<'_> {
    Ok(Some(value))
}

pub(crate) fn call<'a>(
    run: &mut Run<'a, '_>,
    target: &Value<'a>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    // What a method keeps, it keeps opened.
    if arguments
        .iter()
        .any(|argument| matches!(argument, Value::Part(_)))
    {
        let opened: Vec<_> = arguments.iter().cloned().map(Value::opened).collect();
        return call(run, target, name, &opened);
    }
    match (name, arguments) {
        ("toString", []) => {
            let text = run.text_of(target)?;
            return give(Value::Text(text));
        }
        ("equals", [other]) if !matches!(target, Value::Host(_)) => {
            return give(Value::Bool(equal_within(run, target, other)?));
        }
        _ => {}
    }
    match target {
        Value::Text(text) => string::call(run, text, name, arguments),
        Value::Int(_) | Value::Long(_) | Value::Big(_) | Value::Double(_) => {
            number::call(run, target, name, arguments)
        }
        Value::Bool(flag) => Ok(boolean(*flag, name, arguments)),
        Value::Char(unit) => Ok(match (name, arguments) {
            ("charValue", []) => Some(target.clone()),
            ("hashCode", []) => Some(Value::Int(i32::from(*unit))),
            ("compareTo", [Value::Char(other)]) => {
                Some(Value::Int(i32::from(*unit) - i32::from(*other)))
            }
            _ => None,
        }),
        Value::List(list) => list::call(run, list, name, arguments),
        Value::Map(map) => map::call(run, map, name, arguments),
        Value::Part(part) => match (name, arguments) {
            ("size", []) => give(Value::Int(part.len() as i32)),
            ("isEmpty", []) => give(Value::Bool(part.len() == 0)),
            ("get", [Value::Text(key)]) if part.is_object() => {
                give(part.member(key).unwrap_or_default())
            }
            ("get", [Value::Int(index @ 0..)])
                if !part.is_object() && (*index as usize) < part.len() =>
            {
                give(part.item(*index as usize).unwrap_or_default())
            }
            _ => call(run, &part.opened(), name, arguments),
        },
        Value::Entry(entry) => Ok(match (name, arguments) {
            ("getKey", []) => Some(entry.0.clone()),
            ("getValue", []) => Some(entry.1.clone()),
            _ => None,
        }),
        Value::Iterator(cursor) => {
            let at = cursor.at.get();
            match (name, arguments) {
                ("hasNext", []) => give(Value::Bool(at < cursor.list.len())),
                ("next", []) => {
                    let item = cursor
                        .list
                        .get(at)
                        .cloned()
                        .ok_or_else(|| threw(name, "NoSuchElementException"))?;
                    cursor.at.set(at + 1);
                    give(item)
                }
                _ => Ok(None),
            }
        }
        Value::Scope(scope) => scope_call(run, scope, name, arguments),
        Value::Host(host) => host::call(run, host, name, arguments),
        Value::Null | Value::Block(_) => Ok(None),
    }
}

fn boolean<'a>(flag: bool, name: &str, arguments: &[Value<'a>]) -> Option<Value<'a>> {
    Some(match (name, arguments) {
        ("booleanValue", []) => Value::Bool(flag),
        ("hashCode", []) => Value::Int(if flag { 1231 } else { 1237 }),
        ("compareTo", [Value::Bool(other)]) => Value::Int(i32::from(flag) - i32::from(*other)),
        ("parseBoolean" | "valueOf", [Value::Text(text)]) => {
            Value::Bool(text.eq_ignore_ascii_case("true"))
        }
        ("valueOf", [Value::Bool(other)]) => Value::Bool(*other),
        ("logicalAnd", [Value::Bool(left), Value::Bool(right)]) => Value::Bool(*left && *right),
        ("logicalOr", [Value::Bool(left), Value::Bool(right)]) => Value::Bool(*left || *right),
        ("logicalXor", [Value::Bool(left), Value::Bool(right)]) => Value::Bool(left != right),
        _ => return None,
    })
}

/// `$value.name`: a getter, a key of a map, or an `is` method.
pub(crate) fn member<'a>(
    run: &mut Run<'a, '_>,
    target: &Value<'a>,
    name: &str,
) -> Outcome<Value<'a>> {
    Ok(match target {
        Value::Map(map) => map.0.borrow().member(name).cloned().unwrap_or_default(),
        Value::Part(part) if part.is_object() => part.member(name).unwrap_or_default(),
        Value::Part(part) => return member(run, &part.opened(), name),
        Value::Entry(entry) => match name {
            "key" | "Key" => entry.0.clone(),
            "value" | "Value" => entry.1.clone(),
            _ => Value::Null,
        },
        Value::Text(text) => match name {
            "empty" | "Empty" => Value::Bool(text.is_empty()),
            "blank" | "Blank" => Value::Bool(text.chars().all(char::is_whitespace)),
            "bytes" | "Bytes" => string::call(run, text, "getBytes", &[])?.unwrap_or_default(),
            _ => Value::Null,
        },
        Value::List(list) => match name {
            "empty" | "Empty" => Value::Bool(list.items.borrow().is_empty()),
            _ => Value::Null,
        },
        Value::Double(number) => match name {
            "infinite" | "Infinite" => Value::Bool(number.is_infinite()),
            "naN" | "NaN" => Value::Bool(number.is_nan()),
            _ => Value::Null,
        },
        Value::Scope(scope) => scope_member(scope, name),
        Value::Host(host) => host::member(run, host, name),
        _ => Value::Null,
    })
}

/// `#set($value.name = ...)`.
pub(crate) fn set_member<'a>(
    run: &mut Run<'a, '_>,
    target: &Value<'a>,
    name: &'a str,
    value: Value<'a>,
) -> Outcome<()> {
    let value = value.opened();
    match target {
        Value::Part(part) => return set_member(run, &part.opened(), name, value),
        Value::Map(map) => {
            map::put(run, map, Value::text(name), value)?;
        }
        Value::Scope(scope) => {
            map::put(run, &scope.stored, Value::text(name), value)?;
        }
        Value::Host(host) => host::set_member(run, host, name, &value)?,
        _ => {}
    }
    Ok(())
}

pub(crate) fn scope_member<'a>(scope: &Rc<Scope<'a>>, name: &str) -> Value<'a> {
    match name {
        "index" | "Index" => Value::Int(scope.index.get()),
        "count" | "Count" => Value::Int(scope.index.get() + 1),
        "hasNext" | "HasNext" => Value::Bool(scope.has_next.get()),
        "first" | "First" => Value::Bool(scope.index.get() < 1),
        "last" | "Last" => Value::Bool(!scope.has_next.get()),
        "parent" | "Parent" => scope.parent.clone().map(Value::Scope).unwrap_or_default(),
        "topmost" | "Topmost" => {
            let mut top = scope;
            while let Some(parent) = &top.parent {
                top = parent;
            }
            Value::Scope(top.clone())
        }
        "replaced" | "Replaced" => scope.replaced.clone(),
        _ => stored(scope, name),
    }
}

/// What a body stored in its loop, or in one around it.
fn stored<'a>(scope: &Rc<Scope<'a>>, name: &str) -> Value<'a> {
    let mut scope = Some(scope);
    while let Some(current) = scope {
        if let Some(value) = current.stored.0.borrow().member(name) {
            return value.clone();
        }
        scope = current.parent.as_ref();
    }
    Value::Null
}

fn scope_call<'a>(
    run: &mut Run<'a, '_>,
    scope: &Rc<Scope<'a>>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    match (name, arguments) {
        ("hasNext", []) => give(Value::Bool(scope.has_next.get())),
        ("isFirst", []) => give(scope_member(scope, "first")),
        ("isLast", []) => give(scope_member(scope, "last")),
        ("get", [Value::Text(key)]) => give(stored(scope, key)),
        (_, []) if name.starts_with("get") && name.len() > 3 => {
            Ok(Some(scope_member(scope, &name[3..])))
        }
        _ => map::call(run, &scope.stored, name, arguments),
    }
}

/// Java's `equals`, for a few levels.
pub(crate) fn equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    compare(left, right, 0, &mut 10_000).unwrap_or(false)
}

/// Java's `equals`, counted as steps.
pub(crate) fn equal_within<'a>(
    run: &mut Run<'a, '_>,
    left: &Value<'a>,
    right: &Value<'a>,
) -> Outcome<bool> {
    let mut left_over = 1_000_000_u64;
    let result = compare(left, right, 0, &mut left_over);
    run.step((1_000_000 - left_over) as usize)?;
    Ok(result.unwrap_or(false))
}

/// Whether two names are of one thing.
fn same<T, U>(left: &Rc<T>, right: &Rc<U>) -> bool {
    Rc::as_ptr(left).addr() == Rc::as_ptr(right).addr()
}

/// None when there is too much to compare.
fn compare(left: &Value<'_>, right: &Value<'_>, depth: usize, budget: &mut u64) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    if depth > DEPTH_MAX {
        return None;
    }
    Some(match (left, right) {
        (Value::Part(left), Value::Part(_) | Value::List(_) | Value::Map(_)) => {
            compare(&left.opened(), right, depth, budget)?
        }
        (Value::List(_) | Value::Map(_), Value::Part(right)) => {
            compare(left, &right.opened(), depth, budget)?
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Long(left), Value::Long(right)) => left == right,
        (Value::Big(left), Value::Big(right)) => left == right,
        (Value::Double(left), Value::Double(right)) => left.to_bits() == right.to_bits(),
        (Value::Char(left), Value::Char(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => **left == **right,
        (Value::List(left), Value::List(right)) => {
            if same(left, right) {
                return Some(true);
            }
            let view = |kind| kind == ListKind::View;
            if view(left.kind) != view(right.kind)
                || left.kind == ListKind::Array
                || right.kind == ListKind::Array
            {
                return Some(false);
            }
            let (left, right) = (left.items.borrow(), right.items.borrow());
            if left.len() != right.len() {
                return Some(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !compare(left, right, depth + 1, budget)? {
                    return Some(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if same(left, right) {
                return Some(true);
            }
            let (left, right) = (left.0.borrow(), right.0.borrow());
            if left.len() != right.len() {
                return Some(false);
            }
            for (key, value) in left.iter() {
                match right.get(key) {
                    Some(other) if compare(value, other, depth + 1, budget)? => {}
                    _ => return Some(false),
                }
            }
            true
        }
        (Value::Entry(left), Value::Entry(right)) => {
            compare(&left.0, &right.0, depth + 1, budget)?
                && compare(&left.1, &right.1, depth + 1, budget)?
        }
        (Value::Scope(left), Value::Scope(right)) => same(left, right),
        (Value::Iterator(left), Value::Iterator(right)) => same(left, right),
        (Value::Block(left), Value::Block(right)) => same(left, right),
        _ => false,
    })
}

/// Java's `hashCode`.
pub(crate) fn hash(value: &Value<'_>, depth: usize) -> i32 {
    if depth > DEPTH_MAX {
        return 0;
    }
    match value {
        Value::Bool(flag) => {
            if *flag {
                1231
            } else {
                1237
            }
        }
        Value::Int(number) => *number,
        Value::Long(number) => (number ^ (number.cast_unsigned() >> 32).cast_signed()) as i32,
        Value::Double(number) => {
            let bits = if *number == 0.0 && number.is_sign_positive() {
                0
            } else {
                number.to_bits()
            };
            (bits ^ (bits >> 32)) as i32
        }
        Value::Char(unit) => i32::from(*unit),
        Value::Text(text) => text.encode_utf16().fold(0_i32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(i32::from(unit))
        }),
        Value::List(list) => list.items.borrow().iter().fold(1_i32, |hash_so_far, item| {
            hash_so_far
                .wrapping_mul(31)
                .wrapping_add(hash(item, depth + 1))
        }),
        Value::Map(map) => map.0.borrow().iter().fold(0_i32, |sum, (key, value)| {
            sum.wrapping_add(hash(key, depth + 1) ^ hash(value, depth + 1))
        }),
        Value::Part(part) => hash(&part.opened(), depth),
        Value::Entry(entry) => hash(&entry.0, depth + 1) ^ hash(&entry.1, depth + 1),
        _ => 0,
    }
}
