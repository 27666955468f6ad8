//! CreateRestApi.

use super::clone::{Contents, copy};
use super::{RestApiView, policy};
use crate::Management;
use crate::definitions::{ApiRecord, api_key};
use crate::ids;
use crate::rest::names::{EndpointAccessMode, SecurityPolicy};
use crate::rest::tags;
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use postern_definition::rest::{
    ApiKeySource, EndpointConfiguration, EndpointType, IpAddressType, RestApi,
};
use postern_definition::{ApiId, Map};
use postern_store::{Condition, Write, encode};
use serde::Deserialize;

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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    types: Option<Vec<Choice<EndpointType>>>,
    ip_address_type: Option<Choice<IpAddressType>>,
    vpc_endpoint_ids: Option<Vec<String>>,
}

impl Part for CreateRestApi {
    fn constraints(&self, violations: &mut Violations) {
        if let Some(endpoint) = &self.endpoint_configuration {
            let types = endpoint.types.as_deref().unwrap_or_default();
            violations.choices("endpointConfiguration.types", types);
            violations.choice(
                "endpointConfiguration.ipAddressType",
                endpoint.ip_address_type.as_ref(),
            );
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
    let mut writes = contents.writes();
    let record = ApiRecord { api, pending: None };
    // The API's own item comes last: until it is there, nobody sees the rest.
    writes.push(Write::put(
        api_key(&record.api.id),
        encode(&record),
        Condition::Absent,
    ));
    service.definitions().write_all(writes).await?;
    Ok(RestApiView::brief(record.api))
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
        let binary_media_types = self.binary_media_types.clone().unwrap_or_default();
        if binary_media_types.len() > BINARY_MEDIA_TYPES_MAX {
            return Err(Failure::bad_request(format!(
                "Invalid binary media types: at most {BINARY_MEDIA_TYPES_MAX} are allowed"
            )));
        }
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
    let kind = match given.and_then(|given| given.types.as_deref()) {
        None => EndpointType::Edge,
        Some([]) => {
            return Err(Failure::bad_request(
                "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
            ));
        }
        Some([one]) => one.known()?,
        Some(_) => {
            return Err(Failure::bad_request(
                "Cannot create an api with multiple Endpoint Types.",
            ));
        }
    };
    let ip_address_type = match given.and_then(|given| given.ip_address_type.as_ref()) {
        Some(choice) => choice.known()?,
        None if kind == EndpointType::Private => IpAddressType::Dualstack,
        None => IpAddressType::Ipv4,
    };
    if kind == EndpointType::Private && ip_address_type == IpAddressType::Ipv4 {
        return Err(Failure::bad_request(
            "Only dualstack ipAddressType is supported for Private APIs.",
        ));
    }
    let vpc_endpoint_ids = given
        .and_then(|given| given.vpc_endpoint_ids.clone())
        .unwrap_or_default();
    if kind != EndpointType::Private && !vpc_endpoint_ids.is_empty() {
        return Err(Failure::bad_request(
            "Only PRIVATE type endpoints support vpcEndpointIds.",
        ));
    }
    Ok(EndpointConfiguration {
        types: vec![kind],
        ip_address_type,
        vpc_endpoint_ids,
    })
}
