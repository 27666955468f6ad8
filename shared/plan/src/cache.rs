//! By what of a request the answers of a method that may be kept are told apart.
//!
//! Two requests that agree in everything named here get the same answer, whatever else they differ in. So what is not
//! understood is refused when the API is deployed: passed over, it would give one caller the answer of another.

use crate::{BodyPath, Defect, Source};
use postern_definition::rest::{Integration, ResponseTransferMode};
use postern_definition::routed::Route;

#[derive(Debug, PartialEq, Eq)]
pub struct CachePlan {
    /// Methods of one namespace share their answers.
    pub namespace: String,
    pub told_apart: ToldApart,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ToldApart {
    /// By these alone, as a REST API's owner chose them. Sorted by name, so that methods which share a namespace need not name
    /// them in the same order.
    ByParameters(Vec<KeyParameter>),
    /// By all that answers commonly rest on: path, query, body, who is calling, and what clients say that they can take. The owner
    /// of an HTTP API cannot choose, and so must be safe without.
    ByRequest {
        /// Those that the route declares, in lower case.
        headers: Vec<String>,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub struct KeyParameter {
    /// As it was declared, but for the capitals of a header's name.
    pub name: String,
    pub source: Source,
}

impl CachePlan {
    /// `None` where the integration streams: what is never held is never kept.
    pub(crate) fn compile(integration: &Integration) -> Result<Option<Self>, Vec<Defect>> {
        if integration.response_transfer_mode == Some(ResponseTransferMode::Stream) {
            return Ok(None);
        }
        let mut parameters = Vec::new();
        let mut defects = Vec::new();
        for name in &integration.cache_key_parameters {
            match KeyParameter::compile(name, integration) {
                Some(parameter) => parameters.push(parameter),
                None => defects.push(Defect::invalid(
                    "cacheKeyParameters",
                    format!(
                        "`{name}` is neither of the form method.request.{{path|querystring|header|multivaluequerystring|multivalueheader}}.{{name}} nor a parameter of the integration's request that is mapped"
                    ),
                )),
            }
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        parameters.dedup();
        Ok(Some(Self {
            namespace: integration.cache_namespace.clone(),
            told_apart: ToldApart::ByParameters(parameters),
        }))
    }

    /// Of a route of an HTTP API.
    pub(crate) fn of_route(route: &Route) -> Self {
        let declared = route.request_parameters.iter().flatten();
        let headers = declared.filter_map(|(name, _)| name.strip_prefix("route.request.header."));
        Self {
            namespace: route.route_id.clone(),
            told_apart: ToldApart::ByRequest {
                headers: headers.map(str::to_ascii_lowercase).collect(),
            },
        }
    }

    /// Whether a request's body must be there before its answer can be looked for.
    pub fn reads_the_body(&self) -> bool {
        let ToldApart::ByParameters(parameters) = &self.told_apart else {
            return true;
        };
        let mut sources = parameters.iter().map(|parameter| &parameter.source);
        sources.any(|source| matches!(source, Source::Body(BodyPath::Whole | BodyPath::Part(_))))
    }
}

impl KeyParameter {
    fn compile(name: &str, integration: &Integration) -> Option<Self> {
        let source = if name.starts_with("integration.request.") {
            // Stands for what is mapped to it.
            let mappings = integration.request_parameters.as_ref()?;
            Source::of_request(mappings.get(name)?)?
        } else {
            let place = name.strip_prefix("method.request.")?;
            let is_place = ["path", "querystring", "header"].contains(&place.split('.').next()?)
                || place.starts_with("multivalue");
            Source::of_request(name).filter(|_| is_place)?
        };
        let name = match (&source, name.split_once("header.")) {
            (Source::Header(_) | Source::MultiHeader(_), Some((before, header))) => {
                format!("{before}header.{}", header.to_ascii_lowercase())
            }
            _ => name.to_owned(),
        };
        Some(Self { name, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn compiled(more: Value) -> Result<Option<CachePlan>, Vec<Defect>> {
        let mut integration = json!({
            "type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
        });
        let more = more.as_object().unwrap().clone();
        integration.as_object_mut().unwrap().extend(more);
        CachePlan::compile(&serde_json::from_value(integration).unwrap())
    }

    fn parameters(plan: &CachePlan) -> &[KeyParameter] {
        match &plan.told_apart {
            ToldApart::ByParameters(parameters) => parameters,
            ToldApart::ByRequest { .. } => panic!("a REST API's owner names parameters"),
        }
    }

    #[test]
    fn parameters_are_sorted_and_each_is_there_once() {
        let names = [
            "method.request.querystring.Type",
            "method.request.header.X-Who",
            "method.request.header.x-who",
            "method.request.path.id",
        ];
        let plan = compiled(json!({"cacheKeyParameters": names, "cacheNamespace": "shared"}));
        let plan = plan.unwrap().unwrap();
        let seen: Vec<_> = parameters(&plan).iter().map(|p| p.name.as_str()).collect();
        let expected = [
            "method.request.header.x-who",
            "method.request.path.id",
            "method.request.querystring.Type",
        ];
        assert_eq!((plan.namespace.as_str(), seen), ("shared", expected.into()));
        assert!(!plan.reads_the_body());
    }

    #[test]
    fn a_parameter_of_the_integrations_request_is_what_is_mapped_to_it() {
        for (from, reads_the_body) in [
            ("method.request.body.user", true),
            ("context.authorizer.principalId", false),
        ] {
            let plan = compiled(json!({
                "requestParameters": {"integration.request.header.who": from},
                "cacheKeyParameters": ["integration.request.header.who"],
            }));
            let plan = plan.unwrap().unwrap();
            assert_eq!(
                parameters(&plan)[0].source,
                Source::of_request(from).unwrap()
            );
            assert_eq!(plan.reads_the_body(), reads_the_body, "{from}");
        }
    }

    #[test]
    fn what_would_tell_nothing_apart_is_a_defect() {
        for name in [
            "method.request.body",
            "method.request.body.user",
            "method.request.header.",
            "method.request.cookie.a",
            "method.request.multivaluepath.a",
            "integration.request.header.unmapped",
            "context.authorizer.principalId",
            "'one'",
            "id",
            "",
        ] {
            let defects = compiled(json!({"cacheKeyParameters": [name]})).unwrap_err();
            let text = defects[0].to_string();
            assert!(
                text.starts_with(&format!("Invalid cacheKeyParameters: `{name}` is neither")),
                "{text}"
            );
        }
    }

    #[test]
    fn what_streams_is_not_kept() {
        let plan = compiled(json!({"type": "HTTP_PROXY", "responseTransferMode": "STREAM"}));
        assert_eq!(plan, Ok(None));
    }
}
