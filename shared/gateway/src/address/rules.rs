//! Routing rules of a custom domain name: which API is asked, by the headers and the path of a request.

use http::{HeaderMap, HeaderName};
use postern_definition::routed::{MatchHeader, RoutingRule};
use postern_definition::{ApiId, StageName};

/// A rule ready to be tried.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) api: ApiId,
    pub(crate) stage: StageName,
    headers: Vec<(HeaderName, Glob)>,
    /// Without slashes at its ends.
    base_path: Option<String>,
    /// Whether the API is not shown the base path.
    strips: bool,
}

/// What a header's value must be like.
#[derive(Debug, PartialEq, Eq)]
enum Glob {
    Is(String),
    BeginsWith(String),
    EndsWith(String),
    Has(String),
}

impl Rule {
    /// `None` of one that leads nowhere, or that looks at a header of which no request has any.
    pub(super) fn of(rule: RoutingRule) -> Option<Self> {
        let target = rule.actions.into_iter().next()?.invoke_api;
        let (mut headers, mut base_path) = (Vec::new(), None);
        for condition in rule.conditions {
            // Each list has one value.
            for MatchHeader { header, value_glob } in
                condition.match_headers.into_iter().flat_map(|m| m.any_of)
            {
                headers.push((header.parse().ok()?, Glob::of(&value_glob)));
            }
            let path = condition
                .match_base_paths
                .and_then(|m| m.any_of.into_iter().next());
            base_path = base_path.or(path);
        }
        Some(Self {
            id: rule.routing_rule_id,
            api: target.api_id,
            stage: target.stage,
            headers,
            base_path,
            strips: target.strip_base_path,
        })
    }

    /// What the API is shown of the path, if all that the rule asks for holds.
    pub(super) fn rest<'p>(&self, headers: &HeaderMap, path: &'p str) -> Option<&'p str> {
        let holds = |(name, glob): &(HeaderName, Glob)| {
            let mut values = headers.get_all(name).iter();
            values.any(|value| value.to_str().is_ok_and(|value| glob.holds(value)))
        };
        if !self.headers.iter().all(holds) {
            return None;
        }
        let path = path.trim_start_matches('/');
        match &self.base_path {
            None => Some(path),
            Some(base_path) => {
                let rest = path.strip_prefix(base_path.as_str())?;
                let is_whole = rest.is_empty() || rest.starts_with('/');
                is_whole.then_some(if self.strips { rest } else { path })
            }
        }
    }

    /// The path that it takes off, with a slash before it.
    pub(super) fn prefix(&self) -> Option<String> {
        let base_path = self.base_path.as_ref().filter(|_| self.strips)?;
        Some(format!("/{base_path}"))
    }
}

impl Glob {
    fn of(glob: &str) -> Self {
        let behind = glob.strip_prefix('*');
        let before = behind.unwrap_or(glob).strip_suffix('*');
        match (behind, before) {
            (Some(_), Some(text)) => Self::Has(text.to_owned()),
            (Some(text), None) => Self::EndsWith(text.to_owned()),
            (None, Some(text)) => Self::BeginsWith(text.to_owned()),
            (None, None) => Self::Is(glob.to_owned()),
        }
    }

    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Is(text) => value == text,
            Self::BeginsWith(text) => value.starts_with(text),
            Self::EndsWith(text) => value.ends_with(text),
            Self::Has(text) => value.contains(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_has_stars_at_its_ends() {
        for (glob, value, holds) in [
            ("World", "World", true),
            ("World", "world", false),
            ("Dog-*", "Dog-Bella", true),
            ("Dog-*", "Dog-", true),
            ("Dog-*", "A-Dog-", false),
            ("*Bella", "Dog-Bella", true),
            ("*Bella", "Bella!", false),
            ("*og-B*", "Dog-Bella", true),
            ("*cat*", "Dog-Bella", false),
            ("*", "", true),
        ] {
            assert_eq!(Glob::of(glob).holds(value), holds, "{glob}: {value}");
        }
    }

    #[test]
    fn all_that_a_rule_asks_for_must_hold() {
        let rule = |conditions, strips: bool| {
            let rule = serde_json::json!({
                "routingRuleId": "r1", "routingRuleArn": "", "priority": 1, "conditions": conditions,
                "actions": [{"invokeApi": {"apiId": "a1", "stage": "s", "stripBasePath": strips}}],
            });
            Rule::of(serde_json::from_value(rule).unwrap()).unwrap()
        };
        let header = |name, glob| serde_json::json!({"matchHeaders": {"anyOf": [{"header": name, "valueGlob": glob}]}});
        let path = serde_json::json!({"matchBasePaths": {"anyOf": ["PetStore/v1"]}});
        let pets = || {
            [
                header("Accept", "image/*"),
                header("pet", "Dog-*"),
                path.clone(),
            ]
        };
        let headers = HeaderMap::from_iter(
            [
                ("accept", "image/webp"),
                ("pet", "Cat"),
                ("pet", "Dog-Bella"),
            ]
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())),
        );
        for (rule, path, rest) in [
            (rule(serde_json::json!([]), true), "/any", Some("any")),
            (
                rule(serde_json::json!(pets()), false),
                "/PetStore/v1/dogs",
                Some("PetStore/v1/dogs"),
            ),
            (
                rule(serde_json::json!(pets()), true),
                "//PetStore/v1/dogs",
                Some("/dogs"),
            ),
            (
                rule(serde_json::json!(pets()), true),
                "/PetStore/v1",
                Some(""),
            ),
            (rule(serde_json::json!(pets()), true), "/PetStore/v10", None),
            (rule(serde_json::json!(pets()), true), "/petstore/v1", None),
            (
                rule(serde_json::json!([path, header("X-None", "*")]), true),
                "/PetStore/v1",
                None,
            ),
        ] {
            assert_eq!(rule.rest(&headers, path), rest, "{path}");
        }
    }
}
