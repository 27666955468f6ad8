//! Models: schemas that methods name for the bodies they take and give.

mod built_in;
mod schema;
pub(crate) mod template;

pub(super) use built_in::built_in;

use super::address::{AtApi, AtModel};
use super::parts::{self, Place};
use super::{missing, uses};
use crate::definitions::{Edit, MODEL, part_key};
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use crate::{Management, ids};
use postern_definition::rest::{Method, Model};
use postern_definition::{ApiId, Map};
use serde::{Deserialize, Serialize};

const NAME_CHARS_MAX: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateModel {
    name: String,
    description: Option<String>,
    schema: Option<String>,
    content_type: String,
}

impl Part for CreateModel {}

/// Whether a model is wanted in one piece.
#[derive(Debug, Deserialize)]
pub(crate) struct Flatten {
    flatten: Option<bool>,
}

impl Part for Flatten {}

#[derive(Debug, Serialize)]
pub(crate) struct Template {
    value: String,
}

static TABLE: Table<Model> = Table {
    rows: &[
        Row::new("/description", REPLACE, |model, patch| {
            model.description = patch.optional();
            Ok(())
        }),
        Row::new("/schema", REPLACE, |model, patch| {
            model.schema = patch.optional();
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

impl AtModel {
    fn place(&self) -> Place<'_> {
        place(&self.restapi_id, &self.model_name)
    }
}

fn place<'a>(api: &'a ApiId, name: &'a str) -> Place<'a> {
    Place {
        api,
        kind: MODEL,
        id: name,
    }
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtApi, CreateModel),
) -> Result<Model, Failure> {
    let service = edit.service();
    let api = &at.restapi_id;
    edit.api(|| missing::api(service, api))?;
    checked_name(&input.name)?;
    let model = Model {
        id: ids::random(ids::SHORT),
        name: input.name.clone(),
        description: input.description.clone().filter(|text| !text.is_empty()),
        schema: input.schema.clone().filter(|text| !text.is_empty()),
        content_type: input.content_type.clone(),
    };
    super::mapping::content_types([&model.content_type])?;
    schema::checked(edit.definitions(), api, &model).await?;
    let key = part_key(api, MODEL, &model.name);
    if edit.definitions().exists(&key).await? {
        return Err(Failure::conflict(
            "Model name already exists for this REST API",
        ));
    }
    edit.put(key, &model);
    Ok(model)
}

pub(crate) fn checked_name(name: &str) -> Result<(), Failure> {
    if name.is_empty() {
        return Err(Failure::bad_request("Model name must be non-empty"));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Failure::bad_request(format!(
            "Model name must be alphanumeric: {name}"
        )));
    }
    if name.len() > NAME_CHARS_MAX {
        return Err(Failure::bad_request(format!(
            "Model name can be at most {NAME_CHARS_MAX} characters."
        )));
    }
    Ok(())
}

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtApi, Paging),
) -> Result<Page<Model>, Failure> {
    parts::page(service, &at.restapi_id, MODEL, paging).await
}

pub(crate) async fn get(
    service: &Management,
    (at, flatten): &(AtModel, Flatten),
) -> Result<Model, Failure> {
    let mut model = find(service, at).await?;
    if flatten.flatten == Some(true)
        && let Some(flat) = schema::flat(service.definitions(), &at.restapi_id, &model).await?
    {
        model.schema = Some(flat.to_string());
    }
    Ok(model)
}

async fn find(service: &Management, at: &AtModel) -> Result<Model, Failure> {
    let missing = || missing::model(&at.model_name);
    parts::find(service.definitions(), at.place(), missing).await
}

/// A mapping template to begin with: what a body of this model could be.
pub(crate) async fn template(service: &Management, at: &AtModel) -> Result<Template, Failure> {
    let model = find(service, at).await?;
    let schema = schema::flat(service.definitions(), &at.restapi_id, &model).await?;
    Ok(Template {
        value: template::of(&schema.unwrap_or_default()),
    })
}

pub(crate) async fn update(edit: &mut Edit<'_>, input: &Update<AtModel>) -> Result<Model, Failure> {
    let at = &input.at;
    let before = parts::find_to_edit(edit, at.place(), || missing::model(&at.model_name)).await?;
    let after: Model = input.apply(&TABLE, &before)?;
    schema::checked(edit.definitions(), &at.restapi_id, &after).await?;
    parts::store(edit, at.place(), &before, &after);
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtModel) -> Result<(), Failure> {
    let name = &at.model_name;
    let _: Model = parts::find_to_edit(edit, at.place(), || missing::model(name)).await?;
    let names = |models: Option<&Map<String>>| {
        models.is_some_and(|models| models.values().any(|model| model == name))
    };
    let in_request = |method: &Method| names(method.request_models.as_ref());
    let in_response = |method: &Method| {
        let mut responses = method.method_responses.values();
        responses.any(|response| names(response.response_models.as_ref()))
    };
    let users = [
        ("method request", uses::methods(edit, in_request).await?),
        ("method response", uses::methods(edit, in_response).await?),
        (
            "model",
            schema::users(edit.definitions(), &at.restapi_id, name).await?,
        ),
    ];
    for (kind, users) in users {
        if let Some(users) = users {
            return Err(Failure::conflict(format!(
                "Cannot delete model '{name}', is referenced in {kind}: {users}"
            )));
        }
    }
    edit.delete(part_key(&at.restapi_id, MODEL, name));
    Ok(())
}
