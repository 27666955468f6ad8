//! Where an issuer may be.

use http::Uri;
use std::net::IpAddr;

/// Why an address cannot be an issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(&'static str);

/// What an issuer calls itself: an address below which it says where its keys are.
pub fn check_issuer(url: &str) -> Result<(), BadAddress> {
    check_address(url)?;
    if url.contains('?') {
        return Err(BadAddress("it must have no query"));
    }
    Ok(())
}

/// An address that may be asked for keys. Whoever can answer in its place can make tokens: so it is asked by `https`, except on
/// this very machine, where tests and laptops have their issuers.
pub fn check_address(url: &str) -> Result<(), BadAddress> {
    if url.contains('#') {
        return Err(BadAddress("it must have no fragment"));
    }
    let uri: Uri = url.parse().map_err(|_| BadAddress("it is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(BadAddress("it must be an absolute URL"));
    };
    if authority.as_str().contains('@') {
        return Err(BadAddress("it must name no user"));
    }
    if authority.host().is_empty() {
        return Err(BadAddress("it must name a host"));
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_this_machine(authority.host()) => Ok(()),
        _ => Err(BadAddress("it must begin with https://")),
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_asked_in_private_or_on_this_machine() {
        for (url, is_issuer, is_address) in [
            ("https://issuer.example", true, true),
            ("https://issuer.example:8443/tenant/", true, true),
            ("https://issuer.example/keys?version=2", false, true),
            ("http://127.0.0.1:9000/pool", true, true),
            ("http://[::1]:9000", true, true),
            ("http://localhost:9000", true, true),
            ("http://localhost.example", false, false),
            ("http://127.0.0.1.example", false, false),
            ("http://10.0.0.1", false, false),
            ("http://issuer.example", false, false),
            ("https://user@issuer.example", false, false),
            ("https://issuer.example#keys", false, false),
            ("ftp://issuer.example", false, false),
            ("issuer.example", false, false),
            ("https://", false, false),
            ("/keys", false, false),
            ("", false, false),
        ] {
            assert_eq!(check_issuer(url).is_ok(), is_issuer, "{url}");
            assert_eq!(check_address(url).is_ok(), is_address, "{url}");
        }
    }
}
