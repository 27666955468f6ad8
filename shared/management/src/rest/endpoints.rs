//! Endpoint configurations, which APIs and domain names have alike.

use crate::wire::{Choice, Failure, Violations};
use postern_definition::rest::{EndpointConfiguration, EndpointType, IpAddressType};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Endpoint {
    types: Option<Vec<Choice<EndpointType>>>,
    ip_address_type: Option<Choice<IpAddressType>>,
    vpc_endpoint_ids: Option<Vec<String>>,
}

impl Endpoint {
    pub(super) fn constraints(&self, violations: &mut Violations) {
        let types = self.types.as_deref().unwrap_or_default();
        violations.choices("endpointConfiguration.types", types);
        violations.choice(
            "endpointConfiguration.ipAddressType",
            self.ip_address_type.as_ref(),
        );
    }
}

/// What is configured, with what is not said filled in. `several` refuses more than one type.
pub(super) fn configured(
    given: Option<&Endpoint>,
    several: &str,
) -> Result<EndpointConfiguration, Failure> {
    let kind = match given.and_then(|given| given.types.as_deref()) {
        None => EndpointType::Edge,
        Some([]) => {
            return Err(Failure::bad_request(
                "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
            ));
        }
        Some([one]) => one.known()?,
        Some(_) => return Err(Failure::bad_request(several)),
    };
    let ip_address_type = match given.and_then(|given| given.ip_address_type.as_ref()) {
        Some(choice) => choice.known()?,
        None if kind == EndpointType::Private => IpAddressType::Dualstack,
        None => IpAddressType::Ipv4,
    };
    Ok(EndpointConfiguration {
        types: vec![kind],
        ip_address_type,
        vpc_endpoint_ids: given
            .and_then(|given| given.vpc_endpoint_ids.clone())
            .unwrap_or_default(),
    })
}
