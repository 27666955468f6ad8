//! Counting a request against all limits that it is subject to: the plan's, the stage's, the account's.

use super::exceeded::{Exceeded, ExceededLimit};
use super::keys::Joined;
use super::settings::Throttle;
use super::{Asked, Counted};
use crate::Gateway;
use crate::rejection::AdmitRejection;
use crate::stages::Live;
use crate::trail::{RateTrail, Trail};
use postern_definition::rest::{MethodSetting, QuotaSettings, ThrottleSettings};
use postern_metering::{Admission, Limit, Rate, Scope, Sharing};
use postern_plan::usage::{Period, day_of};
use std::sync::atomic::Ordering;
use std::time::Duration;

const ACCOUNT: &str = "account";

/// Which limits hold for a request, and by what names they are counted.
struct Limited<'r> {
    plan: Option<OfPlan<'r>>,
    stage: Option<(String, ThrottleSettings)>,
    account: Option<ThrottleSettings>,
}

struct OfPlan<'r> {
    joined: &'r Joined,
    /// `{api}/{stage}{path}/{verb}` where the method has a throttle of its own in the plan.
    method: String,
    throttle: Option<ThrottleSettings>,
}

/// A limit as clients are told of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plan,
    Stage,
    Account,
}

impl Kind {
    fn name(self, is_quota: bool) -> &'static str {
        match self {
            Self::Plan if is_quota => "quota",
            Self::Plan => "plan",
            Self::Stage => "stage",
            Self::Account => "account",
        }
    }
}

impl Gateway {
    /// Lets a request in by all limits, or counts it against none.
    pub(super) async fn count(
        &self,
        counted: &Counted,
        shown_key: &str,
        asked: Asked<'_>,
        trail: &mut Trail,
    ) -> Result<(), AdmitRejection> {
        let limited = self.limited(counted, asked);
        // Where one process sees all writes there is nobody to share a rate with.
        let sharing = match self.usage.generation() {
            Some(_) => Sharing::Local,
            None => Sharing::Leased,
        };
        let mut limits = Vec::with_capacity(3);
        let mut kinds = Vec::with_capacity(3);
        if let Some(plan) = &limited.plan {
            kinds.push(Kind::Plan);
            limits.push(Limit {
                scope: Scope::Plan {
                    plan: &plan.joined.plan.id,
                    key: &plan.joined.caller.id,
                    method: &plan.method,
                    quota: plan.joined.plan.quota,
                },
                rate: plan.throttle.and_then(rate),
                sharing,
            });
        }
        if let Some((name, throttle)) = &limited.stage {
            kinds.push(Kind::Stage);
            limits.push(Limit {
                scope: Scope::Named(name),
                rate: rate(*throttle),
                sharing,
            });
        }
        if let Some(throttle) = limited.account {
            kinds.push(Kind::Account);
            limits.push(Limit {
                scope: Scope::Named(ACCOUNT),
                rate: rate(throttle),
                sharing: Sharing::Local,
            });
        }
        let admission = self.meter.admit(&limits).await;
        self.tell_of_failures();
        let admitted = match admission {
            Admission::Allowed {
                standing,
                unmetered,
            } => {
                trail.uncounted |= unmetered;
                trail.rate = standing.map(|standing| RateTrail {
                    name: kinds[standing.which].name(standing.of_quota),
                    limit: standing.limit,
                    window: standing.window,
                    remaining: standing.remaining,
                    reset_after: standing.reset_after,
                });
                Ok(())
            }
            Admission::Throttled { which, retry_after } => {
                let rate = limits[which].rate;
                trail.rate = Some(RateTrail {
                    name: kinds[which].name(false),
                    limit: rate.map_or(0, Rate::burst),
                    window: rate.map(Rate::fills_in).unwrap_or_default(),
                    remaining: 0,
                    reset_after: retry_after.unwrap_or_default(),
                });
                trail.retry_after = retry_after;
                Err((kinds[which], false))
            }
            Admission::QuotaExceeded { which, retry_after } => {
                let quota = limited
                    .plan
                    .as_ref()
                    .and_then(|plan| plan.joined.plan.quota);
                trail.rate = quota.map(|quota| RateTrail {
                    name: kinds[which].name(true),
                    limit: quota.limit,
                    window: length(&quota, self.clock.now()),
                    remaining: 0,
                    reset_after: retry_after,
                });
                trail.retry_after = Some(retry_after);
                Err((kinds[which], true))
            }
            Admission::Unavailable { .. } => {
                trail.uncounted = true;
                return Err(AdmitRejection::Uncounted);
            }
        };
        let checked_by_plan = !matches!(admitted, Err((Kind::Plan, _)));
        if checked_by_plan {
            let (api, stage) = (&asked.live.api, &asked.live.name);
            if trail.uncounted {
                let failed = "Usage Plan check failed due to an internal error";
                trail.log.info(|| failed.to_owned());
            } else {
                trail.log.info(|| {
                    format!("Usage Plan check succeeded for API Key {shown_key} and API Stage {api}/{stage}")
                });
            }
        }
        admitted.map_err(|(kind, of_quota)| limited.exceeded(kind, of_quota, shown_key, asked))
    }

    fn limited<'r>(&self, counted: &'r Counted, asked: Asked<'_>) -> Limited<'r> {
        let verb = asked.settings_verb;
        let setting = asked.live.method_setting(asked.path, verb);
        Limited {
            plan: match counted {
                Counted::By(joined) => Some(OfPlan::of(joined, asked)),
                Counted::Free | Counted::Unknown => None,
            },
            stage: setting.and_then(of_stage).map(|throttle| {
                let (api, stage) = (&asked.live.api, &asked.live.name);
                let path = asked.path;
                (format!("stage#{api}#{stage}#{verb}#{path}"), throttle)
            }),
            account: self.account(),
        }
    }

    fn account(&self) -> Option<ThrottleSettings> {
        match self.settings.metering.account {
            Throttle::None => None,
            Throttle::Of { rate, burst } => Some(ThrottleSettings {
                burst_limit: Some(burst),
                rate_limit: Some(rate),
            }),
        }
    }

    /// Lets in what is subject to the account's limit alone, and counts it.
    pub(crate) async fn count_for_account(
        &self,
        live: &Live,
        (verb, resource): (&str, &str),
    ) -> Result<(), AdmitRejection> {
        let Some(throttle) = self.account() else {
            return Ok(());
        };
        let limit = Limit {
            scope: Scope::Named(ACCOUNT),
            rate: rate(throttle),
            sharing: Sharing::Local,
        };
        match self.meter.admit(&[limit]).await {
            Admission::Throttled { .. } => Err(AdmitRejection::Exceeded(Box::new(Exceeded {
                limit: ExceededLimit::Account(throttle),
                api: live.api.clone(),
                stage: live.name.clone(),
                resource: resource.into(),
                verb: verb.to_owned(),
            }))),
            Admission::Allowed { .. }
            | Admission::QuotaExceeded { .. }
            | Admission::Unavailable { .. } => Ok(()),
        }
    }

    /// A line for each failure of the store, and not for each request that met it.
    fn tell_of_failures(&self) {
        let failures = self.meter.counts().failures;
        if self.failures_told.swap(failures, Ordering::Relaxed) != failures {
            self.journal
                .fault("the usage table did not answer: requests are not counted for a second");
        }
    }
}

impl<'r> OfPlan<'r> {
    /// A method's own throttle stands in for the plan's.
    fn of(joined: &'r Joined, asked: Asked<'_>) -> Self {
        let stage = joined.stage();
        let path = asked.path;
        let own = if stage.throttle.is_empty() {
            None
        } else {
            let of = |verb: &str| {
                let name = format!("{path}/{verb}");
                let throttle = stage.throttle.get(&name)?;
                Some((format!("{}/{}{name}", stage.api_id, stage.stage), *throttle))
            };
            of(asked.method.as_str()).or_else(|| of(&asked.plan.verb))
        };
        match own {
            Some((method, throttle)) => Self {
                joined,
                method,
                throttle: Some(throttle),
            },
            None => Self {
                joined,
                method: String::new(),
                throttle: joined.plan.throttle,
            },
        }
    }
}

impl Limited<'_> {
    fn exceeded(
        &self,
        kind: Kind,
        of_quota: bool,
        shown_key: &str,
        asked: Asked<'_>,
    ) -> AdmitRejection {
        let limit = match (kind, &self.plan) {
            (Kind::Plan, Some(plan)) => {
                let (key, plan_id) = (shown_key.to_owned(), plan.joined.plan.id.clone());
                match plan.joined.plan.quota {
                    Some(quota) if of_quota => ExceededLimit::Quota {
                        key,
                        plan: plan_id,
                        quota,
                    },
                    _ => ExceededLimit::Plan {
                        key,
                        plan: plan_id,
                        throttle: plan.throttle.unwrap_or_default(),
                    },
                }
            }
            (Kind::Stage, _) => {
                ExceededLimit::Stage(self.stage.as_ref().map(|(_, t)| *t).unwrap_or_default())
            }
            (Kind::Plan | Kind::Account, _) => {
                ExceededLimit::Account(self.account.unwrap_or_default())
            }
        };
        AdmitRejection::Exceeded(Box::new(Exceeded {
            limit,
            api: asked.live.api.clone(),
            stage: asked.live.name.clone(),
            resource: asked.resource.clone(),
            verb: asked.method.to_string(),
        }))
    }
}

/// A stage's own limit of a method. The numbers that the service fills in are the account's, and say nothing more.
fn of_stage(setting: &MethodSetting) -> Option<ThrottleSettings> {
    let filled_in = MethodSetting::default();
    let (rate, burst) = (
        setting.throttling_rate_limit,
        setting.throttling_burst_limit,
    );
    let is_default = rate.total_cmp(&filled_in.throttling_rate_limit).is_eq()
        && burst == filled_in.throttling_burst_limit;
    let is_lifted = rate < 0.0 || burst < 0;
    (!is_default && !is_lifted).then_some(ThrottleSettings {
        burst_limit: Some(burst),
        rate_limit: Some(rate),
    })
}

/// What is not given is not limited: without a rate nothing is, and without a burst a second's worth may come at once.
fn rate(throttle: ThrottleSettings) -> Option<Rate> {
    let per_second = throttle.rate_limit?;
    let burst = throttle.burst_limit.unwrap_or_else(|| {
        // The conversion saturates.
        (per_second.ceil() as i64).max(1)
    });
    Some(Rate::new(per_second, burst))
}

fn length(quota: &QuotaSettings, now: Duration) -> Duration {
    let today = day_of(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    let period = Period::of(Some(quota), today);
    (period.next - period.first).try_into().unwrap_or_default()
}
