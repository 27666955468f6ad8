//! Integrations: what answers routes.

mod rules;

pub(super) use rules::checked;

use super::address::{AtApi, AtIntegration};
use super::{given, missing, parts, routes};
use crate::definitions::{
    Edit, INTEGRATION, INTEGRATION_RESPONSE, part_key, part_prefix, response_key,
};
use crate::limits::room;
use crate::paging::{Items, Tokens};
use crate::rest::integrations::timeout_ms;
use crate::wire::{Choice, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::Map;
use postern_definition::rest::{
    ConnectionType, ContentHandling, IntegrationType, PassthroughBehavior,
};
use postern_definition::routed::{
    Api, Definition, Integration, IntegrationResponse, Route, TIMEOUT_MS_DEFAULT_HTTP,
    TIMEOUT_MS_DEFAULT_WEBSOCKET, TlsConfig,
};
use postern_plan::account::{vpc_link_key, vpc_link_v2_key};
use postern_store::Key;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateIntegration {
    integration_type: Choice<IntegrationType>,
}

/// What may be said of an integration when it is created and from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    connection_id: Option<String>,
    connection_type: Option<Choice<ConnectionType>>,
    content_handling_strategy: Option<Choice<ContentHandling>>,
    credentials_arn: Option<String>,
    description: Option<String>,
    integration_method: Option<String>,
    integration_subtype: Option<String>,
    integration_type: Option<Choice<IntegrationType>>,
    integration_uri: Option<String>,
    passthrough_behavior: Option<Choice<PassthroughBehavior>>,
    payload_format_version: Option<String>,
    request_parameters: Option<Map<String>>,
    request_templates: Option<Map<String>>,
    response_parameters: Option<Map<Map<String>>>,
    template_selection_expression: Option<String>,
    timeout_in_millis: Option<i64>,
    tls_config: Option<TlsConfig>,
}

impl Part for CreateIntegration {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("connectionType", self.connection_type.as_ref());
        let strategy = self.content_handling_strategy.as_ref();
        violations.choice("contentHandlingStrategy", strategy);
        violations.choice("integrationType", self.integration_type.as_ref());
        violations.choice("passthroughBehavior", self.passthrough_behavior.as_ref());
    }
}

impl Given {
    fn apply(&self, integration: &mut Integration) -> Result<(), Failure> {
        given::text(&mut integration.connection_id, self.connection_id.as_ref());
        if let Some(kind) = &self.connection_type {
            integration.connection_type = kind.known()?;
        }
        given::choice(
            &mut integration.content_handling_strategy,
            self.content_handling_strategy.as_ref(),
        )?;
        given::text(
            &mut integration.credentials_arn,
            self.credentials_arn.as_ref(),
        );
        given::text(&mut integration.description, self.description.as_ref());
        given::text(
            &mut integration.integration_method,
            self.integration_method.as_ref(),
        );
        given::text(
            &mut integration.integration_subtype,
            self.integration_subtype.as_ref(),
        );
        if let Some(kind) = &self.integration_type {
            integration.integration_type = kind.known()?;
        }
        given::text(
            &mut integration.integration_uri,
            self.integration_uri.as_ref(),
        );
        given::choice(
            &mut integration.passthrough_behavior,
            self.passthrough_behavior.as_ref(),
        )?;
        given::text(
            &mut integration.payload_format_version,
            self.payload_format_version.as_ref(),
        );
        given::texts(
            &mut integration.request_parameters,
            self.request_parameters.as_ref(),
        );
        given::texts(
            &mut integration.request_templates,
            self.request_templates.as_ref(),
        );
        given::entries(
            &mut integration.response_parameters,
            self.response_parameters.as_ref(),
            Map::is_empty,
        );
        given::text(
            &mut integration.template_selection_expression,
            self.template_selection_expression.as_ref(),
        );
        if let Some(timeout) = self.timeout_in_millis {
            integration.timeout_in_millis = timeout_ms(timeout)?;
        }
        if let Some(tls) = &self.tls_config {
            let is_there = |name: &String| !name.is_empty();
            integration.tls_config = Some(tls.clone())
                .filter(|tls| tls.server_name_to_verify.as_ref().is_some_and(is_there));
        }
        Ok(())
    }
}

/// An integration as it begins, before anything is said of it.
pub(super) fn new(api: &Api) -> Integration {
    Integration {
        api_gateway_managed: false,
        connection_id: None,
        connection_type: ConnectionType::Internet,
        content_handling_strategy: None,
        credentials_arn: None,
        description: None,
        integration_id: ids::random(ids::MEDIUM),
        integration_method: None,
        integration_response_selection_expression: None,
        integration_subtype: None,
        integration_type: IntegrationType::Mock,
        integration_uri: None,
        passthrough_behavior: None,
        payload_format_version: None,
        request_parameters: None,
        request_templates: None,
        response_parameters: None,
        template_selection_expression: None,
        timeout_in_millis: if api.is_http() {
            TIMEOUT_MS_DEFAULT_HTTP
        } else {
            TIMEOUT_MS_DEFAULT_WEBSOCKET
        },
        tls_config: None,
    }
}

/// An integration as users of a VPC link are noted.
fn as_user(id: &str) -> String {
    part_prefix(INTEGRATION) + id
}

/// The VPC link that an integration goes through, where it names one itself.
fn link_of(api: &Api, integration: &Integration) -> Option<Key> {
    let through = integration.connection_type == ConnectionType::VpcLink;
    let id = integration.connection_id.as_deref().filter(|_| through)?;
    if id.contains("${") {
        return None;
    }
    Some(if api.is_http() {
        vpc_link_v2_key(id)
    } else {
        vpc_link_key(id)
    })
}

/// Notes that an integration comes to use a VPC link, where that is there.
async fn linked(
    edit: &mut Edit<'_, Api>,
    api: &Api,
    before: Option<&Integration>,
    after: &Integration,
) -> Result<(), Failure> {
    let link = link_of(api, after);
    if let Some(key) = link.filter(|key| before.and_then(|b| link_of(api, b)).as_ref() != Some(key))
        && !edit.uses(&key, as_user(&after.integration_id)).await?
    {
        return Err(Failure::bad_request(
            "Invalid Vpc Link identifier specified",
        ));
    }
    Ok(())
}

/// Notes which VPC links the integrations of an imported definition go through.
pub(super) async fn link_all(
    edit: &mut Edit<'_, Api>,
    definition: &Definition,
) -> Result<(), Failure> {
    let mut by_link: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for integration in &definition.integrations {
        if let Some(key) = link_of(&definition.api, integration) {
            let user = as_user(&integration.integration_id);
            by_link.entry(key).or_default().push(user);
        }
    }
    for (key, users) in by_link {
        if !edit.uses_all(&key, users).await? {
            return Err(Failure::bad_request(format!(
                "Invalid Vpc Link identifier specified: {}",
                key.sort
            )));
        }
    }
    Ok(())
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (_, input, given): &(AtApi, CreateIntegration, Given),
) -> Result<Integration, Failure> {
    let api = parts::api(edit)?;
    let mut integration = new(&api);
    integration.integration_type = input.integration_type.known()?;
    given.apply(&mut integration)?;
    let integration = checked(&api, integration)?;
    let max = edit.service().limits().integrations_per_api;
    room(edit, "integrations", &part_prefix(INTEGRATION), max).await?;
    linked(edit, &api, None, &integration).await?;
    let key = part_key(&api.api_id, INTEGRATION, &integration.integration_id);
    edit.create(key, &integration);
    Ok(integration)
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Integration>, Failure> {
    parts::page(service, &at.api_id, INTEGRATION, tokens).await
}

pub(crate) async fn get(service: &Management, at: &AtIntegration) -> Result<Integration, Failure> {
    let place = (INTEGRATION, at.integration_id.as_str());
    parts::find(service, &at.api_id, place, missing::integration).await
}

pub(super) async fn find(edit: &Edit<'_, Api>, id: &str) -> Result<Integration, Failure> {
    parts::find_to_edit(edit, (INTEGRATION, id), missing::integration).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtIntegration, Given),
) -> Result<Integration, Failure> {
    let before = find(edit, &at.integration_id).await?;
    let api = parts::api(edit)?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    let after = checked(&api, after)?;
    if after != before {
        linked(edit, &api, Some(&before), &after).await?;
        let key = part_key(&api.api_id, INTEGRATION, &after.integration_id);
        edit.put(key, &after);
    }
    Ok(after)
}

/// With it go its responses.
pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtIntegration) -> Result<(), Failure> {
    let (api, id) = (&at.api_id, &at.integration_id);
    let integration = find(edit, id).await?;
    if integration.api_gateway_managed {
        return Err(Failure::bad_request(format!(
            "Cannot delete integration '{id}', for it is managed by API Gateway"
        )));
    }
    let uses = |route: &Route| route.integration_id() == Some(id);
    if let Some(users) = routes::users(edit, uses).await? {
        return Err(Failure::conflict(format!(
            "Cannot delete integration '{id}', is referenced in route: {users}"
        )));
    }
    let responses = edit.definitions().responses(api, INTEGRATION_RESPONSE, id);
    let responses: Vec<IntegrationResponse> = responses.await?;
    for response in responses {
        let of = &response.integration_response_id;
        edit.delete(response_key(api, INTEGRATION_RESPONSE, id, of));
    }
    edit.delete(part_key(api, INTEGRATION, id));
    Ok(())
}
