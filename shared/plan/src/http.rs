//! HTTP_PROXY: the request goes to a URL, with the mappings that the owner made.

use crate::{Defect, Source, UriTemplate};
use postern_definition::Map;
use postern_definition::rest::Integration;
use std::time::Duration;

#[derive(Debug)]
pub struct HttpPlan {
    /// None is `ANY`: the client's own.
    pub method: Option<String>,
    pub uri: UriTemplate,
    pub mapping: RequestMapping,
    pub timeout: Duration,
}

/// `integration.request.{location}.{name}` and where each value comes from.
#[derive(Debug, Default)]
pub struct RequestMapping {
    pub path: Map<Source>,
    pub query: Map<Source>,
    pub headers: Map<Source>,
}

impl HttpPlan {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let method = integration
            .http_method
            .as_deref()
            .filter(|method| *method != "ANY");
        let uri = integration
            .uri
            .as_deref()
            .ok_or_else(|| vec![Defect::invalid("uri", "it is not set")])?;
        Ok(Self {
            method: method.map(str::to_owned),
            uri: UriTemplate::parse(uri),
            mapping: RequestMapping::compile(integration)?,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
        })
    }
}

impl RequestMapping {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let mut mapping = Self::default();
        let mut defects = Vec::new();
        for (target, source) in integration.request_parameters.iter().flatten() {
            let field = || format!("requestParameters {target}");
            let Some(source) = Source::parse(source) else {
                let reason = format!("`{source}` is not a source that this version maps");
                defects.push(Defect::invalid(field(), reason));
                continue;
            };
            let locations = [
                ("integration.request.path.", &mut mapping.path),
                ("integration.request.querystring.", &mut mapping.query),
                ("integration.request.header.", &mut mapping.headers),
            ];
            let located = locations
                .into_iter()
                .find_map(|(prefix, map)| Some((target.strip_prefix(prefix)?, map)));
            match located {
                Some((name, map)) if !name.is_empty() => drop(map.insert(name.to_owned(), source)),
                _ => defects.push(Defect::invalid(
                    field(),
                    "it names no header, query string or path parameter",
                )),
            }
        }
        if defects.is_empty() {
            Ok(mapping)
        } else {
            Err(defects)
        }
    }
}
