//! AWS_PROXY: the request becomes an event for a Lambda function, and the function's answer the response.

use super::aws::{Credentials, service_uri};
use crate::{Changes, Defect, UriTemplate};
use postern_definition::rest::{Integration, ResponseTransferMode};
use postern_definition::routed;
use std::time::Duration;

#[derive(Debug)]
pub struct LambdaPlan {
    /// The path of the Invoke call: `/2015-03-31/functions/{ARN}/invocations`, or its streaming kind.
    pub path: UriTemplate,
    /// Whether the function's answer comes as a stream, in the form that has its head first.
    pub streams: bool,
    pub region: String,
    /// Invoke is a POST. With any other method the service fails every call.
    pub is_post: bool,
    pub timeout: Duration,
    pub credentials: Credentials,
    /// Headers that request parameters are mapped to, in lower case. No mapping takes effect, but some make every call fail.
    pub mapped_headers: Vec<String>,
    pub format: PayloadFormat,
    pub changes: Changes,
}

/// In which form a function is told of the request, and how its answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// 1.0 as REST APIs speak it.
    Rest,
    /// 1.0 as HTTP APIs speak it.
    V1,
    V2,
    /// As WebSocket APIs speak it.
    Socket,
}

impl LambdaPlan {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let uri = integration.uri.as_deref().unwrap_or_default();
        let (region, path, streams) = invocation(uri).ok_or_else(|| {
            let form = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations";
            vec![Defect::invalid("uri", format!("`{uri}` is not of the form {form}"))]
        })?;
        let wants_stream = integration.response_transfer_mode == Some(ResponseTransferMode::Stream);
        if wants_stream && !streams {
            let reason = "STREAM wants a uri of the form .../2021-11-15/functions/{function ARN}/response-streaming-invocations";
            return Err(vec![Defect::invalid("responseTransferMode", reason)]);
        }
        if streams && !wants_stream {
            let reason = "a uri that streams wants STREAM";
            return Err(vec![Defect::invalid("responseTransferMode", reason)]);
        }
        Ok(Self {
            path: UriTemplate::parse(&format!("/{path}")),
            streams,
            credentials: Credentials::of(integration.credentials.as_deref()),
            region: region.to_owned(),
            is_post: integration.http_method.as_deref() == Some("POST"),
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            mapped_headers: integration
                .request_parameters
                .iter()
                .flatten()
                .filter_map(|(target, _)| target.strip_prefix("integration.request.header."))
                .map(str::to_ascii_lowercase)
                .collect(),
            format: PayloadFormat::Rest,
            changes: Changes::default(),
        })
    }

    /// Of a WebSocket API.
    pub(crate) fn compile_socket(integration: &routed::Integration) -> Result<Self, Vec<Defect>> {
        Self::routed(integration, PayloadFormat::Socket, Changes::default())
    }

    /// Of an HTTP API.
    pub(crate) fn compile_routed(integration: &routed::Integration) -> Result<Self, Vec<Defect>> {
        let format = match integration.payload_format_version.as_deref() {
            Some("1.0") => PayloadFormat::V1,
            Some("2.0") | None => PayloadFormat::V2,
            Some(other) => {
                let reason = format!("`{other}` is neither 1.0 nor 2.0");
                return Err(vec![Defect::invalid("payloadFormatVersion", reason)]);
            }
        };
        let changes = Changes::compile(
            integration.request_parameters.as_ref(),
            integration.response_parameters.as_ref(),
        )?;
        Self::routed(integration, format, changes)
    }

    fn routed(
        integration: &routed::Integration,
        format: PayloadFormat,
        changes: Changes,
    ) -> Result<Self, Vec<Defect>> {
        let uri = integration.integration_uri.as_deref().unwrap_or_default();
        let (region, path) = routed_invocation(uri).ok_or_else(|| {
            let reason =
                format!("`{uri}` is neither the ARN of a function nor that of its invocation");
            vec![Defect::invalid("integrationUri", reason)]
        })?;
        Ok(Self {
            path: UriTemplate::parse(&path),
            streams: false,
            credentials: Credentials::of(integration.credentials_arn.as_deref()),
            region: region.to_owned(),
            is_post: true,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            mapped_headers: Vec::new(),
            format,
            changes,
        })
    }
}

/// The region and the path of an invocation, by the ARN of a function or by that of its invocation.
fn routed_invocation(uri: &str) -> Option<(&str, String)> {
    let parts: Vec<_> = uri.splitn(7, ':').collect();
    if let ["arn", _, "lambda", region, _, "function", name] = parts[..] {
        let is_function = !region.is_empty() && !name.is_empty();
        return is_function.then(|| (region, format!("/2015-03-31/functions/{uri}/invocations")));
    }
    let (region, path, streams) = invocation(uri)?;
    (!streams).then(|| (region, format!("/{path}")))
}

/// The region and the path of a Lambda integration's URI, and whether it streams. Documents write one slash before the path or
/// two.
pub(crate) fn invocation(uri: &str) -> Option<(&str, &str, bool)> {
    let parts = service_uri(uri).filter(|parts| parts.service == "lambda")?;
    let path = parts
        .operation
        .strip_prefix("path/")?
        .trim_start_matches('/');
    let of = |before, after| path.starts_with(before) && path.ends_with(after);
    let buffered = of("2015-03-31/functions/", "/invocations");
    let streams = of("2021-11-15/functions/", "/response-streaming-invocations");
    (buffered || streams).then_some((parts.region, path, streams))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_names_region_and_function() {
        const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f:live";
        for (uri, expected) in [
            (
                format!(
                    "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
                ),
                Some((
                    "eu-west-1",
                    format!("2015-03-31/functions/{ARN}/invocations"),
                )),
            ),
            (
                format!(
                    "arn:aws-cn:apigateway:cn-north-1:lambda:path//2015-03-31/functions/{ARN}/invocations"
                ),
                Some((
                    "cn-north-1",
                    format!("2015-03-31/functions/{ARN}/invocations"),
                )),
            ),
            (
                format!(
                    "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/{ARN}/response-streaming-invocations"
                ),
                Some((
                    "eu-west-1",
                    format!("2021-11-15/functions/{ARN}/response-streaming-invocations"),
                )),
            ),
            (ARN.to_owned(), None),
            ("arn:aws:apigateway:eu-west-1:sqs:path/1/q".to_owned(), None),
            (
                "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f".to_owned(),
                None,
            ),
            (String::new(), None),
        ] {
            let expected = expected
                .as_ref()
                .map(|(region, path)| (*region, path.as_str(), path.starts_with("2021")));
            assert_eq!(invocation(&uri), expected, "{uri}");
        }
    }

    #[test]
    fn an_http_api_names_the_function_or_its_invocation() {
        const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f:live";
        let path = format!("/2015-03-31/functions/{ARN}/invocations");
        let plan = |uri: &str, version: &str| {
            let integration = serde_json::json!({
                "integrationId": "i", "integrationType": "AWS_PROXY", "connectionType": "INTERNET", "timeoutInMillis": 30000,
                "integrationUri": uri, "payloadFormatVersion": version,
            });
            LambdaPlan::compile_routed(&serde_json::from_value(integration).unwrap())
        };
        for uri in [
            ARN.to_owned(),
            format!("arn:aws:apigateway:eu-west-1:lambda:path{path}"),
        ] {
            let plan = plan(&uri, "2.0").unwrap();
            let filled = plan.path.fill(|_| None, |_| None).into_owned();
            assert_eq!(
                (plan.region.as_str(), filled),
                ("eu-west-1", path.clone()),
                "{uri}"
            );
            assert_eq!((plan.format, plan.is_post), (PayloadFormat::V2, true));
        }
        assert_eq!(plan(ARN, "1.0").unwrap().format, PayloadFormat::V1);
        for (uri, version) in [
            (ARN, "3.0"),
            ("", "2.0"),
            ("https://a.example", "2.0"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:", "2.0"),
            ("arn:aws:apigateway:eu-west-1:sqs:path/1/q", "2.0"),
        ] {
            assert!(plan(uri, version).is_err(), "{uri} {version}");
        }
    }
}
