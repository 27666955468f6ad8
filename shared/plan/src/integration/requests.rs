//! Which template makes the integration's request, and what becomes of a body for which there is none.

use super::{ChosenBy, template};
use crate::Defect;
use postern_definition::Map;
use postern_definition::rest::{ContentHandling, Integration, PassthroughBehavior};
use postern_template::Template;

#[derive(Debug)]
pub struct RequestTemplates {
    by_type: Map<Template>,
    passthrough: PassthroughBehavior,
    pub content_handling: Option<ContentHandling>,
    pub chosen_by: ChosenBy,
}

/// What a request's content type leads to.
#[derive(Debug)]
pub enum TemplateChoice<'t> {
    Template(&'t Template),
    /// The request's own body goes on.
    Passthrough,
    /// 415.
    Refused,
}

impl RequestTemplates {
    /// Reports every defect.
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let mut by_type = Map::new();
        let mut defects = Vec::new();
        for (content_type, text) in integration.request_templates.iter().flatten() {
            // An empty template is none.
            let Some(text) = text.as_deref().filter(|text| !text.is_empty()) else {
                continue;
            };
            match template::compile(text, || format!("requestTemplates {content_type}")) {
                Ok(template) => drop(by_type.insert(content_type.clone(), template)),
                Err(defect) => defects.push(defect),
            }
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        Ok(Self {
            by_type,
            passthrough: integration.passthrough_behavior,
            content_handling: integration.content_handling,
            chosen_by: ChosenBy::MediaType,
        })
    }

    /// `key` is what [`ChosenBy`] says: the type without parameters, `application/json` where there is none, or what the
    /// expression yields.
    pub fn choose(&self, key: &str) -> TemplateChoice<'_> {
        let found = self.by_type.get(key);
        match found.or_else(|| self.by_type.get("$default")) {
            Some(template) => TemplateChoice::Template(template),
            None => match self.passthrough {
                PassthroughBehavior::WhenNoMatch => TemplateChoice::Passthrough,
                PassthroughBehavior::WhenNoTemplates if self.by_type.is_empty() => {
                    TemplateChoice::Passthrough
                }
                PassthroughBehavior::WhenNoTemplates | PassthroughBehavior::Never => {
                    TemplateChoice::Refused
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `T` for a template, `P` for passing through, `4` for 415.
    fn choice(types: &[&str], passthrough: &str, content_type: &str) -> char {
        let templates: Map<&str> = types.iter().map(|kind| ((*kind).to_owned(), "x")).collect();
        let integration = serde_json::json!({
            "type": "MOCK", "passthroughBehavior": passthrough, "timeoutInMillis": 29000, "cacheNamespace": "r",
            "requestTemplates": templates,
        });
        let integration = serde_json::from_value(integration).unwrap();
        let templates = RequestTemplates::compile(&integration).unwrap();
        match templates.choose(content_type) {
            TemplateChoice::Template(_) => 'T',
            TemplateChoice::Passthrough => 'P',
            TemplateChoice::Refused => '4',
        }
    }

    #[test]
    fn a_body_without_a_template_passes_or_not_as_the_integration_says() {
        const JSON: &str = "application/json";
        const XML: &str = "application/xml";
        for (types, content_type, expected) in [
            (&[][..], "text/plain", "PP4"),
            (&[JSON], JSON, "TTT"),
            (&[JSON], XML, "P44"),
            (&[XML], JSON, "P44"),
            (&[XML], XML, "TTT"),
            (&["$default"], "image/png", "TTT"),
            (&["$default", XML], XML, "TTT"),
        ] {
            let found: String = ["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]
                .iter()
                .map(|passthrough| choice(types, passthrough, content_type))
                .collect();
            assert_eq!(found, expected, "{types:?} {content_type}");
        }
    }
}
