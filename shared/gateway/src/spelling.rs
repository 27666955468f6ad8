//! How the names of headers are written, where somebody sees it: HTTP does not tell `X-Pet` from `x-pet`, and programs do.

use http::HeaderName;
use std::borrow::Cow;
use std::sync::Arc;

/// How a client wrote the names of its headers.
///
/// Known where whoever took the request saw it as it was sent. Behind a Function URL names arrive in lower case, and what the
/// client wrote is not known: that is the default. Every request has one and few are asked, so it is no more than a line for
/// each name that has capitals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spelling(Option<Arc<str>>);

/// Written one way over HTTP/1.1, whatever the client wrote, or added on the way.
const OF_THE_SERVICE: [&str; 7] = [
    "authorization",
    "host",
    "user-agent",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-proto",
];

impl Spelling {
    /// The names as they were written. Of a name that was written in several ways, the last that has capitals counts.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut lines = String::new();
        for name in names {
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                lines.push_str(name);
                lines.push('\n');
            }
        }
        Self(Some(lines.into()))
    }

    pub(crate) fn of_name<'n>(&'n self, name: &'n HeaderName) -> Cow<'n, str> {
        match &self.0 {
            Some(_) if OF_THE_SERVICE.contains(&name.as_str()) => usual(name),
            Some(written) => {
                let mut ways =
                    (written.lines()).filter(|written| written.eq_ignore_ascii_case(name.as_str()));
                Cow::Borrowed(ways.next_back().unwrap_or(name.as_str()))
            }
            None => usual(name),
        }
    }
}

/// A name as it is usually written, and any other as it came.
///
/// Functions written for API Gateway look for `Host`, `User-Agent` or `X-Forwarded-For`, which is how clients and front ends
/// write those over HTTP/1.1.
pub(crate) fn usual(name: &HeaderName) -> Cow<'_, str> {
    const USUAL: [&str; 43] = [
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Age",
        "Authorization",
        "Cache-Control",
        "CloudFront-Forwarded-Proto",
        "CloudFront-Is-Desktop-Viewer",
        "CloudFront-Is-Mobile-Viewer",
        "CloudFront-Is-SmartTV-Viewer",
        "CloudFront-Is-Tablet-Viewer",
        "CloudFront-Viewer-ASN",
        "CloudFront-Viewer-Country",
        "Content-Encoding",
        "Content-Type",
        "Cookie",
        "Date",
        "From",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Origin",
        "Pragma",
        "Range",
        "Referer",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Version",
        "User-Agent",
        "Via",
        "Warn",
        "X-Amz-Cf-Id",
        "X-Amzn-Trace-Id",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
    ];
    listed(&USUAL, name).map_or(Cow::Borrowed(name.as_str()), Cow::Borrowed)
}

/// A name as the service writes it in logs and in what it tells of tests.
pub fn told(name: &HeaderName) -> Cow<'_, str> {
    const TOLD: [&str; 22] = [
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "Cache-Control",
        "Connection",
        "Content-Length",
        "Content-MD5",
        "ETag",
        "Last-Modified",
        "Location",
        "Server",
        "Set-Cookie",
        "Transfer-Encoding",
        "Vary",
        "WWW-Authenticate",
        "X-Amz-Executed-Version",
        "X-Amz-Function-Error",
        "x-amzn-ErrorType",
        "x-amzn-RequestId",
    ];
    if let Some(rest) = name.as_str().strip_prefix("x-amzn-remapped-")
        && let Ok(rest) = HeaderName::try_from(rest)
    {
        return format!("x-amzn-Remapped-{}", told(&rest)).into();
    }
    match listed(&TOLD, name) {
        Some(told) => Cow::Borrowed(told),
        None if name.as_str().starts_with("x-amz-") => capitals(name),
        None => usual(name),
    }
}

/// `x-amz-source-arn` as `X-Amz-Source-Arn`.
fn capitals(name: &HeaderName) -> Cow<'static, str> {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-").into()
}

fn listed(list: &[&'static str], name: &HeaderName) -> Option<&'static str> {
    let mut list = list.iter();
    list.find(|listed| listed.eq_ignore_ascii_case(name.as_str()))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_their_reader_expects() {
        let unknown = Spelling::default();
        let known = Spelling::of([
            "tEsT-HEADeR",
            "accept",
            "USER-AGENT",
            "X-Two",
            "x-TWO",
            "no name",
        ]);
        for (name, by_unknown, by_known, by_service) in [
            ("user-agent", "User-Agent", "User-Agent", "User-Agent"),
            ("accept", "Accept", "accept", "Accept"),
            ("test-header", "test-header", "tEsT-HEADeR", "test-header"),
            ("x-two", "x-two", "x-TWO", "x-two"),
            (
                "x-forwarded-for",
                "X-Forwarded-For",
                "X-Forwarded-For",
                "X-Forwarded-For",
            ),
            (
                "x-amzn-requestid",
                "x-amzn-requestid",
                "x-amzn-requestid",
                "x-amzn-RequestId",
            ),
            (
                "x-amz-source-arn",
                "x-amz-source-arn",
                "x-amz-source-arn",
                "X-Amz-Source-Arn",
            ),
            (
                "x-amzn-remapped-content-length",
                "x-amzn-remapped-content-length",
                "x-amzn-remapped-content-length",
                "x-amzn-Remapped-Content-Length",
            ),
        ] {
            let header = HeaderName::from_static(name);
            assert_eq!(unknown.of_name(&header), by_unknown, "{name}");
            assert_eq!(known.of_name(&header), by_known, "{name}");
            assert_eq!(told(&header), by_service, "{name}");
        }
    }
}
