//! What of a URL goes into requests and their signatures.

use http::Uri;
use http::uri::Scheme;

pub(crate) use postern_identity::sigv4::canonical::UNRESERVED;

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
