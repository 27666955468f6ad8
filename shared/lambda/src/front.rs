//! What stands in front of a function, and what of its word counts.
//!
//! Everybody can write a header. So what a distribution, a load balancer or a proxy says of a client is believed only where the
//! operator says so, and, where they share a secret with it, only of requests that show the secret. What is not believed is
//! taken off: nobody behind the gateway is to take it for the truth either.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use postern_gateway::{ClientCertificate, Vpc};
use postern_identity::Secret;
use std::sync::Arc;
use std::time::Duration;

/// What may be believed of the headers that a front end is said to have written.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// `X-Forwarded-Host` names the host that the viewer asked for.
    pub forwarded_host: bool,
    /// How many proxies before the function add the address of their own peer to `X-Forwarded-For`.
    pub proxies: usize,
    /// The headers of a load balancer or distribution that has verified the client's certificate.
    pub client_certificate: bool,
    /// `X-Amzn-Vpce-Id` and `X-Amzn-Vpc-Id` name the endpoint and network that a private API was called through.
    pub vpc: bool,
    /// What the front end says in `X-Postern-Front`. Where there is one, nothing above counts for a request without it.
    pub secret: Option<Secret>,
}

const SECRET: &str = "x-postern-front";
const FORWARDED_FOR: &str = "x-forwarded-for";
const VPC: &str = "x-amzn-vpc-id";
const VPC_ENDPOINT: &str = "x-amzn-vpce-id";
/// What a load balancer's headers about a verified certificate begin with.
const BALANCER: &str = "x-amzn-mtls-clientcert";
/// And a distribution's.
const DISTRIBUTION: &str = "cloudfront-viewer-cert-";

/// What a front end has said of a request, and is believed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) host: Option<String>,
    pub(crate) client_certificate: Option<Arc<ClientCertificate>>,
    pub(crate) vpc: Option<Arc<Vpc>>,
    /// How many of the last entries of `X-Forwarded-For` proxies wrote.
    pub(crate) proxies: usize,
}

impl Told {
    /// Takes what is for the gateway alone, or not to be believed, off the headers.
    ///
    /// `by_balancer` says whether it was a load balancer that called the function.
    pub(crate) fn take(headers: &mut HeaderMap, trust: &Trust, by_balancer: bool) -> Self {
        let shown = headers.remove(SECRET);
        let is_shown = trust.secret.as_ref().is_none_or(|secret| {
            (shown.as_ref().and_then(|shown| shown.to_str().ok()))
                .is_some_and(|shown| secret.is(shown))
        });
        let forgeable: Vec<HeaderName> = (headers.keys())
            .filter(|name| {
                let name = name.as_str();
                name.starts_with(BALANCER)
                    || name.starts_with(DISTRIBUTION)
                    || [VPC, VPC_ENDPOINT].contains(&name)
            })
            .cloned()
            .collect();
        // Most requests have none of them, and are not to be searched for each by name.
        let (certificate, vpc) = match &forgeable[..] {
            [] => (None, None),
            _ => (certificate(headers, by_balancer), vpc(headers)),
        };
        for name in forgeable {
            headers.remove(name);
        }
        if !is_shown {
            return Self::default();
        }
        Self {
            host: text(headers, "x-forwarded-host").filter(|_| trust.forwarded_host),
            client_certificate: certificate.filter(|_| trust.client_certificate),
            vpc: vpc.filter(|_| trust.vpc),
            proxies: trust.proxies,
        }
    }
}

/// Takes the last so many entries off `X-Forwarded-For`, and returns the first of them: the address that the outermost of
/// these proxies saw. `None` where there are fewer.
pub(crate) fn take_client(headers: &mut HeaderMap, proxies: usize) -> Option<String> {
    // Each adds to the last line, where there are several.
    let lines: Vec<_> = (headers.get_all(FORWARDED_FOR).iter())
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let chain = lines.join(",");
    let mut entries: Vec<&str> = (chain.split(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .collect();
    let from = entries.len().checked_sub(proxies)?;
    let client = (*entries.get(from)?).to_owned();
    entries.truncate(from);
    match HeaderValue::from_str(&entries.join(", ")) {
        Ok(value) if !entries.is_empty() => drop(headers.insert(FORWARDED_FOR, value)),
        _ => drop(headers.remove(FORWARDED_FOR)),
    }
    Some(client)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    // Of several, none is more to be believed than the others.
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok().map(str::to_owned)
}

fn vpc(headers: &HeaderMap) -> Option<Arc<Vpc>> {
    let endpoint = text(headers, VPC_ENDPOINT)?;
    let id = text(headers, VPC);
    Some(Arc::new(Vpc { id, endpoint }))
}

/// What the one that verifies certificates says of the client's. It writes its own headers anew, and hands on what looks like
/// another's: so only where a load balancer called can a load balancer have spoken, and of two that speak neither is believed.
fn certificate(headers: &HeaderMap, by_balancer: bool) -> Option<Arc<ClientCertificate>> {
    let of = |prefix: &str| {
        let part = |name: &str| text(headers, &format!("{prefix}{name}"));
        let validity = part("validity").unwrap_or_default();
        let date = |name: &str| {
            (validity.split(';'))
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .map(|written| seconds(written).map_or(written.to_owned(), certificate_date))
                .unwrap_or_default()
        };
        let pem = part("leaf").or_else(|| part("pem"));
        let pem = pem.map(|pem| percent_decode_str(&pem).decode_utf8_lossy().into_owned());
        Some(Arc::new(ClientCertificate {
            pem: pem.unwrap_or_default(),
            subject: part("subject")?,
            issuer: part("issuer").unwrap_or_default(),
            serial_number: part("serial-number").unwrap_or_default(),
            not_before: date("NotBefore"),
            not_after: date("NotAfter"),
            host: None,
        }))
    };
    if text(headers, &format!("{DISTRIBUTION}present")).as_deref() == Some("0") {
        return None;
    }
    let speaks = |prefix: &str| (headers.keys()).any(|name| name.as_str().starts_with(prefix));
    match (by_balancer && speaks(BALANCER), speaks(DISTRIBUTION)) {
        (true, false) => of(&format!("{BALANCER}-")),
        (false, true) => of(DISTRIBUTION),
        (true, true) | (false, false) => None,
    }
}

fn certificate_date(seconds: u64) -> String {
    postern_telemetry::certificate_date(Duration::from_secs(seconds))
}

/// The second since 1970 of `2023-09-21T01:50:17Z`.
fn seconds(written: &str) -> Option<u64> {
    let (date, rest) = written.trim().strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<[u64; 3]> {
        let parts: Vec<u64> = (text.split(by).map(str::parse))
            .collect::<Result<_, _>>()
            .ok()?;
        parts.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(rest, ':')?;
    let is_possible = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    if !is_possible {
        return None;
    }
    // Days of the civil calendar, in years that begin with March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
    let since_1970 = days.checked_sub(719_468)?;
    Some(since_1970 * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    fn all() -> Trust {
        Trust {
            forwarded_host: true,
            proxies: 1,
            client_certificate: true,
            vpc: true,
            secret: None,
        }
    }

    const FRONT: [(&str, &str); 7] = [
        ("x-forwarded-host", "api.example.com"),
        ("x-amzn-vpce-id", "vpce-1"),
        ("x-amzn-vpc-id", "vpc-1"),
        ("x-amzn-mtls-clientcert-subject", "CN=ann"),
        ("x-amzn-mtls-clientcert-issuer", "CN=root"),
        (
            "x-amzn-mtls-clientcert-validity",
            "NotBefore=2019-05-28T12:30:02Z;NotAfter=2024-02-29T00:00:00Z",
        ),
        ("x-amzn-mtls-clientcert-leaf", "-----BEGIN%20C-----%0Ax"),
    ];

    #[test]
    fn a_front_end_is_believed_where_the_operator_says_so() {
        let mut sent = headers(&FRONT);
        let told = Told::take(&mut sent, &all(), true);
        assert_eq!(told.host.as_deref(), Some("api.example.com"));
        assert_eq!(told.vpc.unwrap().endpoint, "vpce-1");
        let certificate = told.client_certificate.unwrap();
        assert_eq!(certificate.subject, "CN=ann");
        assert_eq!(certificate.not_before, "May 28 12:30:02 2019 GMT");
        assert_eq!(certificate.not_after, "Feb 29 00:00:00 2024 GMT");
        assert_eq!(certificate.pem, "-----BEGIN C-----\nx");
        assert_eq!(sent.len(), 1, "{sent:?}");

        let mut sent = headers(&FRONT);
        assert_eq!(
            Told::take(&mut sent, &Trust::default(), true),
            Told::default()
        );
        assert_eq!(sent.len(), 1, "what is not believed is taken off: {sent:?}");
    }

    #[test]
    fn a_secret_must_be_shown_once_and_goes_no_further() {
        let trust = Trust {
            secret: Some(Secret::new("sesame")),
            ..all()
        };
        for (shown, expected) in [
            (vec!["sesame"], true),
            (vec!["sesam"], false),
            (vec![""], false),
            (vec![], false),
        ] {
            let mut sent = headers(&FRONT);
            for value in &shown {
                sent.append(SECRET, HeaderValue::from_str(value).unwrap());
            }
            let told = Told::take(&mut sent, &trust, true);
            assert_eq!(told.host.is_some(), expected, "{shown:?}");
            assert_eq!(told.client_certificate.is_some(), expected, "{shown:?}");
            assert!(!sent.contains_key(SECRET));
        }
    }

    #[test]
    fn a_header_that_comes_twice_is_nobodys_word() {
        let mut sent = headers(&FRONT);
        sent.append(
            "x-amzn-mtls-clientcert-subject",
            HeaderValue::from_static("CN=eve"),
        );
        sent.append("x-forwarded-host", HeaderValue::from_static("eve"));
        let told = Told::take(&mut sent, &all(), true);
        assert_eq!((told.host, told.client_certificate), (None, None));
    }

    #[test]
    fn a_distribution_tells_of_certificates_too() {
        let pairs = [
            ("cloudfront-viewer-cert-present", "1"),
            ("cloudfront-viewer-cert-subject", "CN=ann,O=pets"),
            ("cloudfront-viewer-cert-serial-number", "a1:b2"),
        ];
        let told = Told::take(&mut headers(&pairs), &all(), false);
        assert_eq!(told.client_certificate.unwrap().serial_number, "a1:b2");
        let absent = [("cloudfront-viewer-cert-present", "0"), pairs[1]];
        let told = Told::take(&mut headers(&absent), &all(), false);
        assert_eq!(told.client_certificate, None);
    }

    #[test]
    fn what_looks_like_anothers_word_is_the_clients() {
        const BALANCERS: (&str, &str) = ("x-amzn-mtls-clientcert-subject", "CN=balanced");
        const DISTRIBUTIONS: (&str, &str) = ("cloudfront-viewer-cert-subject", "CN=distributed");
        const ABSENT: (&str, &str) = ("cloudfront-viewer-cert-present", "0");
        for (by_balancer, lines, expected) in [
            (true, vec![BALANCERS], Some("CN=balanced")),
            (true, vec![DISTRIBUTIONS], Some("CN=distributed")),
            (true, vec![BALANCERS, DISTRIBUTIONS], None),
            (true, vec![BALANCERS, ABSENT], None),
            (false, vec![BALANCERS], None),
            (false, vec![DISTRIBUTIONS], Some("CN=distributed")),
            (
                false,
                vec![BALANCERS, DISTRIBUTIONS],
                Some("CN=distributed"),
            ),
            (false, vec![BALANCERS, ABSENT], None),
        ] {
            let told = Told::take(&mut headers(&lines), &all(), by_balancer);
            let subject = told.client_certificate.map(|one| one.subject.clone());
            assert_eq!(subject.as_deref(), expected, "{by_balancer} {lines:?}");
        }
    }

    #[test]
    fn the_client_is_whom_the_outermost_proxy_saw() {
        for (lines, proxies, client, rest) in [
            (
                vec!["1.1.1.1, 2.2.2.2"],
                1,
                Some("2.2.2.2"),
                Some("1.1.1.1"),
            ),
            (vec!["1.1.1.1", "2.2.2.2"], 2, Some("1.1.1.1"), None),
            (
                vec!["1.1.1.1,2.2.2.2 ,, 3.3.3.3"],
                2,
                Some("2.2.2.2"),
                Some("1.1.1.1"),
            ),
            (vec!["1.1.1.1"], 2, None, Some("1.1.1.1")),
            (vec![], 1, None, None),
        ] {
            let pairs: Vec<_> = lines.iter().map(|line| (FORWARDED_FOR, *line)).collect();
            let mut sent = headers(&pairs);
            assert_eq!(
                take_client(&mut sent, proxies).as_deref(),
                client,
                "{lines:?}"
            );
            assert_eq!(text(&sent, FORWARDED_FOR).as_deref(), rest, "{lines:?}");
        }
    }

    #[test]
    fn a_time_is_a_second() {
        for (written, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199)),
            ("2023-09-21T01:50:17Z", Some(1_695_261_017)),
            ("2023-13-21T01:50:17Z", None),
            ("2023-09-21 01:50:17", None),
            ("1969-09-21T01:50:17Z", None),
            ("x", None),
        ] {
            assert_eq!(seconds(written), expected, "{written}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_headers_make_it_panic(name in "(x-amzn-mtls-clientcert|cloudfront-viewer-cert)-(validity|subject|leaf|pem)", value in "\\PC{0,40}", proxies in 0_usize..4) {
            let mut sent = HeaderMap::new();
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
                sent.append(FORWARDED_FOR, value.clone());
                sent.append(name, value);
            }
            Told::take(&mut sent, &all(), true);
            take_client(&mut sent, proxies);
        }
    }
}
