//! HTTP and HTTP_PROXY: the request goes to a URL, with the mappings that the owner made.

use crate::{Changes, Defect, RequestMapping, Source, UriTemplate};
use postern_definition::rest::{ConnectionType, Integration, ResponseTransferMode};
use postern_definition::routed::{self, Route, RouteKey};
use std::time::Duration;

#[derive(Debug)]
pub struct HttpPlan {
    /// None is `ANY`: the client's own.
    pub method: Option<String>,
    /// Empty where the link alone says where the endpoint is.
    pub uri: UriTemplate,
    pub passes: Passes,
    pub mapping: RequestMapping,
    pub timeout: Duration,
    /// How the answer goes on. Where nothing is said it streams, and may be held to be packed.
    pub transfer: Option<ResponseTransferMode>,
    /// Whether the endpoint's certificate may be of any issuer.
    pub any_issuer: bool,
    /// What leads to the endpoint, where that is not the open network.
    pub link: Option<LinkPlan>,
    pub changes: Changes,
}

/// What of a request and of the answer to it goes through a proxy as it came, and what the gateway says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// As REST APIs have it.
    Rest,
    /// As HTTP APIs have it.
    Routed(Appended),
}

/// What stands behind the URI's own path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Nothing,
    Path,
    /// The path behind the stage's name.
    StageAndPath,
}

/// A VPC link, and what it leads to where the integration says that rather than the link.
#[derive(Debug)]
pub struct LinkPlan {
    pub id: UriTemplate,
    pub target: Option<UriTemplate>,
    /// Whether the target may be a listener, whose port nothing else says: no URI does, of HTTP APIs.
    pub by_listener: bool,
    /// Whose certificate the endpoint must show, where it is an HTTP API's and speaks TLS.
    pub server_name: Option<String>,
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
            by_listener: false,
            server_name: None,
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
            passes: Passes::Rest,
            changes: Changes::default(),
        })
    }

    /// Of an HTTP API.
    pub(crate) fn compile_routed(
        route: &Route,
        integration: &routed::Integration,
    ) -> Result<Self, Vec<Defect>> {
        let uri = integration.integration_uri.as_deref().unwrap_or_default();
        if uri.is_empty() {
            return Err(vec![Defect::invalid("integrationUri", "it is not set")]);
        }
        let method = integration.integration_method.as_deref();
        let changes = Changes::compile(
            integration.request_parameters.as_ref(),
            integration.response_parameters.as_ref(),
        )?;
        let link = match integration.connection_type {
            ConnectionType::Internet => None,
            ConnectionType::VpcLink => Some(LinkPlan::of_routed(uri, integration)?),
        };
        let appended = match (&link, RouteKey::parse(&route.route_key)) {
            (Some(_), _) => Appended::StageAndPath,
            (None, Ok(RouteKey::Default)) => Appended::Path,
            (None, _) => Appended::Nothing,
        };
        let mut mapping = RequestMapping::default();
        for name in variables(&route.route_key) {
            mapping
                .path
                .insert(name.to_owned(), Source::Path(name.to_owned()));
        }
        Ok(Self {
            method: method.filter(|method| *method != "ANY").map(str::to_owned),
            uri: UriTemplate::parse(if link.is_some() { "" } else { uri }),
            mapping,
            timeout: Duration::from_millis(integration.timeout_in_millis.into()),
            transfer: None,
            any_issuer: false,
            link,
            passes: Passes::Routed(appended),
            changes,
        })
    }
}

impl LinkPlan {
    fn of_routed(uri: &str, integration: &routed::Integration) -> Result<Self, Vec<Defect>> {
        let id = integration.connection_id.as_deref().unwrap_or_default();
        if id.is_empty() {
            let reason = "it is not set, and VPC_LINK needs it";
            return Err(vec![Defect::invalid("connectionId", reason)]);
        }
        let tls = integration.tls_config.as_ref();
        Ok(Self {
            id: UriTemplate::parse(id),
            target: Some(UriTemplate::parse(uri)),
            by_listener: true,
            server_name: tls.and_then(|tls| tls.server_name_to_verify.clone()),
        })
    }
}

/// The names that the path of a route's key has in braces.
fn variables(key: &str) -> impl Iterator<Item = &str> {
    key.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(name.trim_end_matches('+'))
    })
}
