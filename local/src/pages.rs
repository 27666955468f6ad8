//! Web pages that ask to manage.
//!
//! Where nobody has to sign, whoever reaches the port may manage, and a browser on this machine reaches it for any page that it
//! shows: one of another site can post to it, and one whose name is made to lead here is taken for its own. So of what comes from
//! a page only what comes from a page of this machine is answered. Whatever is no browser is asked nothing.

use http::HeaderMap;
use std::net::IpAddr;

/// Whether a request for this host was made by a page that is none of this machine.
pub(crate) fn is_foreign(host: &str, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(http::HeaderValue::as_bytes);
    let (origin, site) = (text("origin"), text("sec-fetch-site"));
    let is_browser = text("user-agent").is_some_and(|agent| agent.starts_with(b"Mozilla/"));
    if origin.is_none() && site.is_none() && !is_browser {
        return false;
    }
    let may_ask = |origin: &[u8]| {
        let origin = std::str::from_utf8(origin).unwrap_or_default();
        let from = (origin.strip_prefix("http://")).or_else(|| origin.strip_prefix("https://"));
        from.is_some_and(|from| from.eq_ignore_ascii_case(host) || is_this_machine(from))
    };
    !is_no_name_of_others(host)
        || site.is_some_and(|site| site == b"cross-site")
        || !origin.is_none_or(may_ask)
}

/// Whether nobody else could have a name lead here: what has no dots is nobody's on the internet, and numbers are no name.
fn is_no_name_of_others(host: &str) -> bool {
    let name = without_port(host);
    !name.contains('.') || name.ends_with(".localhost") || address(name).is_some()
}

fn is_this_machine(host: &str) -> bool {
    let name = without_port(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || address(&name).is_some_and(|address| address.is_loopback())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn address(name: &str) -> Option<IpAddr> {
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    inner.unwrap_or(name).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn only_pages_of_this_machine_manage_it_and_what_is_no_page_always_may() {
        const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11)");
        for (host, lines, expected) in [
            ("localhost:4700", &[][..], false),
            ("evil.example:4700", &[], false),
            ("postern.test.svc", &[("user-agent", "aws-cli/2")], false),
            ("localhost:4700", &[BROWSER], false),
            (
                "127.0.0.1:4700",
                &[BROWSER, ("sec-fetch-site", "none")],
                false,
            ),
            ("[::1]:4700", &[("origin", "http://[::1]:4700")], false),
            ("postern:4700", &[("origin", "http://postern:4700")], false),
            (
                "192.168.0.7:4700",
                &[("origin", "http://192.168.0.7:4700")],
                false,
            ),
            (
                "localhost:4700",
                &[("origin", "http://localhost:3000")],
                false,
            ),
            ("localhost:4700", &[("origin", "http://evil.example")], true),
            (
                "localhost:4700",
                &[("origin", "http://localhost.evil.example")],
                true,
            ),
            ("localhost:4700", &[("origin", "http://203.0.113.9")], true),
            ("localhost:4700", &[("origin", "null")], true),
            (
                "localhost:4700",
                &[BROWSER, ("sec-fetch-site", "cross-site")],
                true,
            ),
            ("evil.example:4700", &[BROWSER], true),
            (
                "evil.example:4700",
                &[("origin", "http://evil.example:4700")],
                true,
            ),
            ("127.0.0.1.evil.example", &[BROWSER], true),
        ] {
            let lines = lines
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            let headers: HeaderMap = lines.collect();
            assert_eq!(is_foreign(host, &headers), expected, "{host} {headers:?}");
        }
    }
}
