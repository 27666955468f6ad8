//! Which integration response answers, and what it makes of the backend's answer.

use super::{ChosenBy, both, template};
use crate::{Defect, Expression, Source};
use postern_definition::Map;
use postern_definition::rest::{ContentHandling, Integration, IntegrationResponse, Method};
use postern_definition::routed::{self, DEFAULT_KEY};
use postern_template::{Pattern, Template};

/// The integration responses of a method, by ascending status; of a WebSocket API's route, by their keys.
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
    /// `None` is the integration's own, as WebSocket APIs have it.
    pub status: Option<u16>,
    /// Whether the method declares this status: an answer that it does not declare is a configuration error.
    pub declared: bool,
    /// Header names as they were written, and where their values come from.
    pub headers: Vec<(String, Source)>,
    /// By content type. `None` leaves the body empty or passes it through.
    templates: Vec<(String, Option<Template>)>,
    pub chosen_by: ChosenBy,
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

    /// Of a WebSocket API: keys are `$default`, or a pattern between slashes.
    pub(crate) fn of_messages(
        responses: &[routed::IntegrationResponse],
    ) -> Result<Self, Vec<Defect>> {
        let mut defects = Vec::new();
        let mut candidates = Vec::new();
        let mut sorted: Vec<_> = responses.iter().collect();
        sorted.sort_by_key(|response| &response.integration_response_key);
        for response in sorted {
            let key = response.integration_response_key.as_str();
            let pattern = match key {
                DEFAULT_KEY => Ok(None),
                key => pattern_of(key).map(Some),
            };
            match both(pattern, ResponsePlan::of_message(response)) {
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

fn pattern_of(key: &str) -> Result<Pattern, Vec<Defect>> {
    let pattern = key
        .strip_prefix('/')
        .and_then(|key| key.strip_suffix('/'))
        .ok_or_else(|| "it is neither $default nor a pattern between slashes".to_owned())
        .and_then(|pattern| Pattern::compile(pattern).map_err(|error| error.to_string()));
    pattern.map_err(|reason| {
        let field = format!("integrationResponseKey {key}");
        vec![Defect::invalid(field, reason)]
    })
}

impl ResponsePlan {
    fn compile(method: &Method, response: &IntegrationResponse) -> Result<Self, Vec<Defect>> {
        let code = &response.status_code;
        let texts = Texts {
            of: code,
            parameters: response.response_parameters.as_ref(),
            prefix: "method.response.header.",
        };
        let templates = response.response_templates.iter().flatten();
        let templates = templates.map(|(kind, text)| (kind, text.as_deref()));
        let (headers, templates) = both(texts.headers(), texts.templates(templates))?;
        Ok(Self {
            status: Some(code.parse().unwrap_or(500)),
            declared: method.method_responses.contains_key(code),
            headers,
            templates,
            chosen_by: ChosenBy::MediaType,
            content_handling: response.content_handling,
        })
    }

    fn of_message(response: &routed::IntegrationResponse) -> Result<Self, Vec<Defect>> {
        let texts = Texts {
            of: &response.integration_response_key,
            parameters: response.response_parameters.as_ref(),
            prefix: "route.response.header.",
        };
        let templates = response.response_templates.iter().flatten();
        let templates = templates.map(|(key, text)| (key, Some(text.as_str())));
        let (headers, templates) = both(texts.headers(), texts.templates(templates))?;
        let expression = response.template_selection_expression.as_deref();
        Ok(Self {
            status: None,
            declared: true,
            headers,
            templates,
            chosen_by: ChosenBy::Expression(Expression::parse(expression.unwrap_or(JSON))),
            content_handling: response.content_handling_strategy,
        })
    }

    /// The template for what [`ChosenBy`] says, with its own key. Without one for what the client accepts first
    /// (`application/json` where it does not say), the one for JSON counts, and then the first.
    pub fn template(&self, wanted: &str) -> Option<(&str, Option<&Template>)> {
        let by_key = |wanted: &str| self.templates.iter().find(|(key, _)| key == wanted);
        let found = by_key(wanted);
        let (key, template) = match self.chosen_by {
            ChosenBy::MediaType => found
                .or_else(|| by_key(JSON))
                .or_else(|| self.templates.first()),
            ChosenBy::Expression(_) => found.or_else(|| by_key(DEFAULT_KEY)),
        }?;
        Some((key, template.as_ref()))
    }
}

const JSON: &str = "application/json";

/// What an integration response has of texts to be compiled, and what it is called.
struct Texts<'t> {
    of: &'t str,
    parameters: Option<&'t Map<String>>,
    /// What the names of headers stand behind.
    prefix: &'static str,
}

impl Texts<'_> {
    fn headers(&self) -> Result<Vec<(String, Source)>, Vec<Defect>> {
        let mut defects = Vec::new();
        let mut headers = Vec::new();
        for (target, source) in self.parameters.into_iter().flatten() {
            let field = || {
                let of = self.of;
                format!("responseParameters {target} of the integration response {of}")
            };
            let name = target.strip_prefix(self.prefix);
            match (name, Source::of_response(source)) {
                (Some(name), Some(source)) => headers.push((name.to_owned(), source)),
                (None, _) => defects.push(Defect::invalid(field(), "it names no header")),
                (_, None) => {
                    let reason = format!("`{source}` is no source of a response's header");
                    defects.push(Defect::invalid(field(), reason));
                }
            }
        }
        if defects.is_empty() {
            Ok(headers)
        } else {
            Err(defects)
        }
    }

    fn templates<'a>(
        &self,
        texts: impl Iterator<Item = (&'a String, Option<&'a str>)>,
    ) -> Result<Vec<(String, Option<Template>)>, Vec<Defect>> {
        let mut defects = Vec::new();
        let mut templates = Vec::new();
        for (key, text) in texts {
            let of = self.of;
            let field = || format!("responseTemplates {key} of the integration response {of}");
            let text = text.filter(|text| !text.is_empty());
            match text.map(|text| template::compile(text, field)).transpose() {
                Ok(template) => templates.push((key.clone(), template)),
                Err(defect) => defects.push(defect),
            }
        }
        if defects.is_empty() {
            Ok(templates)
        } else {
            Err(defects)
        }
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
            assert_eq!(
                responses.select(text).unwrap().status,
                Some(expected),
                "{text}"
            );
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
            Some(500)
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
            status: Some(200),
            declared: true,
            headers: Vec::new(),
            chosen_by: ChosenBy::MediaType,
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
