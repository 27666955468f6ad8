//! An HTTP request as a Function URL, an Application Load Balancer or VPC Lattice puts it.

use crate::front::{Told, Trust, take_client};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use postern_gateway::{Arrival, Body, CognitoIdentity, Identity, Spelling};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a path or a query may not hold as it is. Some sources decode what they hand over.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// All three forms in one: members that a source does not send are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    // A Function URL, payload 2.0.
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    // A load balancer.
    http_method: Option<String>,
    multi_value_headers: Option<BTreeMap<String, Values>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Values>>,
    // VPC Lattice, payload 2.0.
    method: Option<String>,
    // A load balancer or VPC Lattice.
    path: Option<String>,
    query_string_parameters: Option<BTreeMap<String, Values>>,
    // Everyone.
    headers: Option<BTreeMap<String, Values>>,
    body: Option<String>,
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    http: Option<HttpContext>,
    domain_name: Option<String>,
    authorizer: Option<Authorizer>,
}

/// Of a Function URL that asks for IAM: who Lambda found out is calling. No client can write here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Authorizer {
    iam: Option<Iam>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Iam {
    access_key: Option<String>,
    account_id: Option<String>,
    caller_id: Option<String>,
    cognito_identity: Option<Cognito>,
    principal_org_id: Option<String>,
    user_arn: Option<String>,
    user_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cognito {
    amr: Vec<String>,
    identity_id: String,
    identity_pool_id: String,
}

impl Iam {
    /// Of somebody without a name nothing is proven.
    fn identity(self) -> Option<Identity> {
        let cognito = |found: Cognito| CognitoIdentity {
            identity_id: found.identity_id,
            pool_id: found.identity_pool_id,
            authentication_type: found.amr.first().cloned(),
            authentication_provider: found.amr.get(1).cloned(),
        };
        Some(Identity {
            arn: self.user_arn.filter(|arn| !arn.is_empty())?,
            account_id: self.account_id.filter(|account| !account.is_empty())?,
            user_id: self.user_id.or(self.caller_id).unwrap_or_default(),
            access_key_id: self.access_key,
            organization_id: self.principal_org_id.filter(|id| !id.is_empty()),
            cognito: self.cognito_identity.map(cognito),
            tags: BTreeMap::new(),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct HttpContext {
    method: String,
    source_ip: String,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
    /// As a load balancer writes a parameter without a value.
    Nothing(()),
}

/// The event is not a request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error(
        "the event is of no known source: send one of a Function URL (payload 2.0), an Application Load Balancer or VPC Lattice (payload 2.0)"
    )]
    Source,
    #[error("the event's method `{0}` is none of HTTP's")]
    Method(String),
    #[error("the event's body is not base64, though it says so")]
    Base64,
}

impl Values {
    fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
            Self::Nothing(()) => &[],
        }
    }
}

impl Event {
    pub fn into_arrival(self, trust: &Trust) -> Result<Arrival, EventError> {
        let method = self
            .http_context()
            .map(|http| &http.method)
            .or(self.http_method.as_ref())
            .or(self.method.as_ref());
        let method = method.ok_or(EventError::Source)?;
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| EventError::Method(method.clone()))?;
        let (path, query) = self.path_and_query().ok_or(EventError::Source)?;
        let mut headers = self.header_map();
        let by_balancer = self.http_context().is_none() && self.http_method.is_some();
        let told = Told::take(&mut headers, trust, by_balancer);
        let peer = take_peer(
            &mut headers,
            self.http_context().map(|http| http.source_ip.as_str()),
        );
        // The peer is the innermost of the proxies, where there are some.
        let source_ip = match told.proxies {
            0 => peer,
            proxies => take_client(&mut headers, proxies).unwrap_or(peer),
        };
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let host = told
            .host
            .or_else(|| text("host"))
            .or_else(|| self.request_context.domain_name.clone());
        let is_http =
            text("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        let scheme = if is_http { "http" } else { "https" };
        let port = text("x-forwarded-port").and_then(|port| port.parse().ok());
        let iam = self.request_context.authorizer.and_then(|found| found.iam);
        let proven = iam.and_then(Iam::identity);
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded {
            Body::from(STANDARD.decode(body).map_err(|_| EventError::Base64)?)
        } else {
            Body::from(body)
        };
        Ok(Arrival {
            method,
            host: host.unwrap_or_default(),
            path,
            query,
            headers,
            body,
            proven,
            source_ip,
            spelling: Spelling::default(),
            scheme,
            port: port.unwrap_or(if is_http { 80 } else { 443 }),
            client_certificate: told.client_certificate,
            vpc: told.vpc,
        })
    }

    fn http_context(&self) -> Option<&HttpContext> {
        self.request_context.http.as_ref()
    }

    /// As they were sent. A load balancer hands the query over in pieces, not decoded; VPC Lattice, decoded.
    fn path_and_query(&self) -> Option<(String, Option<String>)> {
        let safe = |text: &str| utf8_percent_encode(text, UNSAFE).to_string();
        if let Some(raw) = &self.raw_path {
            let query = self
                .raw_query_string
                .as_deref()
                .filter(|query| !query.is_empty());
            return Some((rooted(safe(raw)), query.map(safe)));
        }
        let (path, attached) = match self.path.as_deref()?.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.path.as_deref()?, None),
        };
        let parameters = self
            .multi_value_query_string_parameters
            .as_ref()
            .filter(|parameters| !parameters.is_empty())
            .or(self.query_string_parameters.as_ref());
        let pieces: Vec<_> = parameters
            .into_iter()
            .flatten()
            .flat_map(|(name, values)| match values.all() {
                [] => vec![name.clone()],
                values => values
                    .iter()
                    .map(|value| format!("{name}={value}"))
                    .collect(),
            })
            .collect();
        let query = if pieces.is_empty() {
            attached.map(safe)
        } else {
            Some(safe(&pieces.join("&")))
        };
        Some((rooted(safe(path)), query))
    }

    /// Lines that no HTTP message could hold are left out, and so are those beyond what a map of headers can.
    fn header_map(&self) -> HeaderMap {
        let all = self
            .multi_value_headers
            .as_ref()
            .filter(|headers| !headers.is_empty())
            .or(self.headers.as_ref());
        let mut map = HeaderMap::new();
        for (name, values) in all.into_iter().flatten() {
            let Ok(name) = HeaderName::try_from(name.as_str()) else {
                continue;
            };
            for value in values.all() {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    let _ = map.try_append(name.clone(), value);
                }
            }
        }
        let cookies = self.cookies.as_ref().filter(|cookies| !cookies.is_empty());
        if let Some(value) =
            cookies.and_then(|cookies| HeaderValue::try_from(cookies.join("; ")).ok())
        {
            let _ = map.try_insert(http::header::COOKIE, value);
        }
        map
    }
}

fn rooted(path: String) -> String {
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}

/// The address of the peer. Every source has added it to `X-Forwarded-For` as the last entry already; it is taken off again,
/// because the gateway adds it for every edge alike.
fn take_peer(headers: &mut HeaderMap, told: Option<&str>) -> String {
    const FORWARDED_FOR: &str = "x-forwarded-for";
    // The source adds to the last line, where there are several: what came before is the client's word.
    let lines: Vec<_> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let chain = lines.join(", ");
    let (before, last) = chain
        .rsplit_once(',')
        .map_or(("", chain.trim()), |(before, last)| {
            (before.trim(), last.trim())
        });
    let peer = told.filter(|told| !told.is_empty()).unwrap_or(last);
    if peer == last {
        match HeaderValue::from_bytes(before.as_bytes()) {
            Ok(value) if !before.is_empty() => drop(headers.insert(FORWARDED_FOR, value)),
            _ => drop(headers.remove(FORWARDED_FOR)),
        }
    }
    peer.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn arrival(event: Value) -> Result<Arrival, EventError> {
        serde_json::from_value::<Event>(event)
            .unwrap()
            .into_arrival(&Trust::default())
    }

    fn function_url(path: &str, query: &str) -> Value {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "cookies": ["a=1", "b=2"],
            "headers": {"host": "u.lambda-url.eu-west-1.on.aws", "x-forwarded-for": "1.2.3.4, 198.51.100.7", "bad name": "x"},
            "requestContext": {
                "domainName": "u.lambda-url.eu-west-1.on.aws",
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.51.100.7"},
            },
            "isBase64Encoded": false,
        })
    }

    #[test]
    fn a_function_url_hands_over_what_was_sent() {
        for (path, query, expected) in [
            (
                "/_api/a/dev/x%20y/../z//",
                "a=1&b=%2B+",
                ("/_api/a/dev/x%20y/../z//", Some("a=1&b=%2B+")),
            ),
            ("/", "", ("/", None)),
            ("", "", ("/", None)),
            ("/a b<é>", "q=a b", ("/a%20b%3C%C3%A9%3E", Some("q=a%20b"))),
        ] {
            let arrival = arrival(function_url(path, query)).unwrap();
            assert_eq!((arrival.path.as_str(), arrival.query.as_deref()), expected);
        }
        let arrival = arrival(function_url("/", "")).unwrap();
        assert_eq!(arrival.source_ip, "198.51.100.7");
        assert_eq!(arrival.headers["x-forwarded-for"], "1.2.3.4");
        assert_eq!(arrival.headers["cookie"], "a=1; b=2");
        assert_eq!(
            (arrival.host.as_str(), arrival.scheme, arrival.port),
            ("u.lambda-url.eu-west-1.on.aws", "https", 443)
        );
    }

    #[test]
    fn a_load_balancer_hands_over_pieces() {
        let single = json!({
            "requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/a//b%20c",
            "queryStringParameters": {"q": "a%20b", "e": ""},
            "headers": {"host": "lb", "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "http", "x-forwarded-port": "8080"},
            "body": "", "isBase64Encoded": false,
        });
        let arrived = arrival(single).unwrap();
        assert_eq!(
            (arrived.path.as_str(), arrived.query.as_deref()),
            ("/a//b%20c", Some("e=&q=a%20b"))
        );
        assert_eq!(
            (arrived.source_ip.as_str(), arrived.scheme, arrived.port),
            ("198.51.100.7", "http", 8080)
        );
        assert!(!arrived.headers.contains_key("x-forwarded-for"));

        let multi = json!({
            "requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/",
            "multiValueQueryStringParameters": {"q": ["1", "2"]}, "multiValueHeaders": {"accept": ["a/b", "c/d"]},
        });
        let arrived = arrival(multi).unwrap();
        assert_eq!(arrived.query.as_deref(), Some("q=1&q=2"));
        assert_eq!(arrived.headers.get_all("accept").iter().count(), 2);
    }

    #[test]
    fn the_peer_is_the_last_entry_of_the_last_line() {
        for (lines, peer, rest) in [
            (json!(["7.7.7.7"]), "7.7.7.7", None),
            (json!(["1.1.1.1, 7.7.7.7"]), "7.7.7.7", Some("1.1.1.1")),
            (json!(["1.1.1.1", "7.7.7.7"]), "7.7.7.7", Some("1.1.1.1")),
            (
                json!(["1.1.1.1", "2.2.2.2,7.7.7.7"]),
                "7.7.7.7",
                Some("1.1.1.1, 2.2.2.2"),
            ),
            (json!(["é, 7.7.7.7"]), "7.7.7.7", Some("é")),
            (json!([]), "", None),
        ] {
            let arrived = arrival(json!({
                "requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/",
                "multiValueHeaders": {"host": ["lb"], "x-forwarded-for": lines},
            }))
            .unwrap();
            let value = arrived.headers.get("x-forwarded-for");
            let value = value.map(|value| std::str::from_utf8(value.as_bytes()).unwrap());
            assert_eq!((arrived.source_ip.as_str(), value), (peer, rest), "{lines}");
        }
    }

    #[test]
    fn vpc_lattice_hands_over_lists() {
        let event = json!({
            "version": "2.0", "method": "POST", "path": "/a?x=1", "headers": {"host": ["svc.lattice"], "x": ["1", "2"]},
            "queryStringParameters": {"x": ["1"]}, "body": "aGk=", "isBase64Encoded": true,
            "requestContext": {"serviceArn": "arn", "identity": {"sourceVpcArn": "arn"}},
        });
        let arrived = arrival(event).unwrap();
        assert_eq!(
            (arrived.path.as_str(), arrived.query.as_deref()),
            ("/a", Some("x=1"))
        );
        let Body::Full(body) = arrived.body else {
            panic!("an event's body is all there")
        };
        assert_eq!(body, "hi");
    }

    #[test]
    fn the_viewers_host_is_believed_only_where_told() {
        let mut event = function_url("/", "");
        event["headers"]["x-forwarded-host"] = "api.example.com".into();
        let host = |forwarded_host| {
            let event: Event = serde_json::from_value(event.clone()).unwrap();
            event
                .into_arrival(&Trust {
                    forwarded_host,
                    ..Trust::default()
                })
                .unwrap()
                .host
        };
        assert_eq!(
            (host(false).as_str(), host(true).as_str()),
            ("u.lambda-url.eu-west-1.on.aws", "api.example.com")
        );
    }

    #[test]
    fn a_caller_is_proven_by_the_events_context_alone() {
        let mut event = function_url("/", "");
        for header in ["x-amzn-iam-user-arn", "authorization", "x-forwarded-user"] {
            event["headers"][header] = "arn:aws:iam::123456789012:user/ann".into();
        }
        event["headers"]["requestcontext"] = r#"{"authorizer": {"iam": {"userArn": "a"}}}"#.into();
        assert_eq!(arrival(event.clone()).unwrap().proven, None);
        for nobody in [
            json!(null),
            json!({}),
            json!({"iam": null}),
            json!({"iam": {"userArn": "", "accountId": "1"}}),
        ] {
            event["requestContext"]["authorizer"] = nobody;
            assert_eq!(arrival(event.clone()).unwrap().proven, None);
        }
        event["requestContext"]["authorizer"] = json!({"iam": {
            "accessKey": "AKIAIOSFODNN7EXAMPLE", "accountId": "123456789012", "callerId": "AIDACKCEVSQ6C2EXAMPLE", "cognitoIdentity": null,
            "principalOrgId": "o-1", "userArn": "arn:aws:iam::123456789012:user/ann", "userId": "AIDACKCEVSQ6C2EXAMPLE",
        }});
        let proven = arrival(event).unwrap().proven.unwrap();
        assert_eq!(
            (proven.arn.as_str(), proven.account_id.as_str()),
            ("arn:aws:iam::123456789012:user/ann", "123456789012")
        );
        assert_eq!(
            (proven.user_id.as_str(), proven.organization_id.as_deref()),
            ("AIDACKCEVSQ6C2EXAMPLE", Some("o-1"))
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let mut garbled = function_url("/", "");
        garbled["body"] = "%".into();
        garbled["isBase64Encoded"] = true.into();
        for (event, expected) in [
            (json!({}), EventError::Source),
            (json!({"Records": []}), EventError::Source),
            (json!({"httpMethod": "GET"}), EventError::Source),
            (
                json!({"httpMethod": "G T", "path": "/"}),
                EventError::Method("G T".to_owned()),
            ),
            (garbled, EventError::Base64),
        ] {
            assert_eq!(arrival(event).err(), Some(expected));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_path_or_header_makes_it_panic(path in "\\PC{0,30}", query in "\\PC{0,30}", value in "\\PC{0,30}") {
            let mut event = function_url(&path, &query);
            event["headers"]["x-forwarded-for"] = value.into();
            let arrival = arrival(event).unwrap();
            proptest::prop_assert!(arrival.path.starts_with('/'));
        }
    }
}
