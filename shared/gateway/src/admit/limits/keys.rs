//! Whose API key a request carries, and which usage plan joins it to the stage.

use super::known::{Held, Known};
use crate::freshness::Freshness;
use crate::rejection::ApiKeyRejection;
use crate::stages::Live;
use postern_definition::rest::{ApiStage, UsagePlan};
use postern_plan::account::{Caller, caller_key, usage_plan_key};
use postern_store::{Clock, StoreError, Table};
use ring::digest::{SHA256, digest};
use std::sync::Arc;

/// Values in memory at most, and values that are no key's among them.
const CALLERS_MAX: usize = 10_000;
const PLANS_MAX: usize = 1_000;
/// No key's value has more characters. What is longer is not looked up.
const VALUE_CHARS_MAX: usize = 128;

/// The keys and plans that this process has met.
pub(crate) struct Keys {
    /// By the hash of the value.
    callers: Known<[u8; 32], Caller>,
    plans: Known<String, UsagePlan>,
}

/// A key that may call a stage, and the plan that says how often.
pub(super) struct Joined {
    pub(super) caller: Arc<Caller>,
    pub(super) plan: Arc<UsagePlan>,
    /// The place of the stage among those of the plan.
    place: usize,
}

impl Joined {
    pub(super) fn stage(&self) -> &ApiStage {
        &self.plan.api_stages[self.place]
    }
}

/// What should be read again beside the request.
#[derive(Default)]
pub(crate) struct Due {
    caller: Option<Arc<Held<Caller>>>,
    plans: Vec<Arc<Held<UsagePlan>>>,
}

impl Due {
    pub(crate) fn is_empty(&self) -> bool {
        self.caller.is_none() && self.plans.is_empty()
    }
}

impl Keys {
    pub(crate) fn new(
        table: &Arc<dyn Table>,
        clock: &Arc<dyn Clock>,
        freshness: Freshness,
    ) -> Self {
        Self {
            callers: Known::new(CALLERS_MAX, table.clone(), clock.clone(), freshness),
            plans: Known::new(PLANS_MAX, table.clone(), clock.clone(), freshness),
        }
    }

    /// The key of a value and its plan for a stage. Whoever would be refused by something that is due for being read again
    /// waits for that.
    pub(super) async fn find(
        &self,
        value: &str,
        live: &Live,
    ) -> Result<(Result<Joined, ApiKeyRejection>, Due), StoreError> {
        let mut due = Due::default();
        let found = self.look(value, live, &mut due).await?;
        if found.is_ok() || due.is_empty() {
            return Ok((found, due));
        }
        self.refresh(&due).await;
        let mut due = Due::default();
        let found = self.look(value, live, &mut due).await?;
        Ok((found, due))
    }

    async fn look(
        &self,
        value: &str,
        live: &Live,
        due: &mut Due,
    ) -> Result<Result<Joined, ApiKeyRejection>, StoreError> {
        if value.chars().nth(VALUE_CHARS_MAX).is_some() {
            return Ok(Err(ApiKeyRejection::Unknown));
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, value.as_bytes()).as_ref());
        let look = self.callers.look(&hash, || caller_key(value)).await?;
        due.caller = look.due;
        let Some(caller) = look.value else {
            return Ok(Err(ApiKeyRejection::Unknown));
        };
        if !caller.enabled {
            return Ok(Err(ApiKeyRejection::Disabled {
                key: caller.id.clone(),
            }));
        }
        for id in &caller.plans {
            let look = self.plans.look(id, || usage_plan_key(id)).await?;
            due.plans.extend(look.due);
            let Some(plan) = look.value else { continue };
            let mut stages = plan.api_stages.iter();
            let place =
                stages.position(|stage| stage.api_id == live.api && stage.stage == live.name);
            if let Some(place) = place {
                return Ok(Ok(Joined {
                    caller,
                    plan,
                    place,
                }));
            }
        }
        Ok(Err(ApiKeyRejection::NoPlan {
            key: caller.id.clone(),
        }))
    }

    pub(crate) async fn refresh(&self, due: &Due) {
        let caller = async {
            if let Some(held) = &due.caller {
                self.callers.refresh(held).await;
            }
        };
        let plans = async {
            for held in &due.plans {
                self.plans.refresh(held).await;
            }
        };
        tokio::join!(caller, plans);
    }
}
