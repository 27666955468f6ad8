//! What may be patched of a domain name.

use super::{AtDomain, rules};
use crate::Management;
use crate::patch::{
    ADD_REMOVE, ADD_REPLACE_REMOVE, Op, Patch, REPLACE, Row, Table, Unknown, Update,
};
use crate::rest::names::{EndpointAccessMode, RoutingMode, SecurityPolicy};
use crate::wire::{Enumerated, Failure};
use postern_definition::rest::{DomainName, EndpointType, IpAddressType, MutualTlsAuthentication};

/// A domain name on its way, and what was done to its endpoint types and certificates.
#[derive(Clone)]
struct Draft {
    domain: DomainName,
    added: bool,
    removed: bool,
}

pub(super) fn apply(
    input: &Update<AtDomain>,
    domain: &DomainName,
    service: &Management,
) -> Result<DomainName, Failure> {
    let draft = Draft {
        domain: domain.clone(),
        added: false,
        removed: false,
    };
    let draft = input.apply(&TABLE, &draft)?;
    if draft.added && draft.removed {
        return Err(Failure::bad_request(
            "Endpoint types and certificates cannot be added and removed in one request.",
        ));
    }
    if draft.domain == *domain {
        return Ok(draft.domain);
    }
    if draft.domain.endpoint_configuration.types.is_empty() {
        return Err(Failure::bad_request(
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ));
    }
    rules::settled(draft.domain, service.now())
}

static TABLE: Table<Draft> = Table {
    rows: &[
        Row::new("/certificateName", ADD_REPLACE_REMOVE, |draft, patch| {
            draft.domain.certificate_name = certificate(draft, patch);
            Ok(())
        }),
        Row::new("/certificateArn", ADD_REPLACE_REMOVE, |draft, patch| {
            draft.domain.certificate_arn = certificate(draft, patch);
            draft.domain.certificate_upload_date = None;
            Ok(())
        }),
        Row::new(
            "/regionalCertificateName",
            ADD_REPLACE_REMOVE,
            |draft, patch| {
                draft.domain.regional_certificate_name = certificate(draft, patch);
                Ok(())
            },
        ),
        Row::new(
            "/regionalCertificateArn",
            ADD_REPLACE_REMOVE,
            |draft, patch| {
                draft.domain.regional_certificate_arn = certificate(draft, patch);
                Ok(())
            },
        ),
        Row::new("/endpointConfiguration/types", ADD_REMOVE, endpoint_types),
        Row::new(
            "/endpointConfiguration/types/{type}",
            REPLACE,
            endpoint_type,
        ),
        Row::new(
            "/endpointConfiguration/ipAddressType",
            REPLACE,
            |draft, patch| {
                let kind = IpAddressType::named(patch.text()).ok_or_else(|| {
                    Failure::bad_request("ipAddressType must be either ipv4 or dualstack.")
                })?;
                draft.domain.endpoint_configuration.ip_address_type = kind;
                Ok(())
            },
        ),
        Row::new("/endpointAccessMode", REPLACE, |draft, patch| {
            let mode = patch.optional();
            if mode
                .as_deref()
                .is_some_and(|mode| EndpointAccessMode::named(mode).is_none())
            {
                return Err(Failure::bad_request(
                    "Invalid endpointAccessMode specified. Valid options are BASIC,STRICT",
                ));
            }
            draft.domain.endpoint_access_mode = mode;
            Ok(())
        }),
        Row::new("/managementPolicy", REPLACE, |draft, patch| {
            draft.domain.management_policy = patch.optional();
            Ok(())
        }),
        Row::new("/policy", REPLACE, |draft, patch| {
            draft.domain.policy = patch.optional();
            Ok(())
        }),
        Row::new(
            "/mutualTlsAuthentication/truststoreUri",
            ADD_REPLACE_REMOVE,
            truststore_uri,
        ),
        Row::new(
            "/mutualTlsAuthentication/truststoreVersion",
            ADD_REPLACE_REMOVE,
            truststore_version,
        ),
        Row::new(
            "/ownershipVerificationCertificateArn",
            ADD_REPLACE_REMOVE,
            |draft, patch| {
                let arn = patch.optional().filter(|_| !patch.removes());
                draft.domain.ownership_verification_certificate_arn = arn;
                Ok(())
            },
        ),
        Row::new("/routingMode", REPLACE, |draft, patch| {
            let mode = RoutingMode::named(patch.text()).ok_or_else(|| {
                Failure::bad_request(
                    "Invalid routingMode specified. Valid options are BASE_PATH_MAPPING_ONLY,ROUTING_RULE_ONLY,ROUTING_RULE_THEN_BASE_PATH_MAPPING",
                )
            })?;
            draft.domain.routing_mode = mode.0.to_owned();
            Ok(())
        }),
        Row::new("/securityPolicy", REPLACE, |draft, patch| {
            let policy = SecurityPolicy::named(patch.text())
                .ok_or_else(|| Failure::bad_request("Invalid securityPolicy specified"))?;
            draft.domain.security_policy = policy.0.to_owned();
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

fn noted(draft: &mut Draft, op: Op) {
    draft.added |= op == Op::Add;
    draft.removed |= op == Op::Remove;
}

fn certificate(draft: &mut Draft, patch: &Patch<'_>) -> Option<String> {
    noted(draft, patch.op);
    patch.optional().filter(|_| !patch.removes())
}

fn named_type(patch: &Patch<'_>) -> Result<EndpointType, Failure> {
    EndpointType::named(patch.text()).ok_or_else(|| {
        Failure::bad_request(
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
        )
    })
}

/// A domain name is private for good, or never is.
fn stays_public(types: &[EndpointType], kind: EndpointType) -> Result<(), Failure> {
    if kind == EndpointType::Private || types.contains(&EndpointType::Private) {
        return Err(Failure::bad_request(
            "Cannot change the endpoint type of a domain name to or from PRIVATE.",
        ));
    }
    Ok(())
}

fn endpoint_types(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    noted(draft, patch.op);
    let kind = named_type(patch)?;
    let types = &mut draft.domain.endpoint_configuration.types;
    stays_public(types, kind)?;
    match patch.op {
        Op::Remove => types.retain(|known| *known != kind),
        _ if !types.contains(&kind) => types.push(kind),
        _ => {}
    }
    Ok(())
}

fn endpoint_type(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    let kind = named_type(patch)?;
    let types = &mut draft.domain.endpoint_configuration.types;
    stays_public(types, kind)?;
    let old = EndpointType::named(&patch.key());
    let place = patch.key().parse::<usize>().ok();
    let place = place.or_else(|| types.iter().position(|known| Some(*known) == old));
    match place.and_then(|place| types.get_mut(place)) {
        Some(known) => *known = kind,
        None => return Err(patch.invalid_path()),
    }
    types.dedup();
    Ok(())
}

fn truststore_uri(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    let tls = &mut draft.domain.mutual_tls_authentication;
    match patch.optional().filter(|_| !patch.removes()) {
        Some(uri) => tls.get_or_insert_default().truststore_uri = uri,
        None => *tls = None,
    }
    Ok(())
}

fn truststore_version(draft: &mut Draft, patch: &Patch<'_>) -> Result<(), Failure> {
    let version = patch.optional().filter(|_| !patch.removes());
    let tls = &mut draft.domain.mutual_tls_authentication;
    if tls.is_none() && version.is_none() {
        return Ok(());
    }
    let tls = tls.get_or_insert_with(MutualTlsAuthentication::default);
    tls.truststore_version = version;
    Ok(())
}
