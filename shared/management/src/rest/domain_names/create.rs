//! CreateDomainName.

use super::{DomainRecord, known_as, rules};
use crate::definitions::Change;
use crate::ids;
use crate::limits;
use crate::rest::endpoints::{Endpoint, configured};
use crate::rest::names::{EndpointAccessMode, RoutingMode, SecurityPolicy};
use crate::rest::tags;
use crate::wire::{Choice, Failure, Part, Violations};
use postern_definition::Map;
use postern_definition::rest::{DomainName, EndpointType, MutualTlsAuthentication};
use postern_plan::account::domain_name_key;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDomainName {
    domain_name: String,
    certificate_name: Option<String>,
    certificate_arn: Option<String>,
    regional_certificate_name: Option<String>,
    regional_certificate_arn: Option<String>,
    endpoint_configuration: Option<Endpoint>,
    tags: Option<Map<String>>,
    security_policy: Option<Choice<SecurityPolicy>>,
    endpoint_access_mode: Option<Choice<EndpointAccessMode>>,
    mutual_tls_authentication: Option<MutualTls>,
    ownership_verification_certificate_arn: Option<String>,
    policy: Option<String>,
    routing_mode: Option<Choice<RoutingMode>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MutualTls {
    truststore_uri: Option<String>,
    truststore_version: Option<String>,
}

impl Part for CreateDomainName {
    fn constraints(&self, violations: &mut Violations) {
        if let Some(endpoint) = &self.endpoint_configuration {
            endpoint.constraints(violations);
        }
        violations.choice("securityPolicy", self.security_policy.as_ref());
        violations.choice("endpointAccessMode", self.endpoint_access_mode.as_ref());
        violations.choice("routingMode", self.routing_mode.as_ref());
    }
}

pub(crate) async fn create(
    change: &mut Change<'_>,
    input: &CreateDomainName,
) -> Result<DomainName, Failure> {
    let service = change.service();
    rules::name(&input.domain_name)?;
    let domain = given(input, service.region(), service.account())?;
    Ok(make(change, domain).await?.domain)
}

/// Makes a domain name of what was said of it, whichever API it was said to.
pub(crate) async fn make(
    change: &mut Change<'_>,
    domain: DomainName,
) -> Result<DomainRecord, Failure> {
    rules::name(&domain.domain_name)?;
    let domain = rules::settled(domain, change.service().now())?;
    let record = DomainRecord {
        domain,
        associations: 0,
    };
    if change.sees(&domain_name_key(&record.known_as())).await? {
        return Err(Failure::bad_request(
            "The domain name you provided already exists.",
        ));
    }
    let counted = if record.is_private() {
        &limits::PRIVATE_DOMAIN_NAMES
    } else {
        &limits::DOMAIN_NAMES
    };
    change.grow(counted).await?;
    change.create(&record);
    Ok(record)
}

fn given(input: &CreateDomainName, region: &str, account: &str) -> Result<DomainName, Failure> {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let endpoint_configuration = configured(
        input.endpoint_configuration.as_ref(),
        "Cannot create a domain name with multiple Endpoint Types.",
    )?;
    let private = endpoint_configuration
        .types
        .contains(&EndpointType::Private);
    let id = private.then(|| ids::random(ids::LONG));
    let resource = known_as(&input.domain_name, id.as_deref());
    let owner = if private { account } else { "" };
    let security_policy = input
        .security_policy
        .as_ref()
        .map(Choice::known)
        .transpose()?;
    let access_mode = input
        .endpoint_access_mode
        .as_ref()
        .map(Choice::known)
        .transpose()?;
    let routing_mode = input.routing_mode.as_ref().map(Choice::known).transpose()?;
    let tls = input.mutual_tls_authentication.as_ref();
    Ok(DomainName {
        domain_name_arn: format!("arn:aws:apigateway:{region}:{owner}:/domainnames/{resource}"),
        domain_name: input.domain_name.clone(),
        domain_name_id: id,
        certificate_name: some(&input.certificate_name),
        certificate_arn: some(&input.certificate_arn),
        certificate_upload_date: None,
        regional_domain_name: None,
        regional_hosted_zone_id: None,
        regional_certificate_name: some(&input.regional_certificate_name),
        regional_certificate_arn: some(&input.regional_certificate_arn),
        distribution_domain_name: None,
        distribution_hosted_zone_id: None,
        endpoint_configuration,
        domain_name_status: "AVAILABLE".to_owned(),
        domain_name_status_message: None,
        security_policy: security_policy
            .map_or("TLS_1_2", |policy| policy.0)
            .to_owned(),
        endpoint_access_mode: access_mode.map(|mode| mode.0.to_owned()),
        mutual_tls_authentication: tls.and_then(|tls| {
            let truststore_uri = some(&tls.truststore_uri)?;
            Some(MutualTlsAuthentication {
                truststore_uri,
                truststore_version: some(&tls.truststore_version),
                truststore_warnings: Vec::new(),
            })
        }),
        ownership_verification_certificate_arn: some(&input.ownership_verification_certificate_arn),
        management_policy: None,
        policy: some(&input.policy),
        routing_mode: routing_mode
            .map_or("BASE_PATH_MAPPING_ONLY", |mode| mode.0)
            .to_owned(),
        tags: tags::given(input.tags.as_ref())?,
    })
}
