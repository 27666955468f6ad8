//! What a proof must be like, so that it can be sent to STS and shows there who made it for this Postern, and shows nothing else.

use crate::wire::Part;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use percent_encoding::percent_decode_str;
use postern_definition::Map;
use postern_identity::sigv4::{Form, Payload, Presented, Request, Rules};
use serde::Deserialize;
use std::time::Duration;

/// For which Postern a proof is.
const AUDIENCE: &str = "x-postern-audience";

/// How old a proof may be, and how far ahead of time. STS itself takes it for much longer.
const AGE_MAX: Duration = Duration::from_secs(60);
const QUERY_NAMES: &[&str] = &[
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

const HEADER_NAMES: &[&str] = &[
    AUDIENCE,
    "authorization",
    "content-type",
    "host",
    "x-amz-date",
    "x-amz-security-token",
];

#[rustfmt::skip]
const REGIONS: &[&str] = &[
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
    "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
    "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
];

const REGIONS_CN: &[&str] = &["cn-north-1", "cn-northwest-1"];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    method: String,
    url: String,
    headers: Map<String>,
    body: Option<String>,
    pub(super) duration_seconds: Option<i64>,
}

impl Part for Proof {}

/// A proof that may be sent to STS.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) method: Method,
    pub(super) host: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

pub(super) fn checked(proof: &Proof, audience: &str, now: Duration) -> Result<Checked, String> {
    let method = match proof.method.as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        other => return Err(format!("its method is `{other}`, and must be GET or POST")),
    };
    let uri: Uri = proof
        .url
        .parse()
        .map_err(|_| "its URL is none".to_owned())?;
    let host = uri.authority().map_or("", http::uri::Authority::as_str);
    let region = region_of(host).ok_or_else(|| {
        format!("`{host}` is no host of STS: use sts.amazonaws.com or that of a region")
    })?;
    if uri.scheme_str() != Some("https") || uri.path() != "/" || proof.url.contains('#') {
        return Err(format!("its URL must be https://{host}/ and a query"));
    }
    let body = proof.body.clone().unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let form = if method == Method::GET {
        if !body.is_empty() {
            return Err("a GET has no body".to_owned());
        }
        query
    } else {
        if !query.is_empty() {
            return Err("a POST has its parameters in its body".to_owned());
        }
        &body
    };
    check_form(form, method == Method::GET)?;
    let headers = checked_headers(&proof.headers, host)?;
    if headers.get(AUDIENCE).map(HeaderValue::as_bytes) != Some(audience.as_bytes()) {
        return Err(format!("its header {AUDIENCE} must be `{audience}`"));
    }
    let every: Vec<&str> = headers
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| *name != "authorization")
        .collect();
    let request = Request {
        method: method.as_str(),
        path: "/",
        query,
        headers: &headers,
        payload: Payload::Body(body.as_bytes()),
    };
    let rules = Rules {
        service: "sts",
        region,
        unsigned_payloads: false,
        must_sign: &every,
    };
    let presented = Presented::read(&request, &rules, now).map_err(|refusal| refusal.message())?;
    let signed_at = presented.signed_at();
    if signed_at + AGE_MAX < now || signed_at > now + AGE_MAX {
        let age = AGE_MAX.as_secs();
        return Err(format!(
            "it was signed more than {age} seconds ago, or ahead of time"
        ));
    }
    // STS is to read of the signature what was read of it here, and in one place.
    let understood = match presented.form() {
        Form::Header => Some(presented.authorization()),
        Form::Query => None,
    };
    let mut headers = headers.clone();
    headers.remove(AUTHORIZATION);
    if let Some(understood) = understood {
        let value = HeaderValue::try_from(understood)
            .map_err(|_| "its header `authorization` cannot be sent".to_owned())?;
        headers.insert(AUTHORIZATION, value);
    }
    let query = (!query.is_empty()).then(|| query.to_owned());
    Ok(Checked {
        method,
        host: host.to_owned(),
        query,
        headers,
        body,
    })
}

/// The region for which a request to a host of STS is signed.
fn region_of(host: &str) -> Option<&'static str> {
    if host == "sts.amazonaws.com" {
        return Some("us-east-1");
    }
    let region = host.strip_prefix("sts.")?;
    let find = |regions: &'static [&'static str], name: &str| {
        regions.iter().copied().find(|region| *region == name)
    };
    match region.strip_suffix(".amazonaws.com.cn") {
        Some(name) => find(REGIONS_CN, name),
        None => find(REGIONS, region.strip_suffix(".amazonaws.com")?),
    }
}

/// The one action, and nothing that stands twice.
fn check_form(form: &str, is_query: bool) -> Result<(), String> {
    let mut seen: Vec<String> = Vec::new();
    for pair in form.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, value) = (decoded(name), decoded(value));
        let wanted = match name.as_str() {
            "Action" => Some("GetCallerIdentity"),
            "Version" => Some("2011-06-15"),
            _ => None,
        };
        match wanted {
            Some(wanted) if value != wanted => {
                return Err(format!("its {name} is `{value}`, and must be {wanted}"));
            }
            None if !is_query || !QUERY_NAMES.contains(&name.as_str()) => {
                return Err(format!("it has the parameter `{name}`"));
            }
            _ => {}
        }
        if seen.contains(&name) {
            return Err(format!("it has the parameter `{name}` twice"));
        }
        seen.push(name);
    }
    for name in ["Action", "Version"] {
        if !seen.iter().any(|seen| seen == name) {
            return Err(format!("it lacks the parameter {name}"));
        }
    }
    Ok(())
}

fn checked_headers(given: &Map<String>, host: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = name.to_ascii_lowercase();
        if !HEADER_NAMES.contains(&name.as_str()) {
            return Err(format!("it has the header `{name}`"));
        }
        let cannot = |_| format!("its header `{name}` cannot be sent");
        let value = HeaderValue::from_str(value).map_err(|error| cannot(error.to_string()))?;
        let key =
            HeaderName::from_bytes(name.as_bytes()).map_err(|error| cannot(error.to_string()))?;
        if headers.insert(key, value).is_some() {
            return Err(format!("it has the header `{name}` twice"));
        }
    }
    let own = HeaderValue::from_str(host).map_err(|error| error.to_string())?;
    if *headers.entry("host").or_insert_with(|| own.clone()) != own {
        return Err("its header `host` is another than its URL's".to_owned());
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_768_480_200);
    const HOST: &str = "sts.eu-west-1.amazonaws.com";

    /// A proof by POST that would be taken.
    fn proof() -> Proof {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260115/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-postern-audience, Signature=00";
        let headers = [
            ("Authorization", authorization),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", HOST),
            ("X-Amz-Date", "20260115T123000Z"),
            ("X-Postern-Audience", "here"),
        ];
        Proof {
            method: "POST".to_owned(),
            url: format!("https://{HOST}/"),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: Some("Action=GetCallerIdentity&Version=2011-06-15".to_owned()),
            duration_seconds: None,
        }
    }

    /// The same by GET.
    fn presigned() -> Proof {
        Proof {
            method: "GET".to_owned(),
            url: format!(
                "https://{HOST}/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260115%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date=20260115T123000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-postern-audience&X-Amz-Signature=00"
            ),
            headers: [("x-postern-audience".to_owned(), "here".to_owned())].into(),
            body: None,
            duration_seconds: None,
        }
    }

    type Change = fn(&mut Proof);

    fn set(proof: &mut Proof, name: &str, value: &str) {
        proof.headers.insert(name.to_owned(), value.to_owned());
    }

    fn url(proof: &mut Proof, from: &str, to: &str) {
        assert!(proof.url.contains(from), "{from}");
        proof.url = proof.url.replace(from, to);
    }

    #[test]
    fn only_a_fresh_request_to_sts_for_this_postern_is_taken() {
        checked(&proof(), "here", NOW).unwrap();
        checked(&presigned(), "here", NOW).unwrap();
        let posts: &[(Change, &str)] = &[
            (|p| p.method = "PUT".into(), "GET or POST"),
            (|p| url(p, "https", "http"), "https://"),
            (|p| url(p, HOST, "evil.example"), "no host of STS"),
            (
                |p| url(p, HOST, "sts.eu-west-1.amazonaws.com.evil.example"),
                "no host of STS",
            ),
            (
                |p| url(p, HOST, "sts.evil-1.amazonaws.com"),
                "no host of STS",
            ),
            (
                |p| url(p, HOST, "sts.cn-north-1.amazonaws.com"),
                "no host of STS",
            ),
            (
                |p| url(p, HOST, "sts.eu-west-1.amazonaws.com:8443"),
                "no host of STS",
            ),
            (
                |p| url(p, HOST, "me@sts.eu-west-1.amazonaws.com"),
                "no host of STS",
            ),
            (|p| p.url.push('x'), "https://"),
            (|p| p.url.push_str("#x"), "https://"),
            (|p| p.url.push_str("?Action=AssumeRole"), "in its body"),
            (
                |p| p.body = Some("Action=AssumeRole&Version=2011-06-15".into()),
                "must be GetCallerIdentity",
            ),
            (
                |p| p.body = Some("Action=GetCallerIdentity".into()),
                "lacks the parameter Version",
            ),
            (
                |p| {
                    p.body = Some(
                        "Action=GetCallerIdentity&Version=2011-06-15&Action=GetCallerIdentity"
                            .into(),
                    );
                },
                "twice",
            ),
            (
                |p| p.body = Some("Action=GetCallerIdentity&Version=2011-06-15&x=1".into()),
                "parameter `x`",
            ),
            (|p| set(p, "x-postern-audience", "there"), "twice"),
            (|p| set(p, "X-Postern-Audience", "there"), "must be `here`"),
            (
                |p| drop(p.headers.remove("X-Postern-Audience")),
                "must be `here`",
            ),
            (
                |p| set(p, "X-Forwarded-For", "1"),
                "header `x-forwarded-for`",
            ),
            (|p| set(p, "Host", "evil.example"), "another than its URL's"),
            (
                |p| set(p, "X-Amz-Security-Token", "t"),
                "must be a 'SignedHeader'",
            ),
            (
                |p| {
                    let signed = p.headers["Authorization"].replace(";x-postern-audience", "");
                    set(p, "Authorization", &signed);
                },
                "'x-postern-audience' must be a 'SignedHeader'",
            ),
            (
                |p| {
                    let signed = p.headers["Authorization"].replace("content-type;", "");
                    set(p, "Authorization", &signed);
                },
                "'content-type' must be a 'SignedHeader'",
            ),
            (
                |p| {
                    let other = p.headers["Authorization"].replace("/sts/", "/s3/");
                    set(p, "Authorization", &other);
                },
                "correct service",
            ),
            (
                |p| set(p, "X-Amz-Date", "20260115T122859Z"),
                "more than 60 seconds ago",
            ),
            (
                |p| set(p, "X-Amz-Date", "20260115T123101Z"),
                "ahead of time",
            ),
        ];
        for (change, expected) in posts {
            let mut given = proof();
            change(&mut given);
            let told = checked(&given, "here", NOW).unwrap_err();
            assert!(told.contains(expected), "{told}: {expected}");
        }
        let gets: &[(Change, &str)] = &[
            (|p| p.body = Some("x".into()), "no body"),
            (
                |p| url(p, "GetCallerIdentity", "AssumeRole"),
                "must be GetCallerIdentity",
            ),
            (
                |p| p.url.push_str("&Action=AssumeRole"),
                "must be GetCallerIdentity",
            ),
            (|p| p.url.push_str("&%41ction=GetCallerIdentity"), "twice"),
            (|p| p.url.push_str("&RoleArn=x"), "parameter `RoleArn`"),
            (
                |p| url(p, "%3Bx-postern-audience", ""),
                "'x-postern-audience' must be a 'SignedHeader'",
            ),
            (
                |p| url(p, "20260115T123000Z", "20260115T122800Z"),
                "Signature expired",
            ),
        ];
        for (change, expected) in gets {
            let mut given = presigned();
            change(&mut given);
            let told = checked(&given, "here", NOW).unwrap_err();
            assert!(told.contains(expected), "{told}: {expected}");
        }
    }

    #[test]
    fn sts_is_shown_the_signature_as_it_was_read_here() {
        let sent = |proof: &Proof| {
            let headers = checked(proof, "here", NOW).unwrap().headers;
            let value = headers.get(AUTHORIZATION)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let plain = proof();
        let expected = plain.headers["Authorization"].clone();
        assert_eq!(sent(&plain), Some(expected.clone()));
        // Signed for somebody else, without the audience; another reader may take the first of two.
        let mut twice = proof();
        let names = "SignedHeaders=content-type;host;x-amz-date";
        let forged = expected.replace(
            "SignedHeaders=",
            &format!("{names}, Other=x,SignedHeaders="),
        );
        set(&mut twice, "Authorization", &forged);
        assert_eq!(sent(&twice), Some(expected));
        let mut both = presigned();
        set(&mut both, "Authorization", "Basic YTpi");
        assert_eq!(sent(&both), None);
    }
}
