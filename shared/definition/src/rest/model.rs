//! What a body looks like: a schema that has a name.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: String,
    /// Letters and digits; methods and other models refer to it by this.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema, draft 4, as text. Models that are neither JSON nor XML may have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    pub content_type: String,
}

/// What a reference from one model's schema to another's begins with, before `{api}/models/{name}`: this host in any region.
pub const MODEL_REFERENCE_PREFIX: &str = "https://apigateway.amazonaws.com/restapis/";

/// The API and the name of the model that a `$ref` names, where it names a model rather than a place within its own schema.
pub fn referenced_model(reference: &str) -> Option<(&str, &str)> {
    let (api, name) = reference
        .strip_prefix(MODEL_REFERENCE_PREFIX)?
        .split_once("/models/")?;
    let name = name.split('#').next().unwrap_or_default();
    (!api.contains('/') && !name.is_empty() && !name.contains('/')).then_some((api, name))
}

#[cfg(test)]
mod tests {
    use super::referenced_model;

    #[test]
    fn a_reference_names_a_model_of_an_api_or_none() {
        for (reference, expected) in [
            (
                "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Pet",
                Some(("a1b2c3d4e5", "Pet")),
            ),
            (
                "https://apigateway.amazonaws.com/restapis/a/models/Pet#/properties/name",
                Some(("a", "Pet")),
            ),
            ("https://apigateway.amazonaws.com/restapis/a/models/", None),
            (
                "https://apigateway.amazonaws.com/restapis/a/b/models/P",
                None,
            ),
            (
                "https://apigateway.amazonaws.com/restapis/a/models/P/x",
                None,
            ),
            ("https://elsewhere.example/restapis/a/models/Pet", None),
            ("#/definitions/Bin", None),
            ("", None),
        ] {
            assert_eq!(referenced_model(reference), expected, "{reference}");
        }
    }
}
