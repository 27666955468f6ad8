//! Stages of HTTP APIs as the management API of REST APIs sees them.
//!
//! Canary and response cache are what these stages have beyond AWS, and the management API of HTTP APIs has no words for either.
//! So they are said in the words that REST APIs have for them, by the operations and the rules of REST APIs' stages; everything
//! else of such a stage is shown here and changed there.

use super::{checked, patches, shown, with_cache_key};
use crate::Management;
use crate::definitions::Edit;
use crate::patch::{Op, Update};
use crate::rest::address::AtStage;
use crate::rest::missing;
use crate::routed::stages::{deploys_by_itself, put};
use crate::wire::{Failure, iso8601, seconds_of};
use postern_definition::rest::{Stage, StageExtras};
use postern_definition::routed::{self, Api};

/// What a stage of an HTTP API would be, were it one of a REST API.
fn seen(stage: &routed::Stage) -> Stage {
    let extras = stage.postern.clone();
    let status = if extras.cache_cluster_enabled {
        "AVAILABLE"
    } else {
        "NOT_AVAILABLE"
    };
    Stage {
        // Nothing may have been deployed to it yet.
        deployment_id: stage.deployment_id.clone().unwrap_or_else(|| "".into()),
        client_certificate_id: None,
        stage_name: stage.stage_name.clone(),
        description: stage.description.clone(),
        cache_cluster_enabled: extras.cache_cluster_enabled,
        cache_cluster_size: extras.cache_cluster_size,
        cache_cluster_status: status.to_owned(),
        method_settings: extras.method_settings,
        variables: stage.stage_variables.clone(),
        documentation_version: None,
        access_log_settings: stage.access_log_settings.clone(),
        canary_settings: extras.canary_settings,
        tracing_enabled: false,
        web_acl_arn: None,
        tags: stage.tags.clone(),
        created_date: seconds_of(&stage.created_date),
        last_updated_date: seconds_of(&stage.last_updated_date),
        postern: StageExtras {
            cache: extras.cache,
            ..StageExtras::default()
        },
        flushes: stage.flushes,
        cache_key: extras.cache_key,
    }
}

/// The stage with what may be changed here as it was changed.
fn changed(mut stage: routed::Stage, seen: Stage) -> Result<routed::Stage, Failure> {
    // By the promotion of a canary.
    let deployment = Some(seen.deployment_id).filter(|id| !id.as_str().is_empty());
    if stage.deployment_id != deployment && stage.deploys_by_itself() {
        return Err(deploys_by_itself());
    }
    stage.deployment_id = deployment;
    stage.stage_variables = seen.variables;
    stage.flushes = seen.flushes;
    stage.postern = routed::StageExtras {
        canary_settings: seen.canary_settings,
        cache_cluster_enabled: seen.cache_cluster_enabled,
        cache_cluster_size: seen.cache_cluster_size,
        cache_key: seen.cache_key,
        cache: seen.postern.cache,
        method_settings: seen.method_settings,
    };
    Ok(stage)
}

/// Whether a path is one of those that may be patched here.
fn is_patched_here(path: &str, op: Option<Op>) -> bool {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match parts[..] {
        ["canarySettings", ..]
        | ["cacheClusterEnabled" | "cacheClusterSize"]
        | [_, _, "caching", _]
        | ["postern", "cache", ..] => true,
        ["deploymentId" | "variables"] => op == Some(Op::Copy),
        // The settings of a method, as a whole.
        ["variables" | "accessLogSettings" | "postern", _] => false,
        [_, _] => op == Some(Op::Remove),
        _ => false,
    }
}

fn patched_elsewhere(path: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid patch path {path}: of a stage of an HTTP API, only /canarySettings, /cacheClusterEnabled, /cacheClusterSize, /{{resourcePath}}/{{httpMethod}}/caching and /postern/cache are patched here. Use UpdateStage of apigatewayv2 for anything else"
    ))
}

/// The stage, where the API is an HTTP API.
async fn find(edit: &Edit<'_, Api>, at: &AtStage) -> Result<routed::Stage, Failure> {
    if !edit.api(missing::stage)?.is_http() {
        return Err(missing::stage());
    }
    let definitions = edit.definitions();
    let found = definitions.routed_stage(&at.restapi_id, &at.stage_name);
    found.await?.ok_or_else(missing::stage)
}

pub(super) async fn get(service: &Management, at: &AtStage) -> Result<Stage, Failure> {
    let definitions = service.definitions();
    let api = definitions.api_of::<Api>(&at.restapi_id).await?;
    if !api.is_some_and(|(record, _)| record.api.is_http()) {
        return Err(missing::stage());
    }
    let found = definitions.routed_stage(&at.restapi_id, &at.stage_name);
    Ok(shown(seen(&found.await?.ok_or_else(missing::stage)?)))
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    input: &Update<AtStage>,
) -> Result<Stage, Failure> {
    let stage = find(edit, &input.at).await?;
    let other = input.paths().find(|(path, op)| !is_patched_here(path, *op));
    if let Some((path, _)) = other {
        return Err(patched_elsewhere(path));
    }
    let before = seen(&stage);
    let after = input.apply(&patches::TABLE, &before)?;
    if after == before {
        return Ok(shown(before));
    }
    let definitions = edit.definitions();
    checked(definitions, edit.id(), Some(&before), &after).await?;
    let mut stage = changed(stage, with_cache_key(after))?;
    stage.last_updated_date = iso8601(edit.service().now());
    put(edit, &stage).await?;
    Ok(shown(seen(&stage)))
}

pub(crate) async fn flush_data(edit: &mut Edit<'_, Api>, at: &AtStage) -> Result<(), Failure> {
    let stage = find(edit, at).await?;
    let mut after = seen(&stage);
    super::flush::of_data(&mut after);
    put(edit, &changed(stage, with_cache_key(after))?).await
}

pub(crate) async fn flush_authorizers(
    edit: &mut Edit<'_, Api>,
    at: &AtStage,
) -> Result<(), Failure> {
    let mut stage = find(edit, at).await?;
    stage.flushes.authorizers += 1;
    put(edit, &stage).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_other_management_api_has_no_words_for_is_patched_here() {
        let (replace, remove, copy) = (Some(Op::Replace), Some(Op::Remove), Some(Op::Copy));
        for (path, op, expected) in [
            ("/canarySettings", remove, true),
            ("/canarySettings/percentTraffic", replace, true),
            ("/canarySettings/stageVariableOverrides/a", remove, true),
            ("/cacheClusterEnabled", replace, true),
            ("/cacheClusterSize", replace, true),
            ("/*/*/caching/enabled", replace, true),
            ("/~1pets~1{id}/GET/caching/ttlInSeconds", replace, true),
            ("/~1pets/GET", remove, true),
            ("/postern/cache", remove, true),
            ("/postern/cache/statuses", replace, true),
            ("/deploymentId", copy, true),
            ("/variables", copy, true),
            ("/deploymentId", replace, false),
            ("/variables/a", replace, false),
            ("/variables/a", remove, false),
            ("/description", replace, false),
            ("/accessLogSettings/format", replace, false),
            ("/accessLogSettings/format", remove, false),
            ("/*/*/throttling/rateLimit", replace, false),
            ("/*/*/metrics/enabled", replace, false),
            ("/postern/cors", remove, false),
            ("/postern/cors/allowOrigins", replace, false),
            ("/tracingEnabled", replace, false),
            ("", replace, false),
            ("/", remove, false),
        ] {
            assert_eq!(is_patched_here(path, op), expected, "{path} {op:?}");
        }
    }
}
