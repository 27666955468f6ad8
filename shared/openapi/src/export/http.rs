//! From an HTTP API to a document, laid out as the service lays out its exports.

use super::security::texts;
use super::settings::text_map;
use super::{Format, date_time};
use crate::tree::{Fields, Tree};
use crate::validation;
use postern_definition::Map;
use postern_definition::rest::{ConnectionType, IntegrationType};
use postern_definition::routed::{
    AuthorizationType, Authorizer, AuthorizerType, Cors, Definition, Integration, METHODS, Route,
    RouteKey, TIMEOUT_MS_DEFAULT_HTTP,
};

/// What an exporter of an HTTP API is told beside the definition.
#[derive(Clone, Debug)]
pub struct HttpExportOptions<'a> {
    pub format: Format,
    /// Whether the gateway's own members are written.
    pub extensions: bool,
    /// Such as `a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com`.
    pub host: &'a str,
    /// The path of the stage below the host; empty for `$default`, and for what is not deployed.
    pub base_path: &'a str,
    /// In seconds since 1970: the version of an API that has none.
    pub exported_at: i64,
}

/// The version that the document of an HTTP API has.
pub fn exported_http_version(definition: &Definition, exported_at: i64) -> String {
    let version = definition.api.version.clone();
    version.unwrap_or_else(|| date_time(exported_at))
}

/// Writes an HTTP API as an OpenAPI 3.0 document.
pub fn export_http(definition: &Definition, options: &HttpExportOptions<'_>) -> String {
    let tree = Exporter {
        definition,
        options,
    }
    .document();
    match options.format {
        Format::Json => tree.to_json(),
        Format::Yaml => tree.to_yaml(),
    }
}

struct Exporter<'a> {
    definition: &'a Definition,
    options: &'a HttpExportOptions<'a>,
}

impl Exporter<'_> {
    fn document(&self) -> Tree {
        let api = &self.definition.api;
        let mut document = Fields::default();
        document.text("openapi", "3.0.1");
        let mut info = Fields::default();
        info.text("title", &api.name);
        info.maybe("description", api.description.as_deref());
        let version = exported_http_version(self.definition, self.options.exported_at);
        info.text("version", version);
        document.put("info", info.done());
        document.put("servers", self.servers());
        if !api.tags.is_empty() {
            let tags = api.tags.iter().map(|(name, value)| {
                let mut tag = Fields::default();
                tag.text("name", name);
                if self.options.extensions {
                    tag.text("x-amazon-apigateway-tag-value", value);
                }
                tag.done()
            });
            document.put("tags", Tree::List(tags.collect()));
        }
        document.put("paths", self.paths());
        let schemes = self.security_schemes();
        let mut components = Fields::default();
        if !schemes.0.is_empty() {
            components.put("securitySchemes", schemes.done());
        }
        document.put("components", components.done());
        if self.options.extensions {
            if let Some(configuration) = &api.cors_configuration {
                document.put("x-amazon-apigateway-cors", cors(configuration));
            }
            document.text("x-amazon-apigateway-importexport-version", "1.0");
            if !self.definition.models.is_empty() {
                let models = validation::of_models(&self.definition.models);
                document.put(validation::MODELS, models);
            }
        }
        document.done()
    }

    fn servers(&self) -> Tree {
        let mut base_path = Fields::default();
        base_path.text("default", self.options.base_path);
        let mut variables = Fields::default();
        variables.put("basePath", base_path.done());
        let mut server = Fields::default();
        server.text("url", format!("https://{}/{{basePath}}", self.options.host));
        server.put("variables", variables.done());
        if self.options.extensions && self.definition.api.disable_execute_api_endpoint {
            let disable = ("disableExecuteApiEndpoint".to_owned(), Tree::Bool(true));
            server.put(
                "x-amazon-apigateway-endpoint-configuration",
                Tree::Object(vec![disable]),
            );
        }
        Tree::List(vec![server.done()])
    }

    /// Routes of one path together, in the order of the paths and, within one, of the methods' names.
    fn paths(&self) -> Tree {
        let mut by_path: Map<Vec<(&str, &Route)>> = Map::new();
        for route in &self.definition.routes {
            let (method, path) = match RouteKey::parse(&route.route_key) {
                Ok(RouteKey::Method { method, path }) => (method, path),
                Ok(RouteKey::Default) => ("ANY", "/$default"),
                Err(_) => continue,
            };
            by_path
                .entry(path.to_owned())
                .or_default()
                .push((method, route));
        }
        let mut paths = Fields::default();
        for (path, mut routes) in by_path {
            routes.sort_by_key(|(method, _)| METHODS.iter().position(|known| known == method));
            let mut item = Fields::default();
            for (method, route) in routes {
                let name = match method {
                    "ANY" if !self.options.extensions => continue,
                    "ANY" => "x-amazon-apigateway-any-method".to_owned(),
                    method => method.to_ascii_lowercase(),
                };
                item.put(name, self.operation(route));
            }
            let parameters = path_parameters(&path);
            if !parameters.is_empty() {
                item.put("parameters", Tree::List(parameters));
            }
            paths.put(path, item.done());
        }
        paths.done()
    }

    fn operation(&self, route: &Route) -> Tree {
        let mut operation = Fields::default();
        operation.maybe("operationId", route.operation_name.as_deref());
        let description = format!("Default response for {}", route.route_key);
        let mut default = Fields::default();
        default.text("description", description);
        let mut responses = Fields::default();
        responses.put("default", default.done());
        operation.put("responses", responses.done());
        if let Some(security) = self.security(route) {
            operation.put("security", security);
        }
        if !self.options.extensions {
            return operation.done();
        }
        if route.route_key == postern_definition::routed::DEFAULT_KEY {
            operation.put("isDefaultRoute", Tree::Bool(true));
        }
        let found = route.integration_id().and_then(|id| {
            let mut all = self.definition.integrations.iter();
            all.find(|integration| integration.integration_id == id)
        });
        if let Some(found) = found {
            operation.put("x-amazon-apigateway-integration", integration(found));
        }
        if let Some(asked) = validation::of_route(route) {
            operation.put(validation::VALIDATION, asked);
        }
        operation.done()
    }

    fn security(&self, route: &Route) -> Option<Tree> {
        let (name, scopes) = match route.authorization_type {
            AuthorizationType::None => return None,
            AuthorizationType::AwsIam => (self.iam(), texts(&[])),
            AuthorizationType::Custom | AuthorizationType::Jwt => {
                let id = route.authorizer_id.as_deref()?;
                let mut all = self.definition.authorizers.iter();
                let authorizer = all.find(|authorizer| authorizer.authorizer_id == id)?;
                let scopes = route.authorization_scopes.as_deref().unwrap_or_default();
                (authorizer.name.clone(), texts(scopes))
            }
        };
        Some(Tree::List(vec![Tree::Object(vec![(name, scopes)])]))
    }

    /// What the scheme of signed requests is called: as no authorizer is.
    fn iam(&self) -> String {
        let mut name = "sigv4".to_owned();
        while self.definition.authorizers.iter().any(|a| a.name == name) {
            name.push('_');
        }
        name
    }

    fn security_schemes(&self) -> Fields {
        let mut schemes = Fields::default();
        for authorizer in &self.definition.authorizers {
            schemes.put(&authorizer.name, self.scheme(authorizer));
        }
        let mut routes = self.definition.routes.iter();
        if routes.any(|route| route.authorization_type == AuthorizationType::AwsIam) {
            let mut scheme = in_header("Authorization");
            if self.options.extensions {
                scheme.text("x-amazon-apigateway-authtype", "awsSigv4");
            }
            schemes.put(self.iam(), scheme.done());
        }
        schemes
    }

    fn scheme(&self, authorizer: &Authorizer) -> Tree {
        let is_jwt = authorizer.authorizer_type == AuthorizerType::Jwt;
        let mut scheme = if is_jwt {
            let mut scheme = Fields::default();
            scheme.text("type", "oauth2");
            scheme.put("flows", Fields::default().done());
            scheme
        } else {
            let only = match authorizer.identity_source.as_slice() {
                [source] => source.strip_prefix("$request.header."),
                _ => None,
            };
            in_header(only.unwrap_or("Unused"))
        };
        if !self.options.extensions {
            return scheme.done();
        }
        let mut own = Fields::default();
        own.text("type", if is_jwt { "jwt" } else { "request" });
        if let Some(jwt) = &authorizer.jwt_configuration {
            let mut configuration = Fields::default();
            configuration.put("audience", texts(&jwt.audience));
            configuration.maybe("issuer", jwt.issuer.as_deref());
            own.put("jwtConfiguration", configuration.done());
        }
        own.maybe("authorizerUri", authorizer.authorizer_uri.as_deref());
        own.maybe(
            "authorizerCredentials",
            authorizer.authorizer_credentials_arn.as_deref(),
        );
        own.maybe(
            "authorizerPayloadFormatVersion",
            authorizer.authorizer_payload_format_version.as_deref(),
        );
        if let Some(ttl) = authorizer.authorizer_result_ttl_in_seconds {
            own.number("authorizerResultTtlInSeconds", ttl);
        }
        if let Some(simple) = authorizer.enable_simple_responses {
            own.put("enableSimpleResponses", Tree::Bool(simple));
        }
        if !authorizer.identity_source.is_empty() {
            own.text("identitySource", authorizer.identity_source.join(","));
        }
        own.maybe(
            "identityValidationExpression",
            authorizer.identity_validation_expression.as_deref(),
        );
        scheme.put("x-amazon-apigateway-authorizer", own.done());
        scheme.done()
    }
}

fn in_header(name: &str) -> Fields {
    let mut scheme = Fields::default();
    scheme.text("type", "apiKey");
    scheme.text("name", name);
    scheme.text("in", "header");
    scheme
}

/// The variables of a path, which OpenAPI wants declared.
fn path_parameters(path: &str) -> Vec<Tree> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let mut schema = Fields::default();
            schema.text("type", "string");
            let mut parameter = Fields::default();
            parameter.text("name", name);
            parameter.text("in", "path");
            parameter.text(
                "description",
                format!("Generated path parameter for {name}"),
            );
            parameter.put("required", Tree::Bool(true));
            parameter.put("schema", schema.done());
            parameter.done()
        })
        .collect()
}

fn integration(integration: &Integration) -> Tree {
    let mut own = Fields::default();
    own.maybe("description", integration.description.as_deref());
    own.maybe(
        "payloadFormatVersion",
        integration.payload_format_version.as_deref(),
    );
    own.text(
        "type",
        match integration.integration_type {
            IntegrationType::HttpProxy => "http_proxy",
            _ => "aws_proxy",
        },
    );
    own.maybe(
        "integrationSubtype",
        integration.integration_subtype.as_deref(),
    );
    own.maybe("httpMethod", integration.integration_method.as_deref());
    own.maybe("uri", integration.integration_uri.as_deref());
    own.text(
        "connectionType",
        match integration.connection_type {
            ConnectionType::Internet => "INTERNET",
            ConnectionType::VpcLink => "VPC_LINK",
        },
    );
    own.maybe("connectionId", integration.connection_id.as_deref());
    own.maybe("credentials", integration.credentials_arn.as_deref());
    if let Some(parameters) = &integration.request_parameters {
        own.put("requestParameters", text_map(parameters));
    }
    if let Some(by_status) = &integration.response_parameters {
        let all = by_status
            .iter()
            .map(|(status, parameters)| (status.clone(), text_map(parameters)));
        own.put("responseParameters", Tree::Object(all.collect()));
    }
    if integration.timeout_in_millis != TIMEOUT_MS_DEFAULT_HTTP {
        own.number("timeoutInMillis", integration.timeout_in_millis);
    }
    if let Some(tls) = &integration.tls_config {
        let mut config = Fields::default();
        config.maybe("serverNameToVerify", tls.server_name_to_verify.as_deref());
        own.put("tlsConfig", config.done());
    }
    own.done()
}

fn cors(cors: &Cors) -> Tree {
    let mut own = Fields::default();
    for (name, values) in [
        ("allowMethods", &cors.allow_methods),
        ("allowHeaders", &cors.allow_headers),
        ("exposeHeaders", &cors.expose_headers),
    ] {
        if let Some(values) = values {
            own.put(name, texts(values));
        }
    }
    if let Some(age) = cors.max_age {
        own.number("maxAge", age);
    }
    if let Some(allow) = cors.allow_credentials {
        own.put("allowCredentials", Tree::Bool(allow));
    }
    if let Some(origins) = &cors.allow_origins {
        own.put("allowOrigins", texts(origins));
    }
    own.done()
}
