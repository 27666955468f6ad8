//! The life of a request, as a list.

use crate::address::{Addressed, Defaults, Domains, Due, Truststore, custom_name, names_an_api};
use crate::admit::{Admitted, Decisions, Keys, Metering, Signatures};
use crate::answer::Answer;
use crate::authorize::{KeySources, TokenSettings, Tokens, Verdicts};
use crate::cache::{Cache, Caching};
use crate::cors::Preflight;
use crate::freshness::Freshness;
use crate::integrate::{Links, VpcLinks};
use crate::rejection::{AddressRejection, Rejection};
use crate::route::Routed;
use crate::stages::{Live, Stages};
use crate::trail::Trail;
use crate::{Arrival, Backend, Body, Journal, Signers, respond, route, unpack};
use postern_definition::Map;
use postern_metering::Meter;
use postern_plan::Deployed;
use postern_store::{Clock, Store, StoreError, Table};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub struct Gateway {
    pub(crate) domains: Domains,
    pub(crate) stages: Stages,
    pub(crate) verdicts: Verdicts,
    pub(crate) tokens: Tokens,
    pub(crate) cache: Cache,
    pub(crate) signers: Signers,
    pub(crate) decisions: Decisions,
    pub(crate) keys: Keys,
    pub(crate) meter: Meter,
    pub(crate) usage: Arc<dyn Table>,
    /// Of the meter's failures, those that the journal knows of.
    pub(crate) failures_told: AtomicU64,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) settings: Settings,
    pub(crate) links: Links,
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
    pub caching: Caching,
    pub metering: Metering,
    pub vpc_links: VpcLinks,
}

impl Settings {
    /// Of an operator who decided nothing but where this is.
    pub fn of(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            account: account.into(),
            region: region.into(),
            defaults: Defaults::default(),
            freshness: Freshness::default(),
            signatures: Signatures::Verified,
            tokens: TokenSettings::default(),
            caching: Caching::default(),
            metering: Metering::default(),
            vpc_links: VpcLinks::default(),
        }
    }
}

/// What serves a request: a stage, and the deployment and variables that it has for this request, which are the canary's where
/// the canary answers.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) live: Arc<Live>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) variables: Arc<Map<String>>,
}

impl Served {
    pub(crate) fn of(addressed: &Addressed) -> Self {
        Self {
            live: addressed.live.clone(),
            deployed: addressed.deployed.clone(),
            variables: addressed.variables.clone(),
        }
    }
}

impl Gateway {
    pub fn new(world: World, settings: Settings) -> Self {
        let World {
            store,
            backend,
            clock,
            journal,
        } = world;
        let domains = Domains::new(
            store.definitions.clone(),
            clock.clone(),
            journal.clone(),
            settings.freshness,
        );
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
            domains,
            links: Links::default(),
            stages,
            tokens: Tokens::new(keys, clock.clone(), settings.tokens.clone()),
            verdicts: Verdicts::new(store.cache.clone(), clock.clone()),
            cache: Cache::new(settings.caching, store.cache.clone(), clock.clone()),
            signers: Signers::new(store.definitions.clone(), clock.clone(), settings.freshness),
            decisions: Decisions::default(),
            keys: Keys::new(&store.definitions, &clock, settings.freshness),
            meter: Meter::new(
                store.usage.clone(),
                clock.clone(),
                postern_metering::Settings {
                    on_failure: settings.metering.on_store_failure.of_meter(),
                    ..postern_metering::Settings::default()
                },
            ),
            usage: store.usage,
            failures_told: AtomicU64::new(0),
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

    /// Through which integrations are called.
    pub fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// Who may sign requests to the APIs, for whoever else wants requests signed.
    pub fn signers(&self) -> &Signers {
        &self.signers
    }

    /// Answers a request. Every request gets an answer, and every one that reached a stage is recorded.
    pub async fn answer(&self, arrival: Arrival) -> http::Response<Body> {
        let mut trail = Trail::begin(&arrival, self.clock.now());
        match self.address(arrival, &mut trail).await {
            Err(rejection) => self.reject(&Rejection::from(rejection), trail, None).await,
            Ok((addressed, due)) => self.answer_addressed(addressed, due, trail).await,
        }
    }

    pub(crate) async fn answer_addressed(
        &self,
        addressed: Addressed,
        due: Due,
        mut trail: Trail,
    ) -> http::Response<Body> {
        let served = Served::of(&addressed);
        let answer = self
            .while_refreshing(due, pin!(self.proceed(addressed, &mut trail)))
            .await;
        match answer {
            Ok(answer) => self.finish(answer, trail, served.live),
            Err(rejection) => self.reject(&rejection, trail, Some(served)).await,
        }
    }

    /// Does something, and reads beside it what is due. What is done is pinned where it is begun, or its size would count twice.
    pub(crate) async fn while_refreshing<F: Future>(
        &self,
        due: Due,
        main: Pin<&mut F>,
    ) -> F::Output {
        if due.is_nothing() {
            return main.await;
        }
        // In a box, for this is seldom, and all others would carry its size.
        Box::pin(beside(self.refresh(due), main)).await
    }

    async fn refresh(&self, due: Due) {
        if let Some(stage) = &due.stage {
            self.stages.refresh(stage).await;
        }
        if let Some(domain) = &due.domain {
            self.domains.refresh(domain).await;
        }
    }

    /// Whether a request is for an API rather than for the management APIs, where both share a listener.
    pub async fn is_asked_for(&self, host: &str, path: &str) -> bool {
        if names_an_api(host, path) {
            return true;
        }
        match custom_name(host) {
            // What cannot be looked up is told so by the management APIs as well.
            Some(name) => matches!(self.domains.find(name).await, Ok((Some(_), _))),
            None => false,
        }
    }

    /// Whose clients a domain name lets in, for whoever ends their TLS. `None` where they need no certificate.
    pub async fn truststore(&self, host: &str) -> Result<Option<Truststore>, AddressRejection> {
        let Some(name) = custom_name(host) else {
            return Ok(None);
        };
        let (domain, _) = self.domains.find(name).await?;
        Ok(domain.and_then(|domain| domain.truststore.clone()))
    }

    /// Writes down what keys have used of a plan, and no more: this process may have taken some in advance.
    pub async fn settle_usage(&self, plan: &str, key: Option<&str>) -> Result<(), StoreError> {
        self.meter.settle(plan, key).await
    }

    async fn proceed(&self, addressed: Addressed, trail: &mut Trail) -> Result<Answer, Rejection> {
        if let Some(preflight) = Preflight::of(&addressed)
            && preflight.is_for_all().await?
        {
            return Ok(preflight.answer());
        }
        unpack::check(&addressed)?;
        let pack_from = addressed.deployed.api().minimum_compression_size;
        let routed = route::route(addressed, trail).await?;
        self.proceed_routed(routed, pack_from, trail).await
    }

    /// From the method on. `pack_from` is how long an answer must be to be packed.
    pub(crate) async fn proceed_routed(
        &self,
        routed: Routed,
        pack_from: Option<u32>,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        let mut admitted = self.admit(routed, trail).await?;
        if let Some(preflight) = Preflight::admitted(&admitted.routed) {
            return Ok(preflight.answer());
        }
        let due = std::mem::take(&mut admitted.due);
        if due.is_empty() {
            return self.carry_out(admitted, pack_from, trail).await;
        }
        // In a box, for it is seldom, and every request would have to have room for it.
        let rest = self.carry_out(admitted, pack_from, trail);
        Box::pin(beside(self.keys.refresh(&due), rest)).await
    }

    pub(crate) async fn carry_out(
        &self,
        admitted: Admitted,
        pack_from: Option<u32>,
        trail: &mut Trail,
    ) -> Result<Answer, Rejection> {
        let admitted = unpack::unpack(admitted).await?;
        let validated = self.validate(admitted, trail).await?;
        let answer = self.recall(validated, trail).await?;
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
