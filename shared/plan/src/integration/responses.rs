//! Which integration response answers, and what it makes of the backend's answer.

use super::{both, template};
use crate::{Defect, Source};
use postern_definition::rest::{ContentHandling, Integration, IntegrationResponse, Method};
use postern_template::{Pattern, Template};

/// The integration responses of a method, by ascending status.
#[derive(Debug)]
pub struct ResponseSelection {
    candidates: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    /// None is the default.
    pattern: Option<Pattern>,
    response: ResponsePlan,
}

#[derive(Debug)]
pub struct ResponsePlan {
    pub status: u16,
    /// Whether the method declares this status: an answer that it does not declare is a configuration error.
    pub declared: bool,
    /// Header names as they were written, and where their values come from.
    pub headers: Vec<(String, Source)>,
    /// By content type. `None` leaves the body empty or passes it through.
    templates: Vec<(String, Option<Template>)>,
    pub content_handling: Option<ContentHandling>,
}

impl ResponseSelection {
    pub(crate) fn compile(method: &Method, integration: &Integration) -> Result<Self, Vec<Defect>> {
        let mut defects = Vec::new();
        let mut candidates = Vec::new();
        for response in integration.integration_responses.values() {
            let pattern = response
                .selection_pattern
                .as_deref()
                .filter(|pattern| !pattern.is_empty());
            // The whole text must match, as Java's `matches` has it.
            let pattern = pattern.map(Pattern::compile).transpose().map_err(|error| {
                let field = format!(
                    "selectionPattern of the integration response {}",
                    response.status_code
                );
                vec![Defect::invalid(field, error.to_string())]
            });
            match both(pattern, ResponsePlan::compile(method, response)) {
                Ok((pattern, response)) => candidates.push(Candidate { pattern, response }),
                Err(found) => defects.extend(found),
            }
        }
        if defects.is_empty() {
            Ok(Self { candidates })
        } else {
            Err(defects)
        }
    }

    /// The first whose pattern matches, or the default.
    pub fn select(&self, text: &str) -> Option<&ResponsePlan> {
        let matching = |candidate: &&Candidate| {
            candidate
                .pattern
                .as_ref()
                .is_some_and(|pattern| pattern.matches(text))
        };
        let default = |candidate: &&Candidate| candidate.pattern.is_none();
        let chosen = self
            .candidates
            .iter()
            .find(matching)
            .or_else(|| self.candidates.iter().find(default))?;
        Some(&chosen.response)
    }
}

impl ResponsePlan {
    fn compile(method: &Method, response: &IntegrationResponse) -> Result<Self, Vec<Defect>> {
        let code = &response.status_code;
        let mut defects = Vec::new();
        let mut headers = Vec::new();
        for (target, source) in response.response_parameters.iter().flatten() {
            let field =
                || format!("responseParameters {target} of the integration response {code}");
            let name = target.strip_prefix("method.response.header.");
            match (name, Source::of_response(source)) {
                (Some(name), Some(source)) => headers.push((name.to_owned(), source)),
                (None, _) => defects.push(Defect::invalid(field(), "it names no header")),
                (_, None) => {
                    let reason = format!("`{source}` is no source of a response's header");
                    defects.push(Defect::invalid(field(), reason));
                }
            }
        }
        let mut templates = Vec::new();
        for (content_type, text) in response.response_templates.iter().flatten() {
            let field =
                || format!("responseTemplates {content_type} of the integration response {code}");
            let text = text.as_deref().filter(|text| !text.is_empty());
            match text.map(|text| template::compile(text, field)).transpose() {
                Ok(template) => templates.push((content_type.clone(), template)),
                Err(defect) => defects.push(defect),
            }
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        Ok(Self {
            status: code.parse().unwrap_or(500),
            declared: method.method_responses.contains_key(code),
            headers,
            templates,
            content_handling: response.content_handling,
        })
    }

    /// The template for what the client accepts first (`application/json` where it does not say), with its content type.
    pub fn template(&self, accept: &str) -> Option<(&str, Option<&Template>)> {
        let by_type = |wanted: &str| {
            self.templates
                .iter()
                .find(|(content_type, _)| content_type == wanted)
        };
        let (content_type, template) = by_type(accept)
            .or_else(|| by_type("application/json"))
            .or_else(|| self.templates.first())?;
        Some((content_type, template.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(responses: &[(&str, Option<&str>)]) -> Result<ResponseSelection, Vec<Defect>> {
        let responses: serde_json::Map<_, _> = responses
            .iter()
            .map(|(status, pattern)| {
                let response =
                    serde_json::json!({"statusCode": status, "selectionPattern": pattern});
                ((*status).to_owned(), response)
            })
            .collect();
        let method = serde_json::json!({
            "httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": false,
            "methodResponses": {"200": {"statusCode": "200"}},
            "methodIntegration": {
                "type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
                "integrationResponses": responses,
            },
        });
        let method: Method = serde_json::from_value(method).unwrap();
        ResponseSelection::compile(&method, method.method_integration.as_ref().unwrap())
    }

    #[test]
    fn the_lowest_status_whose_pattern_matches_answers_else_the_default() {
        let responses = selection(&[
            ("200", None),
            ("400", Some("4\\d{2}")),
            ("404", Some("404")),
            ("502", Some(".+x")),
        ])
        .unwrap();
        for (text, expected) in [
            ("200", 200),
            ("404", 400),
            ("4040", 200),
            ("", 200),
            ("ax", 502),
            ("a\rx", 200),
            ("a\nx", 200),
        ] {
            assert_eq!(responses.select(text).unwrap().status, expected, "{text}");
        }
        assert!(
            selection(&[("400", Some("4.."))])
                .unwrap()
                .select("200")
                .is_none()
        );
        assert!(responses.select("200").unwrap().declared);
        assert!(!responses.select("404").unwrap().declared);
    }

    #[test]
    fn patterns_are_javas() {
        for (pattern, text, expected) in [
            ("(\\n|.)+", "a\nb", true),
            ("^(?!2).*$", "404", true),
            ("^(?!2).*$", "200", false),
            ("(?i)ERROR.*", "error: x", true),
            ("(?s).*end", "a\nend", true),
            (".*\"status\":404.*", "{\"status\":404}", true),
            ("[4-5]\\d{2}", "503", true),
            ("a*+a", "aaa", false),
            ("é.", "éé", true),
        ] {
            let responses = selection(&[("400", Some(pattern))]).unwrap();
            assert_eq!(
                responses.select(text).is_some(),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn an_empty_pattern_is_the_default() {
        assert_eq!(
            selection(&[("200", Some("2..")), ("500", Some(""))])
                .unwrap()
                .select("300")
                .unwrap()
                .status,
            500
        );
    }

    #[test]
    fn a_malformed_pattern_is_a_defect_that_names_it() {
        let defects = selection(&[("200", None), ("400", Some("(4"))]).unwrap_err();
        let Defect::Invalid { field, .. } = &defects[0] else {
            panic!("{defects:?}")
        };
        assert_eq!(field, "selectionPattern of the integration response 400");
    }

    #[test]
    fn the_template_is_the_accepted_one_then_json_then_the_first() {
        let plan = |types: &[&str]| ResponsePlan {
            status: 200,
            declared: true,
            headers: Vec::new(),
            templates: types
                .iter()
                .map(|content_type| ((*content_type).to_owned(), None))
                .collect(),
            content_handling: None,
        };
        for (types, accept, expected) in [
            (
                &["application/json", "text/xml"][..],
                "text/xml",
                Some("text/xml"),
            ),
            (
                &["application/json", "text/xml"],
                "image/png",
                Some("application/json"),
            ),
            (&["a/b", "text/xml"], "image/png", Some("a/b")),
            (&[], "image/png", None),
        ] {
            assert_eq!(
                plan(types)
                    .template(accept)
                    .map(|(content_type, _)| content_type),
                expected
            );
        }
    }
}
