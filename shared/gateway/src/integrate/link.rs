//! Where a VPC link leads: the address to which a private integration connects in place of its URI's host.
//!
//! A link names a load balancer by its ARN. What address that is, the operator says (`--vpc-link`, `POSTERN_VPC_LINKS`), or
//! AWS is asked, where Postern runs on AWS and in the network that the load balancer is in. Answers are kept: a link's for as
//! long as a stage's, a load balancer's name for an hour, for it never changes.

use super::buffered;
use crate::rejection::IntegrateRejection;
use crate::{Body, Call, Caller, Destination, Gateway};
use http::uri::Authority;
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_definition::Map;
use postern_definition::rest::VpcLink;
use postern_plan::account::vpc_link_key;
use postern_plan::{LinkPlan, UriTemplate};
use postern_store::{Consistency, decode};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Names whose addresses are held at most. Beyond it all are let go.
const KNOWN_MAX: usize = 1_000;
/// How long a load balancer's name is kept.
const NAMED_FOR: Duration = Duration::from_secs(3_600);
/// How long it is kept that a load balancer could not be found, so that a broken link does not use up the few calls a second
/// that AWS allows an account.
const UNKNOWN_FOR: Duration = Duration::from_secs(30);
const ASKED_WITHIN: Duration = Duration::from_secs(5);

/// What the operator says of VPC links.
#[derive(Clone, Debug, Default)]
pub struct VpcLinks {
    addresses: BTreeMap<String, String>,
    asks_aws: bool,
}

impl VpcLinks {
    /// AWS is to be asked for load balancers that no address is given for.
    pub fn asking_aws() -> Self {
        Self {
            asks_aws: true,
            ..Self::default()
        }
    }

    /// Takes settings such as `a1b2c3=localhost:8080,arn:aws:…:loadbalancer/net/inner/0123=10.0.0.7`: by a link's id, or by
    /// the ARN of what it leads to.
    pub fn set(&mut self, settings: &str) -> Result<(), String> {
        for setting in settings.split(',').map(str::trim).filter(|s| !s.is_empty()) {
            let (name, address) = setting
                .rsplit_once('=')
                .filter(|(name, _)| !name.trim().is_empty())
                .ok_or_else(|| format!("`{setting}` is not of the form LINK-OR-ARN=HOST:PORT"))?;
            let address = address.trim();
            let is_address = address.parse::<Authority>().is_ok_and(|authority| {
                let port = address
                    .rsplit_once(':')
                    .filter(|(_, port)| !port.ends_with(']'));
                let port_is_right = port.is_none() || authority.port_u16().is_some();
                !authority.host().is_empty() && !address.contains('@') && port_is_right
            });
            if !is_address {
                return Err(format!(
                    "`{address}` is no address: write HOST or HOST:PORT, as in `{}=localhost:8080`",
                    name.trim()
                ));
            }
            self.addresses
                .insert(name.trim().to_owned(), address.to_owned());
        }
        Ok(())
    }

    /// A load balancer stands for each of its listeners.
    fn find(&self, name: &str) -> Option<&String> {
        let of_balancer = || self.addresses.get(&load_balancer(name)?);
        self.addresses.get(name).or_else(of_balancer)
    }
}

/// What was found out, by name.
#[derive(Default)]
pub(crate) struct Links {
    targets: Mutex<HashMap<String, Known<Option<Vec<String>>>>>,
    balancers: Mutex<HashMap<String, Known<Result<String, String>>>>,
}

#[derive(Clone)]
struct Known<T> {
    what: T,
    at: Duration,
    /// The table's, before it was read.
    generation: Option<u64>,
}

fn recall<T: Clone>(known: &Mutex<HashMap<String, Known<T>>>, name: &str) -> Option<Known<T>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(name).cloned()
}

fn keep<T>(known: &Mutex<HashMap<String, Known<T>>>, name: &str, what: Known<T>) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(name.to_owned(), what);
}

impl Gateway {
    /// `host` or `host:port` of what stands before a private integration's endpoint.
    pub(super) async fn address_behind(
        &self,
        link: &LinkPlan,
        variables: &Map<String>,
    ) -> Result<String, IntegrateRejection> {
        let filled = |text: &UriTemplate| {
            let variable = |name: &str| variables.get(name).map(String::as_str);
            text.fill(|_| None, variable).into_owned()
        };
        let id = filled(&link.id);
        if id.is_empty() {
            return Err(broken(
                "the integration names no VPC link: its connectionId is empty".to_owned(),
            ));
        }
        let target = link.target.as_ref().map(filled);
        // A service of Cloud Map may be told with attributes that its instances are to have.
        let service = target.as_ref().and_then(|target| target.split_once('?'));
        let service = service.map(|(service, _)| service.to_owned());
        let said = &self.settings.vpc_links;
        let named = target.iter().chain(&service).chain([&id]);
        let named = named.into_iter().find_map(|name| said.find(name));
        if let Some(address) = named {
            return Ok(address.clone());
        }
        let targets = match target {
            Some(target) => vec![target],
            None => self.targets_of(&id).await?,
        };
        if let Some(address) = targets.iter().find_map(|arn| said.find(arn)) {
            return Ok(address.clone());
        }
        let Some(arn) = targets.first() else {
            return Err(broken(format!("VPC link {id} leads to nothing")));
        };
        if !said.asks_aws {
            return Err(broken(format!(
                "VPC link {id} leads to {arn}, and nothing says where that is: set POSTERN_VPC_LINKS to {arn}=HOST:PORT"
            )));
        }
        let found = self.address_of(arn, link.by_listener).await;
        found.map_err(|reason| {
            broken(format!(
                "VPC link {id} leads to {arn}, which has no address: {reason}"
            ))
        })
    }

    /// `by_listener` has the listener's port where the ARN is of one: nothing else says it.
    async fn address_of(&self, arn: &str, by_listener: bool) -> Result<String, String> {
        let balancer = load_balancer(arn);
        let name = self.kept(balancer.as_deref().unwrap_or(arn)).await?;
        if by_listener && balancer.is_some() {
            let port = self.kept(arn).await?;
            return Ok(format!("{name}:{port}"));
        }
        Ok(name)
    }

    /// What a link leads to, by ARN.
    async fn targets_of(&self, id: &str) -> Result<Vec<String>, IntegrateRejection> {
        let now = self.clock.now();
        let table = self.stages.table();
        let generation = table.generation();
        let known = recall(&self.links.targets, id).filter(|known| match generation {
            Some(_) => known.generation == generation,
            None => now.saturating_sub(known.at) < self.settings.freshness.stale_after,
        });
        let targets = if let Some(known) = known {
            known.what
        } else {
            let read = table.get(&vpc_link_key(id), Consistency::Eventual).await;
            let item =
                read.map_err(|error| broken(format!("VPC link {id} cannot be read: {error}")))?;
            let link = item.map(|item| decode::<VpcLink>(&item)).transpose();
            let link =
                link.map_err(|error| broken(format!("VPC link {id} cannot be read: {error}")))?;
            let what = link.map(|link| link.target_arns);
            let known = Known {
                what: what.clone(),
                at: now,
                generation,
            };
            keep(&self.links.targets, id, known);
            what
        };
        targets.ok_or_else(|| broken(format!("there is no VPC link `{id}`")))
    }

    /// The DNS name of a load balancer, or the port of a listener.
    async fn kept(&self, arn: &str) -> Result<String, String> {
        let now = self.clock.now();
        let known = recall(&self.links.balancers, arn).filter(|known| {
            let kept_for = if known.what.is_ok() {
                NAMED_FOR
            } else {
                UNKNOWN_FOR
            };
            now.saturating_sub(known.at) < kept_for
        });
        if let Some(known) = known {
            return known.what;
        }
        let what = self.described(arn).await;
        let known = Known {
            what: what.clone(),
            at: now,
            generation: None,
        };
        keep(&self.links.balancers, arn, known);
        what
    }

    async fn described(&self, arn: &str) -> Result<String, String> {
        let mut parts = arn.splitn(6, ':');
        let (service, region) = (parts.nth(2), parts.next());
        let region = match (service, region) {
            (Some("elasticloadbalancing"), Some(region)) => region,
            (Some("servicediscovery"), _) => {
                let reason = "the instances of services of Cloud Map are not looked up: \
                    set POSTERN_VPC_LINKS to its ARN and HOST:PORT";
                return Err(reason.to_owned());
            }
            _ => return Err("it is not the ARN of a load balancer".to_owned()),
        };
        let is_listener = load_balancer(arn).is_some();
        let asked = if is_listener {
            "DescribeListeners&ListenerArns"
        } else {
            "DescribeLoadBalancers&LoadBalancerArns"
        };
        let call = Call {
            destination: Destination::Service {
                name: "elasticloadbalancing".to_owned(),
                region: region.to_owned(),
                path: format!(
                    "/?Action={asked}.member.1={}&Version=2015-12-01",
                    utf8_percent_encode(arn, NON_ALPHANUMERIC)
                ),
                caller: Caller::Gateway,
            },
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Body::empty(),
            timeout: ASKED_WITHIN,
        };
        let answer = self.backend.call(call).await.map_err(|e| e.to_string())?;
        let (head, body) = answer.into_parts();
        let body = buffered(body).await.map_err(|error| error.to_string())?;
        let body = String::from_utf8_lossy(&body);
        if head.status != 200 {
            let start: String = body.chars().take(300).collect();
            return Err(format!("AWS answered {}: {start}", head.status.as_u16()));
        }
        if is_listener {
            let port = told(&body, "Port").and_then(|port| port.parse::<u16>().ok());
            return port
                .map(|port| port.to_string())
                .ok_or_else(|| "AWS told no port of it".to_owned());
        }
        dns_name(&body)
            .map(str::to_owned)
            .ok_or_else(|| "AWS told no name of it".to_owned())
    }
}

/// The first member of a name. The service answers in XML or in JSON, as it pleases; what is asked for needs no escapes in either.
fn told<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let after = if let Some((_, after)) = answer.split_once(&format!("<{name}>")) {
        after
    } else {
        let after = answer.split_once(&format!("\"{name}\""))?.1;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        value.strip_prefix('"').unwrap_or(value)
    };
    let end = after.find(['<', '"', ',', '}'])?;
    Some(after[..end].trim())
}

fn dns_name(answer: &str) -> Option<&str> {
    let name = told(answer, "DNSName")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}

/// The ARN of the load balancer that a listener belongs to, of whose own it is a part.
fn load_balancer(listener: &str) -> Option<String> {
    let (owner, resource) = listener.split_once(":listener/")?;
    let (balancer, _) = resource.rsplit_once('/')?;
    Some(format!("{owner}:loadbalancer/{balancer}"))
}

fn broken(reason: String) -> IntegrateRejection {
    IntegrateRejection::Configuration(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BALANCER: &str =
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/inner/0123";
    const LISTENER: &str =
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/net/inner/0123/4567";

    #[test]
    fn settings_name_links_and_what_they_lead_to() {
        let mut links = VpcLinks::default();
        links
            .set(&format!(
                " a1b2=localhost:8080, {BALANCER}=10.0.0.7 ,six=[::1]:80,seven=[::1]"
            ))
            .unwrap();
        for (name, expected) in [
            ("a1b2", Some("localhost:8080")),
            (BALANCER, Some("10.0.0.7")),
            (LISTENER, Some("10.0.0.7")),
            ("six", Some("[::1]:80")),
            ("seven", Some("[::1]")),
            ("other", None),
            ("", None),
        ] {
            assert_eq!(links.find(name).map(String::as_str), expected, "{name}");
        }
        for (settings, expected) in [
            ("a1b2", "`a1b2` is not of the form LINK-OR-ARN=HOST:PORT"),
            ("=h:1", "`=h:1` is not of the form LINK-OR-ARN=HOST:PORT"),
            (
                "a=",
                "`` is no address: write HOST or HOST:PORT, as in `a=localhost:8080`",
            ),
            (
                "a=u@h",
                "`u@h` is no address: write HOST or HOST:PORT, as in `a=localhost:8080`",
            ),
            (
                "a=h:x",
                "`h:x` is no address: write HOST or HOST:PORT, as in `a=localhost:8080`",
            ),
            (
                "a=http://h",
                "`http://h` is no address: write HOST or HOST:PORT, as in `a=localhost:8080`",
            ),
        ] {
            assert_eq!(VpcLinks::default().set(settings).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_load_balancers_name_is_read_from_what_aws_answers() {
        for (answer, expected) in [
            (
                "<a><DNSName>inner-0123.elb.eu-west-1.amazonaws.com</DNSName></a>",
                Some("inner-0123.elb.eu-west-1.amazonaws.com"),
            ),
            (r#"{"DNSName": "inner.example"}"#, Some("inner.example")),
            ("<DNSName></DNSName>", None),
            ("<DNSName>a@b</DNSName>", None),
            ("<DNSName>a", None),
            ("", None),
        ] {
            assert_eq!(dns_name(answer), expected, "{answer}");
        }
        for (answer, expected) in [
            ("<a><Port>8080</Port></a>", Some("8080")),
            (r#"{"Protocol": "HTTP", "Port": 8080}"#, Some("8080")),
            (r#"{"Port":"80"}"#, Some("80")),
            ("{}", None),
        ] {
            assert_eq!(told(answer, "Port"), expected, "{answer}");
        }
    }
}
