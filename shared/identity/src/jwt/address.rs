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

/// Where an issuer says that its keys are. One that is asked in private cannot send anybody to what only this machine can ask, such
/// as whatever runs a function here.
pub fn check_keys(issuer: &str, url: &str) -> Result<(), BadAddress> {
    check_address(url)?;
    let is_private = |url: &str| url.starts_with("https:");
    if is_private(issuer) && !is_private(url) {
        return Err(BadAddress(
            "it must begin with https://, as its issuer does",
        ));
    }
    Ok(())
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
    fn an_issuer_that_is_asked_in_private_has_its_keys_in_private() {
        const PRIVATE: &str = "https://issuer.example";
        const HERE: &str = "http://127.0.0.1:9000/pool";
        for (issuer, url, expected) in [
            (PRIVATE, "https://keys.example/all", true),
            (PRIVATE, "http://127.0.0.1:9001/keys", false),
            (PRIVATE, "http://keys.example/all", false),
            (HERE, "http://localhost:9000/keys", true),
            (HERE, "https://keys.example/all", true),
            (HERE, "http://keys.example/all", false),
        ] {
            assert_eq!(check_keys(issuer, url).is_ok(), expected, "{issuer} {url}");
        }
    }

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
