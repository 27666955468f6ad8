//! The one form of a request that its sender and the service both hash, whatever was done to the request on its way.

use http::uri::Scheme;
use http::{HeaderMap, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use std::borrow::Cow;

/// What is never percent-encoded in a URL.
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const UNRESERVED_OR_SLASH: &AsciiSet = &UNRESERVED.remove(b'/');

pub(crate) struct CanonicalRequest {
    pub(crate) text: String,
    /// Their names, separated by semicolons.
    pub(crate) signed_headers: String,
}

impl CanonicalRequest {
    /// `is_signed` says of a header, by its name, whether it is covered. S3 takes a path as the name of an object, letter by
    /// letter; everywhere else it is normalized, and encoded once more.
    pub(crate) fn new(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        is_signed: impl Fn(&str) -> bool,
        payload_hash: &str,
        is_s3: bool,
    ) -> Result<Self, String> {
        let path: Cow<'_, str> = if is_s3 {
            uri.path().into()
        } else {
            let normalized = normalized(uri.path());
            utf8_percent_encode(&normalized, UNRESERVED_OR_SLASH)
                .to_string()
                .into()
        };
        let query = query(uri.query().unwrap_or_default());
        let mut names: Vec<&str> = headers
            .keys()
            .map(http::HeaderName::as_str)
            .filter(|name| is_signed(name))
            .collect();
        names.sort_unstable();
        let mut text = format!("{method}\n{path}\n{query}\n");
        for name in &names {
            text.push_str(name);
            let mut separator = ':';
            for value in headers.get_all(*name) {
                let value = value.to_str().map_err(|_| {
                    format!("the header `{name}` has characters that cannot be signed: use ASCII")
                })?;
                text.push(separator);
                push_without_excess_spaces(&mut text, value);
                separator = ',';
            }
            text.push('\n');
        }
        let signed_headers = names.join(";");
        text.extend(["\n", &signed_headers, "\n", payload_hash]);
        Ok(Self {
            text,
            signed_headers,
        })
    }
}

/// The host and, where it is not the scheme's own, the port: what an HTTP client sends as `Host`.
pub(crate) fn host(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let own_port = if uri.scheme() == Some(&Scheme::HTTPS) {
        443
    } else {
        80
    };
    match uri.port_u16().filter(|port| *port != own_port) {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Without empty segments and dots.
fn normalized(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let mut normalized = format!("/{}", kept.join("/"));
    let names_a_folder = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if names_a_folder && !normalized.ends_with('/') {
        normalized.push('/');
    }
    normalized
}

/// Sorted, and every part encoded in the one way.
fn query(query: &str) -> String {
    let encoded = |part: &str| {
        let spaced = part.replace('+', " ");
        let decoded = percent_decode(spaced.as_bytes()).decode_utf8_lossy();
        utf8_percent_encode(&decoded, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Spaces count as one, and those at the ends as none.
fn push_without_excess_spaces(text: &mut String, value: &str) {
    let words = value.split(' ').filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        if number > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}
