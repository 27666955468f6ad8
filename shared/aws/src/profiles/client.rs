//! The SDK's idea of an HTTP client, over Postern's own.
//!
//! Bodies are held in memory both ways: those that fetch credentials are short.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use postern_egress::Egress;
use postern_gateway::{Body, CallError, CollectError};
use std::time::Duration;

/// More than any answer with credentials in it.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// For calls of clients that set no time of their own.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct SdkClient(pub(super) Egress);

impl HttpClient for SdkClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // The SDK counts connecting and waiting apart, and Postern from one end to the other: so the sum is what it asks
        // for, spent on either.
        let timeout = match (settings.connect_timeout(), settings.read_timeout()) {
            (connect, Some(read)) => connect.unwrap_or_default().saturating_add(read),
            (_, None) => TIMEOUT,
        };
        SharedHttpConnector::new(SdkConnector {
            egress: self.0.clone(),
            timeout,
        })
    }
}

#[derive(Debug)]
struct SdkConnector {
    egress: Egress,
    timeout: Duration,
}

impl HttpConnector for SdkConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let egress = self.egress.clone();
        let timeout = self.timeout;
        HttpConnectorFuture::new(async move { send(&egress, request, timeout).await })
    }
}

async fn send(
    egress: &Egress,
    request: HttpRequest,
    timeout: Duration,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?
        .map(body);
    let answer = egress.send(request, timeout).await.map_err(failure)?;
    let (head, body) = answer.into_parts();
    let body = body
        .collect(ANSWER_BYTES_MAX)
        .await
        .map_err(|error| match error {
            CollectError::Broken(reason) => match reason.downcast::<CallError>() {
                Ok(error) => failure(*error),
                Err(reason) => ConnectorError::io(reason),
            },
            CollectError::TooLong(_) => ConnectorError::other(error.into(), None),
        })?;
    HttpResponse::try_from(http::Response::from_parts(head, SdkBody::from(body)))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

fn body(body: SdkBody) -> Body {
    match body.bytes() {
        Some(bytes) => Body::Full(Bytes::copy_from_slice(bytes)),
        None => Body::stream(body),
    }
}

fn failure(error: CallError) -> ConnectorError {
    match error {
        CallError::Timeout(_) => ConnectorError::timeout(error.into()),
        CallError::Client(_) | CallError::Unsigned(_) => ConnectorError::user(error.into()),
        // A name that cannot be resolved now may be in a moment.
        CallError::Address(_) | CallError::Network(_) => ConnectorError::io(error.into()),
    }
}
