//! JSONPath in parameter mappings.

use serde_json::Value;

/// What the path names in the document. A function's error message that is JSON itself is gone into.
pub(super) fn find(path: &str, document: &Value) -> Option<Value> {
    let rest = path.strip_prefix('$')?;
    step(rest, document).cloned().or_else(|| {
        let rest = rest.strip_prefix(".errorMessage")?;
        let inner: Value = serde_json::from_str(document.get("errorMessage")?.as_str()?).ok()?;
        step(rest, &inner).cloned()
    })
}

fn step<'v>(rest: &str, value: &'v Value) -> Option<&'v Value> {
    if rest.is_empty() {
        return Some(value);
    }
    if let Some(rest) = rest.strip_prefix('.') {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        return step(&rest[end..], value.get(&rest[..end])?);
    }
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    let next = match index.trim_matches(['\'', '"']) {
        name if name.len() < index.len() => value.get(name)?,
        number => value.get(number.parse::<usize>().ok()?)?,
    };
    step(rest, next)
}
