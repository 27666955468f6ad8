//! Gateway responses: what the gateway's own answers look like.

use super::address::{AtApi, AtGatewayResponse};
use super::{mapping, maps, missing};
use crate::Management;
use crate::definitions::{Definitions, Edit, GATEWAY_RESPONSE, part_key};
use crate::paging::{Page, Paging};
use crate::patch::{ADD_REPLACE_REMOVE, Patch, REPLACE, Row, Table, Unknown, Update};
use crate::wire::{Failure, Part, Violations, is_status_code};
use postern_definition::rest::{GATEWAY_RESPONSE_TEMPLATE, GatewayResponse, GatewayResponseType};
use postern_definition::{ApiId, Map};
use postern_store::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutGatewayResponse {
    status_code: Option<String>,
    response_parameters: Option<Map<String>>,
    response_templates: Option<Map<Option<String>>>,
}

impl Part for PutGatewayResponse {
    fn constraints(&self, violations: &mut Violations) {
        if let Some(code) = &self.status_code {
            violations.status_code_member("statusCode", code);
        }
    }
}

/// A gateway response as clients see it: with all that it answers with, whoever said so.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayResponseView {
    #[serde(flatten)]
    response: GatewayResponse,
    default_response: bool,
}

impl GatewayResponseView {
    fn set(mut response: GatewayResponse) -> Self {
        response.status_code = response
            .status_code
            .or_else(|| response.response_type.status().map(|code| code.to_string()));
        if response.response_templates.is_empty() {
            response.response_templates = default_templates();
        }
        Self {
            response,
            default_response: false,
        }
    }

    /// One that was not set shows what stands for it.
    fn of(
        response_type: GatewayResponseType,
        all: &BTreeMap<GatewayResponseType, GatewayResponse>,
    ) -> Self {
        if let Some(response) = all.get(&response_type) {
            return Self::set(response.clone());
        }
        let fallback = response_type.fallback().and_then(|kind| all.get(&kind));
        let response = match fallback {
            Some(response) => GatewayResponse {
                response_type,
                ..response.clone()
            },
            None => GatewayResponse::new(response_type),
        };
        Self {
            default_response: true,
            ..Self::set(response)
        }
    }
}

fn default_templates() -> Map<String> {
    Map::from([(
        "application/json".to_owned(),
        GATEWAY_RESPONSE_TEMPLATE.to_owned(),
    )])
}

static TABLE: Table<GatewayResponse> = Table {
    rows: &[
        Row::new("/statusCode", REPLACE, |response, patch| {
            let code = patch.optional();
            if code.as_deref().is_some_and(|code| !is_status_code(code)) {
                return Err(Failure::bad_request("Invalid status code specified"));
            }
            response.status_code = code;
            Ok(())
        }),
        Row::new(
            "/responseParameters/{name}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_parameters;
                entry(map, patch, "responseParameters", missing::parameter)
            },
        ),
        Row::new(
            "/responseTemplates/{type}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_templates;
                entry(map, patch, "responseTemplates", missing::content_type)
            },
        ),
    ],
    unknown: Unknown::Plain,
};

fn entry(
    map: &mut Map<String>,
    patch: &Patch<'_>,
    name: &str,
    missing: fn() -> Failure,
) -> Result<(), Failure> {
    if !patch.removes() && patch.optional().is_none() {
        return Err(Failure::bad_request(format!(
            "Invalid null or empty value in {name}"
        )));
    }
    let mut entries = Some(std::mem::take(map)).filter(|map| !map.is_empty());
    maps::patch(
        &mut entries,
        patch,
        |patch| Ok(patch.text().to_owned()),
        missing,
    )?;
    *map = entries.unwrap_or_default();
    Ok(())
}

/// What must hold of a gateway response however it came about.
fn checked(response: GatewayResponse) -> Result<GatewayResponse, Failure> {
    mapping::gateway_response_parameters(&response.response_parameters)?;
    mapping::content_types(response.response_templates.keys())?;
    for template in response.response_templates.values() {
        mapping::template(Some(template))?;
    }
    Ok(response)
}

fn key(api: &ApiId, response_type: GatewayResponseType) -> Key {
    part_key(api, GATEWAY_RESPONSE, response_type.name())
}

async fn all(
    definitions: Definitions<'_>,
    api: &ApiId,
) -> Result<BTreeMap<GatewayResponseType, GatewayResponse>, Failure> {
    let all: Vec<GatewayResponse> = definitions.parts(api, GATEWAY_RESPONSE).await?;
    Ok(all.into_iter().map(|r| (r.response_type, r)).collect())
}

pub(crate) async fn put(
    edit: &mut Edit<'_>,
    (at, input): &(AtGatewayResponse, PutGatewayResponse),
) -> Result<GatewayResponseView, Failure> {
    let service = edit.service();
    edit.api(|| missing::api(service, &at.restapi_id))?;
    let templates = input.response_templates.clone().unwrap_or_default();
    let response = checked(GatewayResponse {
        response_type: at.response_type.known()?,
        status_code: input.status_code.clone(),
        response_parameters: input.response_parameters.clone().unwrap_or_default(),
        response_templates: templates
            .into_iter()
            .map(|(kind, template)| (kind, template.unwrap_or_default()))
            .collect(),
    })?;
    edit.put(key(&at.restapi_id, response.response_type), &response);
    Ok(GatewayResponseView::set(response))
}

pub(crate) async fn get(
    service: &Management,
    at: &AtGatewayResponse,
) -> Result<GatewayResponseView, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    let all = all(definitions, api).await?;
    Ok(GatewayResponseView::of(at.response_type.known()?, &all))
}

/// All types, set or not, whatever page is asked for: there are few.
pub(crate) async fn list(
    service: &Management,
    (at, _): &(AtApi, Paging),
) -> Result<Page<GatewayResponseView>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    let all = all(definitions, api).await?;
    let types = GatewayResponseType::ALL.iter();
    Ok(Page::whole(
        types
            .map(|kind| GatewayResponseView::of(*kind, &all))
            .collect(),
    ))
}

/// One that was not set becomes one that was, beginning with its type's own template.
pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtGatewayResponse>,
) -> Result<GatewayResponseView, Failure> {
    let service = edit.service();
    let api = &input.at.restapi_id;
    edit.api(|| missing::api(service, api))?;
    let response_type = input.at.response_type.known()?;
    let key = key(api, response_type);
    let found: Option<GatewayResponse> = edit.definitions().get(&key).await?;
    let mut before = found.unwrap_or_else(|| GatewayResponse::new(response_type));
    if before.response_templates.is_empty() {
        before.response_templates = default_templates();
    }
    let after = checked(input.apply(&TABLE, &before)?)?;
    if after == before {
        let all = all(edit.definitions(), api).await?;
        return Ok(GatewayResponseView::of(response_type, &all));
    }
    edit.put(key, &after);
    Ok(GatewayResponseView::set(after))
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtGatewayResponse) -> Result<(), Failure> {
    let service = edit.service();
    edit.api(|| missing::api(service, &at.restapi_id))?;
    let key = key(&at.restapi_id, at.response_type.known()?);
    if !edit.definitions().exists(&key).await? {
        return Err(missing::gateway_response());
    }
    edit.delete(key);
    Ok(())
}
