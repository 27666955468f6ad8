//! The backend that also calls AWS services: it finds their host and signs.

use crate::Aws;
use crate::endpoint;
use crate::event_stream;
use crate::keys::Credentials;
use crate::lambda;
use crate::sign::Scope;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use postern_gateway::{Backend, Body, Call, CallError, Caller, CollectError, Destination};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A signature covers a hash of the body, so a body for a service is held in memory up to this: what API Gateway takes.
const PAYLOAD_BYTES_MAX: usize = 10 << 20;

/// Calls plain URLs as [`postern_egress::Egress`] does, and AWS services signed with Postern's own credentials.
#[derive(Clone)]
pub struct AwsBackend {
    aws: Aws,
}

impl AwsBackend {
    pub(crate) fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    async fn signed(
        &self,
        service: &Service,
        method: Method,
        mut headers: HeaderMap,
        body: Body,
    ) -> Result<Request<Body>, CallError> {
        let signing_name = endpoint::signing_name(&service.name);
        let instead = self.aws.settings.endpoint_of(signing_name);
        let uri = service.uri(instead)?;
        let payload = held(body).await?;
        let credentials = self.credentials(service, instead.is_some()).await?;
        let scope = Scope {
            service: signing_name,
            region: endpoint::signing_region(&service.name, &service.region),
            at: self.aws.clock.now(),
        };
        self.aws
            .signer
            .sign(&method, &uri, &mut headers, &payload, &credentials, &scope)
            .map_err(CallError::Unsigned)?;
        let mut request = Request::new(Body::Full(payload));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

impl AwsBackend {
    /// An emulator has no roles, unless one of STS is beside it.
    async fn credentials(
        &self,
        service: &Service,
        to_emulator: bool,
    ) -> Result<Credentials, CallError> {
        let aws = &self.aws;
        match &service.caller {
            Caller::Role(role) if !to_emulator || aws.settings.endpoint_of("sts").is_some() => {
                aws.assume(role, &service.region).await
            }
            Caller::Role(_) | Caller::Gateway => {
                let own = aws.credentials.get(to_emulator).await;
                own.map_err(CallError::Unsigned)
            }
        }
    }
}

#[async_trait]
impl Backend for AwsBackend {
    async fn call(&self, call: Call) -> Result<Response<Body>, CallError> {
        let service = match call.destination {
            Destination::Url { .. } => return self.aws.egress.call(call).await,
            Destination::Service {
                name,
                region,
                path,
                caller,
            } => Service {
                name,
                region,
                path,
                caller,
            },
        };
        let late = CallError::Timeout(call.timeout);
        let deadline = Instant::now().checked_add(call.timeout);
        let signing = self.signed(&service, call.method, call.headers, call.body);
        let request = match deadline {
            Some(deadline) => timeout_at(deadline, signing)
                .await
                .map_err(|_| late.clone())??,
            None => signing.await?,
        };
        let left = deadline.map_or(Duration::MAX, |deadline| deadline - Instant::now());
        match self.aws.egress.send(request, left).await {
            Err(CallError::Timeout(_)) => Err(late),
            Ok(answer) => Ok(event_stream::unframed(answer)),
            Err(error) => Err(error),
        }
    }
}

struct Service {
    name: String,
    region: String,
    path: String,
    caller: Caller,
}

impl Service {
    fn uri(&self, instead: Option<&str>) -> Result<Uri, CallError> {
        if !self.path.starts_with('/') {
            return Err(CallError::Address(format!(
                "the path `{}` for `{}` does not begin with a slash",
                self.path, self.name
            )));
        }
        // Also where it is called elsewhere: what works on a laptop must not fail at AWS.
        let at_aws = endpoint::at_aws(&self.name, &self.region).map_err(CallError::Address)?;
        let bucket = self.name.strip_suffix(".s3");
        let url = match (instead, bucket) {
            (Some(url), _) if self.name == "lambda" => {
                format!("{url}{}", lambda::by_plain_name(&self.path))
            }
            // An emulator has one host, so a bucket goes into the path.
            (Some(url), Some(bucket)) => format!("{url}/{bucket}{}", self.path),
            (Some(url), None) => format!("{url}{}", self.path),
            (None, _) => format!("{at_aws}{}", self.path),
        };
        url.parse()
            .map_err(|error| CallError::Address(format!("`{url}`: {error}")))
    }
}

async fn held(body: Body) -> Result<Bytes, CallError> {
    body.collect(PAYLOAD_BYTES_MAX)
        .await
        .map_err(|error| match error {
            CollectError::Broken(reason) => CallError::Client(reason.to_string()),
            CollectError::TooLong(max) => CallError::Unsigned(format!(
                "a signature covers the whole body, and this one is longer than {max} bytes"
            )),
        })
}
