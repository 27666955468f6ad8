//! Where integrations may point to.

use crate::wire::Failure;
use postern_definition::rest::IntegrationType;

const URI_BYTES_MAX: usize = 10_240;

pub(crate) fn checked(kind: IntegrationType, uri: &str) -> Result<(), Failure> {
    if uri.len() > URI_BYTES_MAX {
        return Err(Failure::bad_request(format!(
            "Invalid URI specified: it has {} bytes, and at most {URI_BYTES_MAX} are allowed",
            uri.len()
        )));
    }
    match kind {
        IntegrationType::Mock => Ok(()),
        IntegrationType::Http | IntegrationType::HttpProxy => http(uri),
        IntegrationType::Aws => aws(uri).map(|_| ()),
        IntegrationType::AwsProxy => proxy(uri),
    }
}

pub(crate) fn http(uri: &str) -> Result<(), Failure> {
    let scheme_end = uri.find("://").map(|at| at + 3);
    let (scheme, rest) = uri.split_at(scheme_end.unwrap_or_default());
    let is_http = scheme.eq_ignore_ascii_case("http://") || scheme.eq_ignore_ascii_case("https://");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let plain = !rest
        .bytes()
        .any(|b| b.is_ascii_whitespace() || b.is_ascii_control());
    if is_http && plain && is_authority(authority) {
        Ok(())
    } else {
        Err(Failure::bad_request(
            "Invalid HTTP endpoint specified for URI",
        ))
    }
}

/// A host and perhaps a port. What placeholders and stage variables will put there is not known yet.
fn is_authority(authority: &str) -> bool {
    if authority.is_empty() {
        return false;
    }
    if authority.contains('{') {
        return authority.matches('{').count() == authority.matches('}').count();
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_host = if let Some(v6) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        v6.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    is_host && is_port
}

/// Service and `path/...` or `action/...` of `arn:{partition}:apigateway:{region}:{service}:...`.
fn aws(uri: &str) -> Result<(&str, &str), Failure> {
    let parts: Vec<_> = uri.splitn(6, ':').collect();
    let [arn, partition, owner, region, service, rest] = parts[..] else {
        return Err(if parts[0] == "arn" {
            without_path_or_action()
        } else {
            not_an_arn()
        });
    };
    if arn != "arn" || !partition.starts_with("aws") {
        return Err(not_an_arn());
    }
    let goes_somewhere = rest.starts_with("path/") || rest.starts_with("action/");
    if owner != "apigateway" || region.is_empty() || service.is_empty() || !goes_somewhere {
        return Err(without_path_or_action());
    }
    Ok((service, rest))
}

fn not_an_arn() -> Failure {
    Failure::bad_request("Invalid ARN specified in the request")
}

fn without_path_or_action() -> Failure {
    Failure::bad_request("AWS ARN for integration must contain path or action")
}

pub(crate) fn proxy(uri: &str) -> Result<(), Failure> {
    let (service, rest) = aws(uri)?;
    let works = match service {
        "lambda" => {
            let path = rest.trim_start_matches("path/").trim_start_matches('/');
            let function = |before: &str, after: &str| {
                path.strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after))
                    .is_some_and(|function| !function.is_empty())
            };
            function("2015-03-31/functions/", "/invocations")
                || function("2021-11-15/functions/", "/response-streaming-invocations")
        }
        "firehose" => rest.starts_with("action/"),
        _ => false,
    };
    if works {
        Ok(())
    } else {
        Err(Failure::bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IntegrationType::{Aws, AwsProxy, Http};

    const HTTP: &str = "Invalid HTTP endpoint specified for URI";
    const ARN: &str = "Invalid ARN specified in the request";
    const PATH: &str = "AWS ARN for integration must contain path or action";
    const PROXY: &str = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.";
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

    #[test]
    fn a_uri_fits_its_type_or_is_refused_in_the_words_of_the_service() {
        for (kind, uri, refusal) in [
            (Http, "https://b.example/pets?x=1", None),
            (Http, "HTTP://b.example", None),
            (Http, "http://127.0.0.1:9000/{x}", None),
            (Http, "http://[::1]:8080/", None),
            (Http, "http://${stageVariables.host}/x", None),
            (Http, "https://{sub}.example/x", None),
            (Http, "http://b.example:81/", None),
            (Http, "http://b.example:0/", Some(HTTP)),
            (Http, "http://b.example:x/", Some(HTTP)),
            (Http, "", Some(HTTP)),
            (Http, "b.example", Some(HTTP)),
            (Http, "ftp://b.example", Some(HTTP)),
            (Http, "http://", Some(HTTP)),
            (Http, "http:///x", Some(HTTP)),
            (Http, "http://a b/", Some(HTTP)),
            (Aws, "arn:aws:apigateway:r:s3:path/b/{k}", None),
            (
                Aws,
                "arn:aws-cn:apigateway:r:runtime.sagemaker:path/x",
                None,
            ),
            (Aws, "arn:aws:apigateway:r:sns:action/Publish&a=b", None),
            (Aws, "arn:aws:apigateway:r:s3:x", Some(PATH)),
            (Aws, FUNCTION, Some(PATH)),
            (Aws, "arn:aws:s3:::bucket", Some(PATH)),
            (Aws, "https://b.example", Some(ARN)),
            (Aws, "", Some(ARN)),
            (
                AwsProxy,
                &format!(
                    "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
                ),
                None,
            ),
            (
                AwsProxy,
                &format!(
                    "arn:aws:apigateway:r:lambda:path//2015-03-31/functions/{FUNCTION}:live/invocations"
                ),
                None,
            ),
            (
                AwsProxy,
                &format!(
                    "arn:aws:apigateway:r:lambda:path/2021-11-15/functions/{FUNCTION}/response-streaming-invocations"
                ),
                None,
            ),
            (
                AwsProxy,
                "arn:aws:apigateway:r:firehose:action/PutRecord",
                None,
            ),
            (
                AwsProxy,
                "arn:aws:apigateway:r:lambda:path/2015-03-31/functions//invocations",
                Some(PROXY),
            ),
            (
                AwsProxy,
                "arn:aws:apigateway:r:sns:action/Publish",
                Some(PROXY),
            ),
            (AwsProxy, FUNCTION, Some(PATH)),
        ] {
            let outcome = checked(kind, uri).map_err(|failure| failure.message);
            assert_eq!(outcome.err().as_deref(), refusal, "{uri}");
        }
    }
}
