//! Custom domain names as HTTP and WebSocket APIs see them.
//!
//! They are stored as REST APIs have them, and are one thing for all: see `rest::domain_names`. What the older API says by
//! members of their own, this one says by a list of configurations, one for each endpoint type.

use super::missing;
use crate::Management;
use crate::definitions::Change;
use crate::paging::{Items, Tokens};
use crate::rest::domain_names::{AtDomain, DomainRecord, find, make, rules};
use crate::rest::tags;
use crate::wire::{Choice, Enumerated, Failure, Part, Violations, iso8601};
use postern_definition::Map;
use postern_definition::rest::{
    DomainName, EndpointConfiguration, EndpointType, IpAddressType, MutualTlsAuthentication,
};
use postern_plan::account::{DOMAIN_NAMES, domain_name_key};
use postern_store::decode;
use serde::{Deserialize, Serialize};

/// What the two APIs call how a domain name chooses an API.
const ROUTING_MODES: [(&str, &str); 3] = [
    ("API_MAPPING_ONLY", "BASE_PATH_MAPPING_ONLY"),
    ("ROUTING_RULE_ONLY", "ROUTING_RULE_ONLY"),
    (
        "ROUTING_RULE_THEN_API_MAPPING",
        "ROUTING_RULE_THEN_BASE_PATH_MAPPING",
    ),
];

/// By its name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RoutingMode(&'static str);

impl Enumerated for RoutingMode {
    const SET: &'static [(&'static str, Self)] = &[
        (ROUTING_MODES[0].0, Self(ROUTING_MODES[0].1)),
        (ROUTING_MODES[1].0, Self(ROUTING_MODES[1].1)),
        (ROUTING_MODES[2].0, Self(ROUTING_MODES[2].1)),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SecurityPolicy(&'static str);

impl Enumerated for SecurityPolicy {
    const SET: &'static [(&'static str, Self)] =
        &[("TLS_1_0", Self("TLS_1_0")), ("TLS_1_2", Self("TLS_1_2"))];
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDomainName {
    domain_name: String,
    tags: Option<Map<String>>,
}

/// What may be said of a domain name when it is created and from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    domain_name_configurations: Option<Vec<Configuration>>,
    mutual_tls_authentication: Option<MutualTls>,
    routing_mode: Option<Choice<RoutingMode>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    certificate_arn: Option<String>,
    certificate_name: Option<String>,
    endpoint_type: Option<Choice<EndpointType>>,
    ip_address_type: Option<Choice<IpAddressType>>,
    ownership_verification_certificate_arn: Option<String>,
    security_policy: Option<Choice<SecurityPolicy>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MutualTls {
    truststore_uri: Option<String>,
    truststore_version: Option<String>,
}

impl Part for CreateDomainName {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        let configurations = self.domain_name_configurations.iter().flatten();
        for (index, one) in configurations.enumerate() {
            let at =
                |member: &str| format!("domainNameConfigurations.{}.member.{member}", index + 1);
            violations.choice(&at("endpointType"), one.endpoint_type.as_ref());
            violations.choice(&at("ipAddressType"), one.ip_address_type.as_ref());
            violations.choice(&at("securityPolicy"), one.security_policy.as_ref());
        }
        violations.choice("routingMode", self.routing_mode.as_ref());
    }
}

impl Given {
    fn apply(&self, domain: &mut DomainName) -> Result<(), Failure> {
        match self.domain_name_configurations.as_deref() {
            None => {}
            Some([one]) => one.apply(domain)?,
            Some(_) => {
                return Err(Failure::bad_request(
                    "Exactly one domain name configuration must be specified.",
                ));
            }
        }
        if let Some(tls) = &self.mutual_tls_authentication {
            let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            domain.mutual_tls_authentication =
                match given(&tls.truststore_uri) {
                    Some(truststore_uri) => Some(MutualTlsAuthentication {
                        truststore_uri,
                        truststore_version: given(&tls.truststore_version),
                        truststore_warnings: Vec::new(),
                    }),
                    // An empty URI takes it away; a version alone is another version of the same store.
                    None if tls.truststore_uri.is_some() => None,
                    None => domain.mutual_tls_authentication.take().map(|known| {
                        MutualTlsAuthentication {
                            truststore_version: given(&tls.truststore_version),
                            ..known
                        }
                    }),
                };
        }
        if let Some(mode) = &self.routing_mode {
            mode.known()?.0.clone_into(&mut domain.routing_mode);
        }
        Ok(())
    }
}

impl Configuration {
    fn apply(&self, domain: &mut DomainName) -> Result<(), Failure> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(kind) = &self.endpoint_type {
            let kind = kind.known()?;
            let types = &mut domain.endpoint_configuration.types;
            if kind != EndpointType::Regional && !types.contains(&kind) {
                return Err(Failure::bad_request(format!(
                    "Invalid endpoint type specified: {}. Only REGIONAL is supported",
                    kind.name()
                )));
            }
            *types = vec![kind];
        }
        let is_regional = domain
            .endpoint_configuration
            .types
            .contains(&EndpointType::Regional);
        let (arn, name) = if is_regional {
            (
                &mut domain.regional_certificate_arn,
                &mut domain.regional_certificate_name,
            )
        } else {
            (&mut domain.certificate_arn, &mut domain.certificate_name)
        };
        if self.certificate_arn.is_some() {
            *arn = given(&self.certificate_arn);
        }
        if self.certificate_name.is_some() {
            *name = given(&self.certificate_name);
        }
        if let Some(kind) = &self.ip_address_type {
            domain.endpoint_configuration.ip_address_type = kind.known()?;
        }
        if self.ownership_verification_certificate_arn.is_some() {
            domain.ownership_verification_certificate_arn =
                given(&self.ownership_verification_certificate_arn);
        }
        if let Some(policy) = &self.security_policy {
            policy.known()?.0.clone_into(&mut domain.security_policy);
        }
        Ok(())
    }
}

/// A domain name as clients of this API see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DomainNameView {
    api_mapping_selection_expression: &'static str,
    domain_name: String,
    domain_name_arn: String,
    domain_name_configurations: Vec<ConfigurationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutual_tls_authentication: Option<MutualTlsAuthentication>,
    routing_mode: String,
    tags: Map<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationView {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_gateway_domain_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_upload_date: Option<String>,
    domain_name_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_name_status_message: Option<String>,
    endpoint_type: EndpointType,
    #[serde(skip_serializing_if = "Option::is_none")]
    hosted_zone_id: Option<String>,
    ip_address_type: IpAddressType,
    security_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ownership_verification_certificate_arn: Option<String>,
}

impl From<DomainName> for DomainNameView {
    fn from(domain: DomainName) -> Self {
        let kinds = domain.endpoint_configuration.types.iter();
        let configurations = kinds.map(|kind| ConfigurationView::of(&domain, *kind));
        let mode = ROUTING_MODES
            .iter()
            .find(|(_, theirs)| *theirs == domain.routing_mode);
        Self {
            api_mapping_selection_expression: "$request.basepath",
            domain_name_configurations: configurations.collect(),
            routing_mode: mode.map_or_else(|| domain.routing_mode.clone(), |m| m.0.to_owned()),
            domain_name: domain.domain_name,
            domain_name_arn: domain.domain_name_arn,
            mutual_tls_authentication: domain.mutual_tls_authentication,
            tags: domain.tags,
        }
    }
}

impl ConfigurationView {
    fn of(domain: &DomainName, kind: EndpointType) -> Self {
        let is_regional = kind == EndpointType::Regional;
        let (name, zone, arn, certificate) = if is_regional {
            (
                &domain.regional_domain_name,
                &domain.regional_hosted_zone_id,
                &domain.regional_certificate_arn,
                &domain.regional_certificate_name,
            )
        } else {
            (
                &domain.distribution_domain_name,
                &domain.distribution_hosted_zone_id,
                &domain.certificate_arn,
                &domain.certificate_name,
            )
        };
        Self {
            api_gateway_domain_name: name.clone(),
            certificate_arn: arn.clone(),
            certificate_name: certificate.clone(),
            certificate_upload_date: domain
                .certificate_upload_date
                .filter(|_| !is_regional)
                .map(iso8601),
            domain_name_status: domain.domain_name_status.clone(),
            domain_name_status_message: domain.domain_name_status_message.clone(),
            endpoint_type: kind,
            hosted_zone_id: zone.clone(),
            ip_address_type: domain.endpoint_configuration.ip_address_type,
            security_policy: domain.security_policy.clone(),
            ownership_verification_certificate_arn: domain
                .ownership_verification_certificate_arn
                .clone(),
        }
    }
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    (input, given): &(CreateDomainName, Given),
) -> Result<DomainNameView, Failure> {
    let region = change.service().region();
    let mut domain = DomainName {
        domain_name_arn: format!(
            "arn:aws:apigateway:{region}::/domainnames/{}",
            input.domain_name
        ),
        domain_name: input.domain_name.clone(),
        domain_name_id: None,
        certificate_name: None,
        certificate_arn: None,
        certificate_upload_date: None,
        regional_domain_name: None,
        regional_hosted_zone_id: None,
        regional_certificate_name: None,
        regional_certificate_arn: None,
        distribution_domain_name: None,
        distribution_hosted_zone_id: None,
        endpoint_configuration: EndpointConfiguration {
            types: vec![EndpointType::Regional],
            ip_address_type: IpAddressType::Ipv4,
            vpc_endpoint_ids: Vec::new(),
        },
        domain_name_status: "AVAILABLE".to_owned(),
        domain_name_status_message: None,
        security_policy: "TLS_1_2".to_owned(),
        endpoint_access_mode: None,
        mutual_tls_authentication: None,
        ownership_verification_certificate_arn: None,
        management_policy: None,
        policy: None,
        routing_mode: ROUTING_MODES[0].1.to_owned(),
        tags: tags::given(input.tags.as_ref())?,
    };
    given.apply(&mut domain)?;
    Ok(make(change, domain).await?.domain.into())
}

pub(crate) async fn get(service: &Management, at: &AtDomain) -> Result<DomainNameView, Failure> {
    let key = domain_name_key(&at.known_as());
    let found: Option<DomainRecord> = service.definitions().get(&key).await?;
    Ok(found.ok_or_else(missing::domain_name)?.domain.into())
}

/// Private ones are known to the older API alone.
pub(crate) async fn list(
    service: &Management,
    tokens: &Tokens,
) -> Result<Items<DomainNameView>, Failure> {
    let paging = tokens.paging();
    let public = |item: &_| Ok(!decode::<DomainRecord>(item)?.is_private());
    let page = paging.page_where(service.definitions(), DOMAIN_NAMES, "", public);
    let page = page.await?;
    Ok(page
        .try_map(|item| Ok(decode::<DomainRecord>(&item)?.domain.into()))?
        .into())
}

pub(crate) async fn update(
    change: &mut Change<'_>,
    (at, given): &(AtDomain, Given),
) -> Result<DomainNameView, Failure> {
    let before = find(change, &at.known_as()).await?;
    let mut domain = before.domain.clone();
    given.apply(&mut domain)?;
    if domain != before.domain {
        domain = rules::settled(domain, change.service().now())?;
    }
    let after = DomainRecord {
        domain,
        associations: before.associations,
    };
    change.replace(&before, &after);
    Ok(after.domain.into())
}
