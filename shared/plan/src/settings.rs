//! What requests need of an API's own settings, whatever kind of API it is.

use crate::Expression;
use postern_definition::ApiId;
use postern_definition::rest::{ApiKeySource, Cors, EndpointType, RestApi};
use postern_definition::routed::{self, ProtocolType};

/// What the service calls an API. What clients see follows it; how requests are answered does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    Rest,
    Http,
    WebSocket,
}

impl From<ProtocolType> for ApiKind {
    fn from(protocol: ProtocolType) -> Self {
        match protocol {
            ProtocolType::Http => Self::Http,
            ProtocolType::Websocket => Self::WebSocket,
        }
    }
}

#[derive(Clone, Debug)]
pub struct ApiSettings {
    pub id: ApiId,
    pub name: String,
    pub kind: ApiKind,
    pub endpoint_types: Vec<EndpointType>,
    /// Whether it answers on custom domain names only.
    pub disable_execute_api_endpoint: bool,
    /// From which size answers are compressed. `None` compresses none, and unpacks no request.
    pub minimum_compression_size: Option<u32>,
    pub binary_media_types: Vec<String>,
    pub api_key_source: ApiKeySource,
    /// Of a REST API: who may call it, whatever its methods ask for.
    pub policy: Option<String>,
    /// Of an HTTP API; a REST API's stages have it instead. Only where it allows any origin.
    pub cors: Option<Cors>,
    /// Of a WebSocket API: what says which route a message takes.
    pub route_selection: Option<Expression>,
}

impl From<RestApi> for ApiSettings {
    fn from(api: RestApi) -> Self {
        Self {
            id: api.id,
            name: api.name,
            kind: ApiKind::Rest,
            endpoint_types: api.endpoint_configuration.types,
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            minimum_compression_size: api.minimum_compression_size,
            binary_media_types: api.binary_media_types,
            api_key_source: api.api_key_source,
            policy: api.policy,
            cors: None,
            route_selection: None,
        }
    }
}

impl From<routed::Api> for ApiSettings {
    fn from(api: routed::Api) -> Self {
        let kind = ApiKind::from(api.protocol_type);
        let is_of_authorizer = api
            .api_key_selection_expression
            .contains("context.authorizer");
        Self {
            id: api.api_id,
            name: api.name,
            kind,
            endpoint_types: vec![EndpointType::Regional],
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            minimum_compression_size: None,
            binary_media_types: Vec::new(),
            api_key_source: if is_of_authorizer {
                ApiKeySource::Authorizer
            } else {
                ApiKeySource::Header
            },
            policy: None,
            cors: api
                .cors_configuration
                .map(cors)
                .filter(|cors| !cors.allow_origins.is_empty()),
            route_selection: (kind == ApiKind::WebSocket)
                .then(|| Expression::parse(&api.route_selection_expression)),
        }
    }
}

/// What is not said is nothing.
fn cors(cors: routed::Cors) -> Cors {
    Cors {
        allow_origins: cors.allow_origins.unwrap_or_default(),
        allow_methods: cors.allow_methods.unwrap_or_default(),
        allow_headers: cors.allow_headers.unwrap_or_default(),
        expose_headers: cors.expose_headers.unwrap_or_default(),
        max_age: cors.max_age.and_then(|age| i32::try_from(age).ok()),
        allow_credentials: cors.allow_credentials,
    }
}
