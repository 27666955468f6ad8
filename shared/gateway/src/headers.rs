//! What becomes of header names on their way through: which are hidden from backends, which are renamed on the way back.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;

/// Never shown to an integration, as recorded from the service.
const HIDDEN_FROM_INTEGRATIONS: [&str; 12] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// A mapping to one of these makes the call fail, as recorded from the service.
const UNMAPPABLE: [&str; 4] = [
    "content-length",
    "transfer-encoding",
    "x-amzn-trace-id",
    "x-amzn-apigateway-api-id",
];

/// A mapping to one of these makes calls of AWS services fail too, as recorded from the service.
const UNMAPPABLE_FOR_AWS: [&str; 5] = [
    "authorization",
    "connection",
    "expect",
    "proxy-authenticate",
    "te",
];

/// Mapped but never sent, as recorded from the service.
const MAPPED_IN_VAIN: [&str; 5] = ["connection", "expect", "proxy-authenticate", "te", "via"];

pub(crate) fn is_hidden_from_integrations(name: &HeaderName) -> bool {
    HIDDEN_FROM_INTEGRATIONS.contains(&name.as_str())
}

pub(crate) fn is_unmappable(name: &HeaderName) -> bool {
    UNMAPPABLE.contains(&name.as_str())
}

/// The name is in lower case.
pub(crate) fn is_unmappable_for_aws(name: &str) -> bool {
    UNMAPPABLE.contains(&name) || UNMAPPABLE_FOR_AWS.contains(&name)
}

pub(crate) fn is_mapped_in_vain(name: &HeaderName) -> bool {
    MAPPED_IN_VAIN.contains(&name.as_str())
}

pub(crate) fn is_hidden_name(name: &str) -> bool {
    let mut hidden = HIDDEN_FROM_INTEGRATIONS.iter();
    hidden.any(|hidden| hidden.eq_ignore_ascii_case(name))
}

/// What becomes of the headers of a backend's answer.
pub(crate) struct Remapping {
    renamed: &'static [&'static str],
    dropped: &'static [&'static str],
}

pub(crate) const HTTP_PROXY: Remapping = Remapping {
    renamed: &[
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "max-forwards",
        "server",
        "user-agent",
        "www-authenticate",
        "x-amzn-requestid",
    ],
    dropped: &[
        "content-encoding",
        "expect",
        "host",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ],
};

pub(crate) const AWS_PROXY: Remapping = Remapping {
    renamed: HTTP_PROXY.renamed,
    dropped: &[
        "expect",
        "host",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ],
};

/// What an owner maps, for integrations that are no proxies, and for gateway responses.
pub(crate) const MAPPED: Remapping = Remapping {
    renamed: &[
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
    ],
    dropped: &["transfer-encoding"],
};

pub(crate) const MOCK: Remapping = Remapping {
    renamed: &["connection", "content-length", "date", "server"],
    dropped: &["transfer-encoding"],
};

/// Of HTTP APIs, which keep back only what belongs to a connection.
pub(crate) const PASSED: Remapping = Remapping {
    renamed: &[],
    dropped: &OF_A_CONNECTION,
};

/// What belongs to a connection, not to the message that comes over it. A length does, since the message is framed anew, and
/// what was expected of the gateway it has met already.
const OF_A_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(crate) fn is_of_a_connection(name: &HeaderName) -> bool {
    OF_A_CONNECTION.contains(&name.as_str())
}

impl Remapping {
    pub(crate) fn apply(&self, headers: &HeaderMap) -> HeaderMap {
        let mut kept = HeaderMap::with_capacity(headers.keys_len());
        for (name, value) in headers {
            if self.dropped.contains(&name.as_str()) {
                continue;
            }
            let name = if self.renamed.contains(&name.as_str()) {
                remapped(name)
            } else {
                name.clone()
            };
            kept.append(name, value.clone());
        }
        kept
    }
}

fn remapped(name: &HeaderName) -> HeaderName {
    HeaderName::try_from(format!("x-amzn-remapped-{name}"))
        .expect("a header name with a prefix is a header name")
}

/// The value as text. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// The last value of a header, as text.
pub(crate) fn last<'h>(headers: &'h HeaderMap, name: &str) -> Option<Cow<'h, str>> {
    headers.get_all(name).iter().next_back().map(text)
}

/// The media type of the body without its parameters. A request without one counts as JSON.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let value = last(headers, "content-type").unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.is_empty() {
        "application/json".to_owned()
    } else {
        media_type.to_ascii_lowercase()
    }
}

/// The first media type that the client accepts, without its parameters.
pub(crate) fn first_accepted(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("accept").map(text)?;
    let first = value.split([',', ';']).next().unwrap_or_default().trim();
    (!first.is_empty()).then(|| first.to_owned())
}

/// Whether a media type is one of the API's binary ones: exact, `type/*` or `*/*`.
pub(crate) fn is_binary(binary_media_types: &[String], media_type: &str) -> bool {
    binary_media_types.iter().any(|listed| {
        listed == "*/*"
            || listed.eq_ignore_ascii_case(media_type)
            || listed.strip_suffix("/*").is_some_and(|main| {
                main != "*"
                    && media_type
                        .split('/')
                        .next()
                        .is_some_and(|m| m.eq_ignore_ascii_case(main))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn a_proxys_answer_keeps_renames_and_drops_headers() {
        let answer = headers(&[
            ("server", "nginx"),
            ("connection", "keep-alive"),
            ("set-cookie", "a=1"),
            ("content-encoding", "gzip"),
            ("x-amzn-requestid", "r"),
        ]);
        let expected = headers(&[
            ("x-amzn-remapped-server", "nginx"),
            ("x-amzn-remapped-connection", "keep-alive"),
            ("set-cookie", "a=1"),
            ("x-amzn-remapped-x-amzn-requestid", "r"),
        ]);
        assert_eq!(HTTP_PROXY.apply(&answer), expected);
    }

    #[test]
    fn a_function_may_ask_for_authentication_under_another_name() {
        let answer = headers(&[
            ("www-authenticate", "Basic"),
            ("content-encoding", "gzip"),
            ("via", "x"),
        ]);
        let expected = headers(&[
            ("x-amzn-remapped-www-authenticate", "Basic"),
            ("content-encoding", "gzip"),
        ]);
        assert_eq!(AWS_PROXY.apply(&answer), expected);
    }

    #[test]
    fn media_types_match_exactly_by_main_type_or_always() {
        for (listed, media_type, expected) in [
            ("image/png", "image/png", true),
            ("image/png", "IMAGE/PNG", true),
            ("image/png", "image/jpeg", false),
            ("image/*", "image/jpeg", true),
            ("image/*", "imagex/jpeg", false),
            ("*/*", "text/plain", true),
            ("*/test", "x/test", false),
            ("*/test", "*/test", true),
        ] {
            assert_eq!(
                is_binary(&[listed.to_owned()], media_type),
                expected,
                "{listed} {media_type}"
            );
        }
    }

    #[test]
    fn the_first_media_type_counts_without_parameters() {
        for (value, expected) in [
            ("text/html", Some("text/html")),
            ("a/b;q=1, c/d", Some("a/b")),
            ("a/b, c/d", Some("a/b")),
            (" ", None),
        ] {
            assert_eq!(
                first_accepted(&headers(&[("accept", value)])).as_deref(),
                expected
            );
        }
        assert_eq!(
            content_type(&headers(&[("content-type", "Text/XML; charset=utf-8")])),
            "text/xml"
        );
        assert_eq!(content_type(&HeaderMap::new()), "application/json");
    }
}
