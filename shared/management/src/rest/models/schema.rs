//! The schema of a model: whether it may stand, what it refers to, and it in one piece.

use crate::definitions::{Definitions, MODEL, part_key};
use crate::wire::Failure;
use postern_definition::rest::{Model, referenced_model};
use postern_definition::{ApiId, Map};
use postern_plan::schema::{flatten, references};
use serde_json::Value;

const SCHEMA_BYTES_MAX: usize = 400 * 1024;
/// Other models that a model's schema may hang on.
const MODELS_MAX: usize = 1_000;

/// What must hold of a model's schema however it came about.
pub(super) async fn checked(
    definitions: Definitions<'_>,
    api: &ApiId,
    model: &Model,
) -> Result<(), Failure> {
    let essence = model.content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let is = |kind: &str| {
        essence == format!("application/{kind}") || essence.ends_with(&format!("+{kind}"))
    };
    let Some(text) = &model.schema else {
        if is("json") || is("xml") {
            return Err(Failure::bad_request(
                "Model schema must have at least 1 property or array items defined",
            ));
        }
        return Ok(());
    };
    if text.len() > SCHEMA_BYTES_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid model schema specified: it has {} bytes, and at most {SCHEMA_BYTES_MAX} are allowed",
            text.len()
        )));
    }
    if !is("json") {
        return Ok(());
    }
    let schema: Value = serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| invalid("Invalid model schema specified"))?;
    for reference in references(&schema) {
        let Some((of, name)) = referenced_model(reference) else {
            if reference.starts_with('#') {
                continue;
            }
            return Err(invalid(&format!(
                "Model reference must be in canonical form: {reference}"
            )));
        };
        if of != api.as_str() {
            return Err(invalid(&format!(
                "Model reference must belong to the same API: {reference}"
            )));
        }
        if name != model.name && !definitions.exists(&part_key(api, MODEL, name)).await? {
            return Err(invalid(&format!(
                "Invalid model reference specified: {reference}"
            )));
        }
    }
    Ok(())
}

fn invalid(error: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid model specified: Validation Result: warnings : [], errors : [{error}]"
    ))
}

/// The models that a schema names.
fn named(schema: &Value) -> impl Iterator<Item = &str> {
    references(schema)
        .into_iter()
        .filter_map(|reference| Some(referenced_model(reference)?.1))
}

fn parsed(model: &Model) -> Option<Value> {
    serde_json::from_str(model.schema.as_deref()?).ok()
}

/// A model's schema with all that it refers to, where it is JSON.
pub(super) async fn flat(
    definitions: Definitions<'_>,
    api: &ApiId,
    model: &Model,
) -> Result<Option<Value>, Failure> {
    let Some(schema) = parsed(model) else {
        return Ok(None);
    };
    let mut open: Vec<String> = named(&schema).map(str::to_owned).collect();
    let mut schemas = Map::from([(model.name.clone(), schema)]);
    while let Some(name) = open.pop() {
        if schemas.contains_key(&name) || schemas.len() > MODELS_MAX {
            continue;
        }
        let other: Option<Model> = definitions.get(&part_key(api, MODEL, &name)).await?;
        if let Some(schema) = other.as_ref().and_then(parsed) {
            open.extend(named(&schema).map(str::to_owned));
            schemas.insert(name, schema);
        }
    }
    Ok(Some(flatten(&model.name, &schemas)))
}

/// The other models whose schemas name this one.
pub(super) async fn users(
    definitions: Definitions<'_>,
    api: &ApiId,
    name: &str,
) -> Result<Option<String>, Failure> {
    let models: Vec<Model> = definitions.parts(api, MODEL).await?;
    let names_it = |model: &Model| {
        model.name != name
            && parsed(model).is_some_and(|schema| named(&schema).any(|other| other == name))
    };
    let users: Vec<_> = models
        .iter()
        .filter(|model| names_it(model))
        .map(|model| model.name.as_str())
        .collect();
    Ok((!users.is_empty()).then(|| users.join(", ")))
}
