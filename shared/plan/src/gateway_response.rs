//! Gateway responses: what an owner makes of the answers that the gateway itself gives.

use crate::frozen::Parts;
use crate::{Defect, DeployedError, FrozenRest, Source, TextTemplate};
use postern_definition::rest::{GatewayResponse, GatewayResponseType};
use std::collections::BTreeMap;

/// One that an owner has set, compiled.
#[derive(Debug)]
pub struct GatewayResponsePlan {
    /// None keeps the rejection's own.
    pub status: Option<u16>,
    /// Header names as they were written, and where their values come from.
    pub headers: Vec<(String, Source)>,
    /// By content type. Where there is none, the body is the one that nobody changed.
    templates: Vec<(String, TextTemplate)>,
}

impl GatewayResponsePlan {
    /// Reports every defect.
    pub(crate) fn compile(response: &GatewayResponse) -> Result<Self, Vec<Defect>> {
        let name = response.response_type.name();
        let mut defects = Vec::new();
        let status = response.status_code.as_deref().and_then(|text| {
            let status = text
                .parse()
                .ok()
                .filter(|status| (100..600).contains(status));
            if status.is_none() {
                let reason = format!("`{text}` is no status from 100 to 599");
                defects.push(Defect::invalid(
                    format!("statusCode of the gateway response {name}"),
                    reason,
                ));
            }
            status
        });
        let mut headers = Vec::new();
        for (target, source) in &response.response_parameters {
            // Other places than headers can be stored, and have no effect.
            let Some(header) = target.strip_prefix("gatewayresponse.header.") else {
                continue;
            };
            match Source::of_gateway_response(source) {
                Some(source) => headers.push((header.to_owned(), source)),
                None => defects.push(Defect::invalid(
                    format!("responseParameters {target} of the gateway response {name}"),
                    format!("`{source}` is no source of a gateway response's header"),
                )),
            }
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        let templates = response.response_templates.iter();
        Ok(Self {
            status,
            headers,
            templates: templates
                .map(|(content_type, text)| (content_type.clone(), TextTemplate::parse(text)))
                .collect(),
        })
    }

    /// The template for what the client accepts first, else for `application/json`, else the first; with its content type.
    pub fn template(&self, accepted: Option<&str>) -> Option<(&str, &TextTemplate)> {
        let by_type = |wanted: &str| self.templates.iter().find(|(kind, _)| kind == wanted);
        accepted
            .and_then(by_type)
            .or_else(|| by_type("application/json"))
            .or_else(|| self.templates.first())
            .map(|(kind, template)| (kind.as_str(), template))
    }
}

pub(crate) type GatewayResponsePlans = BTreeMap<GatewayResponseType, GatewayResponsePlan>;

/// Compiles all that were set.
pub(crate) fn compile_all<'r>(
    responses: impl IntoIterator<Item = &'r GatewayResponse>,
) -> Result<GatewayResponsePlans, Vec<Defect>> {
    let mut plans = BTreeMap::new();
    let mut defects = Vec::new();
    for response in responses {
        match GatewayResponsePlan::compile(response) {
            Ok(plan) => drop(plans.insert(response.response_type, plan)),
            Err(found) => defects.extend(found),
        }
    }
    if defects.is_empty() {
        Ok(plans)
    } else {
        Err(defects)
    }
}

impl FrozenRest {
    /// What the owner made of the answers of this type: by setting it, or else by setting the default of its class. Asks the
    /// store for nothing where the API has no gateway responses of its own.
    pub async fn gateway_response(
        &self,
        kind: GatewayResponseType,
    ) -> Result<Option<&GatewayResponsePlan>, DeployedError> {
        if !self.index.has_gateway_responses {
            return Ok(None);
        }
        let compiled = self.gateway_responses.get_or_try_init(|| async {
            let parts: &Parts = self.parts().await?;
            compile_all(parts.gateway_responses.values()).map_err(|defects| {
                let defects: Vec<_> = defects.iter().map(Defect::to_string).collect();
                self.unreadable(defects.join("; "))
            })
        });
        let compiled = compiled.await?;
        let by_default = || compiled.get(&kind.fallback()?);
        Ok(compiled.get(&kind).or_else(by_default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_definition::Map;

    fn response(status: Option<&str>, parameters: &[(&str, &str)]) -> GatewayResponse {
        let parameters = parameters
            .iter()
            .map(|(target, source)| ((*target).to_owned(), (*source).to_owned()));
        GatewayResponse {
            status_code: status.map(str::to_owned),
            response_parameters: parameters.collect::<Map<_>>(),
            ..GatewayResponse::new(GatewayResponseType::Throttled)
        }
    }

    #[test]
    fn every_defect_is_reported_and_names_the_response() {
        let wrong = response(
            Some("abc"),
            &[
                ("gatewayresponse.header.a", "method.request.body"),
                ("gatewayresponse.header.b", "'fine'"),
            ],
        );
        let defects = GatewayResponsePlan::compile(&wrong).unwrap_err();
        let texts: Vec<_> = defects.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "Invalid statusCode of the gateway response THROTTLED: `abc` is no status from 100 to 599",
                "Invalid responseParameters gatewayresponse.header.a of the gateway response THROTTLED: \
                 `method.request.body` is no source of a gateway response's header",
            ]
        );
    }

    #[test]
    fn only_headers_can_be_set() {
        let plan = GatewayResponsePlan::compile(&response(
            None,
            &[
                ("gatewayresponse.header.A", "'1'"),
                ("gatewayresponse.path.b", "'2'"),
            ],
        ))
        .unwrap();
        assert_eq!(plan.status, None);
        assert_eq!(
            plan.headers,
            [("A".to_owned(), Source::Static("1".to_owned()))]
        );
        assert!(plan.template(None).is_none());
    }
}
