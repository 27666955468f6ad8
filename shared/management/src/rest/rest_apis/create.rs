//! CreateRestApi.

use super::clone::{Contents, copy};
use super::{RestApiView, policy};
use crate::Management;
use crate::ids;
use crate::rest::endpoints::{Endpoint, configured};
use crate::rest::names::{EndpointAccessMode, SecurityPolicy};
use crate::rest::{integrations, tags};
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use postern_definition::rest::{
    ApiKeySource, EndpointConfiguration, EndpointType, IpAddressType, RestApi,
};
use postern_definition::{ApiId, Map};
use serde::Deserialize;
use std::collections::HashSet;

pub(super) const NAME_CHARS_MAX: usize = 1_024;
pub(super) const DESCRIPTION_CHARS_MAX: usize = 1_024;
const BINARY_MEDIA_TYPES_MAX: usize = 1_000;
pub(super) const COMPRESSION_BYTES_MAX: i64 = 10_485_760;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRestApi {
    name: String,
    description: Option<String>,
    version: Option<String>,
    clone_from: Option<ApiId>,
    binary_media_types: Option<Vec<String>>,
    minimum_compression_size: Option<i64>,
    api_key_source: Option<Choice<ApiKeySource>>,
    endpoint_configuration: Option<Endpoint>,
    policy: Option<String>,
    tags: Option<Map<String>>,
    disable_execute_api_endpoint: Option<bool>,
    security_policy: Option<Choice<SecurityPolicy>>,
    endpoint_access_mode: Option<Choice<EndpointAccessMode>>,
}

impl Part for CreateRestApi {
    fn constraints(&self, violations: &mut Violations) {
        if let Some(endpoint) = &self.endpoint_configuration {
            endpoint.constraints(violations);
        }
        violations.choice("apiKeySource", self.api_key_source.as_ref());
        violations.choice("securityPolicy", self.security_policy.as_ref());
        violations.choice("endpointAccessMode", self.endpoint_access_mode.as_ref());
    }
}

pub(crate) async fn create(
    service: &Management,
    input: &CreateRestApi,
) -> Result<RestApiView, Failure> {
    let api = input.api(service)?;
    let contents = match &input.clone_from {
        Some(source) => copy(service, source, &api).await?,
        None => Contents::empty(&api),
    };
    let api = contents.settings(api, input.binary_media_types.is_none());
    let mut edit = service.new_api(api.clone());
    edit.replace(None, contents.definition());
    integrations::link_all(&mut edit, None, contents.definition()).await?;
    if !edit.commit().await? {
        return Err(Failure::concurrent());
    }
    Ok(RestApiView::brief(api))
}

impl CreateRestApi {
    fn api(&self, service: &Management) -> Result<RestApi, Failure> {
        checked_name(&self.name)?;
        if self.description.as_deref() == Some("") {
            return Err(Failure::bad_request(
                "Description cannot be an empty string",
            ));
        }
        checked_description(self.description.as_deref())?;
        let minimum_compression_size = self
            .minimum_compression_size
            .map(compression_size)
            .transpose()?;
        let mut binary_media_types = self.binary_media_types.clone().unwrap_or_default();
        if binary_media_types.len() > BINARY_MEDIA_TYPES_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid binary media types: at most {BINARY_MEDIA_TYPES_MAX} are allowed"
            )));
        }
        // A set, in the order in which its members were named.
        let mut seen = HashSet::new();
        binary_media_types.retain(|kind| seen.insert(kind.clone()));
        let api = RestApi {
            id: ids::random(ids::LONG).into(),
            name: self.name.clone(),
            description: self.description.clone(),
            created_date: service.now(),
            version: self.version.clone().filter(|version| !version.is_empty()),
            binary_media_types,
            minimum_compression_size,
            api_key_source: match &self.api_key_source {
                Some(source) => source.known()?,
                None => ApiKeySource::Header,
            },
            endpoint_configuration: endpoint(self.endpoint_configuration.as_ref())?,
            policy: self.policy.clone().filter(|policy| !policy.is_empty()),
            tags: tags::given(self.tags.as_ref())?,
            disable_execute_api_endpoint: self.disable_execute_api_endpoint.unwrap_or(false),
            root_resource_id: ids::random(ids::LONG).into(),
            security_policy: name(self.security_policy.as_ref())?,
            endpoint_access_mode: name(self.endpoint_access_mode.as_ref())?,
        };
        policy::saved(api, service)
    }
}

fn name<T: Enumerated>(choice: Option<&Choice<T>>) -> Result<Option<String>, Failure> {
    choice
        .map(|choice| Ok(choice.known()?.name().to_owned()))
        .transpose()
}

pub(super) fn checked_name(name: &str) -> Result<(), Failure> {
    match name.chars().count() {
        0 => Err(Failure::bad_request("Name cannot be an empty string")),
        1..=NAME_CHARS_MAX => Ok(()),
        _ => Err(Failure::bad_request(format!(
            "Invalid REST API name, can be at most {NAME_CHARS_MAX} characters."
        ))),
    }
}

pub(super) fn checked_description(description: Option<&str>) -> Result<(), Failure> {
    match description {
        Some(text) if text.chars().count() > DESCRIPTION_CHARS_MAX => {
            Err(Failure::bad_request(format!(
                "Invalid REST API description, can be at most {DESCRIPTION_CHARS_MAX} characters."
            )))
        }
        _ => Ok(()),
    }
}

pub(super) fn compression_size(bytes: i64) -> Result<u32, Failure> {
    u32::try_from(bytes)
        .ok()
        .filter(|_| bytes <= COMPRESSION_BYTES_MAX)
        .ok_or_else(invalid_compression_size)
}

pub(super) fn invalid_compression_size() -> Failure {
    Failure::bad_request(format!(
        "Invalid minimum compression size, must be between 0 and {COMPRESSION_BYTES_MAX}"
    ))
}

fn endpoint(given: Option<&Endpoint>) -> Result<EndpointConfiguration, Failure> {
    let endpoint = configured(given, "Cannot create an api with multiple Endpoint Types.")?;
    let is_private = endpoint.types.contains(&EndpointType::Private);
    if is_private && endpoint.ip_address_type == IpAddressType::Ipv4 {
        return Err(Failure::bad_request(
            "Only dualstack ipAddressType is supported for Private APIs.",
        ));
    }
    if !is_private && !endpoint.vpc_endpoint_ids.is_empty() {
        return Err(Failure::bad_request(
            "Only PRIVATE type endpoints support vpcEndpointIds.",
        ));
    }
    Ok(endpoint)
}
