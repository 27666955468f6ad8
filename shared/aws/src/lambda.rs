//! Lambda emulators on a laptop know functions by their plain names only, and integrations name them by ARN.

use crate::canonical::UNRESERVED;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

const INVOKE: [(&str, &str); 3] = [
    ("/2015-03-31/functions/", "/invocations"),
    ("/2014-11-13/functions/", "/invoke-async"),
    ("/2021-11-15/functions/", "/response-streaming-invocations"),
];

/// The path and query of an invocation, with the function's plain name in place of an ARN, and the version or alias that
/// the ARN ended with as the query's `Qualifier`. Whatever is not an invocation stays as it is.
pub(crate) fn by_plain_name(path: &str) -> String {
    rewritten(path).unwrap_or_else(|| path.to_owned())
}

fn rewritten(path_and_query: &str) -> Option<String> {
    let (path, query) = match path_and_query.split_once('?') {
        Some((path, query)) => (path, Some(query).filter(|query| !query.is_empty())),
        None => (path_and_query, None),
    };
    let (before, function, after) = INVOKE.into_iter().find_map(|(before, after)| {
        let function = path.strip_prefix(before)?.strip_suffix(after)?;
        Some((before, function, after))
    })?;
    let function = percent_decode_str(function).decode_utf8().ok()?;
    let (name, qualifier) = split(&function)?;
    let mut rewritten = format!("{before}{}{after}", encode(name));
    let mut separator = '?';
    if let Some(query) = query {
        rewritten.push(separator);
        rewritten.push_str(query);
        separator = '&';
    }
    let is_qualified = query.is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some("Qualifier"))
    });
    if let Some(qualifier) = qualifier
        && !is_qualified
    {
        rewritten.push(separator);
        rewritten.push_str("Qualifier=");
        rewritten.push_str(&encode(qualifier));
    }
    Some(rewritten)
}

/// The name and the qualifier of `arn:aws:lambda:region:account:function:name:qualifier`, of the end of one from the
/// account on, or of `name:qualifier`.
fn split(function: &str) -> Option<(&str, Option<&str>)> {
    let parts: Vec<&str> = function.split(':').collect();
    let named = match parts.as_slice() {
        ["arn", _, "lambda", _, _, "function", named @ ..] => named,
        [_, "function", named @ ..] if !named.is_empty() => named,
        named => named,
    };
    match named {
        [name] if !name.is_empty() => Some((name, None)),
        [name, qualifier] if !name.is_empty() && !qualifier.is_empty() => {
            Some((name, Some(qualifier)))
        }
        _ => None,
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_is_asked_for_the_plain_name() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:pets";
        for (function, query, expected) in [
            (arn.to_owned(), "", "pets/invocations"),
            (format!("{arn}:live"), "", "pets/invocations?Qualifier=live"),
            (format!("{arn}:7"), "", "pets/invocations?Qualifier=7"),
            (
                format!("{arn}:$LATEST"),
                "",
                "pets/invocations?Qualifier=%24LATEST",
            ),
            (
                format!("{arn}:live").replace(':', "%3A"),
                "",
                "pets/invocations?Qualifier=live",
            ),
            (
                format!("{arn}:live").replace(':', "%3a"),
                "",
                "pets/invocations?Qualifier=live",
            ),
            (
                arn.replace("arn:aws:", "arn:aws-cn:"),
                "",
                "pets/invocations",
            ),
            (
                "123456789012:function:pets".to_owned(),
                "",
                "pets/invocations",
            ),
            (
                "123456789012:function:pets:live".to_owned(),
                "",
                "pets/invocations?Qualifier=live",
            ),
            (
                "pets:function".to_owned(),
                "",
                "pets/invocations?Qualifier=function",
            ),
            ("pets".to_owned(), "", "pets/invocations"),
            (
                "pets:live".to_owned(),
                "",
                "pets/invocations?Qualifier=live",
            ),
            (
                format!("{arn}:live"),
                "?a=b",
                "pets/invocations?a=b&Qualifier=live",
            ),
            (
                format!("{arn}:live"),
                "?Qualifier=old",
                "pets/invocations?Qualifier=old",
            ),
            (
                arn.to_owned(),
                "?Qualifier=old",
                "pets/invocations?Qualifier=old",
            ),
            (
                format!("{arn}:live"),
                "?",
                "pets/invocations?Qualifier=live",
            ),
        ] {
            let path = format!("/2015-03-31/functions/{function}/invocations{query}");
            let expected = format!("/2015-03-31/functions/{expected}");
            assert_eq!(by_plain_name(&path), expected, "{path}");
        }
    }

    #[test]
    fn a_streaming_invocation_is_an_invocation() {
        assert_eq!(
            by_plain_name(
                "/2021-11-15/functions/arn:aws:lambda:eu-west-1:123456789012:function:pets/response-streaming-invocations"
            ),
            "/2021-11-15/functions/pets/response-streaming-invocations"
        );
    }

    #[test]
    fn what_is_no_invocation_stays_as_it_is() {
        for path in [
            "/",
            "/2015-03-31/functions/",
            "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:pets",
            "/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:/invocations",
            "/2015-03-31/functions//invocations",
            "/2015-03-31/functions/a:b:c:d/invocations",
            "/2015-03-31/functions/%ff/invocations",
        ] {
            assert_eq!(by_plain_name(path), path);
        }
    }
}
