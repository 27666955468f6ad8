//! Whether the answer to a request may be kept, and what its stage says of how.

use super::seal::Seal;
use crate::answer::Answer;
use crate::headers;
use crate::route::Routed;
use http::header::CACHE_CONTROL;
use postern_definition::rest::{CacheControlStrategy, CacheRules, CanarySettings, Stage};
use postern_definition::routed;
use postern_plan::{Authorization, CachePlan, MethodPlan};
use std::time::Duration;

/// That a method's answers are kept in this stage.
pub(super) struct Applies<'p> {
    pub(super) plan: &'p CachePlan,
    pub(super) ttl: Duration,
    pub(super) encrypted: bool,
    /// Whether only those who may do so get a new answer by asking for it.
    pub(super) guarded: bool,
    pub(super) strategy: CacheControlStrategy,
    /// Whether anybody at all may ask for a new answer before the old one's time is over.
    pub(super) may_be_refreshed: bool,
}

impl<'p> Applies<'p> {
    /// `plan` is the request's own, held apart from it.
    pub(super) fn to(plan: &'p MethodPlan, routed: &Routed) -> Option<Self> {
        let stage = &routed.live.cache;
        if !stage.is_on || (routed.is_canary && !stage.for_canary) {
            return None;
        }
        let cache = plan.cache.as_ref()?;
        let verb = routed.request.method.as_str();
        let setting = routed
            .live
            .cache_setting(&routed.resource_path, verb, &plan.verb)?;
        let ttl = u64::try_from(setting.cache_ttl_in_seconds).unwrap_or(0);
        if ttl == 0 {
            return None;
        }
        let guarded = setting.require_authorization_for_cache_control;
        Some(Self {
            plan: cache,
            ttl: Duration::from_secs(ttl),
            encrypted: setting.cache_data_encrypted,
            guarded,
            strategy: setting.unauthorized_cache_control_header_strategy,
            may_be_refreshed: !guarded || !matches!(plan.authorization, Authorization::None),
        })
    }
}

/// What a stage says of the answers that are kept for it, whichever method they are of.
#[derive(Default)]
pub(crate) struct StageCache {
    is_on: bool,
    for_canary: bool,
    rules: CacheRules,
    pub(super) seal: Option<Seal>,
    /// Tells stages of one name apart.
    pub(super) stage_created_at: String,
}

fn is_for(canary: Option<&CanarySettings>) -> bool {
    canary.is_some_and(|canary| canary.use_stage_cache)
}

impl StageCache {
    pub(crate) fn of(stage: &Stage) -> Self {
        Self {
            is_on: stage.cache_cluster_enabled,
            rules: stage.postern.cache.clone(),
            for_canary: is_for(stage.canary_settings.as_ref()),
            seal: stage.cache_key.as_ref().map(|key| Seal::of(key.bytes())),
            stage_created_at: stage.created_date.to_string(),
        }
    }

    pub(crate) fn of_routes(stage: &routed::Stage) -> Self {
        let extras = &stage.postern;
        Self {
            is_on: extras.cache_cluster_enabled,
            rules: extras.cache.clone(),
            for_canary: is_for(extras.canary_settings.as_ref()),
            seal: extras.cache_key.as_ref().map(|key| Seal::of(key.bytes())),
            stage_created_at: stage.created_date.clone(),
        }
    }

    /// Whether the stage's owner wants an answer kept.
    pub(super) fn keeps(&self, answer: &Answer) -> bool {
        let says_no = || {
            let lines = answer.headers.get_all(CACHE_CONTROL).into_iter();
            lines.map(headers::text).any(|line| {
                let mut directives = line.split(',');
                directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
            })
        };
        self.rules.keep(answer.status.as_u16()) && !(self.rules.no_store && says_no())
    }
}
