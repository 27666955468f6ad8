//! Integration responses: how a backend's answer becomes one of the method's.

use super::address::AtResponse;
use super::methods::{find, find_to_edit, store};
use super::{mapping, maps, missing};
use crate::Management;
use crate::definitions::Edit;
use crate::patch::{ADD_REPLACE_REMOVE, Row, Table, Unknown, Update};
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::{ContentHandling, Integration, IntegrationResponse, Method};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutIntegrationResponse {
    selection_pattern: Option<String>,
    response_parameters: Option<Map<String>>,
    response_templates: Option<Map<Option<String>>>,
    content_handling: Option<Choice<ContentHandling>>,
}

impl Part for PutIntegrationResponse {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("contentHandling", self.content_handling.as_ref());
    }
}

static TABLE: Table<IntegrationResponse> = Table {
    rows: &[
        Row::scalar("/contentHandling", |response, patch| {
            response.content_handling = content_handling(patch.optional())?;
            Ok(())
        }),
        Row::scalar("/selectionPattern", |response, patch| {
            response.selection_pattern = Some(patch.text().to_owned());
            Ok(())
        }),
        Row::new(
            "/responseParameters/{name}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_parameters;
                maps::patch(
                    map,
                    patch,
                    |patch| Ok(patch.text().to_owned()),
                    missing::parameter,
                )
            },
        ),
        Row::new(
            "/responseTemplates/{type}",
            ADD_REPLACE_REMOVE,
            |response, patch| {
                let map = &mut response.response_templates;
                maps::patch(
                    map,
                    patch,
                    |patch| mapping::template(patch.value),
                    missing::content_type,
                )
            },
        ),
    ],
    unknown: Unknown::Plain,
};

/// As a patch names it; nothing clears it.
pub(super) fn content_handling(name: Option<String>) -> Result<Option<ContentHandling>, Failure> {
    name.map(|name| {
        ContentHandling::named(&name).ok_or_else(|| {
            Failure::bad_request(
                "Invalid contentHandling specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT",
            )
        })
    })
    .transpose()
}

pub(crate) async fn get(
    service: &Management,
    at: &AtResponse,
) -> Result<IntegrationResponse, Failure> {
    let mut method = find(service.definitions(), at.place()).await?;
    let integration = integration(&mut method)?;
    response(integration, at).cloned()
}

pub(crate) async fn put(
    edit: &mut Edit<'_>,
    (at, input): &(AtResponse, PutIntegrationResponse),
) -> Result<IntegrationResponse, Failure> {
    let before = find_to_edit(edit, at.place()).await?;
    let response = IntegrationResponse {
        status_code: at.status_code.clone(),
        selection_pattern: Some(input.selection_pattern.clone().unwrap_or_default()),
        response_parameters: input.response_parameters.clone(),
        response_templates: input
            .response_templates
            .clone()
            .map(mapping::templates)
            .transpose()?,
        content_handling: input
            .content_handling
            .as_ref()
            .map(Choice::known)
            .transpose()?,
    };
    save(edit, at, before, response)
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtResponse>,
) -> Result<IntegrationResponse, Failure> {
    let at = &input.at;
    let mut before = find_to_edit(edit, at.place()).await?;
    let old = response(integration(&mut before)?, at)?;
    let new = input.apply(&TABLE, old)?;
    if new == *old {
        return Ok(new);
    }
    mapping::content_types(new.response_templates.iter().flat_map(Map::keys))?;
    save(edit, at, before, new)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtResponse) -> Result<(), Failure> {
    // A verb that no method can have is a missing integration too.
    let before = find_to_edit(edit, at.place()).await;
    let before = before.map_err(|failure| {
        if failure == missing::method() {
            missing::integration()
        } else {
            failure
        }
    })?;
    let mut after = before.clone();
    let integration = integration(&mut after)?;
    response(integration, at)?;
    integration.integration_responses.remove(&at.status_code);
    store(edit, at.place(), &before, &after);
    Ok(())
}

fn integration(method: &mut Method) -> Result<&mut Integration, Failure> {
    let integration = method.method_integration.as_mut();
    integration.ok_or_else(missing::integration)
}

fn response<'a>(
    integration: &'a Integration,
    at: &AtResponse,
) -> Result<&'a IntegrationResponse, Failure> {
    let response = integration.integration_responses.get(&at.status_code);
    response.ok_or_else(missing::response)
}

fn save(
    edit: &mut Edit<'_>,
    at: &AtResponse,
    before: Method,
    response: IntegrationResponse,
) -> Result<IntegrationResponse, Failure> {
    let mut after = before.clone();
    let declared = before
        .method_responses
        .get(&at.status_code)
        .and_then(|response| response.response_parameters.as_ref());
    let integration = integration(&mut after)?;
    if let Some(mappings) = &response.response_parameters {
        mapping::response_mappings(mappings, declared)?;
    }
    integration
        .integration_responses
        .insert(at.status_code.clone(), response.clone());
    store(edit, at.place(), &before, &after);
    Ok(response)
}
