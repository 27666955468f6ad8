//! What a stage says of single methods and routes, and of all of them.

use postern_definition::Map;
use postern_definition::rest::MethodSetting;
use postern_definition::routed::RouteSettings;

/// The settings of a stage's methods, laid out to be found by every request.
#[derive(Default)]
pub(super) struct MethodSettings {
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
    /// By route keys, of which one without a space names no method, nor any of a WebSocket API.
    pub(super) fn of_routes(
        general: &RouteSettings,
        own: Map<RouteSettings>,
        is_http: bool,
    ) -> Self {
        let mut own: Vec<_> = own
            .into_iter()
            .map(|(key, settings)| {
                let parts = key.split_once(' ').filter(|_| is_http);
                let (verb, path) = parts.unwrap_or(("ANY", &key));
                let path = path.trim_start_matches('/').to_owned();
                ((path, verb.to_owned()), method_setting(&settings))
            })
            .collect();
        own.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self {
            own,
            general: Some(method_setting(general)),
        }
    }

    /// Of a method: its own, or the general ones.
    pub(super) fn of(&self, path: &str, verb: &str) -> Option<&MethodSetting> {
        self.own(path, verb).or(self.general.as_ref())
    }

    pub(super) fn own(&self, path: &str, verb: &str) -> Option<&MethodSetting> {
        let path = path.trim_start_matches('/');
        let found = self
            .own
            .binary_search_by(|((p, v), _)| (p.as_str(), v.as_str()).cmp(&(path, verb)));
        found.ok().map(|place| &self.own[place].1)
    }
}

/// What is not set is what nothing says: a route's settings do not fall back to the stage's.
fn method_setting(settings: &RouteSettings) -> MethodSetting {
    let default = MethodSetting::default();
    MethodSetting {
        metrics_enabled: settings.detailed_metrics_enabled,
        logging_level: settings.logging_level.clone(),
        data_trace_enabled: settings.data_trace_enabled.unwrap_or_default(),
        throttling_burst_limit: (settings.throttling_burst_limit)
            .unwrap_or(default.throttling_burst_limit),
        throttling_rate_limit: (settings.throttling_rate_limit)
            .unwrap_or(default.throttling_rate_limit),
        ..default
    }
}
