//! `LinkedHashMap`, and the objects of JSON documents, which are the same here.

use std::rc::Rc;

use super::{Answer, equal, give, null_pointer};
use crate::run::{Outcome, Run};
use crate::value::{ListKind, Map, Value};

pub(super) fn put<'a>(
    run: &mut Run<'a, '_>,
    map: &Map<'a>,
    key: Value<'a>,
    value: Value<'a>,
) -> Outcome<Value<'a>> {
    let entries = map.0.borrow().len();
    run.spend(96)?;
    if !matches!(key, Value::Text(_)) {
        run.step(entries / 8)?;
    }
    Ok(map.0.borrow_mut().put(key, value).unwrap_or_default())
}

pub(super) fn call<'a>(
    run: &mut Run<'a, '_>,
    map: &Rc<Map<'a>>,
    name: &str,
    arguments: &[Value<'a>],
) -> Answer<'a> {
    let size = map.0.borrow().len();
    match (name, arguments) {
        ("get", [Value::Text(key)]) => {
            return give(map.0.borrow().member(key).cloned().unwrap_or_default());
        }
        ("put", [key, value]) => return put(run, map, key.clone(), value.clone()).map(Some),
        ("size", []) => return give(Value::Int(size as i32)),
        ("isEmpty", []) => return give(Value::Bool(size == 0)),
        _ => {}
    }
    run.step(size / 8)?;
    match (name, arguments) {
        ("get", [key]) => give(map.0.borrow().get(key).cloned().unwrap_or_default()),
        ("getOrDefault", [key, default]) => {
            give(map.0.borrow().get(key).unwrap_or(default).clone())
        }
        ("containsKey", [key]) => give(Value::Bool(map.0.borrow().get(key).is_some())),
        ("containsValue", [value]) => give(Value::Bool(
            map.0.borrow().iter().any(|(_, known)| equal(known, value)),
        )),
        ("putIfAbsent", [key, value]) => {
            let known = map.0.borrow().get(key).cloned().unwrap_or_default();
            if known.is_null() {
                put(run, map, key.clone(), value.clone())?;
            }
            give(known)
        }
        ("replace", [key, value]) => {
            let known = map.0.borrow().get(key).is_some();
            if known {
                put(run, map, key.clone(), value.clone()).map(Some)
            } else {
                give(Value::Null)
            }
        }
        ("putAll", [Value::Map(other)]) => {
            let entries: Vec<_> = other.0.borrow().iter().cloned().collect();
            for (key, value) in entries {
                run.step(1)?;
                put(run, map, key, value)?;
            }
            give(Value::text(""))
        }
        ("putAll", [Value::Null]) => Err(null_pointer(name)),
        ("putAll", [other @ Value::Host(_)]) => match run.materialized(other) {
            Some(plain @ Value::Map(_)) => call(run, map, name, &[plain]),
            _ => Ok(None),
        },
        ("remove", [key]) => give(map.0.borrow_mut().remove(key).unwrap_or_default()),
        ("clear", []) => {
            map.0.borrow_mut().clear();
            give(Value::text(""))
        }
        ("keySet", []) => {
            let keys = map.0.borrow().iter().map(|(key, _)| key.clone()).collect();
            run.new_list(ListKind::View, keys).map(Some)
        }
        ("values", []) => {
            let values = map
                .0
                .borrow()
                .iter()
                .map(|(_, value)| value.clone())
                .collect();
            run.new_list(ListKind::View, values).map(Some)
        }
        ("entrySet", []) => {
            let entries = map
                .0
                .borrow()
                .iter()
                .map(|entry| Value::Entry(Rc::new(entry.clone())))
                .collect();
            run.spend(size * 64)?;
            run.new_list(ListKind::View, entries).map(Some)
        }
        ("hashCode", []) => give(Value::Int(super::hash(&Value::Map(map.clone()), 0))),
        ("toJSONString", []) => {
            let text = run.json_text(&Value::Map(map.clone()))?;
            give(Value::text(text))
        }
        _ => Ok(None),
    }
}
