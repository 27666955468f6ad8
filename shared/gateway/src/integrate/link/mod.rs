//! Where a VPC link leads: the address to which a private integration connects in place of its URI's host.
//!
//! A link names a load balancer by its ARN. What address that is, the operator says (`--vpc-link`, `POSTERN_VPC_LINKS`), or
//! AWS is asked, where Postern runs on AWS and in the network that the load balancer is in. Answers are kept: a link's for as
//! long as a stage's, a load balancer's name for an hour, for it never changes. An HTTP API may name a service of Cloud Map
//! instead, whose instances come and go.

mod balancer;
mod discovery;

use crate::held::buffered;
use crate::rejection::IntegrateRejection;
use crate::{Body, Call, Destination, Gateway};
use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Method};
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
        let of_balancer = || self.addresses.get(&balancer::of_listener(name)?);
        self.addresses.get(name).or_else(of_balancer)
    }
}

/// What was found out, by name.
#[derive(Default)]
pub(crate) struct Links {
    targets: Mutex<HashMap<String, Known<Option<Vec<String>>>>>,
    facts: Mutex<HashMap<String, Known<Fact>>>,
}

/// What AWS said, or why it said nothing.
type Fact = Result<Vec<String>, String>;

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
        if discovery::is_service(arn) {
            return self.instance_of(arn).await;
        }
        let balancer = balancer::of_listener(arn);
        let named = balancer.as_deref().unwrap_or(arn);
        let name = self.fact(named, NAMED_FOR, self.name_of(named)).await?;
        let mut address = name.concat();
        if by_listener && balancer.is_some() {
            let port = self.fact(arn, NAMED_FOR, self.port_of(arn)).await?;
            address = format!("{address}:{}", port.concat());
        }
        Ok(address)
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

    /// What AWS said of something, if it was asked lately, or says now.
    async fn fact(
        &self,
        of: &str,
        kept_for: Duration,
        found_out: impl Future<Output = Fact>,
    ) -> Fact {
        let now = self.clock.now();
        let known = recall(&self.links.facts, of).filter(|known| {
            let kept_for = if known.what.is_ok() {
                kept_for
            } else {
                UNKNOWN_FOR
            };
            now.saturating_sub(known.at) < kept_for
        });
        if let Some(known) = known {
            return known.what;
        }
        let what = found_out.await;
        let known = Known {
            what: what.clone(),
            at: now,
            generation: None,
        };
        keep(&self.links.facts, of, known);
        what
    }

    /// What a service of AWS answers to the gateway itself.
    async fn told_by(
        &self,
        destination: Destination,
        method: Method,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Bytes, String> {
        let call = Call {
            destination,
            method,
            headers,
            body,
            timeout: ASKED_WITHIN,
        };
        let answer = self.backend.call(call).await.map_err(|e| e.to_string())?;
        let (head, body) = answer.into_parts();
        let body = buffered(body).await.map_err(|error| error.to_string())?;
        if head.status == 200 {
            return Ok(body);
        }
        let start: String = String::from_utf8_lossy(&body).chars().take(300).collect();
        Err(format!("AWS answered {}: {start}", head.status.as_u16()))
    }
}

/// The parts of an ARN: its service, its region and what it names.
fn parts(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, region) = (parts.next()?, parts.next()?);
    Some((service, region, parts.nth(1)?))
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
}
