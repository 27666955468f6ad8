//! Which parameters an integration's request is given.

use super::{BodyPath, Source};
use crate::Defect;
use postern_definition::Map;
use postern_definition::rest::Integration;

/// `integration.request.{location}.{name}` and where each value comes from.
#[derive(Debug, Default)]
pub struct RequestMapping {
    pub path: Map<Source>,
    pub query: Map<Source>,
    pub headers: Map<Source>,
}

impl RequestMapping {
    /// Reports every defect.
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let mut mapping = Self::default();
        let mut defects = Vec::new();
        for (target, source) in integration.request_parameters.iter().flatten() {
            let field = || format!("requestParameters {target}");
            let Some(source) = Source::of_request(source) else {
                let reason = format!("`{source}` is no source of a request's parameter");
                defects.push(Defect::invalid(field(), reason));
                continue;
            };
            let located = target
                .strip_prefix("integration.request.")
                .and_then(|place| place.split_once('.'))
                .filter(|(_, name)| !name.is_empty());
            let map = match located {
                Some(("path", _)) => &mut mapping.path,
                Some(("querystring" | "multivaluequerystring", _)) => &mut mapping.query,
                Some(("header" | "multivalueheader", _)) => &mut mapping.headers,
                _ => {
                    let reason = "it names no header, query string or path parameter";
                    defects.push(Defect::invalid(field(), reason));
                    continue;
                }
            };
            if let Some((_, name)) = located {
                map.insert(name.to_owned(), source);
            }
        }
        if defects.is_empty() {
            Ok(mapping)
        } else {
            Err(defects)
        }
    }

    /// Whether the request's body must be held for its sake.
    pub fn reads_the_body(&self) -> bool {
        [&self.path, &self.query, &self.headers]
            .into_iter()
            .flat_map(Map::values)
            .any(|source| matches!(source, Source::Body(BodyPath::Whole | BodyPath::Part(_))))
    }
}
