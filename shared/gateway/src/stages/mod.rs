//! The stages that this process answers for: each a pointer to deployments, with its settings, held and kept fresh.
//!
//! A stage's item is read when a request first asks for it, and again as `freshness` has it. Deployments are loaded when a stage
//! first points at them, and shared by the stages that do.

mod live;
mod settings;

use crate::Journal;
use crate::cache::StageCache;
use crate::freshness::{Age, Freshness, Holding, Stamp};
use crate::rejection::AddressRejection;
pub(crate) use live::{Canary, Live};
use postern_definition::rest::{AccessLogSettings, CanarySettings, ClientCertificateKey, Stage};
use postern_definition::{ApiId, DeploymentId, Map, StageName, routed};
use postern_plan::account::client_certificate_key_key;
use postern_plan::live::{self as items, AnyStage};
use postern_plan::{ApiKind, Deployed};
use postern_store::{Clock, Consistency, Table, decode};
use postern_telemetry::{
    AccessLogFormat, COMMON_LOG_FORMAT, ROUTES_LOG_FORMAT, SOCKETS_LOG_FORMAT,
};
use settings::MethodSettings;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub(crate) struct Stages {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    freshness: Freshness,
    held: Holding<(ApiId, StageName), Held>,
    deployments: RwLock<HashMap<(ApiId, DeploymentId), Arc<Deployed>>>,
}

/// A stage as it was last read, or that it is not there.
pub(crate) struct Held {
    api: ApiId,
    name: StageName,
    live: RwLock<Option<Arc<Live>>>,
    /// Of a stage that is not there: what refuses whoever asks for it.
    kind: OnceLock<ApiKind>,
    stamp: Stamp,
}

/// The stage that answers what names no other one, of an HTTP API.
const DEFAULT: &str = "$default";

impl Held {
    fn live(&self) -> Option<Arc<Live>> {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// AWS's limit for the name of a stage.
const NAME_BYTES_MAX: usize = 128;

/// What of a path named a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    BySegment,
    /// It is the one that answers what names none.
    ByNothing,
}

fn access_log(settings: Option<&AccessLogSettings>, default: &str) -> AccessLogFormat {
    let format = settings.and_then(|settings| settings.format.as_deref());
    AccessLogFormat::parse(format.unwrap_or(default))
}

impl Stages {
    pub(crate) fn table(&self) -> Arc<dyn Table> {
        self.table.clone()
    }

    pub(crate) fn new(
        table: Arc<dyn Table>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        freshness: Freshness,
    ) -> Self {
        Self {
            table,
            clock,
            journal,
            freshness,
            held: Holding::default(),
            deployments: RwLock::default(),
        }
    }

    /// The stage, and whether it should be read again beside this request.
    pub(crate) async fn find(
        &self,
        api: &ApiId,
        name: &StageName,
    ) -> Result<(Arc<Live>, Option<Arc<Held>>), AddressRejection> {
        let held = match self.held(api, name) {
            Some(held) => held,
            None => self.hold((api.clone(), name.clone())).await?,
        };
        let age = (held.stamp).age(self.freshness, &*self.table, &*self.clock);
        let (live, due) = match (held.live(), age) {
            (live, Age::Fresh) => (live, None),
            (Some(live), Age::Due) => (Some(live), Some(held.clone())),
            // A stage that was not there may have been made since; nothing can be answered meanwhile.
            (live, Age::Due | Age::Stale) => match (self.read(&held).await, live) {
                (Ok(()), _) => (held.live(), None),
                // Better an old deployment than no answer.
                (Err(error), Some(live)) => {
                    self.journal
                        .fault(&format!("a stage could not be read again: {error}"));
                    (Some(live), None)
                }
                (Err(error), None) => return Err(error),
            },
        };
        match live {
            Some(live) => Ok((live, due)),
            None => Err(AddressRejection::NoSuchStage {
                kind: held.kind.get().copied().unwrap_or(ApiKind::Rest),
                api: api.to_string(),
                stage: name.to_string(),
            }),
        }
    }

    /// The stage that the first segment of a path names, or the one that answers what names none, and which of them it is.
    ///
    /// A default stage that is held knows the others, so that no path makes the store be asked for a stage that is not there.
    pub(crate) async fn find_or_default(
        &self,
        api: &ApiId,
        segment: &str,
    ) -> Result<(Arc<Live>, Option<Arc<Held>>, Named), AddressRejection> {
        let default = StageName::from(DEFAULT);
        let name = StageName::from(segment);
        let is_no_name = segment.is_empty() || segment == DEFAULT || segment.len() > NAME_BYTES_MAX;
        let knows = |live: &Live| is_no_name || !live.others.contains(&name);
        if let Some(live) = self.held(api, &default).and_then(|held| held.live())
            && knows(&live)
        {
            let (live, due) = self.find(api, &default).await?;
            if knows(&live) {
                return Ok((live, due, Named::ByNothing));
            }
        }
        if is_no_name {
            let (live, due) = self.find(api, &default).await?;
            return Ok((live, due, Named::ByNothing));
        }
        match self.find(api, &name).await {
            Ok((live, due)) => Ok((live, due, Named::BySegment)),
            Err(missing @ AddressRejection::NoSuchStage { .. }) => {
                match self.find(api, &default).await {
                    Ok((live, due)) => Ok((live, due, Named::ByNothing)),
                    Err(AddressRejection::NoSuchStage { .. }) => Err(missing),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a stage again. What fails leaves the stage as it was held: better an old deployment than no answer.
    pub(crate) async fn refresh(&self, held: &Held) {
        if let Err(error) = self.read(held).await {
            self.journal
                .fault(&format!("a stage could not be read again: {error}"));
        }
    }

    fn held(&self, api: &ApiId, name: &StageName) -> Option<Arc<Held>> {
        self.held.get(&(api.clone(), name.clone()))
    }

    async fn hold(&self, key: (ApiId, StageName)) -> Result<Arc<Held>, AddressRejection> {
        let held = Arc::new(Held {
            api: key.0.clone(),
            name: key.1.clone(),
            live: RwLock::new(None),
            kind: OnceLock::new(),
            stamp: Stamp::default(),
        });
        self.read(&held).await?;
        let is_there = |held: &Held| held.live().is_some();
        Ok(self.held.hold(key, held, is_there))
    }

    async fn read(&self, held: &Held) -> Result<(), AddressRejection> {
        let generation = held.stamp.ask(&*self.table, &*self.clock);
        let live = match held.live() {
            None => self.begin(held).await?,
            Some(live) => self.again(held, live).await?,
        };
        if live.is_none() && held.kind.get().is_none() {
            let kind = items::kind_of_api(&*self.table, &held.api).await?;
            // Whoever asked at the same time has been told the same.
            let _ = held.kind.set(kind);
        }
        *held.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        held.stamp.read(generation, &*self.clock);
        Ok(())
    }

    /// Reads a stage that is not held yet.
    async fn begin(&self, held: &Held) -> Result<Option<Arc<Live>>, AddressRejection> {
        let Some(beginning) = items::begin(&self.table, &held.api, &held.name).await? else {
            return Ok(None);
        };
        // Held until the stage holds them.
        let deployed = beginning.deployed.into_iter();
        let _shared: Vec<_> = deployed.map(|one| self.share(&held.api, one)).collect();
        self.live(held, beginning.stage, beginning.revision).await
    }

    /// Reads a stage that is held, to see whether it has changed.
    async fn again(
        &self,
        held: &Held,
        known: Arc<Live>,
    ) -> Result<Option<Arc<Live>>, AddressRejection> {
        let kind = known.deployed.kind();
        let read =
            |consistency| items::item(&*self.table, &held.api, &held.name, kind, consistency);
        let item = match read(Consistency::Eventual).await? {
            Some(item) if item.revision >= known.revision => Some(item),
            // Before a stage counts as gone, or as older than it was, the store is asked for the latest word.
            _ => read(Consistency::Strong).await?,
        };
        let Some(item) = item else { return Ok(None) };
        if item.revision == known.revision && self.others(held).await? == known.others {
            return Ok(Some(known));
        }
        let stage = items::read(&item, kind)?;
        self.live(held, stage, item.revision).await
    }

    /// `None` of a stage that points to nothing yet.
    async fn live(
        &self,
        held: &Held,
        stage: AnyStage,
        revision: u64,
    ) -> Result<Option<Arc<Live>>, AddressRejection> {
        let Some(deployment) = stage.deployment() else {
            return Ok(None);
        };
        let deployed = self.deployment(&held.api, deployment).await?;
        let live = match stage {
            AnyStage::Rest(stage) => self.of_methods(held, stage, deployed, revision).await?,
            AnyStage::Routed(stage) => self.of_routes(held, stage, deployed, revision).await?,
        };
        Ok(Some(Arc::new(live)))
    }

    async fn of_methods(
        &self,
        held: &Held,
        stage: Stage,
        deployed: Arc<Deployed>,
        revision: u64,
    ) -> Result<Live, AddressRejection> {
        let canary = match &stage.canary_settings {
            Some(settings) => Some(self.canary(&held.api, settings, &stage.variables).await?),
            None => None,
        };
        Ok(Live {
            api: held.api.clone(),
            deployed,
            canary,
            certificate: self.certificate(&stage).await?,
            cache: StageCache::of(&stage),
            cors: Some(stage.postern.cors).filter(|cors| !cors.allow_origins.is_empty()),
            access_log: access_log(stage.access_log_settings.as_ref(), COMMON_LOG_FORMAT),
            name: stage.stage_name,
            variables: Arc::new(stage.variables),
            flushes: stage.flushes,
            others: Vec::new(),
            method_settings: stage.method_settings.into(),
            cache_settings: None,
            revision,
        })
    }

    async fn of_routes(
        &self,
        held: &Held,
        stage: routed::Stage,
        deployed: Arc<Deployed>,
        revision: u64,
    ) -> Result<Live, AddressRejection> {
        let canary = match &stage.postern.canary_settings {
            Some(settings) => {
                let variables = &stage.stage_variables;
                Some(self.canary(&held.api, settings, variables).await?)
            }
            None => None,
        };
        let is_http = deployed.kind() == ApiKind::Http;
        let format = if is_http {
            ROUTES_LOG_FORMAT
        } else {
            SOCKETS_LOG_FORMAT
        };
        Ok(Live {
            api: held.api.clone(),
            canary,
            certificate: None,
            cache: StageCache::of_routes(&stage),
            cors: deployed.api().cors.clone(),
            deployed,
            access_log: access_log(stage.access_log_settings.as_ref(), format),
            name: stage.stage_name,
            variables: Arc::new(stage.stage_variables),
            flushes: stage.flushes,
            others: self.others(held).await?,
            method_settings: MethodSettings::of_routes(
                &stage.default_route_settings,
                stage.route_settings,
                is_http,
            ),
            cache_settings: Some(stage.postern.method_settings.into()),
            revision,
        })
    }

    /// The names of the stages beside a default one, few as they are.
    async fn others(&self, held: &Held) -> Result<Vec<StageName>, AddressRejection> {
        if held.name.as_str() != DEFAULT {
            return Ok(Vec::new());
        }
        let names = items::stage_names(&*self.table, &held.api).await?;
        Ok(names
            .into_iter()
            .filter(|name| *name != held.name)
            .collect())
    }

    async fn certificate(
        &self,
        stage: &Stage,
    ) -> Result<Option<Arc<ClientCertificateKey>>, AddressRejection> {
        let Some(id) = &stage.client_certificate_id else {
            return Ok(None);
        };
        let key = client_certificate_key_key(id);
        let item = self.table.get(&key, Consistency::Eventual).await?;
        if item.is_none() {
            // Backends that want it will refuse; those that do not need not suffer.
            self.journal.fault(&format!(
                "stage `{}` presents client certificate `{id}`, which is not there: none is presented",
                stage.stage_name
            ));
        }
        Ok(item.map(|item| decode(&item)).transpose()?.map(Arc::new))
    }

    async fn canary(
        &self,
        api: &ApiId,
        settings: &CanarySettings,
        variables: &Map<String>,
    ) -> Result<Canary, AddressRejection> {
        let mut variables = variables.clone();
        variables.extend(settings.stage_variable_overrides.clone());
        Ok(Canary {
            percent: settings.percent_traffic,
            deployed: self.deployment(api, &settings.deployment_id).await?,
            variables: Arc::new(variables),
        })
    }

    async fn deployment(
        &self,
        api: &ApiId,
        id: &DeploymentId,
    ) -> Result<Arc<Deployed>, AddressRejection> {
        let key = (api.clone(), id.clone());
        if let Some(deployed) = self
            .deployments
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(deployed.clone());
        }
        let deployed = Deployed::load(self.table.clone(), api, id).await?;
        Ok(self.share(api, deployed))
    }

    /// Keeps a deployment for all stages that point to it.
    fn share(&self, api: &ApiId, deployed: Deployed) -> Arc<Deployed> {
        let key = (api.clone(), deployed.id().clone());
        let mut all = self
            .deployments
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let shared = all.entry(key).or_insert_with(|| Arc::new(deployed)).clone();
        // What no stage points at any more is only held here.
        all.retain(|_, held| Arc::strong_count(held) > 1);
        shared
    }
}
