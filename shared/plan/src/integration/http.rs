//! HTTP and HTTP_PROXY: the request goes to a URL, with the mappings that the owner made.

use crate::{Defect, RequestMapping, UriTemplate};
use postern_definition::rest::{ConnectionType, Integration, ResponseTransferMode};
use std::time::Duration;

#[derive(Debug)]
pub struct HttpPlan {
    /// None is `ANY`: the client's own.
    pub method: Option<String>,
    pub uri: UriTemplate,
    pub mapping: RequestMapping,
    pub timeout: Duration,
    /// How the answer goes on. Where nothing is said it streams, and may be held to be packed.
    pub transfer: Option<ResponseTransferMode>,
    /// Whether the endpoint's certificate may be of any issuer.
    pub any_issuer: bool,
    /// What leads to the endpoint, where that is not the open network.
    pub link: Option<LinkPlan>,
}

/// A VPC link, and what it leads to where the integration says that rather than the link.
#[derive(Debug)]
pub struct LinkPlan {
    pub id: UriTemplate,
    pub target: Option<UriTemplate>,
}

impl LinkPlan {
    fn compile(integration: &Integration) -> Result<Option<Self>, Defect> {
        if integration.connection_type != Some(ConnectionType::VpcLink) {
            return Ok(None);
        }
        let set = |text: &Option<String>| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            text.map(UriTemplate::parse)
        };
        let id = set(&integration.connection_id).ok_or_else(|| {
            Defect::invalid("connectionId", "it is not set, and VPC_LINK needs it")
        })?;
        Ok(Some(Self {
            id,
            target: set(&integration.integration_target),
        }))
    }
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
            transfer: integration.response_transfer_mode,
            any_issuer: integration
                .tls_config
                .is_some_and(|tls| tls.insecure_skip_verification),
            link: LinkPlan::compile(integration).map_err(|defect| vec![defect])?,
        })
    }
}
