//! Settings of single methods, or of all: `/{resource path}/{verb}/{group}/{setting}`.

use crate::patch::Patch;
use crate::rest::names::LoggingLevel;
use crate::wire::{Enumerated, Failure, WHOLE_MAX};
use postern_definition::rest::{CacheControlStrategy, MethodSetting, Stage};

const ALL: &str = "*/*";
const KEYS_MAX: usize = 2_000;
const TTL_SECONDS_MAX: i64 = 3_600;

impl Enumerated for CacheControlStrategy {
    const SET: &'static [(&'static str, Self)] = &[
        ("FAIL_WITH_403", Self::FailWith403),
        (
            "SUCCEED_WITH_RESPONSE_HEADER",
            Self::SucceedWithResponseHeader,
        ),
        (
            "SUCCEED_WITHOUT_RESPONSE_HEADER",
            Self::SucceedWithoutResponseHeader,
        ),
    ];
}

/// Path and verb as the patch wrote them.
fn key(patch: &Patch<'_>) -> String {
    format!("{}/{}", patch.raw(0), patch.raw(1))
}

/// The settings that a patch is about. The first setting of a method makes them all: as they are for all methods at that moment.
///
/// What keeps answers for all methods keeps those to GET alone. So it must not come to keep those to another verb because
/// somebody set that verb's throttle.
pub(super) fn of<'a>(
    stage: &'a mut Stage,
    patch: &Patch<'_>,
) -> Result<&'a mut MethodSetting, Failure> {
    let key = key(patch);
    if stage.method_settings.len() >= KEYS_MAX && !stage.method_settings.contains_key(&key) {
        return Err(Failure::bad_request(format!(
            "Too many method settings: at most {KEYS_MAX} methods can have their own"
        )));
    }
    let mut start = stage.method_settings.get(ALL).cloned().unwrap_or_default();
    start.caching_enabled &= matches!(patch.raw(1), "GET" | "ANY" | "*");
    Ok(stage.method_settings.entry(key).or_insert(start))
}

pub(super) fn remove(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    match stage.method_settings.remove(&key(patch)) {
        Some(_) => Ok(()),
        None => Err(nothing_to_remove(patch)),
    }
}

pub(super) fn nothing_to_remove(patch: &Patch<'_>) -> Failure {
    let path = patch.path.strip_prefix('/').unwrap_or(patch.path);
    Failure::bad_request(format!(
        "Cannot remove method setting {path} because there is no method setting for this method "
    ))
}

fn invalid(patch: &Patch<'_>, rule: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid value {} for method setting {}: {rule}",
        patch.text(),
        patch.path
    ))
}

pub(super) fn logging_level(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let level = LoggingLevel::named(patch.text())
        .ok_or_else(|| invalid(patch, "must be one of [OFF, ERROR, INFO]"))?;
    of(stage, patch)?.logging_level = Some(level.0.to_owned());
    Ok(())
}

pub(super) fn burst_limit(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let limit = patch.text().parse().ok();
    let limit = limit.filter(|limit: &i64| (-1..=WHOLE_MAX).contains(limit));
    let limit = limit.ok_or_else(|| invalid(patch, "must be a whole number, or -1 for none"))?;
    of(stage, patch)?.throttling_burst_limit = limit;
    Ok(())
}

pub(super) fn rate_limit(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let limit = patch.text().parse().ok();
    let is_none = |limit: f64| (limit + 1.0).abs() < f64::EPSILON;
    let is_limit = |limit: &f64| limit.is_finite() && (*limit >= 0.0 || is_none(*limit));
    let limit = limit.filter(is_limit);
    let limit = limit.ok_or_else(|| invalid(patch, "must be a number, or -1 for none"))?;
    of(stage, patch)?.throttling_rate_limit = limit;
    Ok(())
}

pub(super) fn cache_ttl(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let ttl = patch.text().parse().ok();
    let ttl = ttl.filter(|ttl: &i64| (0..=TTL_SECONDS_MAX).contains(ttl));
    let ttl = ttl.ok_or_else(|| invalid(patch, "must be between 0 and 3600"))?;
    of(stage, patch)?.cache_ttl_in_seconds = ttl;
    Ok(())
}

pub(super) fn cache_control_strategy(stage: &mut Stage, patch: &Patch<'_>) -> Result<(), Failure> {
    let strategy = CacheControlStrategy::named(patch.text()).ok_or_else(|| {
        invalid(
            patch,
            "must be one of [FAIL_WITH_403, SUCCEED_WITH_RESPONSE_HEADER, SUCCEED_WITHOUT_RESPONSE_HEADER]",
        )
    })?;
    of(stage, patch)?.unauthorized_cache_control_header_strategy = strategy;
    Ok(())
}
