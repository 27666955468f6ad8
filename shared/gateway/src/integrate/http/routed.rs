//! What HTTP_PROXY makes of a request to an HTTP API: all of it passes, but for what belongs to the connection that it came over.

use crate::headers;
use crate::integrate::parameters::{Parameters, UNSAFE_IN_PATH};
use crate::integrate::set;
use crate::rejection::IntegrateRejection;
use crate::route::Routed;
use crate::trail::Trail;
use http::header::{FORWARDED, HOST, VIA};
use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use postern_definition::routed::DEFAULT_KEY;
use postern_plan::{Action, Appended, HttpPlan};
use std::borrow::Cow;

/// What a URL cannot hold. All else goes on as the client wrote it.
const UNSAFE_IN_RAW_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// Where a request goes, beyond what the integration's URI says.
pub(super) struct Goes<'g> {
    /// The owner's, in place of the one that would go on.
    pub(super) path: Option<String>,
    pub(super) appended: Appended,
    /// What stands at the end of the integration's VPC link.
    pub(super) through: Option<&'g str>,
}

pub(super) fn url(
    plan: &HttpPlan,
    parameters: &Parameters,
    goes: Goes<'_>,
    routed: &Routed,
) -> Result<String, IntegrateRejection> {
    let server_name = (plan.link.as_ref()).and_then(|link| link.server_name.as_deref());
    let uri = match (server_name, goes.through) {
        (Some(name), Some(_)) => format!("https://{name}"),
        (_, Some(address)) => format!("http://{address}"),
        (_, None) => super::super::filled(&plan.uri, parameters, routed)?,
    };
    let appended = match goes.appended {
        Appended::Nothing => None,
        Appended::Path => Some(Cow::Borrowed(routed.request.path.as_str())),
        Appended::StageAndPath => Some(with_stage(routed)),
    };
    let mut url = with_path(uri, appended.as_deref(), goes.path.as_deref());
    // As it came: what a client signed or left unsaid is not put in other words.
    if let Some(query) = routed.request.query.as_deref().filter(|q| !q.is_empty()) {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.extend(utf8_percent_encode(query, UNSAFE_IN_RAW_QUERY));
    }
    Ok(url)
}

fn with_stage(routed: &Routed) -> Cow<'_, str> {
    let (stage, path) = (routed.live.name.as_str(), &routed.request.path);
    if stage == DEFAULT_KEY {
        Cow::Borrowed(path)
    } else {
        format!("/{stage}{path}").into()
    }
}

/// `appended` goes behind the URI's own path, `overwritten` in its place.
fn with_path(uri: String, appended: Option<&str>, overwritten: Option<&str>) -> String {
    if appended.is_none() && overwritten.is_none() {
        return uri;
    }
    let (base, query) = match uri.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (uri.as_str(), None),
    };
    let host = base.find("://").map_or(0, |at| at + 3);
    let path = base[host..].find('/').map_or(base.len(), |at| host + at);
    let mut url = match (overwritten, appended) {
        (Some(overwritten), _) => format!("{}{overwritten}", &base[..path]),
        (None, appended) => {
            let appended = utf8_percent_encode(appended.unwrap_or_default(), UNSAFE_IN_PATH);
            format!("{}{appended}", base.trim_end_matches('/'))
        }
    };
    // A path that the owner made may bring a query of its own.
    if let Some(query) = query {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(query);
    }
    url
}

pub(super) fn request_headers(plan: &HttpPlan, routed: &Routed, trail: &Trail) -> HeaderMap {
    let client = &routed.request.headers;
    let is_signed = routed.is_signed();
    let host_is_the_owners = (plan.changes.request.headers.iter())
        .any(|change| change.name == "host" && change.action != Action::Remove);
    let mut sent = HeaderMap::with_capacity(client.len() + 2);
    for (name, value) in &**client {
        let dropped = headers::is_of_a_connection(name)
            || is_told_by_forwarded(name)
            || (*name == HOST && !host_is_the_owners)
            || (*name == http::header::AUTHORIZATION && is_signed);
        if !dropped {
            sent.append(name.clone(), value.clone());
        }
    }
    let forwarded = forwarded(trail, headers::last(client, "x-forwarded-proto").as_deref());
    add(&mut sent, FORWARDED, &forwarded);
    add(&mut sent, VIA, "HTTP/1.1 AmazonAPIGateway");
    sent
}

/// What is said by `Forwarded` instead.
fn is_told_by_forwarded(name: &HeaderName) -> bool {
    ["x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"].contains(&name.as_str())
}

/// The gateway names no address of its own: it may have none that says anything.
fn forwarded(trail: &Trail, scheme: Option<&str>) -> String {
    let client = if trail.source_ip.contains(':') {
        format!("\"[{}]\"", trail.source_ip)
    } else {
        trail.source_ip.clone()
    };
    format!(
        "by=unknown;for={client};host={};proto={}",
        trail.domain_name,
        scheme.unwrap_or("https")
    )
}

/// Behind what those before the gateway have said.
fn add(sent: &mut HeaderMap, name: HeaderName, value: &str) {
    let before = sent.get_all(&name).iter().map(headers::text);
    let mut all: Vec<_> = before.map(Cow::into_owned).collect();
    all.push(value.to_owned());
    set(sent, name, &all.join(", "));
}

#[cfg(test)]
mod tests {
    use super::with_path;

    #[test]
    fn a_path_is_put_behind_the_uris_own_or_in_its_place() {
        for (uri, appended, overwritten, expected) in [
            ("https://a/b?c=1", None, None, "https://a/b?c=1"),
            ("https://a", Some("/x"), None, "https://a/x"),
            ("https://a/", Some("/x/"), None, "https://a/x/"),
            ("https://a/b?c=1", Some("/x"), None, "https://a/b/x?c=1"),
            ("https://a/b/", Some("/"), None, "https://a/b/"),
            (
                "https://a",
                Some("/x y/{z}"),
                None,
                "https://a/x%20y/%7Bz%7D",
            ),
            ("https://a", Some("/x%2Fy"), None, "https://a/x%2Fy"),
            ("https://a/b/c?d=1", None, Some("/x"), "https://a/x?d=1"),
            (
                "https://a/b?d=1",
                None,
                Some("/x?e=2"),
                "https://a/x?e=2&d=1",
            ),
            ("https://a", Some("/y"), Some("/x"), "https://a/x"),
            ("http://a:80?d=1", Some("/y"), None, "http://a:80/y?d=1"),
        ] {
            let found = with_path(uri.to_owned(), appended, overwritten);
            assert_eq!(found, expected, "{uri} {appended:?} {overwritten:?}");
        }
    }
}
