//! JSON Schemas, compiled, and bodies checked by them.

use super::{Target, parts, text};
use postern_schema::{Documents, Schema};

pub(super) const TARGET: Target = Target {
    name: "schema",
    about: "JSON Schemas: the schema, ---, the body",
    make: || Box::new(run),
};

fn run(input: &[u8]) -> String {
    const URI: &str = "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/M";
    let text = text(input);
    let (schema, body) = parts(&text);
    let Ok(schema) = serde_json::from_str(schema) else {
        return "no JSON".to_owned();
    };
    let mut documents = Documents::default();
    documents.add(URI, schema);
    match Schema::compile(URI, &documents) {
        Err(error) => error.to_string(),
        Ok(schema) => match schema.check(body.as_bytes()) {
            Ok(()) => "fits".to_owned(),
            Err(failure) => failure.to_string(),
        },
    }
}
