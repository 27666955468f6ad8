//! What parameters, mapping expressions and content types look like, and what is said where they do not.

use crate::wire::Failure;
use postern_definition::Map;
use std::collections::BTreeMap;

/// Bytes of one mapping template.
const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

fn invalid(errors: &[String]) -> Result<(), Failure> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [{}]",
        errors.join(", ")
    )))
}

fn not_an_expression(text: &str) -> String {
    format!("Invalid mapping expression specified: {text}")
}

fn not_declared(text: &str) -> String {
    format!("Invalid mapping expression parameter specified: {text}")
}

/// Visible characters without those that separate: what header, query and path parameters are called.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b','))
}

/// Location and name of `{prefix}{location}.{name}`.
fn located<'a>(text: &'a str, prefix: &str, locations: &[&str]) -> Option<(&'a str, &'a str)> {
    let (location, name) = text.strip_prefix(prefix)?.split_once('.')?;
    (locations.contains(&location) && is_name(name)).then_some((location, name))
}

const REQUEST: &str = "method.request.";
const REQUEST_LOCATIONS: &[&str] = &[
    "querystring",
    "multivaluequerystring",
    "header",
    "multivalueheader",
    "path",
];

/// The names of a method's request parameters.
pub(super) fn request_parameters<'a>(
    names: impl IntoIterator<Item = &'a String>,
) -> Result<(), Failure> {
    let mut locations: BTreeMap<&str, &str> = BTreeMap::new();
    let mut errors = Vec::new();
    let mut repeated = false;
    for text in names {
        match located(text, REQUEST, REQUEST_LOCATIONS) {
            None => errors.push(not_an_expression(text)),
            Some((location, name)) => {
                let location = location.trim_start_matches("multivalue");
                repeated |= locations
                    .insert(name, location)
                    .is_some_and(|other| other != location);
            }
        }
    }
    invalid(&errors)?;
    if repeated {
        return Err(Failure::bad_request(
            "Parameter names must be unique across querystring, header and path",
        ));
    }
    Ok(())
}

/// The names of a method response's parameters.
pub(super) fn response_parameters<'a>(
    names: impl IntoIterator<Item = &'a String>,
) -> Result<(), Failure> {
    let errors: Vec<_> = names
        .into_iter()
        .filter(|name| located(name, "method.response.", &["header"]).is_none())
        .map(|name| not_an_expression(name))
        .collect();
    invalid(&errors)
}

/// An integration's request parameters, against what its method declares.
pub(super) fn request_mappings(
    mappings: &Map<String>,
    declared: Option<&Map<bool>>,
) -> Result<(), Failure> {
    let targets = &[
        "querystring",
        "multivaluequerystring",
        "header",
        "multivalueheader",
        "path",
    ];
    let mut errors = Vec::new();
    for (target, source) in mappings {
        if located(target, "integration.request.", targets).is_none() {
            errors.push(not_an_expression(target));
        } else if let Some(is_declared) = is_declared(source, declared) {
            if !is_declared {
                errors.push(not_declared(source));
            }
        } else if !is_body(source, "method.request.body") && !is_ambient(source) {
            errors.push(not_an_expression(source));
        }
    }
    invalid(&errors)
}

/// Whether a method declares what an expression reads, be it of one value or of many. `None` of any other expression.
fn is_declared(expression: &str, declared: Option<&Map<bool>>) -> Option<bool> {
    let (location, name) = located(expression, REQUEST, REQUEST_LOCATIONS)?;
    let single = location.trim_start_matches("multivalue");
    let is_there = |location: &str| {
        declared.is_some_and(|d| d.contains_key(&format!("{REQUEST}{location}.{name}")))
    };
    Some(is_there(single) || is_there(location))
}

/// By what an integration's answers are told apart: parameters that the method declares, or that the integration maps.
pub(super) fn cache_keys(
    keys: &[String],
    declared: Option<&Map<bool>>,
    mappings: Option<&Map<String>>,
) -> Result<(), Failure> {
    let is_mapped = |key: &String| mappings.is_some_and(|mappings| mappings.contains_key(key));
    let is_known = |key: &String| is_declared(key, declared) == Some(true) || is_mapped(key);
    if keys.iter().all(is_known) {
        return Ok(());
    }
    Err(Failure::bad_request(
        "Invalid cache key parameter specified",
    ))
}

/// An integration response's parameters, against what the method response of the same status declares.
pub(super) fn response_mappings(
    mappings: &Map<String>,
    declared: Option<&Map<bool>>,
) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for (target, source) in mappings {
        let sources = &["header", "multivalueheader"];
        if located(target, "method.response.", &["header"]).is_none() {
            errors.push(not_an_expression(target));
        } else if !declared.is_some_and(|declared| declared.contains_key(target)) {
            errors.push(not_declared(target));
        } else if located(source, "integration.response.", sources).is_none()
            && !is_body(source, "integration.response.body")
            && !is_ambient(source)
        {
            errors.push(not_an_expression(source));
        }
    }
    invalid(&errors)
}

/// What an authorizer that is given the request may know a caller by; a path is not among it.
pub(super) const ANY_OF_REQUEST: &[&str] = &[
    "querystring",
    "multivaluequerystring",
    "header",
    "multivalueheader",
];
/// What an authorizer that is given a token finds it in.
pub(super) const ONE_HEADER: &[&str] = &["header"];

/// What an authorizer knows callers by: locations of the request, and where there is more than a header also what is there
/// whatever the request.
pub(super) fn identity_sources(sources: &[&str], locations: &[&str]) -> Result<(), Failure> {
    let more = locations.len() > 1;
    let named = |source: &str, prefix| source.strip_prefix(prefix).is_some_and(is_name);
    let errors: Vec<_> = sources
        .iter()
        .filter(|source| {
            let ambient = named(source, "context.") || named(source, "stageVariables.");
            located(source, REQUEST, locations).is_none() && !(more && ambient)
        })
        .map(|source| not_an_expression(source))
        .collect();
    invalid(&errors)
}

/// A gateway response's parameters. It may be given before the request's method is known, so no method has a say in it.
pub(super) fn gateway_response_parameters(mappings: &Map<String>) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for (name, source) in mappings {
        if located(name, "gatewayresponse.", &["header", "path", "querystring"]).is_none() {
            errors.push(not_an_expression(name));
        }
        let input = source.strip_prefix("method.input.params.");
        if located(source, REQUEST, REQUEST_LOCATIONS).is_none()
            && !is_ambient(source)
            && !input.is_some_and(is_name)
        {
            errors.push(not_an_expression(source));
        }
    }
    invalid(&errors)
}

/// The body, or a path into it.
fn is_body(source: &str, body: &str) -> bool {
    source.strip_prefix(body).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('.').is_some_and(|path| !path.is_empty())
    })
}

/// What is there whatever the method declares.
fn is_ambient(source: &str) -> bool {
    let named = |prefix| source.strip_prefix(prefix).is_some_and(is_name);
    let quoted = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    quoted || named("context.") || named("stageVariables.")
}

/// Templates by content type: an empty template is kept as none.
pub(super) fn templates(given: Map<Option<String>>) -> Result<Map<Option<String>>, Failure> {
    content_types(given.keys())?;
    given
        .into_iter()
        .map(|(kind, template)| Ok((kind, self::template(template.as_deref())?)))
        .collect()
}

pub(super) fn template(text: Option<&str>) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if text.len() > TEMPLATE_BYTES_MAX => Err(Failure::bad_request(format!(
            "Invalid mapping template specified: it has {} bytes, and at most {TEMPLATE_BYTES_MAX} are allowed",
            text.len()
        ))),
        Some("") | None => Ok(None),
        Some(text) => Ok(Some(text.to_owned())),
    }
}

pub(super) fn content_types<'a>(
    kinds: impl IntoIterator<Item = &'a String>,
) -> Result<(), Failure> {
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'"' | b',' | b'<' | b'>'))
    };
    let is_content_type = |kind: &str| {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        kind == "$default"
            || essence
                .split_once('/')
                .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
    };
    let errors: Vec<_> = kinds
        .into_iter()
        .filter(|kind| !is_content_type(kind))
        .map(|kind| format!("Invalid content type specified: {kind}"))
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Validation Result: warnings : [], errors : [{}]",
        errors.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &str =
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : ";

    fn message(outcome: Result<(), Failure>) -> String {
        outcome.map_or_else(|failure| failure.message, |()| "fine".to_owned())
    }

    fn map(entries: &[(&str, &str)]) -> Map<String> {
        entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn request_parameters_are_located_and_unique() {
        for (names, expected) in [
            (
                &[
                    "method.request.querystring.q",
                    "method.request.header.X-A",
                    "method.request.path.id",
                ][..],
                "fine".to_owned(),
            ),
            (
                &[
                    "method.request.querystring.q",
                    "method.request.multivaluequerystring.q",
                ],
                "fine".to_owned(),
            ),
            (
                &["method.request.querystring.q", "method.request.header.q"],
                "Parameter names must be unique across querystring, header and path".to_owned(),
            ),
            (
                &["q"],
                format!("{RESULT}[Invalid mapping expression specified: q]"),
            ),
            (
                &["method.request.cookie.q"],
                format!("{RESULT}[Invalid mapping expression specified: method.request.cookie.q]"),
            ),
            (
                &["method.request.header."],
                format!("{RESULT}[Invalid mapping expression specified: method.request.header.]"),
            ),
        ] {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            assert_eq!(message(request_parameters(&names)), expected, "{names:?}");
        }
    }

    #[test]
    fn a_mapping_takes_from_where_there_is_something() {
        let declared = Map::from([
            ("method.request.path.id".to_owned(), true),
            ("method.request.header.X".to_owned(), false),
        ]);
        for (source, error) in [
            ("method.request.path.id", None),
            ("method.request.multivalueheader.X", None),
            (
                "method.request.header.x",
                Some("parameter specified: method.request.header.x"),
            ),
            ("method.request.body", None),
            ("method.request.body.a[0]", None),
            (
                "method.request.bodyguard",
                Some("specified: method.request.bodyguard"),
            ),
            ("context.identity.sourceIp", None),
            ("stageVariables.v", None),
            ("'text with spaces'", None),
            ("''", None),
            ("'", Some("specified: '")),
            ("true", Some("specified: true")),
            ("", Some("specified: ")),
        ] {
            let expected = error.map_or("fine".to_owned(), |e| {
                format!("{RESULT}[Invalid mapping expression {e}]")
            });
            let mappings = map(&[("integration.request.header.A", source)]);
            assert_eq!(
                message(request_mappings(&mappings, Some(&declared))),
                expected,
                "{source}"
            );
        }
        let target = map(&[("header.A", "'a'")]);
        assert_eq!(
            message(request_mappings(&target, None)),
            format!("{RESULT}[Invalid mapping expression specified: header.A]")
        );
    }

    #[test]
    fn a_response_mapping_needs_a_declared_header() {
        let declared = Map::from([("method.response.header.A".to_owned(), true)]);
        for (target, source, error) in [
            (
                "method.response.header.A",
                "integration.response.header.B",
                None,
            ),
            (
                "method.response.header.A",
                "integration.response.body.c",
                None,
            ),
            ("method.response.header.A", "'c'", None),
            (
                "method.response.header.A",
                "method.request.header.B",
                Some("specified: method.request.header.B"),
            ),
            (
                "method.response.header.B",
                "'c'",
                Some("parameter specified: method.response.header.B"),
            ),
            (
                "method.response.body.B",
                "'c'",
                Some("specified: method.response.body.B"),
            ),
        ] {
            let expected = error.map_or("fine".to_owned(), |e| {
                format!("{RESULT}[Invalid mapping expression {e}]")
            });
            assert_eq!(
                message(response_mappings(
                    &map(&[(target, source)]),
                    Some(&declared)
                )),
                expected,
                "{target} {source}"
            );
        }
    }

    #[test]
    fn templates_are_kept_by_content_type() {
        let given = |kind: &str, text: &str| Map::from([(kind.to_owned(), Some(text.to_owned()))]);
        assert_eq!(
            templates(given("application/json", "")).unwrap(),
            Map::from([("application/json".to_owned(), None)])
        );
        assert_eq!(
            templates(given("application/vnd.a+json; charset=utf-8", "x"))
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            templates(given("123", "x")).unwrap_err().message,
            "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"
        );
        assert!(templates(given("a/b", &"x".repeat(TEMPLATE_BYTES_MAX + 1))).is_err());
    }
}
