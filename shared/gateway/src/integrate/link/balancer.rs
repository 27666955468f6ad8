//! Load balancers: their names, and the ports of their listeners.

use super::{Fact, parts};
use crate::{Body, Caller, Destination, Gateway};
use http::{HeaderMap, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

impl Gateway {
    pub(super) async fn name_of(&self, balancer: &str) -> Fact {
        let answer = self
            .described("DescribeLoadBalancers&LoadBalancerArns", balancer)
            .await?;
        let name = dns_name(&answer).ok_or("AWS told no name of it")?;
        Ok(vec![name.to_owned()])
    }

    pub(super) async fn port_of(&self, listener: &str) -> Fact {
        let answer = self
            .described("DescribeListeners&ListenerArns", listener)
            .await?;
        let port = told(&answer, "Port").and_then(|port| port.parse::<u16>().ok());
        let port = port.ok_or("AWS told no port of it")?;
        Ok(vec![port.to_string()])
    }

    async fn described(&self, asked: &str, arn: &str) -> Result<String, String> {
        let Some(("elasticloadbalancing", region, _)) = parts(arn) else {
            return Err("it is not the ARN of a load balancer".to_owned());
        };
        let destination = Destination::Service {
            name: "elasticloadbalancing".to_owned(),
            region: region.to_owned(),
            path: format!(
                "/?Action={asked}.member.1={}&Version=2015-12-01",
                utf8_percent_encode(arn, NON_ALPHANUMERIC)
            ),
            caller: Caller::Gateway,
        };
        let told = self.told_by(destination, Method::GET, HeaderMap::new(), Body::empty());
        Ok(String::from_utf8_lossy(&told.await?).into_owned())
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
pub(super) fn of_listener(listener: &str) -> Option<String> {
    let (owner, resource) = listener.split_once(":listener/")?;
    let (balancer, _) = resource.rsplit_once('/')?;
    Some(format!("{owner}:loadbalancer/{balancer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
