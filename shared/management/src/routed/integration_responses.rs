//! Integration responses: how what a backend of a WebSocket API answers is put to the client.

use super::address::{AtIntegration, AtIntegrationResponse};
use super::{given, integrations, missing, parts};
use crate::definitions::{Edit, INTEGRATION, INTEGRATION_RESPONSE, response_key, response_prefix};
use crate::paging::{Items, Tokens};
use crate::wire::{Choice, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::Map;
use postern_definition::rest::ContentHandling;
use postern_definition::routed::{Api, DEFAULT_KEY, Integration, IntegrationResponse};
use postern_store::Key;
use serde::Deserialize;

const KEY_CHARS_MAX: usize = 512;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateIntegrationResponse {
    integration_response_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    content_handling_strategy: Option<Choice<ContentHandling>>,
    integration_response_key: Option<String>,
    response_parameters: Option<Map<String>>,
    response_templates: Option<Map<String>>,
    template_selection_expression: Option<String>,
}

impl Part for CreateIntegrationResponse {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        let strategy = self.content_handling_strategy.as_ref();
        violations.choice("contentHandlingStrategy", strategy);
    }
}

impl Given {
    fn apply(&self, response: &mut IntegrationResponse) -> Result<(), Failure> {
        given::choice(
            &mut response.content_handling_strategy,
            self.content_handling_strategy.as_ref(),
        )?;
        if let Some(key) = &self.integration_response_key {
            response.integration_response_key.clone_from(key);
        }
        given::texts(
            &mut response.response_parameters,
            self.response_parameters.as_ref(),
        );
        given::texts(
            &mut response.response_templates,
            self.response_templates.as_ref(),
        );
        given::text(
            &mut response.template_selection_expression,
            self.template_selection_expression.as_ref(),
        );
        checked(response)
    }
}

fn checked(response: &IntegrationResponse) -> Result<(), Failure> {
    let key = &response.integration_response_key;
    given::named("IntegrationResponseKey", key, KEY_CHARS_MAX)?;
    let is_pattern = key.len() > 2 && key.starts_with('/') && key.ends_with('/');
    if key != DEFAULT_KEY && !is_pattern {
        return Err(Failure::bad_request(format!(
            "Invalid integration response key specified: {key}. It must be $default or a pattern between slashes, such as /2\\d\\d/"
        )));
    }
    for parameter in response.response_parameters.iter().flat_map(Map::keys) {
        if !parameter.starts_with("route.response.header.") {
            return Err(Failure::bad_request(format!(
                "Invalid response parameter specified: {parameter}. It must begin with route.response.header."
            )));
        }
    }
    Ok(())
}

impl AtIntegrationResponse {
    fn key(&self) -> Key {
        let (of, id) = (&self.integration_id, &self.integration_response_id);
        response_key(&self.api_id, INTEGRATION_RESPONSE, of, id)
    }
}

fn exists(key: &str) -> Failure {
    Failure::conflict(format!(
        "IntegrationResponse with key {key} already exists for this integration"
    ))
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input, given): &(AtIntegration, CreateIntegrationResponse, Given),
) -> Result<IntegrationResponse, Failure> {
    integrations::find(edit, &at.integration_id).await?;
    parts::websocket_only(&parts::api(edit)?, "IntegrationResponse")?;
    let mut response = IntegrationResponse {
        content_handling_strategy: None,
        integration_response_id: ids::random(ids::SHORT),
        integration_response_key: input.integration_response_key.clone(),
        response_parameters: None,
        response_templates: None,
        template_selection_expression: None,
    };
    given.apply(&mut response)?;
    unique(edit, at, &response).await?;
    let id = &response.integration_response_id;
    edit.create(
        response_key(&at.api_id, INTEGRATION_RESPONSE, &at.integration_id, id),
        &response,
    );
    Ok(response)
}

async fn unique(
    edit: &Edit<'_, Api>,
    at: &AtIntegration,
    response: &IntegrationResponse,
) -> Result<(), Failure> {
    let definitions = edit.definitions();
    let there = definitions.responses(&at.api_id, INTEGRATION_RESPONSE, &at.integration_id);
    let there: Vec<IntegrationResponse> = there.await?;
    let key = &response.integration_response_key;
    let is_there = there.iter().any(|known| {
        known.integration_response_key == *key
            && known.integration_response_id != response.integration_response_id
    });
    if is_there { Err(exists(key)) } else { Ok(()) }
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtIntegration, Tokens),
) -> Result<Items<IntegrationResponse>, Failure> {
    let place = (INTEGRATION, at.integration_id.as_str());
    let _: Integration = parts::find(service, &at.api_id, place, missing::integration).await?;
    let prefix = response_prefix(INTEGRATION_RESPONSE, &at.integration_id);
    parts::page_at(service, (&at.api_id, &prefix), tokens).await
}

pub(crate) async fn get(
    service: &Management,
    at: &AtIntegrationResponse,
) -> Result<IntegrationResponse, Failure> {
    let missing = missing::integration_response;
    parts::find_at(service, &at.api_id, &at.key(), missing).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtIntegrationResponse, Given),
) -> Result<IntegrationResponse, Failure> {
    let missing = missing::integration_response;
    let before: IntegrationResponse = parts::find_at_to_edit(edit, &at.key(), missing).await?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    if after != before {
        let of = AtIntegration {
            api_id: at.api_id.clone(),
            integration_id: at.integration_id.clone(),
        };
        unique(edit, &of, &after).await?;
        edit.put(at.key(), &after);
    }
    Ok(after)
}

pub(crate) async fn delete(
    edit: &mut Edit<'_, Api>,
    at: &AtIntegrationResponse,
) -> Result<(), Failure> {
    let missing = missing::integration_response;
    let _: IntegrationResponse = parts::find_at_to_edit(edit, &at.key(), missing).await?;
    edit.delete(at.key());
    Ok(())
}
