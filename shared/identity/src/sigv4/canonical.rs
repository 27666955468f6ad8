//! The one form of a request that its sender and the service both hash, whatever was done to the request on its way.

use http::HeaderMap;
use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};
use std::borrow::Cow;
use std::str;

/// What is never percent-encoded in a URL.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const UNRESERVED_OR_SLASH: &AsciiSet = &UNRESERVED.remove(b'/');

/// How a query is understood, on which those who sign do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Decoded, a plus sign being a space, and encoded in the one way. So do AWS's SDKs.
    Decoded,
    /// Every letter is what it is. So do clients that sign a URL as somebody gave it to them.
    AsSent,
}

/// The request, written down. `path` and `query` are in canonical form already; `signed` are the names of the headers that
/// the signature covers, in the order in which they are listed.
pub fn request(
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    signed: &[&str],
    payload_hash: &str,
) -> Result<String, String> {
    let mut text = format!("{method}\n{path}\n{query}\n");
    for name in signed {
        let name = name.to_ascii_lowercase();
        text.push_str(&name);
        text.push(':');
        for (number, value) in headers.get_all(&name).iter().enumerate() {
            let value = str::from_utf8(value.as_bytes()).map_err(|_| {
                format!("the header `{name}` has characters that cannot be signed: use ASCII")
            })?;
            if number > 0 {
                text.push(',');
            }
            push_without_excess_spaces(&mut text, value);
        }
        text.push('\n');
    }
    text.extend(["\n", &signed.join(";"), "\n", payload_hash]);
    Ok(text)
}

/// Without empty segments and dots, and encoded once more: every service but S3 wants it so.
pub fn path(path: &str) -> String {
    utf8_percent_encode(&normalized(path), UNRESERVED_OR_SLASH).to_string()
}

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

/// Sorted. `is_signed` says of a parameter, by its decoded name, whether it is covered.
pub fn query(query: &str, reading: Reading, is_signed: impl Fn(&str) -> bool) -> String {
    let form = |part| match reading {
        Reading::Decoded => Cow::Owned(percent_encode(&bytes(part), UNRESERVED).to_string()),
        Reading::AsSent => Cow::Borrowed(part),
    };
    let mut pairs: Vec<_> = pairs(query)
        .filter(|(name, _)| is_signed(&decoded(name)))
        .map(|(name, value)| (form(name), form(value)))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Names and values as they are written.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

pub(super) fn decoded(part: &str) -> String {
    String::from_utf8_lossy(&bytes(part)).into_owned()
}

/// Byte for byte: two texts that are not the same must not come to the same, be they UTF-8 or not.
fn bytes(part: &str) -> Vec<u8> {
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized_and_encoded_once_more() {
        for (given, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/prod/pets", "/prod/pets"),
            (
                "/prod/docs/a%20b/caf%C3%A9%2Fx",
                "/prod/docs/a%2520b/caf%25C3%25A9%252Fx",
            ),
            ("//a//b//", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a b/\u{e9}", "/a%20b/%C3%A9"),
            ("/$default/~x", "/%24default/~x"),
        ] {
            assert_eq!(path(given), expected, "{given}");
        }
    }

    #[test]
    fn queries_are_sorted_by_name_and_value() {
        for (given, decoded, as_sent) in [
            ("", "", ""),
            ("type=dog&page=1", "page=1&type=dog", "page=1&type=dog"),
            (
                "z=1&empty=&q=a%20b%2Bc&arr=2&arr=1",
                "arr=1&arr=2&empty=&q=a%20b%2Bc&z=1",
                "arr=1&arr=2&empty=&q=a%20b%2Bc&z=1",
            ),
            ("a&&b", "a=&b=", "a=&b="),
            ("q=a+b", "q=a%20b", "q=a+b"),
            ("q=%ff%fe", "q=%FF%FE", "q=%ff%fe"),
            ("q=a:b%2f", "q=a%3Ab%2F", "q=a:b%2f"),
            ("a=b=c", "a=b%3Dc", "a=b=c"),
            ("a-b=1&a=2", "a=2&a-b=1", "a=2&a-b=1"),
            ("B=1&a=2", "B=1&a=2", "B=1&a=2"),
        ] {
            assert_eq!(query(given, Reading::Decoded, |_| true), decoded, "{given}");
            assert_eq!(query(given, Reading::AsSent, |_| true), as_sent, "{given}");
        }
        let covered = query("a=1&X%2DAmz-Signature=2", Reading::Decoded, |name| {
            name != "X-Amz-Signature"
        });
        assert_eq!(covered, "a=1");
    }

    #[test]
    fn a_header_counts_in_all_its_lines_without_excess_spaces() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("b", "  1   2 "),
            ("a", "x"),
            ("b", "3,4"),
            ("c", "unsigned"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        assert_eq!(
            request("GET", "/", "", &headers, &["A", "b", "none"], "hash").unwrap(),
            "GET\n/\n\na:x\nb:1 2,3,4\nnone:\n\nA;b;none\nhash"
        );
    }
}
