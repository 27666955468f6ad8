//! AWS: a call of any AWS service, by path or by action.

use crate::{Defect, RequestMapping, UriTemplate};
use postern_definition::rest::Integration;
use std::time::Duration;

#[derive(Debug)]
pub struct AwsPlan {
    /// `sqs`, or with a subdomain, `runtime.sagemaker`.
    pub service: UriTemplate,
    pub region: String,
    pub operation: AwsOperation,
    pub method: String,
    pub mapping: RequestMapping,
    pub timeout: Duration,
    pub credentials: Credentials,
    /// Whether a Lambda function is invoked, whose answers are read in a way of their own.
    pub invokes: bool,
}

/// What is asked of the service.
#[derive(Debug)]
pub enum AwsOperation {
    /// Begins with a slash.
    Path(UriTemplate),
    /// An action, and what the URI adds to the query after it: `{name}&a=b`.
    Action(UriTemplate),
}

/// In whose name a service is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The gateway's own.
    Own,
    /// Of a role that the gateway takes on.
    Role(UriTemplate),
    /// Of whoever signed the request.
    Caller,
}

impl Credentials {
    pub(crate) fn of(arn: Option<&str>) -> Self {
        match arn.filter(|arn| !arn.is_empty()) {
            None => Self::Own,
            Some(arn) if is_callers(arn) => Self::Caller,
            Some(arn) => Self::Role(UriTemplate::parse(arn)),
        }
    }
}

/// `arn:aws:iam::*:user/*`
fn is_callers(arn: &str) -> bool {
    arn.ends_with(":iam::*:user/*")
}

impl AwsPlan {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let uri = integration.uri.as_deref().unwrap_or_default();
        let parts = service_uri(uri).ok_or_else(|| {
            let form = "arn:aws:apigateway:{region}:{service}:path/{path} or ...:action/{action}";
            vec![Defect::invalid(
                "uri",
                format!("`{uri}` is not of the form {form}"),
            )]
        })?;
        let ServiceUri {
            region,
            service,
            operation,
        } = parts;
        let operation = match operation.split_at(operation.find('/').unwrap_or_default()) {
            ("action", name) => AwsOperation::Action(UriTemplate::parse(&name[1..])),
            (_, path) => AwsOperation::Path(UriTemplate::parse(&format!(
                "/{}",
                path.trim_start_matches('/')
            ))),
        };
        Ok(Self {
            service: UriTemplate::parse(service),
            region: region.to_owned(),
            operation,
            method: integration
                .http_method
                .clone()
                .unwrap_or_else(|| "POST".to_owned()),
            mapping: RequestMapping::compile(integration)?,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            credentials: Credentials::of(integration.credentials.as_deref()),
            invokes: service == "lambda"
                && uri.contains("/functions/")
                && uri.trim_end_matches('/').ends_with("/invocations"),
        })
    }
}

pub(super) struct ServiceUri<'u> {
    pub(super) region: &'u str,
    pub(super) service: &'u str,
    /// Begins with `path/` or `action/`.
    pub(super) operation: &'u str,
}

/// The parts of `arn:{partition}:apigateway:{region}:{service}:{path or action}`.
pub(super) fn service_uri(uri: &str) -> Option<ServiceUri<'_>> {
    let parts: Vec<_> = uri.splitn(6, ':').collect();
    let ["arn", _, "apigateway", region, service, operation] = parts[..] else {
        return None;
    };
    let goes_somewhere = operation.starts_with("path/") || operation.starts_with("action/");
    (!region.is_empty() && !service.is_empty() && goes_somewhere).then_some(ServiceUri {
        region,
        service,
        operation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(uri: &str) -> Result<AwsPlan, Vec<Defect>> {
        let integration = serde_json::json!({
            "type": "AWS", "httpMethod": "POST", "uri": uri,
            "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
        });
        AwsPlan::compile(&serde_json::from_value(integration).unwrap())
    }

    #[test]
    fn the_uri_names_region_service_and_what_is_asked() {
        let filled = |template: &UriTemplate| template.fill(|_| None, |_| None).into_owned();
        for (uri, service, asked, invokes) in [
            (
                "arn:aws:apigateway:r1:s3:path/b/{k}",
                "s3",
                "path /b/{k}",
                false,
            ),
            ("arn:aws:apigateway:r1:s3:path//b", "s3", "path /b", false),
            ("arn:aws:apigateway:r1:s3:path/", "s3", "path /", false),
            (
                "arn:aws:apigateway:r1:sns:action/Publish&a=b/c",
                "sns",
                "action Publish&a=b/c",
                false,
            ),
            (
                "arn:aws-cn:apigateway:r1:runtime.sagemaker:path/x:y",
                "runtime.sagemaker",
                "path /x:y",
                false,
            ),
            (
                "arn:aws:apigateway:r1:lambda:path//2015-03-31/functions/arn:aws:lambda:r1:1:function:f/invocations",
                "lambda",
                "path /2015-03-31/functions/arn:aws:lambda:r1:1:function:f/invocations",
                true,
            ),
            (
                "arn:aws:apigateway:r1:lambda:path/2015-03-31/functions",
                "lambda",
                "path /2015-03-31/functions",
                false,
            ),
        ] {
            let plan = plan(uri).unwrap();
            let operation = match &plan.operation {
                AwsOperation::Path(path) => format!("path {}", filled(path)),
                AwsOperation::Action(action) => format!("action {}", filled(action)),
            };
            assert_eq!(
                (
                    plan.region.as_str(),
                    filled(&plan.service).as_str(),
                    operation.as_str(),
                    plan.invokes
                ),
                ("r1", service, asked, invokes),
                "{uri}"
            );
        }
        for uri in [
            "",
            "arn:aws:s3:::b",
            "https://a",
            "arn:aws:apigateway:r1:s3:x",
            "arn:aws:apigateway::s3:path/x",
        ] {
            assert!(plan(uri).is_err(), "{uri}");
        }
    }
}
