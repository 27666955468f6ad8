//! The models that every API begins with.

use crate::ids;
use postern_definition::rest::Model;

const EMPTY: &str = r#"{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Empty Schema",
  "type" : "object"
}"#;

const ERROR: &str = r#"{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Error Schema",
  "type" : "object",
  "properties" : {
    "message" : { "type" : "string" }
  }
}"#;

pub(crate) fn built_in() -> Vec<Model> {
    [
        ("Empty", "This is a default empty schema model", EMPTY),
        ("Error", "This is a default error schema model", ERROR),
    ]
    .into_iter()
    .map(|(name, description, schema)| Model {
        id: ids::random(ids::SHORT),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        schema: Some(schema.to_owned()),
        content_type: "application/json".to_owned(),
    })
    .collect()
}
