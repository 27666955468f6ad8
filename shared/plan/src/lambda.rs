//! AWS_PROXY: the request becomes an event for a Lambda function, and the function's answer the response.

use crate::{Defect, UriTemplate};
use postern_definition::rest::Integration;
use std::time::Duration;

#[derive(Debug)]
pub struct LambdaPlan {
    /// The path of the Invoke call: `/2015-03-31/functions/{ARN}/invocations`.
    pub path: UriTemplate,
    pub region: String,
    /// Invoke is a POST. With any other method the service fails every call.
    pub is_post: bool,
    pub timeout: Duration,
    /// Headers that request parameters are mapped to, in lower case. No mapping takes effect, but some make every call fail.
    pub mapped_headers: Vec<String>,
}

impl LambdaPlan {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let uri = integration.uri.as_deref().unwrap_or_default();
        let (region, path) = invocation(uri).ok_or_else(|| {
            let form = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function ARN}/invocations";
            vec![Defect::invalid("uri", format!("`{uri}` is not of the form {form}"))]
        })?;
        Ok(Self {
            path: UriTemplate::parse(&format!("/{path}")),
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

/// The region and the path of a Lambda integration's URI. Documents write one slash before the path or two.
fn invocation(uri: &str) -> Option<(&str, &str)> {
    let mut parts = uri.splitn(6, ':');
    let head: [&str; 3] = [parts.next()?, parts.next()?, parts.next()?];
    let (region, service, path) = (parts.next()?, parts.next()?, parts.next()?);
    let path = path.strip_prefix("path/")?.trim_start_matches('/');
    let invokes = path.starts_with("2015-03-31/functions/") && path.ends_with("/invocations");
    (head[0] == "arn" && head[2] == "apigateway" && service == "lambda" && invokes)
        .then_some((region, path))
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
                .map(|(region, path)| (*region, path.as_str()));
            assert_eq!(invocation(&uri), expected, "{uri}");
        }
    }
}
