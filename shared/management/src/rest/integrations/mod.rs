//! Integrations: what answers a method.

mod patches;
pub(crate) mod uri;

use super::address::AtMethod;
use super::methods::{find, find_to_edit, store};
use super::users::{link_of, method_part};
use super::{mapping, missing};
use crate::Management;
use crate::definitions::Edit;
use crate::patch::Update;
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::{
    ConnectionType, ContentHandling, Definition, Integration, IntegrationType, Method,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
    TlsConfig, VERBS,
};
use postern_store::Key;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

const CACHE_KEY_PARAMETERS_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutIntegration {
    #[serde(rename = "type")]
    kind: Choice<IntegrationType>,
    http_method: Option<String>,
    uri: Option<String>,
    connection_type: Option<Choice<ConnectionType>>,
    connection_id: Option<String>,
    credentials: Option<String>,
    request_parameters: Option<Map<String>>,
    request_templates: Option<Map<Option<String>>>,
    passthrough_behavior: Option<String>,
    cache_namespace: Option<String>,
    cache_key_parameters: Option<Vec<String>>,
    content_handling: Option<Choice<ContentHandling>>,
    timeout_in_millis: Option<i64>,
    tls_config: Option<Tls>,
    response_transfer_mode: Option<Choice<ResponseTransferMode>>,
    integration_target: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tls {
    insecure_skip_verification: Option<bool>,
}

impl Part for PutIntegration {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("type", Some(&self.kind));
        violations.choice("connectionType", self.connection_type.as_ref());
        violations.choice("contentHandling", self.content_handling.as_ref());
        violations.choice("responseTransferMode", self.response_transfer_mode.as_ref());
    }
}

pub(crate) async fn get(service: &Management, at: &AtMethod) -> Result<Integration, Failure> {
    let method = find(service.definitions(), at.place()).await?;
    method.method_integration.ok_or_else(missing::integration)
}

pub(crate) async fn put(
    edit: &mut Edit<'_>,
    (at, input): &(AtMethod, PutIntegration),
) -> Result<Integration, Failure> {
    let before = find_to_edit(edit, at.place()).await?;
    let integration = input.integration(at)?;
    checked(&integration, &before)?;
    linked(edit, at, &before, &integration).await?;
    save(edit, at, &before, Some(integration.clone()));
    Ok(integration)
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtMethod>,
) -> Result<Integration, Failure> {
    let before = find_to_edit(edit, input.at.place()).await?;
    let old = before.method_integration.as_ref();
    let old = old.ok_or_else(missing::integration)?;
    let new = input.apply(&patches::TABLE, old)?;
    if new != *old {
        checked(&new, &before)?;
        linked(edit, &input.at, &before, &new).await?;
        save(edit, &input.at, &before, Some(new.clone()));
    }
    Ok(new)
}

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtMethod) -> Result<(), Failure> {
    let before = find_to_edit(edit, at.place()).await?;
    if before.method_integration.is_none() {
        return Err(missing::integration());
    }
    save(edit, at, &before, None);
    Ok(())
}

/// Notes that a method comes to use a VPC link, where the connection names one: it may be a stage variable's.
async fn linked(
    edit: &mut Edit<'_>,
    at: &AtMethod,
    before: &Method,
    integration: &Integration,
) -> Result<(), Failure> {
    let old = before.method_integration.as_ref().and_then(link_of);
    match link_of(integration) {
        Some(link) if Some(&link) != old.as_ref() => {
            let part = method_part(&at.resource_id, &at.http_method);
            edit.uses(&link, part).await?;
        }
        _ => {}
    }
    Ok(())
}

/// As [`linked`], for all methods that an import makes or changes.
pub(crate) async fn link_all(
    edit: &mut Edit<'_>,
    before: Option<&Definition>,
    after: &Definition,
) -> Result<(), Failure> {
    let known: HashSet<(Key, String)> = before.map(links).into_iter().flatten().collect();
    let mut users: HashMap<Key, Vec<String>> = HashMap::new();
    for (link, part) in links(after) {
        if !known.contains(&(link.clone(), part.clone())) {
            users.entry(link).or_default().push(part);
        }
    }
    for (link, parts) in users {
        edit.uses_all(&link, parts).await?;
    }
    Ok(())
}

/// Which VPC links an API's methods name, each with the method as a note has it.
fn links(definition: &Definition) -> impl Iterator<Item = (Key, String)> {
    definition.methods.iter().filter_map(|(resource, method)| {
        let link = method.method_integration.as_ref().and_then(link_of)?;
        Some((link, method_part(resource, &method.http_method)))
    })
}

fn save(edit: &mut Edit<'_>, at: &AtMethod, before: &Method, integration: Option<Integration>) {
    let mut after = before.clone();
    after.method_integration = integration;
    store(edit, at.place(), before, &after);
}

impl PutIntegration {
    fn integration(&self, at: &AtMethod) -> Result<Integration, Failure> {
        let kind = self.kind.known()?;
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let is_mock = kind == IntegrationType::Mock;
        let is_http = matches!(kind, IntegrationType::Http | IntegrationType::HttpProxy);
        let connection_type = self
            .connection_type
            .as_ref()
            .map(Choice::known)
            .transpose()?;
        Ok(Integration {
            kind,
            http_method: some(&self.http_method).filter(|_| !is_mock),
            uri: some(&self.uri).filter(|_| !is_mock),
            connection_type: match connection_type {
                Some(ConnectionType::VpcLink) => connection_type,
                _ => is_http.then_some(ConnectionType::Internet),
            },
            connection_id: some(&self.connection_id),
            credentials: some(&self.credentials),
            request_parameters: self.request_parameters.clone(),
            request_templates: self
                .request_templates
                .clone()
                .map(mapping::templates)
                .transpose()?,
            passthrough_behavior: match some(&self.passthrough_behavior) {
                Some(name) => passthrough_behavior(&name)?,
                None => PassthroughBehavior::WhenNoMatch,
            },
            content_handling: self
                .content_handling
                .as_ref()
                .map(Choice::known)
                .transpose()?,
            timeout_in_millis: match self.timeout_in_millis {
                Some(timeout) => timeout_ms(timeout)?,
                None => TIMEOUT_MS_DEFAULT,
            },
            cache_namespace: some(&self.cache_namespace)
                .unwrap_or_else(|| at.resource_id.to_string()),
            cache_key_parameters: self.cache_key_parameters.clone().unwrap_or_default(),
            integration_responses: Map::new(),
            tls_config: self.tls_config.as_ref().map(|tls| TlsConfig {
                insecure_skip_verification: tls.insecure_skip_verification.unwrap_or(false),
            }),
            response_transfer_mode: self
                .response_transfer_mode
                .as_ref()
                .map(Choice::known)
                .transpose()?,
            integration_target: some(&self.integration_target),
        })
    }
}

pub(super) fn passthrough_behavior(name: &str) -> Result<PassthroughBehavior, Failure> {
    match name.to_ascii_uppercase().as_str() {
        "WHEN_NO_MATCH" => Ok(PassthroughBehavior::WhenNoMatch),
        "WHEN_NO_TEMPLATES" => Ok(PassthroughBehavior::WhenNoTemplates),
        "NEVER" => Ok(PassthroughBehavior::Never),
        _ => Err(Failure::bad_request(
            "Invalid passthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER",
        )),
    }
}

pub(crate) fn timeout_ms(timeout: i64) -> Result<u32, Failure> {
    u32::try_from(timeout)
        .ok()
        .filter(|timeout| (TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(timeout))
        .ok_or_else(|| {
            Failure::bad_request(format!(
                "Timeout should be between {TIMEOUT_MS_MIN} ms and {TIMEOUT_MS_MAX} ms"
            ))
        })
}

/// What must hold of an integration whichever way it came about.
pub(crate) fn checked(integration: &Integration, method: &Method) -> Result<(), Failure> {
    if integration.kind != IntegrationType::Mock {
        let verb = integration.http_method.as_deref();
        let verb = verb.ok_or_else(|| {
            Failure::bad_request("Enumeration value for HttpMethod must be non-empty")
        })?;
        if !VERBS.contains(&verb) {
            return Err(super::methods::invalid_verb());
        }
        uri::checked(
            integration.kind,
            integration.uri.as_deref().unwrap_or_default(),
        )?;
    }
    if integration.connection_type == Some(ConnectionType::VpcLink)
        && integration.connection_id.is_none()
    {
        return Err(Failure::bad_request(
            "ConnectionId must be specified for connection type VPC_LINK",
        ));
    }
    if integration.cache_key_parameters.len() > CACHE_KEY_PARAMETERS_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid cacheKeyParameters: at most {CACHE_KEY_PARAMETERS_MAX} are allowed"
        )));
    }
    mapping::content_types(integration.request_templates.iter().flat_map(Map::keys))?;
    let declared = method.request_parameters.as_ref();
    let mappings = integration.request_parameters.as_ref();
    if let Some(mappings) = mappings {
        mapping::request_mappings(mappings, declared)?;
    }
    mapping::cache_keys(&integration.cache_key_parameters, declared, mappings)
}
