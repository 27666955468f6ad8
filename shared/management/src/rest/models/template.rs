//! A mapping template that makes a body of a schema, with a made-up value wherever one is to be put.

use serde_json::Value;
use std::fmt::Write;

/// Schemas that refer to one another twice double in size with every step.
const VALUES_MAX: usize = 2_000;
/// References that lead on to references, and objects within objects: each is a call deeper.
const DEPTH_MAX: usize = 100;

/// The template for a schema that refers to nothing outside itself.
pub(crate) fn of(schema: &Value) -> String {
    let mut sketch = Sketch {
        root: schema,
        text: "#set($inputRoot = $input.path('$'))\n".to_owned(),
        within: Vec::new(),
        values: 0,
    };
    sketch.value(schema, 0);
    sketch.text
}

struct Sketch<'a> {
    root: &'a Value,
    text: String,
    /// The references that are being followed, so that a circle is not followed again.
    within: Vec<&'a str>,
    values: usize,
}

impl<'a> Sketch<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) {
        self.values += 1;
        if self.values > VALUES_MAX || self.within.len() + depth > DEPTH_MAX {
            self.text.push_str("{ }");
            return;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|pointer| self.root.pointer(pointer));
            match target {
                Some(target) if !self.within.contains(&reference) => {
                    self.within.push(reference);
                    self.value(target, depth);
                    self.within.pop();
                }
                _ => self.text.push_str("{ }"),
            }
            return;
        }
        match kind(schema) {
            "string" => self.text.push_str("\"foo\""),
            "integer" => self.text.push_str("42"),
            "number" => self.text.push_str("3.14"),
            "boolean" => self.text.push_str("true"),
            "null" => self.text.push_str("null"),
            "array" => self.array(schema, depth),
            _ => self.object(schema, depth),
        }
    }

    fn object(&mut self, schema: &'a Value, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            self.text.push_str("{ }");
            return;
        };
        self.text.push('{');
        for (number, (name, property)) in properties.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            let name = Value::from(name.as_str());
            let _ = write!(self.text, "{comma}\n{}{name} : ", indent(depth + 1));
            self.value(property, depth + 1);
        }
        let _ = write!(self.text, "\n{}}}", indent(depth));
    }

    fn array(&mut self, schema: &'a Value, depth: usize) {
        let items = match schema.get("items") {
            Some(Value::Array(each)) => each.first(),
            items => items,
        };
        self.text.push_str(
            "[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n",
        );
        self.text.push_str(&indent(depth + 1));
        match items {
            Some(items) => self.value(items, depth + 1),
            None => self.text.push_str("{ }"),
        }
        let _ = write!(
            self.text,
            "\n#if($foreach.hasNext),#end\n#end\n{}]",
            indent(depth)
        );
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// The type that a schema names, the first of several but null, or the one that its other members speak of.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("items").is_some() => "array",
        _ => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::of;
    use serde_json::{Value, json};

    fn body(schema: &Value) -> String {
        let text = of(schema);
        let body = text.strip_prefix("#set($inputRoot = $input.path('$'))\n");
        body.unwrap().to_owned()
    }

    #[test]
    fn a_template_has_a_value_for_every_property() {
        for (schema, expected) in [
            (json!({"type": "object"}), "{ }"),
            (json!({}), "{ }"),
            (json!(null), "{ }"),
            (json!({"type": ["null", "string"]}), "\"foo\""),
            (
                json!({"properties": {"a": {"type": "integer"}, "b\"": {"type": "number"}, "c": {"properties": {"d": {"type": "boolean"}}}}}),
                "{\n  \"a\" : 42,\n  \"b\\\"\" : 3.14,\n  \"c\" : {\n    \"d\" : true\n  }\n}",
            ),
            (
                json!({"type": "array", "items": {"$ref": "#/definitions/P"}, "definitions": {"P": {"type": "string"}}}),
                "[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n  \"foo\"\n#if($foreach.hasNext),#end\n#end\n]",
            ),
            (
                json!({"properties": {"next": {"$ref": "#"}}}),
                "{\n  \"next\" : {\n    \"next\" : { }\n  }\n}",
            ),
            (json!({"$ref": "#/nowhere"}), "{ }"),
        ] {
            assert_eq!(body(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_chain_of_references_is_not_followed_for_ever() {
        let definitions: serde_json::Map<_, _> = (0..10_000)
            .map(|step| {
                let next = json!({"$ref": format!("#/definitions/d{}", step + 1)});
                (format!("d{step}"), next)
            })
            .collect();
        let schema = json!({"$ref": "#/definitions/d0", "definitions": definitions});
        assert_eq!(body(&schema), "{ }");
    }

    #[test]
    fn a_schema_that_doubles_with_every_step_makes_no_endless_template() {
        let mut definitions = serde_json::Map::new();
        for step in 0..60 {
            let next = json!({"$ref": format!("#/definitions/d{}", step + 1)});
            definitions.insert(
                format!("d{step}"),
                json!({"properties": {"a": next, "b": next}}),
            );
        }
        let schema = json!({"$ref": "#/definitions/d0", "definitions": definitions});
        assert!(of(&schema).len() < 4_000_000);
    }
}
