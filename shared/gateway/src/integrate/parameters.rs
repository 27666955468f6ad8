//! The parameters of an integration's request, as mappings make them.

use crate::mapping::{Given, MalformedBody, Values};
use crate::respond::joined;
use crate::route::Routed;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use postern_definition::Map;
use postern_plan::{RequestMapping, Source, UriTemplate};
use postern_template::{OverrideValue, RequestOverrides};
use std::borrow::Cow;

/// What may not stand in a path as it is. A slash may: the values of greedy parameters hold them.
pub(super) const UNSAFE_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^');
const UNSAFE_IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// Encoded as they go into the URI.
    path: Map<String>,
    query: Vec<(String, String)>,
    /// Names as they were written.
    pub(super) headers: Vec<(String, String)>,
}

impl Parameters {
    /// A mapping whose source is absent or empty is skipped.
    pub(super) fn map(
        mapping: &RequestMapping,
        given: &Given<'_>,
        routed: &Routed,
    ) -> Result<Self, MalformedBody> {
        let mut parameters = Self::default();
        for (name, source) in &mapping.path {
            // A part of the path goes on as it came, still encoded, so that an encoded slash stays one.
            let value = match source {
                Source::Path(name) => routed.path_parameters.get(name).cloned(),
                source => given
                    .values(source)?
                    .map(|values| values.joined().replace('%', "%25")),
            };
            if let Some(value) = value {
                let value = utf8_percent_encode(&value, UNSAFE_IN_PATH).to_string();
                parameters.path.insert(name.clone(), value);
            }
        }
        for (name, source) in &mapping.query {
            let values = given.values(source)?.map(Values::into_vec);
            for value in values.into_iter().flatten() {
                parameters.query.push((name.clone(), value.into_owned()));
            }
        }
        for (name, source) in &mapping.headers {
            if let Some(values) = given.values(source)? {
                let value = values.joined().into_owned();
                parameters.headers.push((name.clone(), value));
            }
        }
        Ok(parameters)
    }

    /// Lays what a template wrote over what was mapped.
    pub(super) fn override_by(&mut self, overrides: &RequestOverrides) {
        for (name, value) in &overrides.path {
            let value = joined(value).replace('%', "%25");
            let value = utf8_percent_encode(&value, UNSAFE_IN_PATH).to_string();
            self.path.insert(name.clone(), value);
        }
        for (name, value) in &overrides.querystring {
            self.query.retain(|(mapped, _)| mapped != name);
            let values = match value {
                OverrideValue::One(value) => std::slice::from_ref(value),
                OverrideValue::Many(values) => values,
            };
            let pairs = values.iter().map(|value| (name.clone(), value.clone()));
            self.query.extend(pairs);
        }
        for (name, value) in &overrides.header {
            self.headers
                .retain(|(mapped, _)| !mapped.eq_ignore_ascii_case(name));
            self.headers
                .push((name.clone(), joined(value).into_owned()));
        }
    }

    /// Fills a template of a URI. A parameter that nothing fills stays as it stands, in braces.
    pub(super) fn fill<'t>(
        &'t self,
        uri: &'t UriTemplate,
        variables: &'t Map<String>,
    ) -> Cow<'t, str> {
        uri.fill(
            |name| {
                self.path
                    .get(name)
                    .map(|value| Cow::Borrowed(value.as_str()))
            },
            |name| variables.get(name).map(String::as_str),
        )
    }

    /// Appends to a URI the request's own query, where that goes on, and the mapped one.
    pub(super) fn append_query(&self, uri: &mut String, own: &[(String, String)]) {
        let mut separator = if uri.contains('?') { '&' } else { '?' };
        for (name, value) in own.iter().chain(&self.query) {
            uri.push(separator);
            separator = '&';
            push_pair(uri, name, value);
        }
    }
}

fn push_pair(text: &mut String, name: &str, value: &str) {
    text.extend(utf8_percent_encode(name, UNSAFE_IN_QUERY));
    text.push('=');
    text.extend(utf8_percent_encode(value, UNSAFE_IN_QUERY));
}

/// A query, or a form, without what stands before it.
pub(super) fn encoded_query<'p>(pairs: impl IntoIterator<Item = &'p (String, String)>) -> String {
    let mut encoded = String::new();
    for (name, value) in pairs {
        if !encoded.is_empty() {
            encoded.push('&');
        }
        push_pair(&mut encoded, name, value);
    }
    encoded
}

/// A text as one segment of a path.
pub(super) fn encoded_segment(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE_IN_QUERY).to_string()
}
