//! `x-amazon-apigateway-integration`: what answers a method.

use super::Importer;
use super::operation::Place;
use super::report::UNPARSABLE;
use crate::document::{Kind, Node};
use postern_definition::Map;
use postern_definition::rest::{
    ConnectionType, ContentHandling, Integration, IntegrationResponse, IntegrationType,
    PassthroughBehavior, ResponseTransferMode, TIMEOUT_MS_DEFAULT, TIMEOUT_MS_MAX, TIMEOUT_MS_MIN,
    TlsConfig,
};

/// What a value is compared with, in any case of letters.
type Choices<T> = &'static [(&'static str, T)];

const TYPES: Choices<IntegrationType> = &[
    ("HTTP", IntegrationType::Http),
    ("MOCK", IntegrationType::Mock),
    ("AWS_PROXY", IntegrationType::AwsProxy),
    ("HTTP_PROXY", IntegrationType::HttpProxy),
    ("AWS", IntegrationType::Aws),
];
const PASSTHROUGHS: Choices<PassthroughBehavior> = &[
    ("WHEN_NO_MATCH", PassthroughBehavior::WhenNoMatch),
    ("WHEN_NO_TEMPLATES", PassthroughBehavior::WhenNoTemplates),
    ("NEVER", PassthroughBehavior::Never),
];
const HANDLINGS: Choices<ContentHandling> = &[
    ("CONVERT_TO_BINARY", ContentHandling::ConvertToBinary),
    ("CONVERT_TO_TEXT", ContentHandling::ConvertToText),
];
const CONNECTIONS: Choices<ConnectionType> = &[
    ("INTERNET", ConnectionType::Internet),
    ("VPC_LINK", ConnectionType::VpcLink),
];
const TRANSFERS: Choices<ResponseTransferMode> = &[
    ("BUFFERED", ResponseTransferMode::Buffered),
    ("STREAM", ResponseTransferMode::Stream),
];

impl<'a> Importer<'a> {
    pub(super) fn integration(&self, node: Node<'a>, place: Place<'a, '_>) -> Option<Integration> {
        let node = node.get("x-amazon-apigateway-integration")?;
        let node = self.resolved(node)?;
        // Many operations may refer to one integration, which need not be looked through each time.
        let mut malformed = self.malformed.borrow_mut();
        if *malformed
            .entry(node.id())
            .or_insert_with(|| is_malformed(node))
        {
            node.whole();
            self.report.error(
                node,
                format!(
                    "{UNPARSABLE}a malformed integration at path {}.",
                    place.path
                ),
            );
            return None;
        }
        let Some(kind) = self.choice(node, "type", TYPES) else {
            if node.peek("type").is_none() {
                self.refuse(
                    node,
                    place,
                    "`type` is missing: it is one of [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
                );
            }
            node.whole();
            return None;
        };
        let is_mock = kind == IntegrationType::Mock;
        let given_connection = self.choice(node, "connectionType", CONNECTIONS);
        let integration = Integration {
            kind,
            http_method: self
                .text(node, "httpMethod")
                .map(|method| method.to_ascii_uppercase())
                .filter(|_| !is_mock),
            uri: self.text(node, "uri").filter(|_| !is_mock),
            connection_type: match kind {
                IntegrationType::Http | IntegrationType::HttpProxy => {
                    Some(given_connection.unwrap_or(ConnectionType::Internet))
                }
                _ => given_connection.filter(|given| *given == ConnectionType::VpcLink),
            },
            connection_id: self.text(node, "connectionId"),
            credentials: self.text(node, "credentials"),
            request_parameters: self.text_map(node, "requestParameters"),
            request_templates: self.templates(node, "requestTemplates"),
            passthrough_behavior: self
                .choice(node, "passthroughBehavior", PASSTHROUGHS)
                .unwrap_or(PassthroughBehavior::WhenNoMatch),
            content_handling: self.choice(node, "contentHandling", HANDLINGS),
            timeout_in_millis: self.timeout(node),
            cache_namespace: self
                .text(node, "cacheNamespace")
                .unwrap_or_else(|| place.resource.to_string()),
            cache_key_parameters: self.texts(node, "cacheKeyParameters").unwrap_or_default(),
            integration_responses: self.integration_responses(node),
            tls_config: self.object(node, "tlsConfig").map(|tls| TlsConfig {
                insecure_skip_verification: self
                    .boolean(tls, "insecureSkipVerification")
                    .unwrap_or_default(),
            }),
            response_transfer_mode: self.choice(node, "responseTransferMode", TRANSFERS),
            integration_target: self.text(node, "integrationTarget"),
        };
        // Read by both kinds of APIs, so that one document serves both; a REST API has but one form.
        node.get("payloadFormatVersion");
        if let Err(reason) = (self.options.check_integration)(&integration) {
            self.refuse(node, place, &reason);
        }
        Some(integration)
    }

    fn refuse(&self, node: Node<'a>, place: Place<'a, '_>, reason: &str) {
        self.report.error(
            node,
            format!(
                "Unable to put integration on '{}' for resource at path '{}': {reason}",
                place.verb, place.path
            ),
        );
    }

    fn choice<T: Copy>(&self, node: Node<'a>, name: &str, choices: Choices<T>) -> Option<T> {
        let text = self.text(node, name)?;
        let found = choices
            .iter()
            .find_map(|(name, value)| name.eq_ignore_ascii_case(&text).then_some(*value));
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.report.wrong(
                node.peek(name).unwrap_or(node),
                format!(
                    "`{name}` is one of [{}], and not `{text}`",
                    names.join(", ")
                ),
            );
        }
        found
    }

    fn timeout(&self, node: Node<'a>) -> u32 {
        let Some(timeout) = self.integer(node, "timeoutInMillis") else {
            return TIMEOUT_MS_DEFAULT;
        };
        let fits = u32::try_from(timeout)
            .ok()
            .filter(|timeout| (TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(timeout));
        if fits.is_none() {
            self.report.wrong(
                node.peek("timeoutInMillis").unwrap_or(node),
                format!("`timeoutInMillis` is from {TIMEOUT_MS_MIN} to {TIMEOUT_MS_MAX}, and not {timeout}"),
            );
        }
        fits.unwrap_or(TIMEOUT_MS_DEFAULT)
    }

    fn integration_responses(&self, node: Node<'a>) -> Map<IntegrationResponse> {
        let mut responses = Map::new();
        let declared = self.object(node, "responses");
        for (pattern, response) in declared.into_iter().flat_map(Node::members) {
            response.used();
            if !self.spend(response) {
                break;
            }
            let Some(status_code) = self.status(response) else {
                if response.peek("statusCode").is_none() {
                    self.report.wrong(
                        response,
                        "an integration's response has a `statusCode`, which this one lacks",
                    );
                }
                continue;
            };
            let made = IntegrationResponse {
                status_code: status_code.clone(),
                selection_pattern: (pattern != "default").then(|| pattern.to_owned()),
                response_parameters: self.text_map(response, "responseParameters"),
                response_templates: self.templates(response, "responseTemplates"),
                content_handling: self.choice(response, "contentHandling", HANDLINGS),
            };
            if let Some(IntegrationResponse {
                selection_pattern, ..
            }) = responses.insert(status_code.clone(), made)
            {
                let before = selection_pattern.unwrap_or_else(|| "default".to_owned());
                self.report.note(
                    response,
                    format!("`{before}` has the status {status_code} as well, and a status has one response: this one is kept"),
                );
            }
        }
        responses
    }

    /// A template without text is kept as none, as the service does.
    fn templates(&self, node: Node<'a>, name: &str) -> Option<Map<Option<String>>> {
        let templates = self.object(node, name)?;
        let affordable = templates
            .members()
            .take_while(|(_, template)| self.spend(*template));
        let templates = affordable.map(|(media_type, template)| {
            let text = template.used().scalar_text();
            (media_type.to_owned(), text.filter(|text| !text.is_empty()))
        });
        Some(templates.collect())
    }
}

/// Whether something stands where an integration has a text, or no object where it has one. Functions of templates that were not
/// resolved are the usual reason.
fn is_malformed(node: Node<'_>) -> bool {
    let is = |node: Node<'_>, kind| node.kind() != kind && node.kind() != Kind::Null;
    let holds_other = |node: Node<'_>| {
        node.members()
            .any(|(_, member)| matches!(member.kind(), Kind::Object | Kind::List))
    };
    let maps = [
        "requestParameters",
        "requestTemplates",
        "responseParameters",
        "responseTemplates",
    ];
    let odd_member = |(name, member): (&str, Node<'_>)| match name {
        name if maps.contains(&name) => is(member, Kind::Object) || holds_other(member),
        "responses" | "tlsConfig" => is(member, Kind::Object),
        "cacheKeyParameters" => is(member, Kind::List),
        name if name.starts_with("x-") => false,
        _ => matches!(member.kind(), Kind::Object | Kind::List),
    };
    if is(node, Kind::Object) || node.members().any(odd_member) {
        return true;
    }
    let responses = node.peek("responses");
    responses.is_some_and(|responses| {
        responses
            .members()
            .any(|(_, response)| is(response, Kind::Object) || response.members().any(odd_member))
    })
}
