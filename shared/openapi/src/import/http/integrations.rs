//! `x-amazon-apigateway-integration`, in a document for an HTTP API: in an operation, or among the components where several
//! operations refer to it.

use super::{Place, Reader};
use crate::document::{Kind, Node};
use postern_definition::Map;
use postern_definition::rest::{ConnectionType, IntegrationType};
use postern_definition::routed::{Api, Integration, TIMEOUT_MS_DEFAULT_HTTP, TlsConfig};
use std::collections::HashMap;

const EXTENSION: &str = "x-amazon-apigateway-integration";
const ID_CHARS: usize = 7;

/// Those that were made so far. One place of a document makes one integration, however often it is referred to.
#[derive(Default)]
pub(super) struct Integrations {
    pub(super) made: Vec<Integration>,
    by_place: HashMap<u32, Option<String>>,
}

impl<'a> Reader<'a, '_> {
    /// The id of the integration of an operation.
    pub(super) fn integration(
        &self,
        operation: Node<'a>,
        place: Place<'_>,
        api: &Api,
        integrations: &mut Integrations,
    ) -> Option<String> {
        let node = operation.get(EXTENSION)?;
        let node = self.importer.resolved(node)?;
        if let Some(id) = integrations.by_place.get(&node.id()) {
            return id.clone();
        }
        let made = match self.read(node, api) {
            Ok(integration) => {
                let id = integration.integration_id.clone();
                integrations.made.push(integration);
                Some(id)
            }
            Err(reason) => {
                node.whole();
                self.importer.report.warn(
                    node,
                    format!(
                        "Unable to put integration on '{}' for resource at path '{}': {reason}",
                        place.verb, place.path
                    ),
                );
                None
            }
        };
        integrations.by_place.insert(node.id(), made.clone());
        made
    }

    fn read(&self, node: Node<'a>, api: &Api) -> Result<Integration, String> {
        let importer = &self.importer;
        if node.kind() != Kind::Object {
            return Err(format!(
                "it must be an object, and is {}",
                node.kind().name()
            ));
        }
        let kind = importer.text(node, "type").unwrap_or_default();
        let integration_type = match kind.to_ascii_uppercase().as_str() {
            "AWS_PROXY" => IntegrationType::AwsProxy,
            "HTTP_PROXY" => IntegrationType::HttpProxy,
            "AWS" => IntegrationType::Aws,
            "HTTP" => IntegrationType::Http,
            "MOCK" => IntegrationType::Mock,
            _ => {
                return Err(format!(
                    "its `type` is AWS_PROXY or HTTP_PROXY, and not `{kind}`"
                ));
            }
        };
        let connection = importer.text(node, "connectionType");
        let connection_type = match connection
            .as_deref()
            .map(str::to_ascii_uppercase)
            .as_deref()
        {
            None | Some("INTERNET") => ConnectionType::Internet,
            Some("VPC_LINK") => ConnectionType::VpcLink,
            Some(other) => {
                return Err(format!(
                    "its `connectionType` is INTERNET or VPC_LINK, and not `{other}`"
                ));
            }
        };
        let timeout = importer.integer(node, "timeoutInMillis");
        let timeout_in_millis = timeout.map_or(Ok(TIMEOUT_MS_DEFAULT_HTTP), |timeout| {
            u32::try_from(timeout)
                .ok()
                .filter(|timeout| (50..=900_000).contains(timeout))
                .ok_or_else(|| "Timeout should be between 50 ms and 900000 ms".to_owned())
        })?;
        let is_subtype = node.peek("integrationSubtype").is_some();
        let integration = Integration {
            api_gateway_managed: false,
            connection_id: importer.text(node, "connectionId"),
            connection_type,
            content_handling_strategy: None,
            credentials_arn: importer.text(node, "credentials"),
            description: importer.text(node, "description"),
            integration_id: (importer.options.id)(ID_CHARS),
            // Tools write the verb of the service's call, which a subtype has no place for.
            integration_method: importer
                .text(node, "httpMethod")
                .map(|method| method.to_ascii_uppercase())
                .map(|method| match method.as_str() {
                    "X-AMAZON-APIGATEWAY-ANY-METHOD" => "ANY".to_owned(),
                    _ => method,
                })
                .filter(|_| !is_subtype),
            integration_response_selection_expression: None,
            integration_subtype: importer.text(node, "integrationSubtype"),
            integration_type,
            integration_uri: importer.text(node, "uri").filter(|_| !is_subtype),
            passthrough_behavior: None,
            // A number loses its fraction in some tools.
            payload_format_version: importer.text(node, "payloadFormatVersion").map(|version| {
                match version.as_str() {
                    "1" => "1.0".to_owned(),
                    "2" => "2.0".to_owned(),
                    _ => version,
                }
            }),
            request_parameters: importer.text_map(node, "requestParameters"),
            request_templates: None,
            response_parameters: self.response_parameters(node),
            template_selection_expression: None,
            timeout_in_millis,
            tls_config: importer.object(node, "tlsConfig").map(|tls| TlsConfig {
                server_name_to_verify: importer.text(tls, "serverNameToVerify"),
            }),
        };
        // Means something to a REST API alone, and is in many documents.
        node.get("passthroughBehavior");
        (self.rules.integration)(api, integration)
    }

    fn response_parameters(&self, node: Node<'a>) -> Option<Map<Map<String>>> {
        let importer = &self.importer;
        let by_status = importer.object(node, "responseParameters")?;
        let all = by_status
            .members()
            .take_while(|(_, member)| importer.spend(*member))
            .filter_map(|(status, _)| {
                Some((status.to_owned(), importer.text_map(by_status, status)?))
            });
        Some(all.collect())
    }
}
