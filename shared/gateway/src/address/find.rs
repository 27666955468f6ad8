//! What of a request names its API and stage.

use super::Defaults;
use super::domains::{Domain, Via};
use crate::Arrival;
use postern_definition::StageName;
use std::net::IpAddr;

/// What DNS allows for a whole name.
const NAME_BYTES_MAX: usize = 253;

#[derive(Debug)]
pub(super) struct Address<'a> {
    pub(super) api: &'a str,
    pub(super) path: StagePath<'a>,
    /// Of the custom domain name, where it was that which named the API.
    pub(super) via: Option<Via<'a>>,
}

/// Stage and path of a request whose API is known, the path as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StagePath<'a> {
    /// The mapping or the default says which stage.
    Given { stage: &'a str, path: &'a str },
    /// The first segment names it, unless the API has a stage for what names none.
    First {
        path: &'a str,
        /// Whether local tools may have written a segment of their own behind the stage.
        may_be_of_a_tool: bool,
    },
}

impl<'a> StagePath<'a> {
    /// The first segment, and what follows it.
    pub(super) fn split(path: &'a str, may_be_of_a_tool: bool) -> (&'a str, &'a str) {
        let (stage, rest) = first_segment(path);
        let of_a_tool = rest
            .strip_prefix("/_user_request_")
            .filter(|rest| may_be_of_a_tool && (rest.is_empty() || rest.starts_with('/')));
        (stage, of_a_tool.unwrap_or(rest))
    }
}

/// Whether the request is for an API rather than for the management APIs, where both share a listener.
pub(crate) fn names_an_api(host: &str, path: &str) -> bool {
    by_path(path).is_some() || api_of_host(host).is_some()
}

/// The host, where it may be a custom domain name: everything else is known by its form.
pub(super) fn custom_domain(arrival: &Arrival) -> Option<&str> {
    (by_path(&arrival.path).is_none())
        .then(|| custom_name(&arrival.host))
        .flatten()
}

/// The host without its port, where somebody may have made it a custom domain name.
pub(crate) fn custom_name(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_own = !name.contains('.')
        || name.len() > NAME_BYTES_MAX
        || name.parse::<IpAddr>().is_ok()
        || api_of_host(name).is_some()
        || [".localhost", ".on.aws", ".amazonaws.com"]
            .iter()
            .any(|suffix| name.ends_with(suffix));
    (!is_own).then_some(name)
}

pub(super) fn find<'a>(
    arrival: &'a Arrival,
    domain: Option<&'a Domain>,
    defaults: &'a Defaults,
) -> Option<Address<'a>> {
    if let Some((api, path)) = by_path(&arrival.path) {
        return Some(Address {
            api,
            path: StagePath::First {
                path,
                may_be_of_a_tool: true,
            },
            via: None,
        });
    }
    let of = |stage: Option<&'a StageName>, path| match stage {
        Some(stage) => StagePath::Given {
            stage: stage.as_str(),
            path,
        },
        None => StagePath::First {
            path,
            may_be_of_a_tool: false,
        },
    };
    if let Some(domain) = domain {
        let (via, rest) = domain.via(&arrival.headers, &arrival.path)?;
        return Some(Address {
            api: via.api().as_str(),
            path: of(via.stage(), rest),
            via: Some(via),
        });
    }
    let by_header = || {
        arrival
            .headers
            .get("x-apigw-api-id")
            .and_then(|value| value.to_str().ok())
    };
    if let Some(api) = api_of_host(&arrival.host).or_else(by_header) {
        return Some(Address {
            api,
            path: of(None, &arrival.path),
            via: None,
        });
    }
    Some(Address {
        api: defaults.api.as_ref()?.as_str(),
        path: of(defaults.stage.as_ref(), &arrival.path),
        via: None,
    })
}

/// The API of a path that names one, and what follows: stage and resource.
fn by_path(path: &str) -> Option<(&str, &str)> {
    let path = path.trim_start_matches('/');
    let named = |prefix: &str| {
        Some(first_segment(path.strip_prefix(prefix)?)).filter(|(api, _)| !api.is_empty())
    };
    if let Some(found) = named("_api/").or_else(|| named("_aws/execute-api/")) {
        return Some(found);
    }
    let (api, rest) = named("restapis/")?;
    let (_, resource) = first_segment(rest);
    (resource == "/_user_request_" || resource.starts_with("/_user_request_/"))
        .then_some((api, rest))
}

/// `{api}.execute-api.…`, with or without the id of a VPC endpoint behind the API's.
fn api_of_host(host: &str) -> Option<&str> {
    let (label, rest) = host.split_once('.')?;
    let domain = rest.split([':', '.']).next()?;
    let api = label.split_once("-vpce-").map_or(label, |(api, _)| api);
    (domain == "execute-api" && !api.is_empty()).then_some(api)
}

/// Slashes before the segment do not count. The rest begins with a slash, or is empty.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.find('/').map_or((path, ""), |at| path.split_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Spelling};
    use http::{HeaderMap, Method};

    fn arrival(host: &str, path: &str) -> Arrival {
        Arrival {
            method: Method::GET,
            host: host.to_owned(),
            path: path.to_owned(),
            query: None,
            headers: HeaderMap::new(),
            body: Body::empty(),
            proven: None,
            source_ip: "127.0.0.1".to_owned(),
            spelling: Spelling::default(),
            scheme: "http",
            port: 80,
            client_certificate: None,
            vpc: None,
        }
    }

    /// API, stage and what follows, where the first segment names a stage.
    fn parts<'a>(address: &Address<'a>) -> (&'a str, &'a str, &'a str) {
        let (stage, rest) = match address.path {
            StagePath::Given { stage, path } => (stage, path),
            StagePath::First {
                path,
                may_be_of_a_tool,
            } => StagePath::split(path, may_be_of_a_tool),
        };
        (address.api, stage, rest)
    }

    #[test]
    fn api_and_stage_come_from_path_host_or_defaults() {
        let none = Defaults::default();
        let api = Defaults {
            api: Some("dflt".into()),
            stage: None,
        };
        let both = Defaults {
            api: Some("dflt".into()),
            stage: Some("live".into()),
        };
        let address = |api, stage, rest| Some((api, stage, rest));
        let hosted = "a1.execute-api.localhost:4700";
        for (host, path, defaults, expected) in [
            (
                "localhost:4700",
                "/_api/a1/dev/pets",
                &none,
                address("a1", "dev", "/pets"),
            ),
            (
                "localhost:4700",
                "/_api/a1/dev",
                &none,
                address("a1", "dev", ""),
            ),
            (
                "localhost:4700",
                "//_api/a1//dev//pets/",
                &none,
                address("a1", "dev", "//pets/"),
            ),
            ("localhost:4700", "/_api/a1", &none, address("a1", "", "")),
            ("localhost:4700", "/_api/", &none, None),
            (
                "localhost:4700",
                "/_aws/execute-api/a1/dev/x",
                &none,
                address("a1", "dev", "/x"),
            ),
            (
                "localhost:4700",
                "/restapis/a1/dev/_user_request_/x",
                &none,
                address("a1", "dev", "/x"),
            ),
            ("localhost:4700", "/restapis/a1/resources/r", &none, None),
            (
                hosted,
                "/dev/pets?x",
                &none,
                address("a1", "dev", "/pets?x"),
            ),
            (hosted, "//dev/pets", &none, address("a1", "dev", "/pets")),
            (hosted, "/", &none, address("a1", "", "")),
            (
                "a1-vpce-0123.execute-api.eu-west-1.amazonaws.com",
                "/dev/",
                &none,
                address("a1", "dev", "/"),
            ),
            ("a1.execute-apis.localhost", "/dev/", &none, None),
            ("url.on.aws", "/dev/pets", &none, None),
            (
                "url.on.aws",
                "/dev/pets",
                &api,
                address("dflt", "dev", "/pets"),
            ),
            (
                "url.on.aws",
                "/dev/pets",
                &both,
                address("dflt", "live", "/dev/pets"),
            ),
            (hosted, "/dev/pets", &both, address("a1", "dev", "/pets")),
        ] {
            let arrival = arrival(host, path);
            let found = find(&arrival, None, defaults);
            assert_eq!(found.as_ref().map(parts), expected, "{host} {path}");
        }
    }

    #[test]
    fn the_endpoints_header_names_the_api() {
        let mut arrival = arrival(
            "vpce-0123.execute-api.vpce.amazonaws.com.internal",
            "/dev/x",
        );
        arrival.host = "10.0.0.1".to_owned();
        arrival
            .headers
            .insert("x-apigw-api-id", http::HeaderValue::from_static("a1"));
        let none = Defaults::default();
        let found = find(&arrival, None, &none);
        assert_eq!(found.as_ref().map(parts), Some(("a1", "dev", "/x")));
    }

    proptest::proptest! {
        #[test]
        fn no_path_or_host_makes_it_panic(host in "\\PC{0,20}", path in "[/_apidev.%]{0,30}") {
            find(&arrival(&host, &format!("/{path}")), None, &Defaults::default());
            names_an_api(&host, &path);
        }
    }
}
