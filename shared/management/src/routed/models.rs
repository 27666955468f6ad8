//! Models: schemas that routes name for the messages they take, and beyond AWS those of HTTP APIs for bodies.

use super::address::{AtApi, AtModel};
use super::{given, missing, parts, routes};
use crate::definitions::{Edit, MODEL, model_name_key, part_key};
use crate::paging::{Items, Tokens};
use crate::rest::models::{checked_name, template as sketch};
use crate::wire::{Failure, Part};
use crate::{Management, ids};
use postern_definition::routed::{Api, Model, Route};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const SCHEMA_BYTES_MAX: usize = 32 * 1_024;
const DESCRIPTION_CHARS_MAX: usize = 1_024;
const CONTENT_TYPE_CHARS_MAX: usize = 256;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateModel {
    name: String,
    schema: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    content_type: Option<String>,
    description: Option<String>,
    name: Option<String>,
    schema: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Template {
    value: String,
}

impl Part for CreateModel {}
impl Part for Given {}

impl Given {
    fn apply(&self, model: &mut Model) -> Result<(), Failure> {
        given::text(&mut model.content_type, self.content_type.as_ref());
        given::text(&mut model.description, self.description.as_ref());
        if let Some(name) = &self.name {
            model.name.clone_from(name);
        }
        if let Some(schema) = &self.schema {
            model.schema.clone_from(schema);
        }
        checked(model)
    }
}

/// What must hold of a model whichever way it came about.
pub(super) fn checked(model: &Model) -> Result<(), Failure> {
    checked_name(&model.name)?;
    let description = model.description.as_deref();
    given::within("description", description, DESCRIPTION_CHARS_MAX)?;
    let content_type = model.content_type.as_deref();
    given::within("content type", content_type, CONTENT_TYPE_CHARS_MAX)?;
    if model.schema.trim().is_empty() {
        return Err(Failure::bad_request(
            "Model schema must have at least 1 property or array items defined",
        ));
    }
    if model.schema.len() > SCHEMA_BYTES_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid model schema specified: it has {} bytes, and at most {SCHEMA_BYTES_MAX} are allowed",
            model.schema.len()
        )));
    }
    let is_json = content_type.is_some_and(|kind| kind.contains("json"));
    let schema = serde_json::from_str::<Value>(&model.schema);
    if is_json && !schema.is_ok_and(|schema| schema.is_object()) {
        return Err(Failure::bad_request(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
        ));
    }
    Ok(())
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input, given): &(AtApi, CreateModel, Given),
) -> Result<Model, Failure> {
    parts::api(edit)?;
    let mut model = Model {
        content_type: Some("application/json".to_owned()),
        description: None,
        model_id: ids::random(ids::SHORT),
        name: input.name.clone(),
        schema: input.schema.clone(),
    };
    given.apply(&mut model)?;
    let by_name = unused_name(edit, &model.name).await?;
    edit.create(part_key(&at.api_id, MODEL, &model.model_id), &model);
    edit.put(by_name, &model.model_id);
    Ok(model)
}

/// Where the name is noted, if no model has it.
async fn unused_name(edit: &Edit<'_, Api>, name: &str) -> Result<postern_store::Key, Failure> {
    let key = model_name_key(edit.id(), name);
    if edit.definitions().exists(&key).await? {
        return Err(Failure::conflict(format!(
            "Model with name {name} already exists for this API"
        )));
    }
    Ok(key)
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Model>, Failure> {
    parts::page(service, &at.api_id, MODEL, tokens).await
}

pub(crate) async fn get(service: &Management, at: &AtModel) -> Result<Model, Failure> {
    let place = (MODEL, at.model_id.as_str());
    parts::find(service, &at.api_id, place, missing::model).await
}

/// A mapping template to begin with: what a message of this model could be.
pub(crate) async fn template(service: &Management, at: &AtModel) -> Result<Template, Failure> {
    let model = get(service, at).await?;
    let schema: Value = serde_json::from_str(&model.schema).unwrap_or_default();
    Ok(Template {
        value: sketch::of(&schema),
    })
}

async fn find(edit: &Edit<'_, Api>, id: &str) -> Result<Model, Failure> {
    parts::find_to_edit(edit, (MODEL, id), missing::model).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtModel, Given),
) -> Result<Model, Failure> {
    let before = find(edit, &at.model_id).await?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    if after == before {
        return Ok(after);
    }
    if after.name != before.name {
        unnamed(edit, &before).await?;
        let by_name = unused_name(edit, &after.name).await?;
        edit.put(by_name, &after.model_id);
        edit.delete(model_name_key(&at.api_id, &before.name));
    }
    edit.put(part_key(&at.api_id, MODEL, &at.model_id), &after);
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtModel) -> Result<(), Failure> {
    let model = find(edit, &at.model_id).await?;
    unnamed(edit, &model).await?;
    edit.delete(model_name_key(&at.api_id, &model.name));
    edit.delete(part_key(&at.api_id, MODEL, &at.model_id));
    Ok(())
}

/// Refuses to take away a name that routes know a model by.
async fn unnamed(edit: &Edit<'_, Api>, model: &Model) -> Result<(), Failure> {
    let names = |route: &Route| {
        let models = route.request_models.as_ref();
        models.is_some_and(|models| models.values().any(|name| *name == model.name))
    };
    match routes::users(edit, names).await? {
        None => Ok(()),
        Some(users) => Err(Failure::conflict(format!(
            "Cannot delete model '{}', is referenced in route: {users}",
            model.name
        ))),
    }
}
