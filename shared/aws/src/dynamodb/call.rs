//! One call of DynamoDB: signed, sent, read, and tried again where that may help.

use super::failure::Failure;
use super::retry::{Allowance, Attempts};
use super::wire::Refusal;
use crate::keys::Credentials;
use crate::sign::Scope;
use crate::{Aws, NoRegion, endpoint};
use bytes::Bytes;
use flate2::Crc;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use postern_gateway::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const SERVICE: &str = "dynamodb";
/// What the names of operations are put behind.
const VERSION: &str = "DynamoDB_20120810";
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// The checksum of an answer's body.
const CHECKSUM: &str = "x-amz-crc32";

/// DynamoDB answers in milliseconds. What takes longer than a second to connect and two to answer was lost, and is better
/// sent again.
const TIMEOUT: Duration = Duration::from_secs(3);
/// More than DynamoDB's longest answer: 16 MB, and its JSON.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Speaks to DynamoDB in one region. A clone is the same client.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    aws: Aws,
    /// Where it is, or why that is nowhere.
    uri: Result<Uri, String>,
    region: String,
    to_emulator: bool,
    allowance: Allowance,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("uri", &self.0.uri)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(aws: &Aws) -> Result<Self, NoRegion> {
        let instead = aws.settings.endpoint_of(SERVICE);
        let region = match (&aws.settings.region, instead) {
            (Some(region), _) => region.clone(),
            // An emulator takes any.
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => return Err(NoRegion),
        };
        let url = match instead {
            Some(url) => Ok(url.to_owned()),
            None => endpoint::at_aws(SERVICE, &region),
        };
        let uri = url.and_then(|url| {
            let uri = format!("{url}/").parse::<Uri>();
            uri.map_err(|error| format!("`{url}`: {error}"))
        });
        Ok(Self(Arc::new(Inner {
            aws: aws.clone(),
            uri,
            region,
            to_emulator: instead.is_some(),
            allowance: Allowance::default(),
        })))
    }

    /// The request is written once, so that whatever it carries to be known again by is the same in every attempt.
    pub(super) async fn call<A: DeserializeOwned>(
        &self,
        operation: &str,
        request: &impl Serialize,
    ) -> Result<A, Failure> {
        let request = serde_json::to_vec(request).map_err(|error| {
            Failure::Unsent(format!("it cannot be asked to {operation}: {error}"))
        })?;
        let answer = self.0.insist(operation, request.into()).await?;
        serde_json::from_slice(&answer).map_err(|error| {
            Failure::Lost(format!("its answer to {operation} cannot be read: {error}"))
        })
    }
}

impl Inner {
    async fn insist(&self, operation: &str, request: Bytes) -> Result<Bytes, Failure> {
        let mut attempts = Attempts::new(&self.allowance);
        let mut is_renewed = false;
        loop {
            let own = self.aws.credentials.get(self.to_emulator).await;
            let own = own.map_err(Failure::Unsent)?;
            let failure = match self.attempt(operation, request.clone(), &own).await {
                Ok(answer) => {
                    attempts.succeeded();
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            if is_about_the_token(&failure) && !is_renewed {
                is_renewed = true;
                if self.aws.credentials.forget(&own).await {
                    continue;
                }
            }
            match attempts.next(&failure, rand::random()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure),
            }
        }
    }

    async fn attempt(
        &self,
        operation: &str,
        body: Bytes,
        own: &Credentials,
    ) -> Result<Bytes, Failure> {
        let request = self.signed(operation, body, own)?;
        let answer = self.aws.egress.send(request, TIMEOUT).await;
        let (head, body) = answer
            .map_err(|error| Failure::Lost(error.to_string()))?
            .into_parts();
        let body = body.collect(ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| Failure::Lost(error.to_string()))?;
        read(Response::from_parts(head, body))
    }

    fn signed(
        &self,
        operation: &str,
        body: Bytes,
        own: &Credentials,
    ) -> Result<Request<Body>, Failure> {
        let uri = self
            .uri
            .as_ref()
            .map_err(|reason| Failure::Unsent(reason.clone()))?;
        let target = HeaderValue::try_from(format!("{VERSION}.{operation}"))
            .map_err(|error| Failure::Unsent(error.to_string()))?;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(TARGET, target);
        let scope = Scope {
            service: SERVICE,
            region: &self.region,
            at: self.aws.clock.now(),
        };
        self.aws
            .signer
            .sign(&Method::POST, uri, &mut headers, &body, own, &scope)
            .map_err(Failure::Unsent)?;
        let mut request = Request::new(Body::Full(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// What an answer holds, if it is one and came as it was sent.
fn read(answer: Response<Bytes>) -> Result<Bytes, Failure> {
    let told = answer.headers().get(CHECKSUM);
    let told: Option<u32> = told.and_then(|told| told.to_str().ok()?.parse().ok());
    if let Some(told) = told {
        let mut found = Crc::new();
        found.update(answer.body());
        if found.sum() != told {
            return Err(Failure::Lost(
                "its answer was damaged on the way: the checksum is not that of the body"
                    .to_owned(),
            ));
        }
    }
    let status = answer.status();
    if status == StatusCode::OK {
        return Ok(answer.into_body());
    }
    // Whatever stands between may answer in words of its own.
    let refusal: Refusal = serde_json::from_slice(answer.body()).unwrap_or_default();
    Err(Failure::Refused {
        status,
        refusal: Box::new(refusal),
    })
}

fn is_about_the_token(failure: &Failure) -> bool {
    matches!(failure.code(), "ExpiredTokenException" | "ExpiredToken")
}
