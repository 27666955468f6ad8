//! HTTP and HTTP_PROXY: the request goes to a URL, with the mappings that the owner made.

use crate::{Defect, RequestMapping, UriTemplate};
use postern_definition::rest::{Integration, ResponseTransferMode};
use std::time::Duration;

#[derive(Debug)]
pub struct HttpPlan {
    /// None is `ANY`: the client's own.
    pub method: Option<String>,
    pub uri: UriTemplate,
    pub mapping: RequestMapping,
    pub timeout: Duration,
    /// Whether the answer goes on as it comes, and is never held.
    pub streams: bool,
    /// Whether the endpoint's certificate may be of any issuer.
    pub any_issuer: bool,
}

impl HttpPlan {
    pub(crate) fn compile(integration: &Integration) -> Result<Self, Vec<Defect>> {
        let method = integration
            .http_method
            .as_deref()
            .filter(|method| *method != "ANY");
        let uri = integration
            .uri
            .as_deref()
            .ok_or_else(|| vec![Defect::invalid("uri", "it is not set")])?;
        Ok(Self {
            method: method.map(str::to_owned),
            uri: UriTemplate::parse(uri),
            mapping: RequestMapping::compile(integration)?,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            streams: integration.response_transfer_mode == Some(ResponseTransferMode::Stream),
            any_issuer: integration
                .tls_config
                .is_some_and(|tls| tls.insecure_skip_verification),
        })
    }
}
