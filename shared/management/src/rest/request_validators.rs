//! Request validators: which parts of a request are checked.

use super::address::{AtApi, AtRequestValidator};
use super::parts::{self, Place};
use super::{missing, uses};
use crate::definitions::{Edit, VALIDATOR, part_key};
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use crate::{Management, ids};
use postern_definition::rest::RequestValidator;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRequestValidator {
    name: Option<String>,
    validate_request_body: Option<bool>,
    validate_request_parameters: Option<bool>,
}

impl Part for CreateRequestValidator {}

static TABLE: Table<RequestValidator> = Table {
    rows: &[
        Row::new("/name", REPLACE, |validator, patch| {
            let name = patch.optional().filter(|name| !name.trim().is_empty());
            validator.name = Some(name.ok_or_else(blank)?);
            Ok(())
        }),
        Row::new("/validateRequestParameters", REPLACE, |validator, patch| {
            validator.validate_request_parameters = patch.boolean();
            Ok(())
        }),
        Row::new("/validateRequestBody", REPLACE, |validator, patch| {
            validator.validate_request_body = patch.boolean();
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

fn blank() -> Failure {
    Failure::bad_request("Request Validator name cannot be blank")
}

impl AtRequestValidator {
    fn place(&self) -> Place<'_> {
        Place {
            api: &self.restapi_id,
            kind: VALIDATOR,
            id: &self.requestvalidator_id,
        }
    }
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtApi, CreateRequestValidator),
) -> Result<RequestValidator, Failure> {
    edit.api(|| Failure::bad_request("Invalid REST API identifier specified"))?;
    if input
        .name
        .as_ref()
        .is_some_and(|name| name.trim().is_empty())
    {
        return Err(blank());
    }
    let validator = RequestValidator {
        id: ids::random(ids::SHORT),
        name: input.name.clone(),
        validate_request_body: input.validate_request_body.unwrap_or(false),
        validate_request_parameters: input.validate_request_parameters.unwrap_or(false),
    };
    edit.create(
        part_key(&at.restapi_id, VALIDATOR, &validator.id),
        &validator,
    );
    Ok(validator)
}

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtApi, Paging),
) -> Result<Page<RequestValidator>, Failure> {
    parts::page(service, &at.restapi_id, VALIDATOR, paging).await
}

pub(crate) async fn get(
    service: &Management,
    at: &AtRequestValidator,
) -> Result<RequestValidator, Failure> {
    parts::find(
        service.definitions(),
        at.place(),
        missing::request_validator,
    )
    .await
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtRequestValidator>,
) -> Result<RequestValidator, Failure> {
    let place = input.at.place();
    let before = parts::find_to_edit(edit, place, missing::request_validator).await?;
    let after = input.apply(&TABLE, &before)?;
    parts::store(edit, place, &before, &after);
    Ok(after)
}

/// Not while a method uses it, which would then check nothing and say nothing of that.
pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtRequestValidator) -> Result<(), Failure> {
    let place = at.place();
    let _: RequestValidator = parts::find_to_edit(edit, place, missing::request_validator).await?;
    let id = Some(&at.requestvalidator_id);
    let users = uses::methods(edit, |method| method.request_validator_id.as_ref() == id).await?;
    if let Some(users) = users {
        return Err(Failure::conflict(format!(
            "Cannot delete Request Validator '{}', is referenced in method: {users}",
            at.requestvalidator_id
        )));
    }
    edit.delete(part_key(place.api, place.kind, place.id));
    Ok(())
}
