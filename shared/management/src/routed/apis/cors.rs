//! What a CORS configuration may say.

use crate::wire::Failure;
use postern_definition::routed::Cors;

const MAX_AGE_SECONDS_MAX: i64 = 86_400;

pub(super) fn checked(cors: &Cors) -> Result<(), Failure> {
    let origins = cors.allow_origins.as_deref().unwrap_or_default();
    if cors.allow_credentials == Some(true) && origins.iter().any(|origin| origin == "*") {
        return Err(Failure::bad_request(
            "allow-credentials is not supported if 'allow-origin' is *",
        ));
    }
    if let Some(origin) = origins.iter().find(|origin| !is_origin(origin)) {
        return Err(invalid("allowOrigins", origin, "* or scheme://host[:port]"));
    }
    for (member, values, wanted) in [
        ("allowMethods", &cors.allow_methods, "* or an HTTP method"),
        ("allowHeaders", &cors.allow_headers, "* or a header name"),
        ("exposeHeaders", &cors.expose_headers, "* or a header name"),
    ] {
        let mut values = values.iter().flatten();
        if let Some(value) = values.find(|value| !is_token(value)) {
            return Err(invalid(member, value, wanted));
        }
    }
    match cors.max_age {
        Some(age) if !(-1..=MAX_AGE_SECONDS_MAX).contains(&age) => Err(Failure::bad_request(
            format!("Invalid value for maxAge. Must be between -1 and {MAX_AGE_SECONDS_MAX}"),
        )),
        _ => Ok(()),
    }
}

fn invalid(member: &str, value: &str, wanted: &str) -> Failure {
    Failure::bad_request(format!(
        "Invalid value for {member}: {value}. Each must be {wanted}"
    ))
}

/// All of them, all of a scheme, or one.
fn is_origin(origin: &str) -> bool {
    if origin == "*" {
        return true;
    }
    let Some((scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let is_scheme = !scheme.is_empty()
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_host = !host.is_empty()
        && !host
            .bytes()
            .any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"/?#@,".contains(&b));
    is_scheme && is_host
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_all_of_them_all_of_a_scheme_or_one() {
        for (origin, holds) in [
            ("*", true),
            ("https://*", true),
            ("http://*", true),
            ("https://a.example", true),
            ("http://localhost:3000", true),
            ("https://[::1]:80", true),
            ("chrome-extension://abc", true),
            ("a.example", false),
            ("https://", false),
            ("https://a.example/", false),
            ("https://a.example,https://b.example", false),
            ("", false),
        ] {
            assert_eq!(is_origin(origin), holds, "{origin}");
        }
    }
}
