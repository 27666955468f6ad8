//! From an HTTP request to the members of an operation's input.

use super::{Failure, Member, Members};
use flate2::read::GzDecoder;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;
use std::io::Read;

/// More names in a query string than any operation or API has a use for.
const QUERY_PAIRS_MAX: usize = 1_000;
/// What every gzip file begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The decoded segments of a path. Decoding comes after splitting: an encoded slash is part of its segment.
pub(crate) fn segments(path: &str) -> Vec<String> {
    path.strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(decoded)
        .collect()
}

/// The names and values of a query string, in order.
pub(crate) fn query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .take(QUERY_PAIRS_MAX)
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The members of a JSON body. The parser bounds how deep it may nest.
pub(crate) fn body(bytes: &[u8]) -> Result<Members, Failure> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Members::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => Ok(members
            .into_iter()
            .map(|(name, value)| (name, Member::Json(value)))
            .collect()),
        Ok(Value::Null) => Ok(Members::new()),
        Ok(Value::Array(_)) => Err(Failure::serialization(
            "Start of list found where not expected",
        )),
        Ok(_) => Err(Failure::serialization("Expected map or null")),
        Err(error) => Err(Failure::serialization(format!(
            "The request body is not valid JSON: {error}"
        ))),
    }
}

/// What a compressed file may become: ten times the longest that is taken.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A body that is a file, as the member `body`. It may be compressed by gzip.
pub(crate) fn raw(bytes: &[u8]) -> Result<Members, Failure> {
    let file = unzipped(bytes).map_err(Failure::bad_request)?;
    let text = String::from_utf8_lossy(&file).into_owned();
    Ok(Members::from([(
        "body".to_owned(),
        Member::Text(vec![text]),
    )]))
}

/// A file as it is read, which may be sent as a gzip.
pub fn unzipped(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if !bytes.starts_with(&GZIP) {
        return Ok(bytes.into());
    }
    let mut file = Vec::new();
    GzDecoder::new(bytes)
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut file)
        .map_err(|error| format!("The file does not unzip: {error}"))?;
    if file.len() as u64 > FILE_BYTES_MAX {
        return Err(format!(
            "The file unzips to more than {FILE_BYTES_MAX} bytes"
        ));
    }
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Kind;

    #[test]
    fn a_path_is_split_before_it_is_decoded() {
        for (path, expected) in [
            ("/restapis/a1", &["restapis", "a1"][..]),
            (
                "/tags/arn%3Aaws%3A%2Frestapis%2Fx",
                &["tags", "arn:aws:/restapis/x"],
            ),
            ("/a%2fb/c d%20e+f", &["a/b", "c d e+f"]),
            ("/", &[""]),
            ("/%zz/%ff", &["%zz", "\u{fffd}"]),
        ] {
            assert_eq!(segments(path), expected, "{path}");
        }
    }

    #[test]
    fn a_query_string_keeps_order_and_repetition() {
        let pairs: Vec<_> = query("tagKeys=a+b&tagKeys=c%26d&&flag&x=1=2");
        let expected = [
            ("tagKeys", "a b"),
            ("tagKeys", "c&d"),
            ("flag", ""),
            ("x", "1=2"),
        ];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_body_is_a_json_object_or_nothing() {
        for nothing in [&b""[..], b" \n", b"null", b"{}"] {
            assert_eq!(body(nothing).unwrap(), Members::new());
        }
        let deep = "[".repeat(100_000);
        for bad in ["[]", "1", "{", "{\"a\":}", "\u{0}", deep.as_str()] {
            assert_eq!(
                body(bad.as_bytes()).unwrap_err().kind,
                Kind::Serialization,
                "{bad:.9}"
            );
        }
    }
}
