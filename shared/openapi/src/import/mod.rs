//! From a document to a definition.
//!
//! Each file beside this one takes one part of the document. What a part reads counts as used; what nobody read when all is done
//! becomes a warning, so that nothing is ignored in silence.

mod base_path;
mod bodies;
mod documentation;
mod fields;
mod gateway_responses;
mod integration;
mod models;
mod operation;
mod options;
mod paths;
mod reference;
mod report;
mod security;
mod settings;
mod validators;

pub(crate) use documentation::KINDS;
pub use options::{BasePath, Options};
pub use report::{Error, Refusal, Warning, Words, warnings_message};

use crate::document::{Document, Kind, Node, Position, unused};
use documentation::Documentation;
use models::Models;
use postern_definition::rest::{
    ApiKeySource, Definition, EndpointConfiguration, EndpointType, IpAddressType, RestApi,
};
use report::Report;

/// What a document makes of an API.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    pub definition: Definition,
    pub mentions: Mentions,
    pub warnings: Vec<Warning>,
}

/// Which settings the document names, of those whose value alone does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub api_key_source: bool,
    pub disable_execute_api_endpoint: bool,
    pub vpc_endpoint_ids: bool,
}

/// Reads an OpenAPI 2.0 or 3.0 document, in JSON or YAML.
pub fn import(bytes: &[u8], options: &Options<'_>) -> Result<Imported, Refusal> {
    let mut document = Document::read(bytes, &options.limits)
        .map_err(|error| Refusal::unreadable(error.at, String::new(), &error.reason))?;
    document.replace(&[
        ("${AWS::AccountId}", &options.account),
        ("${AWS::Partition}", &options.partition),
        ("${AWS::Region}", &options.region),
    ]);
    let root = document.root();
    let is_swagger = is_swagger(root)?;
    Importer {
        root,
        is_swagger,
        options,
        report: Report::default(),
        models: Models::default(),
        documentation: Documentation::default(),
    }
    .run()
}

/// The imports and exports of documentation alone read the same document.
pub(crate) struct Importer<'a> {
    root: Node<'a>,
    is_swagger: bool,
    options: &'a Options<'a>,
    report: Report,
    models: Models<'a>,
    documentation: Documentation,
}

/// Whether this is OpenAPI 2.0 rather than 3.0.
fn is_swagger(root: Node<'_>) -> Result<bool, Refusal> {
    let refused =
        |at: Position, path: String, reason: &str| Err(Refusal::unreadable(at, path, reason));
    if root.kind() != Kind::Object {
        return refused(
            root.at(),
            String::new(),
            &format!(
                "a document is an object, and this is {}",
                root.kind().name()
            ),
        );
    }
    let (key, version) = match (root.get("swagger"), root.get("openapi")) {
        (Some(version), None) => ("swagger", version),
        (None, Some(version)) => ("openapi", version),
        (None, None) => {
            return refused(
                root.at(),
                String::new(),
                "neither `swagger: \"2.0\"` nor `openapi: 3.0.x` is there",
            );
        }
        (Some(_), Some(both)) => {
            return refused(
                both.at(),
                both.path(),
                "both `swagger` and `openapi` are there",
            );
        }
    };
    let text = version.scalar_text().unwrap_or_default();
    match key {
        "swagger" if text == "2.0" => Ok(true),
        "openapi" if text == "3.0" || text.starts_with("3.0.") => Ok(false),
        _ => refused(
            version.at(),
            version.path(),
            &format!("OpenAPI 2.0 and 3.0 are supported, and this is `{key}: {text}`"),
        ),
    }
}

impl<'a> Importer<'a> {
    /// The order in which later parts need what earlier ones made.
    fn run(mut self) -> Result<Imported, Refusal> {
        let (mut api, mentions) = self.settings();
        self.declare_models();
        let validators = self.validators();
        let security = self.security_schemes();
        let tree = self.paths(&validators, &security);
        api.root_resource_id = tree.root_id();
        let (resources, methods) = tree.done();
        let gateway_responses = self.gateway_responses();
        self.document_api();
        self.explicit_documentation();
        let models = self.write_models();
        for node in unused(self.root) {
            self.ignored(node);
        }
        let documentation_parts = self.documentation.done();
        let (errors, warnings) = self.report.done();
        if !errors.is_empty() {
            return Err(Refusal { errors, warnings });
        }
        Ok(Imported {
            definition: Definition {
                api,
                resources,
                methods,
                models,
                request_validators: validators.done(),
                authorizers: security.authorizers,
                gateway_responses,
                documentation_parts,
            },
            mentions,
            warnings,
        })
    }

    fn new_api(&self, name: String) -> RestApi {
        let ip_address_type =
            self.options
                .ip_address_type
                .unwrap_or_else(|| match self.options.endpoint_type {
                    EndpointType::Private => IpAddressType::Dualstack,
                    _ => IpAddressType::Ipv4,
                });
        RestApi {
            id: self.options.api_id.clone(),
            name,
            description: None,
            created_date: self.options.created_date,
            version: None,
            binary_media_types: Vec::new(),
            minimum_compression_size: None,
            api_key_source: ApiKeySource::Header,
            endpoint_configuration: EndpointConfiguration {
                types: vec![self.options.endpoint_type],
                ip_address_type,
                vpc_endpoint_ids: Vec::new(),
            },
            policy: None,
            tags: postern_definition::Map::new(),
            disable_execute_api_endpoint: false,
            root_resource_id: String::new().into(),
            security_policy: None,
            endpoint_access_mode: None,
        }
    }

    /// Says that a part of the document is without effect.
    fn ignored(&self, node: Node<'a>) {
        let name = node.name();
        let within = node.parent().map(Node::name).unwrap_or_default();
        let is_component = node.names().first().is_some_and(|first| {
            matches!(first.as_str(), "components" | "parameters" | "responses")
        });
        let text = if name == "x-amazon-apigateway-cors" {
            "`x-amazon-apigateway-cors` is for HTTP APIs and was ignored: give OPTIONS methods that answer the browsers".to_owned()
        } else if is_component
            && matches!(
                within.as_str(),
                "parameters" | "responses" | "headers" | "requestBodies"
            )
        {
            format!("nothing refers to `{name}`, so it was ignored")
        } else {
            format!("`{name}` is not supported and was ignored")
        };
        self.report.note(node, text);
    }
}
