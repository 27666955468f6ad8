//! What the gateway's own answers look like.

use super::Importer;
use crate::document::{Kind, Node};
use postern_definition::rest::{GatewayResponse, GatewayResponseType};

impl<'a> Importer<'a> {
    pub(super) fn gateway_responses(&self) -> Vec<GatewayResponse> {
        let mut responses = Vec::new();
        let declared = self.object(self.root, "x-amazon-apigateway-gateway-responses");
        for (name, node) in declared.into_iter().flat_map(Node::members) {
            node.used();
            let kind = GatewayResponseType::ALL
                .iter()
                .find(|kind| kind.name() == name);
            let Some(kind) = kind else {
                node.whole();
                self.report
                    .wrong(node, format!("there is no gateway response type `{name}`"));
                continue;
            };
            let mut response = GatewayResponse::new(*kind);
            if node.kind() == Kind::Object {
                response.status_code = self.status(node);
                response.response_parameters = self
                    .text_map(node, "responseParameters")
                    .unwrap_or_default();
                response.response_templates =
                    self.text_map(node, "responseTemplates").unwrap_or_default();
            } else if node.kind() != Kind::Null {
                self.report.wrong(node, "a gateway response is an object");
            }
            responses.push(response);
        }
        responses.sort_by_key(|response| response.response_type);
        responses
    }

    /// `statusCode`, which may be a number.
    pub(super) fn status(&self, node: Node<'a>) -> Option<String> {
        let status = self.text(node, "statusCode")?;
        if is_status(&status) {
            return Some(status);
        }
        self.report.wrong(
            node.peek("statusCode").unwrap_or(node),
            format!("a status code is a number from 100 to 599, and not `{status}`"),
        );
        None
    }
}

pub(super) fn is_status(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}
