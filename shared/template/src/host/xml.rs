//! `$util.xml`: XML as maps, under the names that AppSync has for it.
//!
//! An element is a map of its attributes and children, or its text when it has neither; elements of one name in a row
//! become a list; text beside children is under `content`. Numbers and booleans are read as such. No document type is
//! acted upon and no entity is known beyond XML's five, so a document cannot grow by being read.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::Limit;
use crate::json;
use crate::methods::{Answer, threw};
use crate::run::{Outcome, Run};
use crate::value::{Entries, ListKind, Value};

/// Deeper documents are refused.
const DEPTH_MAX: usize = 100;

pub(super) fn call<'a>(run: &mut Run<'a, '_>, name: &str, arguments: &[Value<'a>]) -> Answer<'a> {
    let (text, strings) = match (name, arguments) {
        ("toMap" | "toJsonString", [Value::Text(text)]) => (text, false),
        ("toJsonString", [Value::Text(text), Value::Bool(strings)]) => (text, *strings),
        _ => return Ok(None),
    };
    let map = read(run, text, strings, name)?;
    if name == "toMap" {
        return Ok(Some(map));
    }
    run.json_text(&map).map(|text| Some(Value::text(text)))
}

/// An element that is not closed yet.
struct Open<'a> {
    name: String,
    entries: Entries<'a>,
    text: String,
}

impl<'a> Open<'a> {
    fn new(name: String) -> Self {
        Self {
            name,
            entries: Entries::default(),
            text: String::new(),
        }
    }

    fn add(&mut self, name: String, value: Value<'a>) {
        let key = Value::text(name);
        match self.entries.get(&key) {
            // A list here was made by the lines below: no element's value is one.
            Some(Value::List(list)) => list.items.borrow_mut().push(value),
            Some(_) => {
                if let Some(first) = self.entries.remove(&key) {
                    self.entries
                        .put(key, Value::list(ListKind::Json, vec![first, value]));
                }
            }
            None => drop(self.entries.put(key, value)),
        }
    }

    fn close(mut self, strings: bool) -> (String, Value<'a>) {
        let text = self.text.trim();
        let value = if self.entries.len() == 0 {
            scalar(text, strings)
        } else {
            if !text.is_empty() {
                self.entries
                    .put(Value::text("content"), scalar(text, strings));
            }
            Value::map(self.entries)
        };
        (self.name, value)
    }
}

fn scalar<'a>(text: &str, strings: bool) -> Value<'a> {
    if !strings {
        match text {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "null" => return Value::Null,
            _ => {}
        }
        if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') && text.len() < 40
        {
            match json::parse(text) {
                Ok(Value::Int(number)) => return Value::Int(number),
                Ok(Value::Long(number)) => return Value::Long(number),
                Ok(Value::Double(number)) => return Value::Double(number),
                _ => {}
            }
        }
    }
    Value::text(text.to_owned())
}

fn read<'a>(run: &mut Run<'a, '_>, text: &str, strings: bool, method: &str) -> Outcome<Value<'a>> {
    let bad = |why: String| threw(method, format!("bad XML: {why}"));
    run.spend(text.len() * 8)?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Open::new(String::new())];
    loop {
        run.step(1)?;
        match reader
            .read_event()
            .map_err(|error| bad(error.to_string()))?
        {
            Event::Start(start) => {
                if open.len() > DEPTH_MAX {
                    return Err(run.limit(Limit::Depth));
                }
                open.push(opened(run, &start, strings, method)?);
            }
            Event::End(_) => {
                let (name, value) = open
                    .pop()
                    .map(|element| element.close(strings))
                    .ok_or_else(|| bad("a stray end".to_owned()))?;
                let parent = open
                    .last_mut()
                    .ok_or_else(|| bad("a stray end".to_owned()))?;
                parent.add(name, value);
            }
            Event::Text(piece) => {
                let piece = piece.decode().map_err(|error| bad(error.to_string()))?;
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece);
                }
            }
            Event::CData(piece) => {
                let piece = piece.decode().map_err(|error| bad(error.to_string()))?;
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece);
                }
            }
            Event::GeneralRef(reference) => {
                let character = if let Some(character) = reference
                    .resolve_char_ref()
                    .map_err(|error| bad(error.to_string()))?
                {
                    character.to_string()
                } else {
                    let name = reference.decode().map_err(|error| bad(error.to_string()))?;
                    quick_xml::escape::resolve_predefined_entity(&name)
                        .ok_or_else(|| bad(format!("an unknown entity `&{name};`")))?
                        .to_owned()
                };
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&character);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (open.pop(), open.pop()) {
        (Some(root), None) if root.text.trim().is_empty() => Ok(Value::map(root.entries)),
        (Some(_), None) => Err(bad("text outside of the root".to_owned())),
        _ => Err(bad("an element is not closed".to_owned())),
    }
}

fn opened<'a>(
    run: &mut Run<'a, '_>,
    start: &BytesStart<'_>,
    strings: bool,
    method: &str,
) -> Outcome<Open<'a>> {
    let bad = |why: String| threw(method, format!("bad XML: {why}"));
    let mut element = Open::new(String::from_utf8_lossy(start.name().as_ref()).into_owned());
    for attribute in start.attributes() {
        run.step(1)?;
        let attribute = attribute.map_err(|error| bad(error.to_string()))?;
        let value = attribute
            .unescape_value()
            .map_err(|error| bad(error.to_string()))?;
        element.add(
            String::from_utf8_lossy(attribute.key.as_ref()).into_owned(),
            scalar(&value, strings),
        );
    }
    Ok(element)
}
