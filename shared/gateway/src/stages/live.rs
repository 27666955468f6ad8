//! A stage as requests use it.

use super::settings::MethodSettings;
use crate::cache::StageCache;
use postern_definition::rest::{ClientCertificateKey, Cors, Flushes, MethodSetting};
use postern_definition::{ApiId, Map, StageName};
use postern_plan::Deployed;
use postern_telemetry::{AccessLogFormat, COMMON_LOG_FORMAT};
use std::sync::Arc;

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
    /// Of a default stage: the names of those beside it, which the first segment of a path may be.
    pub(super) others: Vec<StageName>,
    pub(super) method_settings: MethodSettings,
    /// Of an HTTP API: what its stage says of the cache, which no route's settings say.
    pub(super) cache_settings: Option<MethodSettings>,
    pub(super) revision: u64,
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
            others: Vec::new(),
            method_settings: MethodSettings::default(),
            cache_settings: None,
            revision: 0,
        }
    }

    /// The settings of a method: its own, which replace the general ones wholly, or the general ones. `verb` is the request's, or
    /// the declared one where settings are a route's: see [`crate::route::Routed::settings_verb`].
    pub(crate) fn method_setting(&self, resource_path: &str, verb: &str) -> Option<&MethodSetting> {
        self.method_settings.of(resource_path, verb)
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
        let settings = self.cache_settings.as_ref();
        let settings = settings.unwrap_or(&self.method_settings);
        let setting = match settings.own(resource_path, verb) {
            Some(own) => own,
            None if verb != "GET" => return None,
            None => settings.of(resource_path, declared)?,
        };
        setting.caching_enabled.then_some(setting)
    }
}
