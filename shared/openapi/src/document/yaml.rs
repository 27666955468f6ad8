//! YAML 1.2: events of the parser, put together under our limits and with our rules for keys, tags and aliases.

use super::build::Builder;
use super::{Document, Limits, Position, Unreadable, Value, scalar};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

pub(super) fn read(text: &str, limits: &Limits) -> Result<Document, Unreadable> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::new(limits);
    let mut anchors: HashMap<usize, u32> = HashMap::new();
    let mut documents = 0;
    let mut end = Position { line: 1, column: 1 };
    while let Some(next) = parser.next_event() {
        let (event, span) =
            next.map_err(|error| Unreadable::grammar(position(*error.marker()), error.info()))?;
        let at = position(span.start);
        end = at;
        let (slot, anchor) = match event {
            Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(Unreadable::rule(
                        at,
                        "a second document begins here, and only one is read",
                    ));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                builder.end()?;
                continue;
            }
            Event::Alias(anchor) => {
                if builder.expects_key() {
                    return Err(Unreadable::rule(at, "an alias cannot be a key"));
                }
                let source = anchors
                    .get(&anchor)
                    .ok_or_else(|| Unreadable::rule(at, "an alias of nothing"))?;
                builder.alias(*source, at)?;
                continue;
            }
            Event::Scalar(text, style, anchor, tag) => {
                if builder.expects_key() {
                    if text == "<<" && style == ScalarStyle::Plain {
                        builder.merge_key();
                    } else {
                        builder.key(text.into_owned(), at)?;
                    }
                    continue;
                }
                let value = value(text, style, tag.as_deref(), at)?;
                (builder.scalar(at, value)?, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                no_key(&builder, at)?;
                known(tag.as_deref(), "seq", at)?;
                (builder.begin_list(at)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                no_key(&builder, at)?;
                known(tag.as_deref(), "map", at)?;
                (builder.begin_object(at)?, anchor)
            }
        };
        if anchor > 0 {
            anchors.insert(anchor, slot);
        }
    }
    builder
        .finish()
        .ok_or_else(|| Unreadable::grammar(end, "the document is empty"))
}

fn no_key(builder: &Builder, at: Position) -> Result<(), Unreadable> {
    if builder.expects_key() {
        return Err(Unreadable::rule(
            at,
            "a key is a text, and this is an object or a list",
        ));
    }
    Ok(())
}

fn value(
    text: Cow<'_, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    at: Position,
) -> Result<Value, Unreadable> {
    let Some(tag) = tag else {
        return Ok(if style == ScalarStyle::Plain {
            scalar::plain(&text)
        } else {
            Value::Text(text.into_owned())
        });
    };
    let kind = match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
        // `!` alone says that this is a text.
        _ if tag.handle.is_empty() && tag.suffix == "!" => "str",
        (true, kind) => kind,
        (false, _) => return Err(unknown(tag, at)),
    };
    match (kind, scalar::plain(&text)) {
        ("str" | "binary" | "timestamp", _) => Ok(Value::Text(text.into_owned())),
        ("int" | "float", number @ Value::Number(_))
        | ("bool", number @ Value::Bool(_))
        | ("null", number @ Value::Null) => Ok(number),
        ("int" | "float" | "bool" | "null", _) => Err(Unreadable::rule(
            at,
            format!("`{text}` is not what its tag `!!{kind}` says"),
        )),
        _ => Err(unknown(tag, at)),
    }
}

fn known(tag: Option<&Tag>, kind: &str, at: Position) -> Result<(), Unreadable> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == kind) => Err(unknown(tag, at)),
        _ => Ok(()),
    }
}

fn unknown(tag: &Tag, at: Position) -> Unreadable {
    Unreadable::rule(
        at,
        format!(
            "the tag `{}{}` is not known here: a template's functions must be resolved before the import",
            tag.handle, tag.suffix
        ),
    )
}

fn position(marker: Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}
