//! `ArrayList`, JSON lists, arrays, and the views of a map.

use std::cell::Cell;
use std::rc::Rc;

use super::{Answer, equal, give, null_pointer, threw};
use crate::run::{Outcome, Run};
use crate::value::{Cursor, List, ListKind, Value};

fn out_of_bounds(method: &str, index: i32, size: usize) -> crate::run::Interrupt {
    threw(
        method,
        format!("Index {index} out of bounds for length {size}"),
    )
}

/// A position from 0 to `end`, which is the size or, for `add`, one more.
fn place(method: &str, index: i32, size: usize, end: usize) -> Outcome<usize> {
    usize::try_from(index)
        .ok()
        .filter(|at| *at < end)
        .ok_or_else(|| out_of_bounds(method, index, size))
}

/// The elements of a collection.
pub(super) fn collected<'a>(value: &Value<'a>, method: &str) -> Outcome<Option<Vec<Value<'a>>>> {
    match value {
        Value::List(list) if list.kind != ListKind::Array => Ok(Some(list.items.borrow().clone())),
        Value::Null => Err(null_pointer(method)),
        _ => Ok(None),
    }
}

pub(super) fn call<'a>(
    run: &mut Run<'a, '_>,
    list: &Rc<List<'a>>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    let size = list.items.borrow().len();
    match (name, arguments) {
        ("size", []) => return give(Value::Int(size as i32)),
        ("isEmpty", []) => return give(Value::Bool(size == 0)),
        ("get", [Value::Int(index)]) if list.kind != ListKind::View => {
            let at = place(name, *index, size, size)?;
            return give(list.items.borrow()[at].clone());
        }
        ("set", [Value::Int(index), value]) if list.kind != ListKind::View => {
            let at = place(name, *index, size, size)?;
            return give(std::mem::replace(
                &mut list.items.borrow_mut()[at],
                value.clone(),
            ));
        }
        _ => {}
    }
    run.step(size / 8)?;
    match (name, arguments) {
        ("contains", [value]) => give(Value::Bool(
            list.items.borrow().iter().any(|item| equal(item, value)),
        )),
        ("indexOf", [value]) if list.kind != ListKind::View => {
            let at = list
                .items
                .borrow()
                .iter()
                .position(|item| equal(item, value));
            give(Value::Int(at.map_or(-1, |at| at as i32)))
        }
        ("lastIndexOf", [value]) if list.kind != ListKind::View => {
            let at = list
                .items
                .borrow()
                .iter()
                .rposition(|item| equal(item, value));
            give(Value::Int(at.map_or(-1, |at| at as i32)))
        }
        ("containsAll", [other]) => match collected(other, name)? {
            Some(others) => {
                run.step(size * others.len() / 8)?;
                let items = list.items.borrow();
                give(Value::Bool(
                    others
                        .iter()
                        .all(|other| items.iter().any(|item| equal(item, other))),
                ))
            }
            None => Ok(None),
        },
        ("hashCode", []) => give(Value::Int(super::hash(&Value::List(list.clone()), 0))),
        ("iterator" | "listIterator", []) => {
            run.spend(size * size_of::<Value<'_>>())?;
            let cursor = Cursor {
                list: list.items.borrow().clone(),
                at: Cell::new(0),
            };
            give(Value::Iterator(Rc::new(cursor)))
        }
        ("toArray", []) => {
            let items = list.items.borrow().clone();
            run.new_list(ListKind::Array, items).map(Some)
        }
        ("subList", [Value::Int(from), Value::Int(to)]) if list.kind != ListKind::View => {
            let start = place(name, *from, size, size + 1)?;
            let end = place(name, *to, size, size + 1)?;
            if start > end {
                return Err(threw(name, format!("fromIndex({from}) > toIndex({to})")));
            }
            let items = list.items.borrow()[start..end].to_vec();
            run.new_list(list.kind, items).map(Some)
        }
        ("toJSONString", []) if list.kind == ListKind::Json => {
            let text = run.json_text(&Value::List(list.clone()))?;
            give(Value::text(text))
        }
        _ => changing(run, list, name, arguments),
    }
}

fn changing<'a>(
    run: &mut Run<'a, '_>,
    list: &Rc<List<'a>>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    let known = matches!(
        name,
        "add" | "addAll" | "remove" | "removeAll" | "retainAll" | "clear"
    );
    if known && matches!(list.kind, ListKind::Array | ListKind::View) {
        return Err(threw(name, "UnsupportedOperationException"));
    }
    let size = list.items.borrow().len();
    match (name, arguments) {
        ("add", [value]) => {
            run.spend(size_of::<Value<'_>>())?;
            list.items.borrow_mut().push(value.clone());
            give(Value::Bool(true))
        }
        ("add", [Value::Int(index), value]) => {
            let at = place(name, *index, size, size + 1)?;
            run.spend(size_of::<Value<'_>>())?;
            list.items.borrow_mut().insert(at, value.clone());
            give(Value::text(""))
        }
        ("addAll", [others]) => match collected(others, name)? {
            Some(others) => {
                run.spend(others.len() * size_of::<Value<'_>>())?;
                let changed = !others.is_empty();
                list.items.borrow_mut().extend(others);
                give(Value::Bool(changed))
            }
            None => Ok(None),
        },
        ("addAll", [Value::Int(index), others]) => match collected(others, name)? {
            Some(others) => {
                let at = place(name, *index, size, size + 1)?;
                run.spend(others.len() * size_of::<Value<'_>>())?;
                let changed = !others.is_empty();
                list.items.borrow_mut().splice(at..at, others);
                give(Value::Bool(changed))
            }
            None => Ok(None),
        },
        ("remove", [Value::Int(index)]) => {
            let at = place(name, *index, size, size)?;
            give(list.items.borrow_mut().remove(at))
        }
        ("remove", [value]) => {
            let at = list
                .items
                .borrow()
                .iter()
                .position(|item| equal(item, value));
            if let Some(at) = at {
                list.items.borrow_mut().remove(at);
            }
            give(Value::Bool(at.is_some()))
        }
        ("removeAll" | "retainAll", [others]) => match collected(others, name)? {
            Some(others) => {
                run.step(size * others.len() / 8)?;
                let keep = name == "retainAll";
                let mut items = list.items.borrow_mut();
                items.retain(|item| others.iter().any(|other| equal(item, other)) == keep);
                give(Value::Bool(items.len() != size))
            }
            None => Ok(None),
        },
        ("clear", []) => {
            list.items.borrow_mut().clear();
            give(Value::text(""))
        }
        _ => Ok(None),
    }
}
