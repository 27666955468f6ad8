//! The life of a request, as a list.

use crate::address::Defaults;
use crate::admit::Signatures;
use crate::authorize::{KeySources, TokenSettings, Tokens, Verdicts};
use crate::rejection::Rejection;
use crate::stages::{Freshness, Live, Stages};
use crate::trail::Trail;
use crate::{Arrival, Backend, Body, Journal, respond, route, unpack};
use postern_definition::Map;
use postern_plan::Deployed;
use postern_store::{Clock, Store};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

pub struct Gateway {
    pub(crate) stages: Stages,
    pub(crate) verdicts: Verdicts,
    pub(crate) tokens: Tokens,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) settings: Settings,
}

/// What the gateway works with.
pub struct World {
    pub store: Store,
    pub backend: Arc<dyn Backend>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
}

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Settings {
    pub account: String,
    pub region: String,
    pub defaults: Defaults,
    pub freshness: Freshness,
    pub signatures: Signatures,
    pub tokens: TokenSettings,
}

/// What serves a request: a stage, and the deployment and variables that it has for this request, which are the canary's where
/// the canary answers.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) live: Arc<Live>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) variables: Arc<Map<String>>,
}

impl Gateway {
    pub fn new(world: World, settings: Settings) -> Self {
        let World {
            store,
            backend,
            clock,
            journal,
        } = world;
        let stages = Stages::new(
            store.definitions.clone(),
            clock.clone(),
            journal.clone(),
            settings.freshness,
        );
        let keys = KeySources::new(
            backend.clone(),
            clock.clone(),
            journal.clone(),
            settings.tokens.outage,
        );
        Self {
            stages,
            tokens: Tokens::new(keys, clock.clone(), settings.tokens.clone()),
            verdicts: Verdicts::new(store.cache.clone(), clock.clone()),
            backend,
            clock,
            journal,
            settings,
        }
    }

    /// Loads the default stage, where there is one, so that the first request need not.
    pub async fn warm_up(&self) {
        if let Defaults {
            api: Some(api),
            stage: Some(stage),
        } = &self.settings.defaults
            && let Err(error) = self.stages.find(api, stage).await
        {
            self.journal
                .fault(&format!("the default stage could not be loaded: {error}"));
        }
    }

    /// Answers a request. Every request gets an answer, and every one that reached a stage is recorded.
    pub async fn answer(&self, arrival: Arrival) -> http::Response<Body> {
        let mut trail = Trail::begin(&arrival, self.clock.now());
        match self.address(arrival, &mut trail).await {
            Err(rejection) => self.reject(&Rejection::from(rejection), trail, None).await,
            Ok((addressed, due)) => {
                let served = Served {
                    live: addressed.live.clone(),
                    deployed: addressed.deployed.clone(),
                    variables: addressed.variables.clone(),
                };
                let answer = match due {
                    None => self.proceed(addressed, &mut trail).await,
                    Some(held) => {
                        beside(
                            self.stages.refresh(&held),
                            self.proceed(addressed, &mut trail),
                        )
                        .await
                    }
                };
                match answer {
                    Ok(answer) => self.finish(answer, trail, served.live),
                    Err(rejection) => self.reject(&rejection, trail, Some(served)).await,
                }
            }
        }
    }

    async fn proceed(
        &self,
        addressed: crate::address::Addressed,
        trail: &mut Trail,
    ) -> Result<crate::finish::Answer, Rejection> {
        unpack::check(&addressed)?;
        let pack_from = addressed.deployed.api().minimum_compression_size;
        let routed = route::route(addressed, trail).await?;
        let admitted = unpack::unpack(self.admit(routed, trail).await?).await?;
        let validated = self.validate(admitted, trail).await?;
        let answer = self.integrate(validated, trail).await?;
        Ok(respond::pack(answer, pack_from, trail).await?)
    }
}

/// How long an answer that is ready waits for what is done beside it. Without a wait, an API whose answers need no backend
/// would never see a change; with a long one, a slow store would be felt.
const BESIDE_WITHIN: Duration = Duration::from_millis(50);

/// Does something beside the answering of a request: for the time that takes, and little longer.
async fn beside<T>(side: impl Future<Output = ()>, main: impl Future<Output = T>) -> T {
    let mut side = pin!(side);
    let mut main = pin!(main);
    tokio::select! {
        answer = &mut main => {
            // What is not done by then is begun again beside a later request.
            let _ = tokio::time::timeout(BESIDE_WITHIN, side).await;
            answer
        }
        () = &mut side => main.await,
    }
}
