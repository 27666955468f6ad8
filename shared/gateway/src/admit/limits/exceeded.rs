//! Which limit lets nothing more in for now, in words.

use postern_definition::rest::{QuotaPeriod, QuotaSettings, ThrottleSettings};
use postern_definition::{ApiId, ResourceId, StageName};
use std::fmt;

/// A limit that lets nothing more in for now, and whom it refused.
#[derive(Debug)]
pub struct Exceeded {
    pub limit: ExceededLimit,
    pub api: ApiId,
    pub stage: StageName,
    pub resource: ResourceId,
    pub verb: String,
}

#[derive(Debug)]
pub enum ExceededLimit {
    Plan {
        /// But for its end, hidden.
        key: String,
        plan: String,
        throttle: ThrottleSettings,
    },
    Quota {
        /// As above.
        key: String,
        plan: String,
        quota: QuotaSettings,
    },
    Stage(ThrottleSettings),
    Account(ThrottleSettings),
}

/// In the words of the service's execution log, where they are known.
impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            limit,
            api,
            stage,
            resource,
            verb,
        } = self;
        let told = |throttle: &ThrottleSettings| {
            let (rate, burst) = (throttle.rate_limit, throttle.burst_limit);
            let rate = rate.map_or_else(|| "none".to_owned(), |rate| format!("{rate:.2}"));
            let burst = burst.map_or_else(|| "none".to_owned(), |burst| burst.to_string());
            format!("Limit: {rate} Burst: {burst}")
        };
        match limit {
            ExceededLimit::Plan {
                key,
                plan,
                throttle,
            } => write!(
                f,
                "API Key {key} exceeded throttle limit for API Stage {api}/{stage}: Key throttle limit exceeded for \
                 Usage Plan ID {plan}, RestApi {api}, Stage {stage}, Resource {resource}, HttpMethod {verb}. {}",
                told(throttle)
            ),
            ExceededLimit::Quota { key, plan, quota } => write!(
                f,
                "API Key {key} exceeded quota limit for API Stage {api}/{stage}: Key quota exhausted for Usage Plan \
                 ID {plan}. Quota Limit: {} Period: {}",
                quota.limit,
                match quota.period {
                    QuotaPeriod::Day => "DAY",
                    QuotaPeriod::Week => "WEEK",
                    QuotaPeriod::Month => "MONTH",
                }
            ),
            ExceededLimit::Stage(throttle) => write!(
                f,
                "Method throttle limit exceeded for RestApi {api}, Stage {stage}, Resource {resource}, HttpMethod \
                 {verb}. {}",
                told(throttle)
            ),
            ExceededLimit::Account(throttle) => {
                write!(f, "Account throttle limit exceeded. {}", told(throttle))
            }
        }
    }
}
