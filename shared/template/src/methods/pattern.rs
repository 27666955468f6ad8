//! `matches`, `replaceAll`, `split`: the methods of a string that take a regular expression.

use super::threw;
use crate::regex::{Groups, Regex};
use crate::run::{Interrupt, Outcome, Run};
use crate::value::{ListKind, Text, Value};

fn characters(run: &mut Run<'_, '_>, text: &str) -> Outcome<Vec<char>> {
    run.spend(text.len() * 4)?;
    Ok(text.chars().collect())
}

pub(super) fn matches<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    pattern: &Text<'a>,
) -> Outcome<Value<'a>> {
    let regex = run.regex(pattern, "matches")?;
    let characters = characters(run, text)?;
    let mut budget = run.regex_budget();
    let matched = regex.matches(&characters, &mut budget);
    run.regex_spent(budget)?;
    Ok(Value::Bool(matched))
}

/// The matches one after the other; after an empty one the search goes on one further.
fn each(
    run: &mut Run<'_, '_>,
    regex: &Regex,
    text: &[char],
    mut found: impl FnMut(&mut Run<'_, '_>, &Groups, (usize, usize)) -> Outcome<bool>,
) -> Outcome<()> {
    let mut from = 0;
    loop {
        let mut budget = run.regex_budget();
        let groups = regex.find(text, from, &mut budget);
        run.regex_spent(budget)?;
        let Some(groups) = groups else { return Ok(()) };
        let Some(Some((start, end))) = groups.first().copied() else {
            return Ok(());
        };
        if !found(run, &groups, (start, end))? {
            return Ok(());
        }
        from = if end == start { end + 1 } else { end };
        if from > text.len() {
            return Ok(());
        }
    }
}

pub(super) fn replace<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    pattern: &Text<'a>,
    with: &str,
    all: bool,
) -> Outcome<Value<'a>> {
    let method = if all { "replaceAll" } else { "replaceFirst" };
    let regex = run.regex(pattern, method)?;
    let characters = characters(run, text)?;
    let with: Vec<char> = with.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    each(run, &regex, &characters, |run, groups, (start, end)| {
        let before = out.len();
        out.extend(&characters[copied..start]);
        expand(&regex, &with, groups, &characters, &mut out).map_err(|why| threw(method, why))?;
        run.spend(out.len() - before)?;
        copied = end;
        Ok(all)
    })?;
    out.extend(&characters[copied..]);
    Ok(Value::text(out))
}

/// `$1`, `${name}` and backslashes in a replacement.
fn expand(
    regex: &Regex,
    with: &[char],
    groups: &Groups,
    text: &[char],
    out: &mut String,
) -> Result<(), &'static str> {
    let mut at = 0;
    while let Some(character) = with.get(at) {
        at += 1;
        match character {
            '\\' => {
                out.push(*with.get(at).ok_or("character to be escaped is missing")?);
                at += 1;
            }
            '$' => {
                let group = if with.get(at) == Some(&'{') {
                    let length = with[at..].iter().position(|character| *character == '}');
                    let length = length.ok_or("named capturing group is missing trailing '}'")?;
                    let name: String = with[at + 1..at + length].iter().collect();
                    at += length + 1;
                    regex.named(&name).ok_or("no group with that name")?
                } else {
                    let digit = |at: usize| {
                        with.get(at)
                            .and_then(|digit| digit.to_digit(10))
                            .map(|digit| digit as usize)
                    };
                    let mut group = digit(at).ok_or("Illegal group reference")?;
                    at += 1;
                    if group >= regex.groups() {
                        return Err("No group with that number");
                    }
                    while let Some(more) =
                        digit(at).filter(|more| group * 10 + more < regex.groups())
                    {
                        group = group * 10 + more;
                        at += 1;
                    }
                    group
                };
                if let Some(Some((from, to))) = groups.get(group) {
                    out.extend(&text[*from..*to]);
                }
            }
            other => out.push(*other),
        }
    }
    Ok(())
}

pub(super) fn split<'a>(
    run: &mut Run<'a, '_>,
    text: &Text<'a>,
    pattern: &Text<'a>,
    limit: i32,
) -> Outcome<Value<'a>> {
    let regex = run.regex(pattern, "split")?;
    let characters = characters(run, text)?;
    let mut pieces: Vec<Value<'a>> = Vec::new();
    let mut from = 0;
    let piece = |run: &mut Run<'_, '_>, from: usize, to: usize| -> Outcome<Value<'a>> {
        run.spend((to - from) * 4 + 32)?;
        Ok(Value::text(characters[from..to].iter().collect::<String>()))
    };
    each(run, &regex, &characters, |run, _, (start, end)| {
        if limit > 0 && pieces.len() as i32 == limit - 1 {
            return Ok(false);
        }
        // Nothing found at the very start makes no empty piece.
        if !(start == 0 && end == 0) {
            pieces.push(piece(run, from, start)?);
            from = end;
        }
        Ok::<bool, Interrupt>(true)
    })?;
    if from == 0 && pieces.is_empty() {
        return run.new_list(ListKind::Array, vec![Value::Text(text.clone())]);
    }
    pieces.push(piece(run, from, characters.len())?);
    if limit == 0 {
        while matches!(pieces.last(), Some(Value::Text(last)) if last.is_empty()) {
            pieces.pop();
        }
    }
    run.new_list(ListKind::Array, pieces)
}
