//! What may be patched of an integration.

use super::{passthrough_behavior, timeout_ms};
use crate::patch::{ADD_REPLACE_REMOVE, Patch, Row, Table, Unknown};
use crate::rest::integration_responses::content_handling;
use crate::rest::{mapping, maps, missing};
use crate::wire::{Enumerated, Failure};
use postern_definition::rest::{
    ConnectionType, Integration, IntegrationType, ResponseTransferMode, TlsConfig,
};

pub(super) static TABLE: Table<Integration> = Table {
    rows: &[
        Row::new(
            "/cacheKeyParameters/{name}",
            ADD_REPLACE_REMOVE,
            cache_key_parameter,
        ),
        Row::scalar("/cacheNamespace", |integration, patch| {
            integration.cache_namespace = patch
                .optional()
                .ok_or_else(|| Failure::bad_request("Invalid cacheNamespace specified"))?;
            Ok(())
        }),
        Row::scalar("/connectionId", |integration, patch| {
            integration.connection_id = patch.optional();
            Ok(())
        }),
        Row::scalar("/connectionType", connection_type),
        Row::scalar("/contentHandling", |integration, patch| {
            integration.content_handling = content_handling(patch.optional())?;
            Ok(())
        }),
        Row::scalar("/credentials", |integration, patch| {
            integration.credentials = patch.optional();
            Ok(())
        }),
        Row::scalar("/httpMethod", |integration, patch| {
            integration.http_method = not_mocked(integration, patch)?;
            Ok(())
        }),
        Row::scalar("/integrationTarget", |integration, patch| {
            integration.integration_target = patch.optional();
            Ok(())
        }),
        Row::scalar("/passthroughBehavior", |integration, patch| {
            integration.passthrough_behavior = passthrough_behavior(patch.text())?;
            Ok(())
        }),
        Row::new(
            "/requestParameters/{name}",
            ADD_REPLACE_REMOVE,
            |integration, patch| {
                let map = &mut integration.request_parameters;
                maps::patch(
                    map,
                    patch,
                    |patch| Ok(patch.text().to_owned()),
                    missing::parameter,
                )
            },
        ),
        Row::new(
            "/requestTemplates/{type}",
            ADD_REPLACE_REMOVE,
            |integration, patch| {
                let map = &mut integration.request_templates;
                maps::patch(
                    map,
                    patch,
                    |patch| mapping::template(patch.value),
                    missing::content_type,
                )
            },
        ),
        Row::scalar("/responseTransferMode", response_transfer_mode),
        Row::scalar("/timeoutInMillis", |integration, patch| {
            // What is no number is out of range.
            integration.timeout_in_millis = timeout_ms(patch.text().parse().unwrap_or(-1))?;
            Ok(())
        }),
        Row::scalar(
            "/tlsConfig/insecureSkipVerification",
            |integration, patch| {
                integration.tls_config = Some(TlsConfig {
                    insecure_skip_verification: patch.boolean(),
                });
                Ok(())
            },
        ),
        Row::scalar("/uri", |integration, patch| {
            integration.uri = not_mocked(integration, patch)?;
            Ok(())
        }),
    ],
    unknown: Unknown::Plain,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "a setter may fail; this one does not"
)]
fn cache_key_parameter(integration: &mut Integration, patch: &Patch<'_>) -> Result<(), Failure> {
    let key = patch.key();
    let parameters = &mut integration.cache_key_parameters;
    if patch.removes() {
        parameters.retain(|known| *known != key);
    } else if !parameters.contains(&key) {
        parameters.push(key);
    }
    Ok(())
}

fn connection_type(integration: &mut Integration, patch: &Patch<'_>) -> Result<(), Failure> {
    let kind = ConnectionType::named(patch.text()).ok_or_else(|| {
        Failure::bad_request(
            "Invalid connectionType specified. Valid options are INTERNET,VPC_LINK",
        )
    })?;
    integration.connection_type = Some(kind);
    if kind == ConnectionType::Internet {
        integration.connection_id = None;
    }
    Ok(())
}

fn response_transfer_mode(integration: &mut Integration, patch: &Patch<'_>) -> Result<(), Failure> {
    let mode = ResponseTransferMode::named(patch.text()).ok_or_else(|| {
        Failure::bad_request(
            "Invalid responseTransferMode specified. Valid options are BUFFERED,STREAM",
        )
    })?;
    integration.response_transfer_mode = Some(mode);
    Ok(())
}

/// The value for what a mock does not have.
fn not_mocked(integration: &Integration, patch: &Patch<'_>) -> Result<Option<String>, Failure> {
    if integration.kind == IntegrationType::Mock {
        return Err(patch.invalid_path());
    }
    Ok(patch.optional())
}
