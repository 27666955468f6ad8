//! Methods: a verb on a resource.

use super::address::{AtMethod, MethodPlace};
use super::{mapping, maps, missing};
use crate::Management;
use crate::definitions::{
    AUTHORIZER, Definitions, Edit, MODEL, VALIDATOR, method_key, part_key, resource_key,
};
use crate::patch::{ADD_REMOVE, ADD_REPLACE_REMOVE, Patch, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part};
use postern_definition::rest::{Method, VERBS};
use postern_definition::{ApiId, Map};
use serde::Deserialize;

const AUTHORIZATION_TYPES: [&str; 5] = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutMethod {
    authorization_type: String,
    authorizer_id: Option<String>,
    api_key_required: Option<bool>,
    operation_name: Option<String>,
    request_parameters: Option<Map<bool>>,
    request_models: Option<Map<String>>,
    request_validator_id: Option<String>,
    authorization_scopes: Option<Vec<String>>,
}

impl Part for PutMethod {}

static TABLE: Table<Method> = Table {
    rows: &[
        Row::scalar("/apiKeyRequired", |method, patch| {
            method.api_key_required = patch.boolean();
            Ok(())
        }),
        Row::scalar("/authorizationType", |method, patch| {
            patch.text().clone_into(&mut method.authorization_type);
            Ok(())
        }),
        Row::scalar("/authorizerId", |method, patch| {
            method.authorizer_id = patch.optional();
            Ok(())
        }),
        Row::new("/authorizationScopes", ADD_REMOVE, authorization_scope),
        Row::scalar("/operationName", |method, patch| {
            method.operation_name = patch.optional();
            Ok(())
        }),
        Row::scalar("/requestValidatorId", |method, patch| {
            method.request_validator_id = patch.optional();
            Ok(())
        }),
        Row::new(
            "/requestParameters/{name}",
            ADD_REPLACE_REMOVE,
            |method, patch| {
                let map = &mut method.request_parameters;
                maps::patch(map, patch, |patch| Ok(patch.boolean()), missing::parameter)
            },
        ),
        Row::new(
            "/requestModels/{type}",
            ADD_REPLACE_REMOVE,
            |method, patch| {
                let map = &mut method.request_models;
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

fn authorization_scope(method: &mut Method, patch: &Patch<'_>) -> Result<(), Failure> {
    let scope = patch
        .optional()
        .ok_or_else(|| Failure::bad_request("Invalid authorization scope specified"))?;
    let scopes = method.authorization_scopes.get_or_insert_default();
    scopes.retain(|known| *known != scope);
    if !patch.removes() {
        scopes.push(scope);
    }
    if scopes.is_empty() {
        method.authorization_scopes = None;
    }
    Ok(())
}

/// The method at a place, or which part of the place is missing. An API that is missing is a missing resource here.
pub(super) async fn find(
    definitions: Definitions<'_>,
    place: MethodPlace<'_>,
) -> Result<Method, Failure> {
    let MethodPlace {
        api,
        resource,
        verb,
    } = place;
    if definitions.api(api).await?.is_none() {
        return Err(missing::resource());
    }
    match definitions.method(api, resource, verb).await? {
        Some(method) => Ok(method),
        None if definitions.resource(api, resource).await?.is_none() => Err(missing::resource()),
        None => Err(missing::method()),
    }
}

/// As [`find`], for a method that is to change.
pub(super) async fn find_to_edit(
    edit: &Edit<'_>,
    place: MethodPlace<'_>,
) -> Result<Method, Failure> {
    edit.api(missing::resource)?;
    find(edit.definitions(), place).await
}

/// Notes that a method changed, if it did.
pub(super) fn store(edit: &mut Edit<'_>, place: MethodPlace<'_>, before: &Method, after: &Method) {
    if before != after {
        let key = method_key(place.api, place.resource, place.verb);
        edit.put(key, after);
    }
}

pub(crate) async fn get(service: &Management, at: &AtMethod) -> Result<Method, Failure> {
    find(service.definitions(), at.place()).await
}

pub(crate) async fn put(
    edit: &mut Edit<'_>,
    (at, input): &(AtMethod, PutMethod),
) -> Result<Method, Failure> {
    if !VERBS.contains(&at.http_method.as_str()) {
        return Err(invalid_verb());
    }
    edit.api(missing::resource)?;
    let (api, id) = (&at.restapi_id, &at.resource_id);
    let resource = edit.definitions().resource(api, id).await?;
    let mut resource = resource.ok_or_else(missing::resource)?;
    if !resource.methods.insert(at.http_method.clone()) {
        return Err(Failure::conflict("Method already exists for this resource"));
    }
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let method = Method {
        http_method: at.http_method.clone(),
        authorization_type: input.authorization_type.clone(),
        authorizer_id: some(&input.authorizer_id),
        api_key_required: input.api_key_required.unwrap_or(false),
        request_validator_id: some(&input.request_validator_id),
        operation_name: some(&input.operation_name),
        request_parameters: input.request_parameters.clone(),
        request_models: input.request_models.clone(),
        method_responses: Map::new(),
        method_integration: None,
        authorization_scopes: input
            .authorization_scopes
            .clone()
            .filter(|scopes| !scopes.is_empty()),
    };
    let method = checked(edit.definitions(), api, None, method).await?;
    edit.put(method_key(api, id, &at.http_method), &method);
    edit.put(resource_key(api, id), &resource);
    Ok(method)
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtMethod>,
) -> Result<Method, Failure> {
    let place = input.at.place();
    let before = find_to_edit(edit, place).await?;
    let after = input.apply(&TABLE, &before)?;
    if after == before {
        return Ok(before);
    }
    let after = checked(edit.definitions(), place.api, Some(&before), after).await?;
    store(edit, place, &before, &after);
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtMethod) -> Result<(), Failure> {
    find_to_edit(edit, at.place()).await?;
    let (api, id) = (&at.restapi_id, &at.resource_id);
    let resource = edit.definitions().resource(api, id).await?;
    let mut resource = resource.ok_or_else(missing::resource)?;
    resource.methods.remove(&at.http_method);
    edit.put(resource_key(api, id), &resource);
    edit.delete(method_key(api, id, &at.http_method));
    Ok(())
}

pub(super) fn invalid_verb() -> Failure {
    Failure::bad_request(format!(
        "Invalid HttpMethod specified. Valid options are {}",
        VERBS.join(",")
    ))
}

/// What must hold of a method whichever way it came about.
async fn checked(
    definitions: Definitions<'_>,
    api: &ApiId,
    before: Option<&Method>,
    mut method: Method,
) -> Result<Method, Failure> {
    let kind = method.authorization_type.to_ascii_uppercase();
    match kind.as_str() {
        "CUSTOM" | "COGNITO_USER_POOLS" | "JWT" => {
            let known = match &method.authorizer_id {
                Some(id) => {
                    let key = part_key(api, AUTHORIZER, id);
                    definitions.exists(&key).await?
                }
                None => false,
            };
            if !known {
                return Err(Failure::bad_request(
                    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
                ));
            }
        }
        // Ignored, and no error.
        "NONE" | "AWS_IAM" => method.authorizer_id = None,
        _ => {
            return Err(Failure::bad_request(format!(
                "Invalid authorizationType specified. Valid options are {}",
                AUTHORIZATION_TYPES.join(",")
            )));
        }
    }
    // One that was there and is deleted since validates nothing, and is no reason to refuse another change.
    if let Some(id) = &method.request_validator_id
        && before.is_none_or(|before| before.request_validator_id.as_ref() != Some(id))
        && !definitions.exists(&part_key(api, VALIDATOR, id)).await?
    {
        return Err(Failure::bad_request(
            "Invalid Request Validator identifier specified",
        ));
    }
    if let Some(parameters) = &method.request_parameters {
        mapping::request_parameters(parameters.keys())?;
    }
    models(definitions, api, method.request_models.as_ref()).await?;
    Ok(method)
}

/// Models by content type: each content type is one, and each model is there.
pub(super) async fn models(
    definitions: Definitions<'_>,
    api: &ApiId,
    models: Option<&Map<String>>,
) -> Result<(), Failure> {
    let Some(models) = models else { return Ok(()) };
    mapping::content_types(models.keys())?;
    for model in models.values() {
        if !definitions.exists(&part_key(api, MODEL, model)).await? {
            return Err(Failure::bad_request(format!(
                "Invalid model identifier specified: {model}"
            )));
        }
    }
    Ok(())
}
