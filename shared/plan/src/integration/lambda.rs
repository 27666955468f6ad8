//! AWS_PROXY: the request becomes an event for a Lambda function, and the function's answer the response.

use super::aws::{Credentials, service_uri};
use crate::{Defect, UriTemplate};
use postern_definition::rest::{Integration, ResponseTransferMode};
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
        })
    }
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
    use super::invocation;

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
}
