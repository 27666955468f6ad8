//! What may be patched of a stage, and the words that only stages have for what may not.

use super::cache;
use super::cache_rules;
use super::checked_description;
use super::cors;
use super::method_settings::{
    burst_limit, cache_control_strategy, cache_ttl, logging_level, nothing_to_remove, of,
    rate_limit, remove,
};
use super::variables;
use crate::patch::{
    ADD_REPLACE, ADD_REPLACE_REMOVE, COPY, Op, Patch, REMOVE, REPLACE, Refusal, Row, Table, Unknown,
};
use crate::rest::names::CacheClusterSize;
use crate::wire::{Enumerated, Failure};
use postern_definition::rest::{AccessLogSettings, CanarySettings, Stage};

const FORMAT_BYTES_MAX: usize = 3_072;

pub(super) static TABLE: Table<Stage> = Table {
    rows: &[
        scalar("/deploymentId", |stage, patch| {
            stage.deployment_id = patch.text().into();
            Ok(())
        }),
        scalar("/description", |stage, patch| {
            checked_description(patch.text())?;
            stage.description = patch.optional();
            Ok(())
        }),
        scalar("/cacheClusterEnabled", |stage, patch| {
            cache(stage, Some(patch.boolean()), None);
            Ok(())
        }),
        scalar("/cacheClusterSize", cache_cluster_size),
        scalar("/clientCertificateId", |stage, patch| {
            stage.client_certificate_id = patch.optional();
            Ok(())
        }),
        scalar("/documentationVersion", |stage, patch| {
            stage.documentation_version = patch.optional();
            Ok(())
        }),
        scalar("/tracingEnabled", |stage, patch| {
            stage.tracing_enabled = patch.boolean();
            Ok(())
        }),
        Row::new("/accessLogSettings", REMOVE, |stage, _| {
            stage.access_log_settings = None;
            Ok(())
        }),
        Row::new(
            "/accessLogSettings/destinationArn",
            ADD_REPLACE,
            |stage, patch| {
                let arn = access_log_destination(&not_empty(patch)?)?;
                access_log(stage).destination_arn = Some(arn);
                Ok(())
            },
        ),
        Row::new("/accessLogSettings/format", ADD_REPLACE, |stage, patch| {
            let format = access_log_format(&not_empty(patch)?)?;
            access_log(stage).format = Some(format);
            Ok(())
        }),
        Row::new("/variables/{name}", ADD_REPLACE_REMOVE, variable),
        Row::new("/canarySettings", REMOVE, |stage, _| {
            stage.canary_settings = None;
            Ok(())
        }),
        scalar("/canarySettings/deploymentId", |stage, patch| {
            canary(stage).deployment_id = patch.text().into();
            Ok(())
        }),
        scalar("/canarySettings/percentTraffic", |stage, patch| {
            let share = patch.text().parse().map_err(|_| invalid_percent())?;
            canary(stage).percent_traffic = percent(share)?;
            Ok(())
        }),
        scalar("/canarySettings/useStageCache", |stage, patch| {
            canary(stage).use_stage_cache = patch.boolean();
            Ok(())
        }),
        Row::new(
            "/canarySettings/stageVariableOverrides/{name}",
            ADD_REPLACE_REMOVE,
            canary_override,
        ),
        Row::new("/deploymentId", COPY, promote_deployment),
        Row::new("/variables", COPY, promote_variables),
        cors::ALL,
        cors::ALLOW_ORIGINS,
        cors::ALLOW_METHODS,
        cors::ALLOW_HEADERS,
        cors::EXPOSE_HEADERS,
        cors::MAX_AGE_SECONDS,
        cors::ALLOW_CREDENTIALS,
        cache_rules::ALL,
        cache_rules::STATUSES,
        cache_rules::NO_STORE,
        // Only now: what is above looks like a path and a verb too.
        Row::new("/{path}/{verb}", REMOVE, remove),
        Row::new("/{path}/{verb}/metrics/enabled", REPLACE, |stage, patch| {
            of(stage, patch)?.metrics_enabled = patch.boolean();
            Ok(())
        }),
        Row::new("/{path}/{verb}/logging/loglevel", REPLACE, logging_level),
        Row::new(
            "/{path}/{verb}/logging/dataTrace",
            REPLACE,
            |stage, patch| {
                of(stage, patch)?.data_trace_enabled = patch.boolean();
                Ok(())
            },
        ),
        Row::new("/{path}/{verb}/throttling/burstLimit", REPLACE, burst_limit),
        Row::new("/{path}/{verb}/throttling/rateLimit", REPLACE, rate_limit),
        Row::new("/{path}/{verb}/caching/enabled", REPLACE, |stage, patch| {
            of(stage, patch)?.caching_enabled = patch.boolean();
            Ok(())
        }),
        Row::new("/{path}/{verb}/caching/ttlInSeconds", REPLACE, cache_ttl),
        Row::new(
            "/{path}/{verb}/caching/dataEncrypted",
            REPLACE,
            |stage, patch| {
                of(stage, patch)?.cache_data_encrypted = patch.boolean();
                Ok(())
            },
        ),
        Row::new(
            "/{path}/{verb}/caching/requireAuthorizationForCacheControl",
            REPLACE,
            |stage, patch| {
                of(stage, patch)?.require_authorization_for_cache_control = patch.boolean();
                Ok(())
            },
        ),
        Row::new(
            "/{path}/{verb}/caching/unauthorizedCacheControlHeaderStrategy",
            REPLACE,
            cache_control_strategy,
        ),
    ],
    unknown: Unknown::Own(unknown),
};

const fn scalar(
    path: &'static str,
    set: fn(&mut Stage, &Patch<'_>) -> Result<(), Failure>,
) -> Row<Stage> {
    Row::new(path, REPLACE, set).refusing(Refusal::Own(scalar_refusal))
}

fn scalar_refusal(patch: &Patch<'_>) -> Failure {
    if patch.op == Op::Add {
        return Failure::bad_request(format!("Invalid add operation with path: {}", patch.path));
    }
    unknown(patch)
}

/// The service's list, in its order and with its missing commas.
const PATHS: &str = "[/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]";

fn unknown(patch: &Patch<'_>) -> Failure {
    let path = patch.path;
    match patch.op {
        Op::Remove => nothing_to_remove(patch),
        Op::Copy => illegal_copy(patch),
        _ if path == "/accessLogSettings" || path.starts_with("/accessLogSettings/") => {
            Failure::bad_request(
                "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]",
            )
        }
        _ => Failure::bad_request(format!(
            "Invalid method setting path: {path}. Must be one of: {PATHS}"
        )),
    }
}

fn cache_cluster_size(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let size = CacheClusterSize::named(patch.text()).ok_or_else(|| {
        Failure::bad_request(
            "Invalid cacheClusterSize specified. Valid options are 0.5,1.6,6.1,13.5,28.4,58.2,118,237",
        )
    })?;
    cache(stage, None, Some(size));
    Ok(())
}

fn access_log(stage: &mut Stage) -> &mut AccessLogSettings {
    stage.access_log_settings.get_or_insert_default()
}

fn not_empty(patch: &Patch<'_>) -> Result<String, Failure> {
    patch
        .optional()
        .ok_or_else(|| Failure::bad_request("Access Log value must not be empty"))
}

/// Where a stage may log to.
pub(crate) fn access_log_destination(arn: &str) -> Result<String, Failure> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let is_destination = match parts[..] {
        ["arn", _, "logs", _, _, group] => group.starts_with("log-group:"),
        ["arn", _, "firehose", _, _, stream] => {
            stream.starts_with("deliverystream/amazon-apigateway-")
        }
        _ => false,
    };
    if is_destination && arn.len() <= 2_048 {
        Ok(arn.strip_suffix(":*").unwrap_or(arn).to_owned())
    } else {
        Err(Failure::bad_request("Invalid ARN specified in the request"))
    }
}

/// What a stage may log.
pub(crate) fn access_log_format(format: &str) -> Result<String, Failure> {
    let line = format.strip_suffix('\n').unwrap_or(format);
    if line.contains('\n') {
        return Err(Failure::bad_request(
            "Access Log format must be single line, new line character is allowed only at end of the format",
        ));
    }
    if format.len() > FORMAT_BYTES_MAX {
        return Err(Failure::bad_request(format!(
            "Access Log format can be at most {FORMAT_BYTES_MAX} bytes"
        )));
    }
    if !["$context.requestId", "$context.extendedRequestId"]
        .iter()
        .any(|id| format.contains(id))
    {
        return Err(Failure::bad_request(
            "Access Log format must contain $context.requestId or $context.extendedRequestId",
        ));
    }
    Ok(format.to_owned())
}

/// Whether a stage logs where it did not before, for which the account needs a role.
pub(super) fn logs_more(before: Option<&Stage>, after: &Stage) -> bool {
    let destination = |stage: &Stage| {
        let settings = stage.access_log_settings.as_ref();
        settings.and_then(|settings| settings.destination_arn.clone())
    };
    let new = destination(after).filter(|new| before.and_then(destination).as_ref() != Some(new));
    let to_cloudwatch = new.is_some_and(|arn| arn.split(':').nth(2) == Some("logs"));
    let logs = |level: Option<&String>| level.is_some_and(|level| level != "OFF");
    to_cloudwatch
        || after.method_settings.iter().any(|(key, setting)| {
            let old = before.and_then(|before| before.method_settings.get(key));
            logs(setting.logging_level.as_ref())
                && !logs(old.and_then(|old| old.logging_level.as_ref()))
        })
}

fn variable(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    if patch.removes() {
        stage.variables.remove(&patch.key());
        return Ok(());
    }
    stage.variables.insert(patch.key(), patch.text().to_owned());
    variables::checked(&stage.variables)
}

/// The canary. A stage that has none gets one with the first of its settings.
fn canary(stage: &mut Stage) -> &mut CanarySettings {
    let deployment = &stage.deployment_id;
    stage.canary_settings.get_or_insert_with(|| CanarySettings {
        percent_traffic: 0.0,
        deployment_id: deployment.clone(),
        stage_variable_overrides: postern_definition::Map::new(),
        use_stage_cache: false,
    })
}

pub(super) fn percent(share: f64) -> Result<f64, Failure> {
    if (0.0..=100.0).contains(&share) {
        Ok(share)
    } else {
        Err(invalid_percent())
    }
}

fn invalid_percent() -> Failure {
    Failure::bad_request("Invalid percentTraffic specified, must be between 0.0 and 100.0")
}

fn canary_override(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    if patch.removes() {
        let settings = stage.canary_settings.as_mut();
        let removed =
            settings.and_then(|canary| canary.stage_variable_overrides.remove(&patch.key()));
        return removed.map(|_| ()).ok_or_else(|| nothing_to_remove(patch));
    }
    if patch.op == Op::Add {
        return Err(scalar_refusal(patch));
    }
    let overrides = &mut canary(stage).stage_variable_overrides;
    overrides.insert(patch.key(), patch.text().to_owned());
    variables::checked(overrides)
}

fn illegal_copy(patch: &Patch<'_>) -> Failure {
    Failure::bad_request(format!(
        "Invalid copy operation with path: {} and from {}. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]",
        patch.path,
        patch.from.unwrap_or("null")
    ))
}

/// The canary that a copy takes from.
fn promoted<'a>(
    stage: &'a Stage,
    patch: &Patch<'_>,
    from: &str,
) -> Result<&'a CanarySettings, Failure> {
    if patch.from != Some(from) {
        return Err(illegal_copy(patch));
    }
    stage
        .canary_settings
        .as_ref()
        .ok_or_else(|| Failure::bad_request("Promotion not available. Canary does not exist."))
}

fn promote_deployment(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let canary = promoted(stage, patch, "/canarySettings/deploymentId")?;
    stage.deployment_id = canary.deployment_id.clone();
    Ok(())
}

/// Overrides go into the variables; those they do not name stay.
fn promote_variables(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let canary = promoted(stage, patch, "/canarySettings/stageVariableOverrides")?;
    stage
        .variables
        .extend(canary.stage_variable_overrides.clone());
    variables::checked(&stage.variables)
}
