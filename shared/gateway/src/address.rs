//! Which API, which stage, and whether the canary answers.
//!
//! The API is named by a path that begins with `/_api/{api}` (or one of the forms that local tools use), by a host of the form
//! `{api}.execute-api.…`, by the header that private endpoints use, or by a default of this process. The stage is the next
//! segment of the path, unless the default names it.

use crate::rejection::AddressRejection;
use crate::stages::{Canary, Held, Live};
use crate::trail::{ClientTrail, StageTrail, Trail};
use crate::{Arrival, Body, Gateway, headers};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use postern_definition::{ApiId, Map, StageName};
use postern_identity::Identity;
use postern_plan::Deployed;
use rand::RngExt;
use std::sync::Arc;

/// AWS's limit for the request line of a regional API.
pub(crate) const URI_BYTES_MAX: usize = 10_240;
/// AWS's limit for all header names and values together.
pub(crate) const HEADER_BYTES_MAX: usize = 10_240;

/// AWS's limit for the name of a stage. No API's id is as long.
const NAME_BYTES_MAX: usize = 128;

/// A request whose API and stage are known.
pub(crate) struct Addressed {
    pub(crate) live: Arc<Live>,
    pub(crate) deployed: Arc<Deployed>,
    pub(crate) variables: Arc<Map<String>>,
    pub(crate) request: Request,
}

/// What remains of the arrival once API and stage are taken off.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Without the stage, leading slashes as one, otherwise as it was sent.
    pub(crate) path: String,
    pub(crate) query: Option<Arc<str>>,
    pub(crate) headers: Arc<HeaderMap>,
    pub(crate) body: Body,
    pub(crate) sent: Arc<Sent>,
}

/// What a client signs of a request's line and host: as it was sent, whatever it is taken to mean.
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) path: String,
    /// The caller, where AWS has verified the signature.
    pub(crate) proven: Option<Arc<Identity>>,
}

/// Where an API and a stage that need not be named come from.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    pub api: Option<ApiId>,
    pub stage: Option<StageName>,
}

#[derive(Debug, PartialEq, Eq)]
struct Address<'a> {
    api: &'a str,
    stage: &'a str,
    /// What follows the stage, as it was sent.
    rest: &'a str,
}

impl Gateway {
    /// Also says which stage should be read again beside this request.
    pub(crate) async fn address(
        &self,
        arrival: Arrival,
        trail: &mut Trail,
    ) -> Result<(Addressed, Option<Arc<Held>>), AddressRejection> {
        let uri_bytes =
            arrival.path.len() + arrival.query.as_ref().map_or(0, |query| query.len() + 1);
        if uri_bytes > URI_BYTES_MAX {
            return Err(AddressRejection::UriTooLong {
                bytes: uri_bytes,
                max: URI_BYTES_MAX,
            });
        }
        let header_bytes = arrival
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if header_bytes > HEADER_BYTES_MAX {
            return Err(AddressRejection::HeadersTooLong {
                bytes: header_bytes,
                max: HEADER_BYTES_MAX,
            });
        }
        let address = find(&arrival, &self.settings.defaults).ok_or(AddressRejection::NoApi)?;
        if address.api.len().max(address.stage.len()) > NAME_BYTES_MAX {
            return Err(AddressRejection::NoSuchStage {
                api: address.api.to_owned(),
                stage: address.stage.to_owned(),
            });
        }
        let (live, due) = self
            .stages
            .find(&ApiId::from(address.api), &StageName::from(address.stage))
            .await?;

        let canary = live
            .canary
            .as_ref()
            .filter(|canary| takes(canary, rand::rng().random()));
        let (deployed, variables) = match canary {
            Some(canary) => (canary.deployed.clone(), canary.variables.clone()),
            None => (live.deployed.clone(), live.variables.clone()),
        };
        if deployed.api().disable_execute_api_endpoint {
            return Err(AddressRejection::EndpointDisabled(live.api.to_string()));
        }
        trail.path = format!("/{}{}", live.name, address.rest);
        trail.stage = Some(StageTrail {
            account_id: self.settings.account.clone(),
            api_id: live.api.clone(),
            stage: live.name.clone(),
            deployment_id: deployed.id().clone(),
            is_canary: live.canary.is_some().then_some(canary.is_some()),
        });
        let path = format!("/{}", address.rest.trim_start_matches('/'));
        let sent = Arc::new(Sent {
            method: arrival.method.clone(),
            host: arrival.host,
            path: arrival.path,
            proven: arrival.proven.map(Arc::new),
        });
        let mut headers = arrival.headers;
        add_forwarded(&mut headers, arrival.port, arrival.scheme, trail);
        let request = Request {
            method: arrival.method,
            path,
            query: arrival.query.map(Arc::from),
            headers: Arc::new(headers),
            body: arrival.body,
            sent,
        };
        trail.client = Some(ClientTrail {
            headers: request.headers.clone(),
            query: request.query.clone(),
        });
        Ok((
            Addressed {
                live,
                deployed,
                variables,
                request,
            },
            due,
        ))
    }
}

/// `draw` is uniform in 0..1.
fn takes(canary: &Canary, draw: f64) -> bool {
    draw * 100.0 < canary.percent
}

/// Whether the request is for an API rather than for the management APIs, where both share a listener.
pub fn names_an_api(host: &str, path: &str) -> bool {
    by_path(path).is_some() || api_of_host(host).is_some()
}

fn find<'a>(arrival: &'a Arrival, defaults: &'a Defaults) -> Option<Address<'a>> {
    if let Some((api, rest)) = by_path(&arrival.path) {
        let (stage, rest) = first_segment(rest);
        return Some(Address {
            api,
            stage,
            rest: match rest.strip_prefix("/_user_request_") {
                Some(resource) if resource.is_empty() || resource.starts_with('/') => resource,
                _ => rest,
            },
        });
    }
    let by_header = || {
        arrival
            .headers
            .get("x-apigw-api-id")
            .and_then(|value| value.to_str().ok())
    };
    if let Some(api) = api_of_host(&arrival.host).or_else(by_header) {
        let (stage, rest) = first_segment(&arrival.path);
        return Some(Address { api, stage, rest });
    }
    let api = defaults.api.as_ref()?.as_str();
    let (stage, rest) = match &defaults.stage {
        Some(stage) => (stage.as_str(), arrival.path.as_str()),
        None => first_segment(&arrival.path),
    };
    Some(Address { api, stage, rest })
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

/// What the front door tells everyone behind it of where the request came from, and under which trace it goes.
fn add_forwarded(headers: &mut HeaderMap, port: u16, scheme: &str, trail: &Trail) {
    for (name, value) in [
        (
            "x-forwarded-for",
            forwarded_for(headers, &trail.source_ip).as_str(),
        ),
        ("x-forwarded-port", &port.to_string()),
        ("x-forwarded-proto", scheme),
        ("x-amzn-trace-id", &trail.trace_id),
    ] {
        let name = HeaderName::from_static(name);
        match HeaderValue::from_bytes(value.as_bytes()) {
            Ok(value) => drop(headers.insert(name, value)),
            // What the client wrote must not stand in its place.
            Err(_) => drop(headers.remove(name)),
        }
    }
}

/// The value of `X-Forwarded-For` that goes to backends: what the client claimed, and the peer's own address.
fn forwarded_for(claimed: &HeaderMap, source_ip: &str) -> String {
    let mut chain: Vec<_> = claimed
        .get_all("x-forwarded-for")
        .iter()
        .map(headers::text)
        .filter(|line| !line.trim().is_empty())
        .collect();
    chain.push(source_ip.into());
    chain.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
            protocol: "HTTP/1.1",
            scheme: "http",
            port: 80,
        }
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
        let address = |api, stage, rest| Some(Address { api, stage, rest });
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
            assert_eq!(
                find(&arrival(host, path), defaults),
                expected,
                "{host} {path}"
            );
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
        let expected = Some(Address {
            api: "a1",
            stage: "dev",
            rest: "/x",
        });
        assert_eq!(find(&arrival, &Defaults::default()), expected);
    }

    proptest::proptest! {
        #[test]
        fn no_path_or_host_makes_it_panic(host in "\\PC{0,20}", path in "[/_apidev.%]{0,30}") {
            find(&arrival(&host, &format!("/{path}")), &Defaults::default());
            names_an_api(&host, &path);
        }
    }
}
