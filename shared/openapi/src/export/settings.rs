//! What the document says about the API as a whole in the gateway's own members.

use super::Exporter;
use super::documented::parsed;
use super::security::texts;
use crate::import::KINDS;
use crate::tree::{Fields, Tree};
use postern_definition::Map;
use postern_definition::rest::{ApiKeySource, DocumentationPart};

impl Exporter<'_> {
    pub(super) fn settings(&self, document: &mut Fields) {
        let (definition, extensions) = (self.definition, self.options.extensions);
        let api = &definition.api;
        if extensions.authorizers() && !definition.request_validators.is_empty() {
            let validators = definition.request_validators.iter().map(|validator| {
                let mut flags = Fields::default();
                flags.put(
                    "validateRequestParameters",
                    Tree::Bool(validator.validate_request_parameters),
                );
                flags.put(
                    "validateRequestBody",
                    Tree::Bool(validator.validate_request_body),
                );
                (validator.name.clone().unwrap_or_default(), flags.done())
            });
            document.put(
                "x-amazon-apigateway-request-validators",
                Tree::Object(validators.collect()),
            );
        }
        if extensions.apigateway {
            self.gateway_responses(document);
        }
        if extensions.integrations() {
            if !api.binary_media_types.is_empty() {
                document.put(
                    "x-amazon-apigateway-binary-media-types",
                    texts(&api.binary_media_types),
                );
            }
            if let Some(size) = api.minimum_compression_size {
                document.number("x-amazon-apigateway-minimum-compression-size", size);
            }
        }
        if extensions.apigateway {
            if api.api_key_source == ApiKeySource::Authorizer {
                document.text("x-amazon-apigateway-api-key-source", "AUTHORIZER");
            }
            if let Some(policy) = api.policy.as_deref().and_then(parsed) {
                document.put("x-amazon-apigateway-policy", policy);
            }
            document.maybe(
                "x-amazon-apigateway-security-policy",
                api.security_policy.as_deref(),
            );
            document.maybe(
                "x-amazon-apigateway-endpoint-access-mode",
                api.endpoint_access_mode.as_deref(),
            );
            if self.is_swagger
                && let Some(endpoint) = self.endpoint()
            {
                document.put("x-amazon-apigateway-endpoint-configuration", endpoint);
            }
        }
        if extensions.documentation {
            self.documentation(document);
        }
    }

    /// What of the endpoint's configuration a document can say.
    pub(super) fn endpoint(&self) -> Option<Tree> {
        let api = &self.definition.api;
        let mut endpoint = Fields::default();
        if api.disable_execute_api_endpoint {
            endpoint.put("disableExecuteApiEndpoint", Tree::Bool(true));
        }
        let ids = &api.endpoint_configuration.vpc_endpoint_ids;
        if !ids.is_empty() {
            endpoint.put("vpcEndpointIds", texts(ids));
        }
        let is_wanted = self.options.extensions.apigateway && !endpoint.0.is_empty();
        is_wanted.then(|| endpoint.done())
    }

    fn gateway_responses(&self, document: &mut Fields) {
        let responses = self.definition.gateway_responses.iter().map(|response| {
            let mut own = Fields::default();
            own.maybe("statusCode", response.status_code.as_deref());
            if !response.response_parameters.is_empty() {
                own.put(
                    "responseParameters",
                    text_map(&response.response_parameters),
                );
            }
            if !response.response_templates.is_empty() {
                own.put("responseTemplates", text_map(&response.response_templates));
            }
            (response.response_type.name().to_owned(), own.done())
        });
        let responses: Vec<_> = responses.collect();
        if !responses.is_empty() {
            document.put(
                "x-amazon-apigateway-gateway-responses",
                Tree::Object(responses),
            );
        }
    }

    fn documentation(&self, document: &mut Fields) {
        let parts = &self.definition.documentation_parts;
        let mut documentation = Fields::default();
        documentation.maybe("version", self.options.documentation_version);
        documentation.put(
            "documentationParts",
            Tree::List(parts.iter().map(part).collect()),
        );
        document.put("x-amazon-apigateway-documentation", documentation.done());
    }
}

fn part(part: &DocumentationPart) -> Tree {
    let at = &part.location;
    let kind = KINDS.iter().find(|(_, kind)| *kind == at.kind);
    let mut location = Fields::default();
    location.maybe("type", kind.map(|(name, _)| *name));
    location.maybe("path", at.path.as_deref());
    location.maybe("method", at.method.as_deref());
    location.maybe("statusCode", at.status_code.as_deref());
    location.maybe("name", at.name.as_deref());
    let mut written = Fields::default();
    written.put("location", location.done());
    written.put(
        "properties",
        match parsed(&part.properties) {
            Some(properties @ Tree::Object(_)) => properties,
            _ => Tree::text(&part.properties),
        },
    );
    written.done()
}

pub(super) fn text_map(map: &Map<String>) -> Tree {
    Tree::Object(
        map.iter()
            .map(|(name, value)| (name.clone(), Tree::text(value)))
            .collect(),
    )
}
