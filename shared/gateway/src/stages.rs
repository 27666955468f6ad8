//! The stages that this process answers for: each a pointer to deployments, with its settings, held and kept fresh.
//!
//! A stage's item is read when a request first asks for it, and again as `freshness` has it. Deployments are loaded when a stage
//! first points at them, and shared by the stages that do.

use crate::Journal;
use crate::cache::StageCache;
use crate::freshness::{Age, Freshness, Stamp};
use crate::rejection::AddressRejection;
use postern_definition::rest::{
    CanarySettings, ClientCertificateKey, Cors, Flushes, MethodSetting, Stage,
};
use postern_definition::{ApiId, DeploymentId, Map, StageName};
use postern_plan::account::client_certificate_key_key;
use postern_plan::{Deployed, live};
use postern_store::{Clock, Consistency, Table, decode};
use postern_telemetry::{AccessLogFormat, COMMON_LOG_FORMAT};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Stages held at most, and as many names of stages that are not there. Beyond it everything held is let go.
const HELD_MAX: usize = 1_000;

pub(crate) struct Stages {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    freshness: Freshness,
    held: RwLock<HashMap<(ApiId, StageName), Arc<Held>>>,
    deployments: RwLock<HashMap<(ApiId, DeploymentId), Arc<Deployed>>>,
}

/// A stage as it was last read, or that it is not there.
pub(crate) struct Held {
    api: ApiId,
    name: StageName,
    live: RwLock<Option<Arc<Live>>>,
    stamp: Stamp,
}

impl Held {
    fn live(&self) -> Option<Arc<Live>> {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A stage ready to answer.
pub(crate) struct Live {
    pub(crate) api: ApiId,
    pub(crate) name: StageName,
    pub(crate) variables: Arc<Map<String>>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) canary: Option<Canary>,
    pub(crate) access_log: AccessLogFormat,
    pub(crate) flushes: Flushes,
    /// Only where it allows any origin.
    pub(crate) cors: Option<Cors>,
    /// What backends know the gateway by.
    pub(crate) certificate: Option<Arc<ClientCertificateKey>>,
    pub(crate) cache: StageCache,
    method_settings: MethodSettings,
    revision: u64,
}

pub(crate) struct Canary {
    pub(crate) percent: f64,
    pub(crate) deployed: Arc<Deployed>,
    /// The stage's, overlaid with the canary's.
    pub(crate) variables: Arc<Map<String>>,
}

impl Live {
    /// The stage in which a method is tried out. It is in no store.
    pub(crate) fn of_test(deployed: Arc<Deployed>, variables: Arc<Map<String>>) -> Self {
        Self {
            api: deployed.api().id.clone(),
            name: "test-invoke-stage".into(),
            variables,
            deployed,
            canary: None,
            access_log: AccessLogFormat::parse(COMMON_LOG_FORMAT),
            flushes: Flushes::default(),
            cors: None,
            certificate: None,
            cache: StageCache::default(),
            method_settings: MethodSettings::default(),
            revision: 0,
        }
    }

    /// The settings of a method: its own, which replace the general ones wholly, or the general ones.
    pub(crate) fn method_setting(&self, resource_path: &str, verb: &str) -> Option<&MethodSetting> {
        (self.method_settings.own(resource_path, verb)).or(self.method_settings.general.as_ref())
    }

    /// The settings of a method whose answers are kept.
    ///
    /// What is set for all methods, and for a method that was declared for all verbs, keeps the answers to GET alone: whoever
    /// wants those of another verb kept says so of that verb.
    pub(crate) fn cache_setting(
        &self,
        resource_path: &str,
        verb: &str,
        declared: &str,
    ) -> Option<&MethodSetting> {
        let setting = match self.method_settings.own(resource_path, verb) {
            Some(own) => own,
            None if verb != "GET" => return None,
            None => self.method_setting(resource_path, declared)?,
        };
        setting.caching_enabled.then_some(setting)
    }
}

/// The settings of a stage's methods, laid out to be found by every request.
#[derive(Default)]
struct MethodSettings {
    /// By path, without the slash that it begins with, and verb.
    own: Vec<((String, String), MethodSetting)>,
    general: Option<MethodSetting>,
}

impl From<Map<MethodSetting>> for MethodSettings {
    fn from(mut settings: Map<MethodSetting>) -> Self {
        let general = settings.remove("*/*");
        let mut own: Vec<_> = settings
            .into_iter()
            .filter_map(|(key, setting)| {
                let (path, verb) = key.rsplit_once('/')?;
                let path = path.replace("~1", "/");
                let path = path.trim_start_matches('/').to_owned();
                Some(((path, verb.to_owned()), setting))
            })
            .collect();
        own.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self { own, general }
    }
}

impl MethodSettings {
    fn own(&self, path: &str, verb: &str) -> Option<&MethodSetting> {
        let path = path.trim_start_matches('/');
        let found = self
            .own
            .binary_search_by(|((p, v), _)| (p.as_str(), v.as_str()).cmp(&(path, verb)));
        found.ok().map(|place| &self.own[place].1)
    }
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
            held: RwLock::default(),
            deployments: RwLock::default(),
        }
    }

    /// The stage, and whether it should be read again beside this request.
    pub(crate) async fn find(
        &self,
        api: &ApiId,
        name: &StageName,
    ) -> Result<(Arc<Live>, Option<Arc<Held>>), AddressRejection> {
        let key = (api.clone(), name.clone());
        let known = self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        let held = match known {
            Some(held) => held,
            None => self.hold(key).await?,
        };
        let age = (held.stamp).age(self.freshness, &*self.table, &*self.clock);
        let (live, due) = match (held.live(), age) {
            (live, Age::Fresh) => (live, None),
            (Some(live), Age::Due) => (Some(live), Some(held)),
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
                api: api.to_string(),
                stage: name.to_string(),
            }),
        }
    }

    /// Reads a stage again. What fails leaves the stage as it was held: better an old deployment than no answer.
    pub(crate) async fn refresh(&self, held: &Held) {
        if let Err(error) = self.read(held).await {
            self.journal
                .fault(&format!("a stage could not be read again: {error}"));
        }
    }

    async fn hold(&self, key: (ApiId, StageName)) -> Result<Arc<Held>, AddressRejection> {
        let held = Arc::new(Held {
            api: key.0.clone(),
            name: key.1.clone(),
            live: RwLock::new(None),
            stamp: Stamp::default(),
        });
        self.read(&held).await?;
        let mut all = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= HELD_MAX {
            // Names that lead nowhere go first: whoever asks for many of them must not cost others their stages.
            all.retain(|_, held| held.live().is_some());
        }
        if all.len() >= HELD_MAX {
            all.clear();
        }
        Ok(all.entry(key).or_insert(held).clone())
    }

    async fn read(&self, held: &Held) -> Result<(), AddressRejection> {
        let generation = held.stamp.ask(&*self.table, &*self.clock);
        let live = match held.live() {
            None => self.begin(held).await?,
            Some(live) => self.again(held, live).await?,
        };
        *held.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        held.stamp.read(generation, &*self.clock);
        Ok(())
    }

    /// Reads a stage that is not held yet.
    async fn begin(&self, held: &Held) -> Result<Option<Arc<Live>>, AddressRejection> {
        let Some(beginning) = live::begin(&self.table, &held.api, &held.name).await? else {
            return Ok(None);
        };
        // Held until the stage holds it.
        let _shared = beginning
            .deployed
            .map(|deployed| self.share(&held.api, deployed));
        Ok(Some(Arc::new(
            self.live(&held.api, beginning.stage, beginning.revision)
                .await?,
        )))
    }

    /// Reads a stage that is held, to see whether it has changed.
    async fn again(
        &self,
        held: &Held,
        known: Arc<Live>,
    ) -> Result<Option<Arc<Live>>, AddressRejection> {
        let read = |consistency| live::stage(&*self.table, &held.api, &held.name, consistency);
        let item = match read(Consistency::Eventual).await? {
            Some(item) if item.revision >= known.revision => Some(item),
            // Before a stage counts as gone, or as older than it was, the store is asked for the latest word.
            _ => read(Consistency::Strong).await?,
        };
        match item {
            None => Ok(None),
            Some(item) if item.revision == known.revision => Ok(Some(known)),
            Some(item) => Ok(Some(Arc::new(
                self.live(&held.api, decode(&item)?, item.revision).await?,
            ))),
        }
    }

    async fn live(
        &self,
        api: &ApiId,
        stage: Stage,
        revision: u64,
    ) -> Result<Live, AddressRejection> {
        let canary = match &stage.canary_settings {
            Some(settings) => Some(self.canary(api, settings, &stage.variables).await?),
            None => None,
        };
        let format = stage
            .access_log_settings
            .as_ref()
            .and_then(|settings| settings.format.as_deref());
        Ok(Live {
            api: api.clone(),
            deployed: self.deployment(api, &stage.deployment_id).await?,
            canary,
            certificate: self.certificate(&stage).await?,
            cache: StageCache::of(&stage),
            cors: Some(stage.postern.cors).filter(|cors| !cors.allow_origins.is_empty()),
            access_log: AccessLogFormat::parse(format.unwrap_or(COMMON_LOG_FORMAT)),
            name: stage.stage_name,
            variables: Arc::new(stage.variables),
            flushes: stage.flushes,
            method_settings: stage.method_settings.into(),
            revision,
        })
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
