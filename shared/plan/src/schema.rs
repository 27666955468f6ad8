//! JSON schemas of models that refer to other models.
//!
//! A model refers to another by a URL that names the API and the model. Whoever checks a body, or shows a model in one piece,
//! wants one schema instead: the others become its definitions, and what referred to them refers to those.

use postern_definition::Map;
use postern_definition::rest::referenced_model;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The references in a schema, as they are written.
pub fn references(schema: &Value) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.insert(reference.as_str());
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

/// The schema of one model with all others given as its definitions. A reference to a model that is not given stays as it is.
pub fn flatten(name: &str, schemas: &Map<Value>) -> Value {
    let Some(mut whole) = schemas.get(name).cloned() else {
        return Value::Null;
    };
    let taken: BTreeSet<String> = match whole.get("definitions") {
        Some(Value::Object(definitions)) => definitions.keys().cloned().collect(),
        _ => BTreeSet::new(),
    };
    let places: Map<String> = schemas
        .keys()
        .map(|other| {
            if other == name {
                return (other.clone(), "#".to_owned());
            }
            // Its own name, unless the schema has a definition of that name already.
            let mut place = other.clone();
            while taken.contains(&place) {
                place.push('_');
            }
            (other.clone(), format!("#/definitions/{place}"))
        })
        .collect();
    redirect(&mut whole, "#", &places);
    for (other, schema) in schemas.iter().filter(|(other, _)| *other != name) {
        let mut schema = schema.clone();
        let place = &places[other];
        redirect(&mut schema, place, &places);
        let Some(members) = whole.as_object_mut() else {
            break;
        };
        let definitions = members.entry("definitions").or_insert_with(|| json!({}));
        if let (Some(definitions), Some(key)) =
            (definitions.as_object_mut(), place.rsplit('/').next())
        {
            definitions.insert(key.to_owned(), schema);
        }
    }
    whole
}

/// Makes references within a schema good for where it now lies, and those to other models good for where those lie.
fn redirect(value: &mut Value, own: &str, places: &Map<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(moved) = moved(reference, own, places) {
                            *reference = moved;
                        }
                    }
                    _ => redirect(value, own, places),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                redirect(item, own, places);
            }
        }
        _ => {}
    }
}

fn moved(reference: &str, own: &str, places: &Map<String>) -> Option<String> {
    if let Some(within) = reference.strip_prefix('#') {
        return Some(format!("{own}{within}"));
    }
    let (_, model) = referenced_model(reference)?;
    let within = reference.split_once('#').map_or("", |(_, within)| within);
    Some(format!("{}{within}", places.get(model)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PET: &str = "https://apigateway.amazonaws.com/restapis/a/models/Pet";
    const TAG: &str = "https://apigateway.amazonaws.com/restapis/a/models/Tag";

    fn schemas(all: &[(&str, Value)]) -> Map<Value> {
        all.iter()
            .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
            .collect()
    }

    #[test]
    fn other_models_become_definitions() {
        let tag = json!({"definitions": {"T": {"type": "string"}}, "properties": {"t": {"$ref": "#/definitions/T"}}});
        for (given, expected) in [
            (
                schemas(&[
                    ("Pets", json!({"type": "array", "items": {"$ref": PET}})),
                    (
                        "Pet",
                        json!({"properties": {"tag": {"$ref": TAG}, "self": {"$ref": "#"}}}),
                    ),
                    ("Tag", tag.clone()),
                ]),
                json!({"type": "array", "items": {"$ref": "#/definitions/Pet"}, "definitions": {
                    "Pet": {"properties": {"tag": {"$ref": "#/definitions/Tag"}, "self": {"$ref": "#/definitions/Pet"}}},
                    "Tag": {"definitions": {"T": {"type": "string"}}, "properties": {"t": {"$ref": "#/definitions/Tag/definitions/T"}}},
                }}),
            ),
            // Models that refer to each other, and into each other.
            (
                schemas(&[
                    ("Pets", json!({"$ref": format!("{PET}#/properties/x")})),
                    (
                        "Pet",
                        json!({"$ref": "https://apigateway.amazonaws.com/restapis/a/models/Pets"}),
                    ),
                ]),
                json!({"$ref": "#/definitions/Pet/properties/x", "definitions": {"Pet": {"$ref": "#"}}}),
            ),
            // A definition of the same name stays what it is.
            (
                schemas(&[
                    (
                        "Pets",
                        json!({"definitions": {"Pet": {"type": "null"}}, "anyOf": [{"$ref": PET}, {"$ref": "#/definitions/Pet"}]}),
                    ),
                    ("Pet", json!({"type": "object"})),
                ]),
                json!({"definitions": {"Pet": {"type": "null"}, "Pet_": {"type": "object"}},
                    "anyOf": [{"$ref": "#/definitions/Pet_"}, {"$ref": "#/definitions/Pet"}]}),
            ),
            // What is not there stays a reference; a property may be called $ref.
            (
                schemas(&[("Pets", json!({"properties": {"$ref": {"$ref": TAG}}}))]),
                json!({"properties": {"$ref": {"$ref": TAG}}}),
            ),
        ] {
            assert_eq!(flatten("Pets", &given), expected);
        }
        assert_eq!(flatten("Nothing", &schemas(&[])), Value::Null);
    }

    #[test]
    fn references_are_found_wherever_they_are() {
        let schema = json!({"$ref": "#", "items": [{"$ref": PET}, {"properties": {"$ref": {"not": {"$ref": TAG}}}}], "x": 1});
        assert_eq!(references(&schema), BTreeSet::from(["#", PET, TAG]));
        assert!(references(&json!(1)).is_empty());
    }
}
