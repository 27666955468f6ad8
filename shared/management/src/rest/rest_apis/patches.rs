//! What may be patched of a REST API.

use super::create::{
    checked_description, checked_name, compression_size, invalid_compression_size,
};
use crate::patch::{
    ADD_REMOVE, ADD_REPLACE_REMOVE, Op, Patch, REPLACE, Refusal, Row, Table, Unknown,
};
use crate::rest::names::{EndpointAccessMode, SecurityPolicy};
use crate::wire::{Enumerated, Failure};
use postern_definition::rest::{ApiKeySource, EndpointType, IpAddressType, RestApi};

pub(super) static TABLE: Table<RestApi> = Table {
    rows: &[
        Row::scalar("/name", name),
        Row::new("/description", ADD_REPLACE_REMOVE, description),
        Row::scalar("/version", |api, patch| {
            api.version = patch.optional();
            Ok(())
        }),
        Row::scalar("/apiKeySource", api_key_source),
        Row::new(
            "/binaryMediaTypes/{type}",
            ADD_REPLACE_REMOVE,
            binary_media_type,
        ),
        Row::scalar("/disableExecuteApiEndpoint", |api, patch| {
            api.disable_execute_api_endpoint = patch.boolean();
            Ok(())
        }),
        Row::scalar("/endpointAccessMode", endpoint_access_mode),
        Row::new(
            "/endpointConfiguration/types/{type}",
            REPLACE,
            endpoint_type,
        )
        .refusing(Refusal::NamesThreeOps),
        Row::scalar("/endpointConfiguration/ipAddressType", ip_address_type),
        Row::new(
            "/endpointConfiguration/vpcEndpointIds",
            ADD_REMOVE,
            vpc_endpoint_id,
        )
        .refusing(Refusal::NamesOps),
        Row::scalar("/minimumCompressionSize", minimum_compression_size),
        Row::scalar("/policy", |api, patch| {
            api.policy = patch.optional();
            Ok(())
        }),
        Row::scalar("/securityPolicy", security_policy),
    ],
    unknown: Unknown::Plain,
};

fn name(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    checked_name(patch.text())?;
    patch.text().clone_into(&mut api.name);
    Ok(())
}

fn description(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    checked_description(patch.value)?;
    api.description = patch.optional().filter(|_| !patch.removes());
    Ok(())
}

fn api_key_source(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    api.api_key_source = ApiKeySource::named(patch.text()).ok_or_else(|| {
        Failure::bad_request("Invalid apiKeySource specified. Valid options are HEADER,AUTHORIZER")
    })?;
    Ok(())
}

/// The list is patched as if it were a map whose keys are the types.
fn binary_media_type(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    let key = patch.key();
    let types = &mut api.binary_media_types;
    match patch.op {
        Op::Remove => types.retain(|kind| *kind != key),
        Op::Replace => {
            let new = patch.optional().ok_or_else(|| patch.invalid_path())?;
            types.retain(|kind| *kind != key && *kind != new);
            types.push(new);
        }
        _ if types.contains(&key) => {}
        _ => types.push(key),
    }
    Ok(())
}

fn endpoint_access_mode(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    api.endpoint_access_mode = patch.optional();
    if let Some(mode) = &api.endpoint_access_mode {
        EndpointAccessMode::named(mode).ok_or_else(|| {
            Failure::bad_request(
                "Invalid endpointAccessMode specified. Valid options are BASIC,STRICT",
            )
        })?;
    }
    Ok(())
}

/// Whatever the path's last segment says: an API has one type.
fn endpoint_type(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    let kind = EndpointType::named(patch.text()).ok_or_else(|| {
        Failure::bad_request(
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
        )
    })?;
    let configuration = &mut api.endpoint_configuration;
    let was_private = configuration.types.contains(&EndpointType::Private);
    match kind {
        EndpointType::Edge if was_private => {
            return Err(Failure::bad_request(
                "Cannot update endpoint type from PRIVATE to EDGE.",
            ));
        }
        EndpointType::Private => configuration.ip_address_type = IpAddressType::Dualstack,
        EndpointType::Edge | EndpointType::Regional => configuration.vpc_endpoint_ids.clear(),
    }
    configuration.types = vec![kind];
    Ok(())
}

fn ip_address_type(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    let kind = IpAddressType::named(patch.text())
        .ok_or_else(|| Failure::bad_request("ipAddressType must be either ipv4 or dualstack."))?;
    let configuration = &mut api.endpoint_configuration;
    if kind == IpAddressType::Ipv4 && configuration.types.contains(&EndpointType::Private) {
        return Err(Failure::bad_request(
            "Only dualstack ipAddressType is supported for Private APIs.",
        ));
    }
    configuration.ip_address_type = kind;
    Ok(())
}

fn vpc_endpoint_id(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    let configuration = &mut api.endpoint_configuration;
    if !configuration.types.contains(&EndpointType::Private) {
        return Err(Failure::bad_request(
            "Only PRIVATE type endpoints support vpcEndpointIds.",
        ));
    }
    let id = patch
        .optional()
        .ok_or_else(|| Failure::bad_request("Invalid vpcEndpointId specified"))?;
    configuration.vpc_endpoint_ids.retain(|known| *known != id);
    if !patch.removes() {
        configuration.vpc_endpoint_ids.push(id);
    }
    Ok(())
}

fn minimum_compression_size(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    api.minimum_compression_size = match patch.optional().as_deref() {
        None | Some("null") => None,
        Some(text) => {
            let bytes = text.parse().map_err(|_| invalid_compression_size())?;
            Some(compression_size(bytes)?)
        }
    };
    Ok(())
}

fn security_policy(api: &mut RestApi, patch: &Patch<'_>) -> Result<(), Failure> {
    let policy = SecurityPolicy::named(patch.text())
        .ok_or_else(|| Failure::bad_request("Invalid securityPolicy specified"))?;
    api.security_policy = Some(policy.0.to_owned());
    Ok(())
}
