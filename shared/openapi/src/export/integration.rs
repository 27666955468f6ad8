//! `x-amazon-apigateway-integration`.

use super::security::texts;
use super::settings::text_map;
use crate::tree::{Fields, Members, Tree};
use postern_definition::rest::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT,
};
use postern_definition::{Map, ResourceId};

/// What has a default, and has it, is not written.
pub(super) fn integration(integration: &Integration, resource: &ResourceId) -> Tree {
    let mut own = Fields::default();
    own.text(
        "type",
        match integration.kind {
            IntegrationType::Http => "http",
            IntegrationType::HttpProxy => "http_proxy",
            IntegrationType::Aws => "aws",
            IntegrationType::AwsProxy => "aws_proxy",
            IntegrationType::Mock => "mock",
        },
    );
    own.maybe("httpMethod", integration.http_method.as_deref());
    own.maybe("uri", integration.uri.as_deref());
    if integration.connection_type == Some(ConnectionType::VpcLink) {
        own.text("connectionType", "VPC_LINK");
    }
    own.maybe("connectionId", integration.connection_id.as_deref());
    own.maybe("credentials", integration.credentials.as_deref());
    if !integration.integration_responses.is_empty() {
        own.put("responses", responses(&integration.integration_responses));
    }
    if let Some(parameters) = &integration.request_parameters {
        own.put("requestParameters", text_map(parameters));
    }
    if let Some(map) = &integration.request_templates {
        own.put("requestTemplates", templates(map));
    }
    own.text(
        "passthroughBehavior",
        match integration.passthrough_behavior {
            PassthroughBehavior::WhenNoMatch => "when_no_match",
            PassthroughBehavior::WhenNoTemplates => "when_no_templates",
            PassthroughBehavior::Never => "never",
        },
    );
    content_handling(integration.content_handling, &mut own);
    if integration.timeout_in_millis != TIMEOUT_MS_DEFAULT {
        own.number("timeoutInMillis", integration.timeout_in_millis);
    }
    if integration.cache_namespace != resource.as_str() {
        own.text("cacheNamespace", &integration.cache_namespace);
    }
    if !integration.cache_key_parameters.is_empty() {
        own.put(
            "cacheKeyParameters",
            texts(&integration.cache_key_parameters),
        );
    }
    if let Some(tls) = integration.tls_config {
        let insecure = Tree::Bool(tls.insecure_skip_verification);
        own.put(
            "tlsConfig",
            Tree::Object(vec![("insecureSkipVerification".to_owned(), insecure)]),
        );
    }
    match integration.response_transfer_mode {
        None => {}
        Some(ResponseTransferMode::Buffered) => own.text("responseTransferMode", "BUFFERED"),
        Some(ResponseTransferMode::Stream) => own.text("responseTransferMode", "STREAM"),
    }
    own.maybe(
        "integrationTarget",
        integration.integration_target.as_deref(),
    );
    own.done()
}

/// By selection pattern. A document has one response for each: where several have the same, the lowest status is written.
fn responses(responses: &Map<IntegrationResponse>) -> Tree {
    let mut written = Members::new();
    for response in responses.values() {
        let pattern = match response.selection_pattern.as_deref() {
            None | Some("") => "default",
            Some(pattern) => pattern,
        };
        if written.iter().any(|(name, _)| name == pattern) {
            continue;
        }
        let mut own = Fields::default();
        own.text("statusCode", &response.status_code);
        if let Some(parameters) = &response.response_parameters {
            own.put("responseParameters", text_map(parameters));
        }
        if let Some(map) = &response.response_templates {
            own.put("responseTemplates", templates(map));
        }
        content_handling(response.content_handling, &mut own);
        written.push((pattern.to_owned(), own.done()));
    }
    Tree::Object(written)
}

fn templates(templates: &Map<Option<String>>) -> Tree {
    let templates = templates.iter().map(|(media_type, template)| {
        let text = template.as_ref().map_or(Tree::Null, Tree::text);
        (media_type.clone(), text)
    });
    Tree::Object(templates.collect())
}

fn content_handling(handling: Option<ContentHandling>, own: &mut Fields) {
    match handling {
        None => {}
        Some(ContentHandling::ConvertToBinary) => own.text("contentHandling", "CONVERT_TO_BINARY"),
        Some(ContentHandling::ConvertToText) => own.text("contentHandling", "CONVERT_TO_TEXT"),
    }
}
