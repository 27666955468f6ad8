//! What an HTTP API changes of a request on its way to an integration, and of the answer on its way back.
//!
//! REST APIs say what a request is made of ([`super::RequestMapping`]); HTTP APIs let it pass, and say what is different.

use super::{Source, TextTemplate};
use crate::Defect;
use postern_definition::Map;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub struct Changes {
    pub request: RequestChanges,
    /// By the status that the integration answers.
    pub responses: BTreeMap<u16, ResponseChanges>,
}

#[derive(Debug, Default)]
pub struct RequestChanges {
    /// Goes on in place of the path that would.
    pub path: Option<TextTemplate>,
    pub headers: Vec<Change>,
    pub query: Vec<Change>,
}

#[derive(Debug, Default)]
pub struct ResponseChanges {
    pub status: Option<TextTemplate>,
    pub headers: Vec<Change>,
}

/// What is done to a header or a parameter of the query.
#[derive(Debug)]
pub struct Change {
    /// Of a header in lower case.
    pub name: String,
    pub action: Action,
    pub value: TextTemplate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Append,
    Overwrite,
    Remove,
}

impl Changes {
    /// Reports every defect.
    pub(crate) fn compile(
        request: Option<&Map<String>>,
        responses: Option<&Map<Map<String>>>,
    ) -> Result<Self, Vec<Defect>> {
        let mut changes = Self::default();
        let mut defects = Vec::new();
        for (target, value) in request.into_iter().flatten() {
            if let Err(reason) = changes.request.take(target, value) {
                defects.push(Defect::invalid(
                    format!("requestParameters {target}"),
                    reason,
                ));
            }
        }
        for (code, mappings) in responses.into_iter().flatten() {
            let field = |target: &str| format!("responseParameters {target} of {code}");
            let Some(status) = code.parse().ok().filter(|code| (200..600).contains(code)) else {
                defects.push(Defect::invalid(field("*"), "it is no status of an answer"));
                continue;
            };
            let of_status: &mut ResponseChanges = changes.responses.entry(status).or_default();
            for (target, value) in mappings {
                if let Err(reason) = of_status.take(target, value) {
                    defects.push(Defect::invalid(field(target), reason));
                }
            }
        }
        if defects.is_empty() {
            Ok(changes)
        } else {
            Err(defects)
        }
    }
}

impl RequestChanges {
    pub fn are_none(&self) -> bool {
        self.path.is_none() && self.headers.is_empty() && self.query.is_empty()
    }

    /// Whether the request's body must be held for their sake.
    pub fn read_the_body(&self) -> bool {
        let changes = self.headers.iter().chain(&self.query);
        changes
            .map(|change| &change.value)
            .chain(&self.path)
            .any(TextTemplate::reads_the_body)
    }

    fn take(&mut self, target: &str, value: &str) -> Result<(), String> {
        let (action, place) = action(target)?;
        let value = |action| value_of(action, value, Source::of_routed_request);
        if let Some(name) = place.strip_prefix("header.") {
            self.headers
                .push(change(action, name.to_ascii_lowercase(), value(action)?)?);
        } else if let Some(name) = place.strip_prefix("querystring.") {
            self.query
                .push(change(action, name.to_owned(), value(action)?)?);
        } else if place == "path" && action == Action::Overwrite {
            self.path = Some(value(action)?);
        } else {
            return Err("it is no header or parameter of the query, and not overwrite:path".into());
        }
        Ok(())
    }
}

impl ResponseChanges {
    pub fn read_the_body(&self) -> bool {
        let values = self.headers.iter().map(|change| &change.value);
        values.chain(&self.status).any(TextTemplate::reads_the_body)
    }

    fn take(&mut self, target: &str, value: &str) -> Result<(), String> {
        let (action, place) = action(target)?;
        let value = value_of(action, value, Source::of_routed_response)?;
        if let Some(name) = place.strip_prefix("header.") {
            self.headers
                .push(change(action, name.to_ascii_lowercase(), value)?);
        } else if place == "statuscode" && action == Action::Overwrite {
            self.status = Some(value);
        } else {
            return Err("it is no header, and not overwrite:statuscode".into());
        }
        Ok(())
    }
}

fn action(target: &str) -> Result<(Action, &str), String> {
    let (action, place) = target.split_once(':').unwrap_or((target, ""));
    let action = match action {
        "append" => Action::Append,
        "overwrite" => Action::Overwrite,
        "remove" => Action::Remove,
        _ => return Err("it begins with none of append:, overwrite: and remove:".to_owned()),
    };
    Ok((action, place))
}

fn change(action: Action, name: String, value: TextTemplate) -> Result<Change, String> {
    if name.is_empty() {
        return Err("it names nothing".to_owned());
    }
    Ok(Change {
        name,
        action,
        value,
    })
}

/// What is removed has a value too, which means nothing.
fn value_of(
    action: Action,
    text: &str,
    source: fn(&str) -> Option<Source>,
) -> Result<TextTemplate, String> {
    let text = if action == Action::Remove { "" } else { text };
    TextTemplate::of_routed(text, source)
        .ok_or_else(|| format!("`{text}` is no value of a mapping"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Map<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn changes_are_told_by_action_and_place() {
        let request = map(&[
            ("append:header.X-A", "$request.header.b"),
            (
                "overwrite:querystring.Q",
                "${request.path.id}-${context.stage}",
            ),
            ("remove:header.x-c", "''"),
            ("overwrite:path", "/v1/${request.body.a}"),
        ]);
        let response = Map::from([(
            "500".to_owned(),
            map(&[
                ("overwrite:statuscode", "403"),
                ("append:header.X-R", "$response.body"),
            ]),
        )]);
        let changes = Changes::compile(Some(&request), Some(&response)).unwrap();
        let told = |changes: &[Change]| -> Vec<String> {
            let one = |c: &Change| {
                let filled = c.value.fill(|source| Some(format!("<{source:?}>")));
                format!("{:?} {} {filled}", c.action, c.name)
            };
            changes.iter().map(one).collect()
        };
        assert_eq!(
            told(&changes.request.headers),
            ["Append x-a <MultiHeader(\"b\")>", "Remove x-c "]
        );
        assert_eq!(
            told(&changes.request.query),
            ["Overwrite Q <Path(\"id\")>-<Context(\"stage\")>"]
        );
        assert!(changes.request.read_the_body());
        let of_500 = &changes.responses[&500];
        assert_eq!(told(&of_500.headers), ["Append x-r <Body(Whole)>"]);
        assert_eq!(of_500.status.as_ref().unwrap().fill(|_| None), "403");
        assert!(of_500.read_the_body());
        assert!(Changes::default().request.are_none());
    }

    #[test]
    fn every_defect_is_told() {
        for (target, value) in [
            ("header.a", "b"),
            ("set:header.a", "b"),
            ("append:header.", "b"),
            ("append:path", "/b"),
            ("append:cookie.a", "b"),
            ("append:header.a", "$response.header.b"),
            ("append:header.a", "${request.header.b"),
            ("append:header.a", "$nothing"),
            ("overwrite:statuscode", "200"),
        ] {
            let defects = Changes::compile(Some(&map(&[(target, value)])), None).unwrap_err();
            let Defect::Invalid { field, .. } = &defects[0] else {
                panic!("{defects:?}")
            };
            assert_eq!(*field, format!("requestParameters {target}"));
        }
        for (status, target, value) in [
            ("199", "append:header.a", "b"),
            ("2xx", "append:header.a", "b"),
            ("200", "append:statuscode", "201"),
            ("200", "append:querystring.a", "b"),
            ("200", "append:header.a", "$request.header.b"),
        ] {
            let response = Map::from([(status.to_owned(), map(&[(target, value)]))]);
            assert!(
                Changes::compile(None, Some(&response)).is_err(),
                "{status} {target} {value}"
            );
        }
    }
}
