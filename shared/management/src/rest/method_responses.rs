//! Method responses: which statuses a method answers with, and what is in them.

use super::address::{AtResponse, MethodPlace};
use super::methods::{find, find_to_edit, models, store};
use super::{mapping, maps, missing};
use crate::Management;
use crate::definitions::Edit;
use crate::patch::{ADD_REPLACE_REMOVE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use postern_definition::Map;
use postern_definition::rest::{Method, MethodResponse};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutMethodResponse {
    response_parameters: Option<Map<bool>>,
    response_models: Option<Map<String>>,
}

impl Part for PutMethodResponse {}

static TABLE: Table<MethodResponse> = Table {
    rows: &[
        Row::new(
            "/responseParameters/{name}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_parameters;
                maps::patch(map, patch, |patch| Ok(patch.boolean()), missing::parameter)
            },
        ),
        Row::new(
            "/responseModels/{type}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_models;
                maps::patch(
                    map,
                    patch,
                    |patch| Ok(patch.text().to_owned()),
                    missing::content_type,
                )
            },
        ),
    ],
    unknown: Unknown::Plain,
};

pub(crate) async fn get(service: &Management, at: &AtResponse) -> Result<MethodResponse, Failure> {
    let method = find(service.definitions(), at.place()).await?;
    response(&method, at).cloned()
}

pub(crate) async fn put(
    edit: &mut Edit<'_>,
    (at, input): &(AtResponse, PutMethodResponse),
) -> Result<MethodResponse, Failure> {
    let before = find_to_edit(edit, at.place()).await?;
    if before.method_responses.contains_key(&at.status_code) {
        return Err(Failure::conflict(
            "Response already exists for this resource",
        ));
    }
    let response = MethodResponse {
        status_code: at.status_code.clone(),
        response_parameters: input.response_parameters.clone(),
        response_models: input.response_models.clone(),
    };
    save(edit, at.place(), &before, response).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtResponse>,
) -> Result<MethodResponse, Failure> {
    let at = &input.at;
    let before = find_to_edit(edit, at.place()).await?;
    let response = input.apply(&TABLE, response(&before, at)?)?;
    save(edit, at.place(), &before, response).await
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtResponse) -> Result<(), Failure> {
    let before = find_to_edit(edit, at.place()).await?;
    response(&before, at)?;
    let mut after = before.clone();
    after.method_responses.remove(&at.status_code);
    store(edit, at.place(), &before, &after);
    Ok(())
}

fn response<'a>(method: &'a Method, at: &AtResponse) -> Result<&'a MethodResponse, Failure> {
    let response = method.method_responses.get(&at.status_code);
    response.ok_or_else(missing::response)
}

async fn save(
    edit: &mut Edit<'_>,
    place: MethodPlace<'_>,
    before: &Method,
    response: MethodResponse,
) -> Result<MethodResponse, Failure> {
    let names = response.response_parameters.iter().flat_map(Map::keys);
    mapping::response_parameters(names)?;
    let given = response.response_models.as_ref();
    models(edit.definitions(), place.api, given).await?;
    let mut after = before.clone();
    after
        .method_responses
        .insert(response.status_code.clone(), response.clone());
    store(edit, place, before, &after);
    Ok(response)
}
