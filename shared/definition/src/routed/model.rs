//! What a message looks like: a schema that has a name.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub model_id: String,
    /// Letters and digits; routes refer to it by this.
    pub name: String,
    /// JSON Schema, draft 4, as text.
    pub schema: String,
}
