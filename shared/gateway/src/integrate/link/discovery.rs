//! Services of Cloud Map: the instances that are registered with one, and have the attributes that are wanted.

use super::{Fact, NAMED_FOR, parts};
use crate::{Body, Caller, Destination, Gateway, Query};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rand::RngExt;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

/// How long the instances that were found count as all. They come and go with every release of what they run.
const DISCOVERED_FOR: Duration = Duration::from_secs(5);

/// Whether a target is a service's ARN, perhaps with attributes in a query behind it.
pub(super) fn is_service(target: &str) -> bool {
    matches!(parts(target), Some(("servicediscovery", ..)))
}

impl Gateway {
    /// `host:port` of one of the instances, whichever the dice say.
    pub(super) async fn instance_of(&self, target: &str) -> Result<String, String> {
        let of = format!("instances of {target}");
        let instances = self
            .fact(&of, DISCOVERED_FOR, self.instances_of(target))
            .await?;
        let drawn = rand::rng().random_range(0..instances.len().max(1));
        let none = || "no instance with an address is registered with it".to_owned();
        instances.into_iter().nth(drawn).ok_or_else(none)
    }

    async fn instances_of(&self, target: &str) -> Fact {
        let (arn, wanted) = target.split_once('?').unwrap_or((target, ""));
        let (_, region, resource) = parts(arn).ok_or("it is not an ARN")?;
        let id = resource.strip_prefix("service/").unwrap_or(resource);
        let names = self.fact(arn, NAMED_FOR, self.names_of(region, id)).await?;
        let [service, namespace] = names.as_slice() else {
            return Err("AWS told no names of it".to_owned());
        };
        let mut question = json!({
            "NamespaceName": namespace, "ServiceName": service, "HealthStatus": "HEALTHY_OR_ELSE_ALL", "MaxResults": 1_000,
        });
        let attributes = Query::parse(wanted);
        if !attributes.pairs().is_empty() {
            let attributes = attributes.pairs().iter();
            let attributes = attributes.map(|(name, value)| (name.clone(), value.as_str().into()));
            question["QueryParameters"] = attributes.collect::<serde_json::Map<_, Value>>().into();
        }
        let answer = self
            .map_says(
                "data-servicediscovery",
                region,
                "DiscoverInstances",
                question,
            )
            .await?;
        let instances = answer["Instances"].as_array().into_iter().flatten();
        Ok(instances
            .filter_map(|one| address(&one["Attributes"]))
            .collect())
    }

    /// The names of a service and of its namespace, which never change.
    async fn names_of(&self, region: &str, id: &str) -> Fact {
        let ask = |action, id: &str| {
            self.map_says("servicediscovery", region, action, json!({ "Id": id }))
        };
        let service = ask("GetService", id).await?;
        let text = |value: &Value| -> Result<String, String> {
            let text = value.as_str().ok_or("AWS told no names of it")?;
            Ok(text.to_owned())
        };
        let namespace = text(&service["Service"]["NamespaceId"])?;
        let namespace = ask("GetNamespace", &namespace).await?;
        Ok(vec![
            text(&service["Service"]["Name"])?,
            text(&namespace["Namespace"]["Name"])?,
        ])
    }

    async fn map_says(
        &self,
        host: &str,
        region: &str,
        action: &str,
        question: Value,
    ) -> Result<Value, String> {
        let destination = Destination::Service {
            name: host.to_owned(),
            region: region.to_owned(),
            path: "/".to_owned(),
            caller: Caller::Gateway,
        };
        let mut headers = HeaderMap::with_capacity(2);
        let json = HeaderValue::from_static("application/x-amz-json-1.1");
        headers.insert(CONTENT_TYPE, json);
        let target = format!("Route53AutoNaming_v20170314.{action}");
        let name = HeaderName::from_static("x-amz-target");
        super::super::set(&mut headers, name, &target);
        let body = Body::from(question.to_string());
        let answer = self
            .told_by(destination, Method::POST, headers, body)
            .await?;
        serde_json::from_slice(&answer).map_err(|error| format!("AWS answered no JSON: {error}"))
    }
}

/// What an instance was registered with. One that has no port is asked at the usual one.
fn address(attributes: &Value) -> Option<String> {
    let text = |name: &str| attributes[name].as_str().map(str::trim);
    let ip = |name: &str| text(name)?.parse::<IpAddr>().ok();
    let host = match ip("AWS_INSTANCE_IPV4").or_else(|| ip("AWS_INSTANCE_IPV6")) {
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        None => {
            let name = text("AWS_INSTANCE_CNAME")?;
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            let is_name = !name.is_empty() && name.bytes().all(fits);
            is_name.then(|| name.to_owned())?
        }
    };
    Some(match text("AWS_INSTANCE_PORT") {
        None => host,
        Some(port) => format!("{host}:{}", port.parse::<u16>().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_where_it_was_registered() {
        for (attributes, expected) in [
            (
                json!({"AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "8080"}),
                Some("10.0.0.7:8080"),
            ),
            (json!({"AWS_INSTANCE_IPV4": "10.0.0.7"}), Some("10.0.0.7")),
            (
                json!({"AWS_INSTANCE_IPV6": "fd00::1", "AWS_INSTANCE_PORT": "80"}),
                Some("[fd00::1]:80"),
            ),
            (
                json!({"AWS_INSTANCE_CNAME": "a.example", "AWS_INSTANCE_PORT": "80"}),
                Some("a.example:80"),
            ),
            (
                json!({"AWS_INSTANCE_IPV4": "10.0.0.7", "AWS_INSTANCE_PORT": "x"}),
                None,
            ),
            (json!({"AWS_INSTANCE_CNAME": "a@b"}), None),
            (json!({"AWS_INSTANCE_PORT": "80"}), None),
            (Value::Null, None),
        ] {
            assert_eq!(address(&attributes).as_deref(), expected, "{attributes}");
        }
    }
}
