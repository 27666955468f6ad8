//! Parameter mappings of HTTP APIs: what is done to which part of a request or response.

use crate::wire::Failure;
use postern_definition::Map;
use postern_plan::{Source, TextTemplate};

/// Headers that are not the API's owner's to change; those that end with a dash stand for all that begin so.
const RESERVED: [&str; 22] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "via",
    "access-control-",
    "apigw-",
    "x-amz-",
    "x-amzn-",
];

pub(super) fn is_reserved(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    RESERVED.iter().any(|name| {
        if name.ends_with('-') {
            header.starts_with(name)
        } else {
            header == *name
        }
    })
}

fn invalid(expression: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {expression}]"
    ))
}

/// What is done to requests: `append:header.x`, `overwrite:path` and the like.
pub(super) fn request(parameters: Option<&Map<String>>) -> Result<(), Failure> {
    for (key, value) in parameters.into_iter().flatten() {
        let (action, place) = key.split_once(':').ok_or_else(|| invalid(key))?;
        if !matches!(action, "append" | "overwrite" | "remove") {
            return Err(invalid(key));
        }
        if place == "path" {
            if action != "overwrite" {
                return Err(invalid(key));
            }
        } else {
            named(key, place, &["header.", "querystring."])?;
        }
        if action != "remove" {
            request_value(value)?;
        }
    }
    Ok(())
}

/// What is done to responses, by their status codes.
pub(super) fn response(parameters: Option<&Map<Map<String>>>) -> Result<(), Failure> {
    for (status, mappings) in parameters.into_iter().flatten() {
        checked_status(status)?;
        for (key, value) in mappings {
            let (action, place) = key.split_once(':').ok_or_else(|| invalid(key))?;
            match (action, place) {
                // What is said outright can be looked at now; what is found in a response cannot.
                ("overwrite", "statuscode") if !value.contains('$') => checked_status(value)?,
                ("overwrite", "statuscode") => {}
                ("append" | "overwrite" | "remove", _) => named(key, place, &["header."])?,
                _ => return Err(invalid(key)),
            }
            if action != "remove" {
                sources(value, Source::of_routed_response)?;
            }
        }
    }
    Ok(())
}

fn checked_status(status: &str) -> Result<(), Failure> {
    let is_status = status.len() == 3 && ("200".."600").contains(&status);
    if is_status && status.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Invalid status code specified in response parameters: {status}. It must be between 200 and 599"
    )))
}

fn named(key: &str, place: &str, prefixes: &[&str]) -> Result<(), Failure> {
    let name = prefixes
        .iter()
        .find_map(|prefix| place.strip_prefix(prefix));
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| invalid(key))?;
    if place.starts_with("header.") && is_reserved(name) {
        return Err(Failure::bad_request(format!(
            "Operations on header {name} are restricted"
        )));
    }
    Ok(())
}

/// A value that is made from a request.
pub(super) fn request_value(value: &str) -> Result<(), Failure> {
    sources(value, Source::of_routed_request)
}

/// As gateways read it: one source behind a dollar sign, or text with sources in `${}`.
fn sources(value: &str, source: fn(&str) -> Option<Source>) -> Result<(), Failure> {
    let read = TextTemplate::of_routed(value, source);
    read.map(drop).ok_or_else(|| invalid(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_mapping_says_what_to_do_where_from_what_there_is() {
        for (key, value, holds) in [
            ("append:header.x", "$request.header.y", true),
            ("overwrite:querystring.x", "text", true),
            ("remove:header.x", "''", true),
            (
                "overwrite:path",
                "/v1/${request.path.a}/${stageVariables.b}",
                true,
            ),
            ("overwrite:path", "$request.path", true),
            ("append:header.x", "$request.body.a.b", true),
            ("append:header.x", "$request.body..b", false),
            ("append:header.x", "$context.requestId", true),
            ("append:path", "/a", false),
            ("overwrite:header.", "a", false),
            ("set:header.x", "a", false),
            ("header.x", "a", false),
            ("append:header.x", "$response.header.y", false),
            ("append:header.x", "${request.header.y", false),
            ("append:header.Authorization", "a", false),
            ("append:header.X-Amzn-Trace-Id", "a", false),
            ("append:header.access-control-allow-origin", "a", false),
        ] {
            let map = Map::from([(key.to_owned(), value.to_owned())]);
            assert_eq!(request(Some(&map)).is_ok(), holds, "{key} {value}");
        }
    }

    #[test]
    fn a_response_mapping_goes_by_a_status_of_200_to_599() {
        for (status, key, value, holds) in [
            ("500", "overwrite:statuscode", "403", true),
            ("200", "append:header.x", "$response.header.y", true),
            ("404", "remove:header.x", "", true),
            ("199", "append:header.x", "a", false),
            ("600", "append:header.x", "a", false),
            ("2xx", "append:header.x", "a", false),
            ("200", "append:statuscode", "201", false),
            ("200", "overwrite:statuscode", "$response.header.x", true),
            ("200", "overwrite:statuscode", "teapot", false),
            ("200", "overwrite:statuscode", "", false),
            ("200", "overwrite:statuscode", "20", false),
            ("200", "overwrite:statuscode", "700", false),
            ("200", "append:querystring.x", "a", false),
            ("200", "append:header.x", "$request.header.y", false),
        ] {
            let mapping = Map::from([(key.to_owned(), value.to_owned())]);
            let map = Map::from([(status.to_owned(), mapping)]);
            assert_eq!(
                response(Some(&map)).is_ok(),
                holds,
                "{status} {key} {value}"
            );
        }
    }
}
