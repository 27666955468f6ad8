//! From a document to a definition.
//!
//! Each file beside this one takes one part of the document. What a part reads counts as used; what nobody read when all is done
//! becomes a warning, so that nothing is ignored in silence.

mod base_path;
mod bodies;
mod documentation;
mod fields;
mod gateway_responses;
mod http;
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
pub use http::{HttpImported, HttpRules, import_http};
pub use options::{BasePath, Options};
pub use report::{Error, Refusal, Warning, Words, warnings_message};

use crate::document::{Document, Kind, Node, Position, unused};
use documentation::Documentation;
use models::Models;
use postern_definition::rest::{
    ApiKeySource, Definition, DocumentationPart, EndpointConfiguration, EndpointType,
    IpAddressType, RestApi,
};
use report::Report;
use settings::is_date_time;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

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

/// Parts of a document that are there to be referred to.
const REFERABLE: [&str; 5] = [
    "parameters",
    "responses",
    "headers",
    "requestBodies",
    "x-amazon-apigateway-integrations",
];

/// Reads an OpenAPI 2.0 or 3.0 document, in JSON or YAML.
pub fn import(bytes: &[u8], options: &Options<'_>) -> Result<Imported, Refusal> {
    let document = readable(bytes, options)?;
    let (definition, mentions, errors, warnings) = read(document.root(), options)?;
    if !errors.is_empty() {
        return Err(Refusal::new(errors, warnings));
    }
    Ok(Imported {
        definition,
        mentions,
        warnings,
    })
}

/// Reads the documentation of such a document, and nothing else: what else is wrong with the document is no matter. It may also
/// be the list of parts alone, in an object with the one member `documentationParts`.
pub fn import_documentation(
    bytes: &[u8],
    options: &Options<'_>,
) -> Result<Vec<DocumentationPart>, Refusal> {
    let document = readable(bytes, options).map_err(Refusal::of_documentation)?;
    let root = document.root();
    let names_a_version = root.peek("swagger").or(root.peek("openapi")).is_some();
    let (parts, errors) = if root.peek(documentation::PARTS).is_some() && !names_a_version {
        let importer = Importer::new(root, false, options);
        importer.listed_parts(root);
        (importer.documentation.done(), importer.report.done().0)
    } else {
        let (definition, _, mut errors, _) =
            read(root, options).map_err(Refusal::of_documentation)?;
        errors.retain(|error| error.path.starts_with(documentation::LISTED));
        (definition.documentation_parts, errors)
    };
    if !errors.is_empty() {
        return Err(Refusal::new(errors, Vec::new()));
    }
    Ok(parts)
}

type Read = (Definition, Mentions, Vec<Error>, Vec<Warning>);

fn readable(bytes: &[u8], options: &Options<'_>) -> Result<Document, Refusal> {
    let mut document = Document::read(bytes, &options.limits)
        .map_err(|error| Refusal::unreadable(error.at, String::new(), &error.reason))?;
    document.replace(&[
        ("${AWS::AccountId}", &options.account),
        ("${AWS::Partition}", &options.partition),
        ("${AWS::Region}", &options.region),
    ]);
    Ok(document)
}

fn read(root: Node<'_>, options: &Options<'_>) -> Result<Read, Refusal> {
    let is_swagger = is_swagger(root)?;
    Ok(Importer::new(root, is_swagger, options).run())
}

pub(crate) struct Importer<'a> {
    root: Node<'a>,
    is_swagger: bool,
    options: &'a Options<'a>,
    report: Report,
    models: Models<'a>,
    documentation: Documentation,
    looks: Cell<usize>,
    /// What was found of integrations that were looked through.
    malformed: RefCell<HashMap<u32, bool>>,
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
    fn new(root: Node<'a>, is_swagger: bool, options: &'a Options<'a>) -> Self {
        Self {
            root,
            is_swagger,
            options,
            report: Report::default(),
            models: Models::default(),
            documentation: Documentation::default(),
            looks: Cell::new(0),
            malformed: RefCell::default(),
        }
    }

    /// The order in which later parts need what earlier ones made.
    fn run(mut self) -> Read {
        let (mut api, mentions) = self.settings();
        self.declare_models();
        let validators = self.validators();
        let security = self.security_schemes();
        let tree = self.paths(&validators, &security);
        api.root_resource_id = tree.root_id();
        let (resources, methods) = tree.done();
        let gateway_responses = self.gateway_responses();
        self.components();
        self.document_api();
        self.explicit_documentation();
        let models = self.write_models();
        for node in unused(self.root) {
            self.ignored(node);
        }
        let documentation_parts = self.documentation.done();
        let (errors, warnings) = self.report.done();
        let definition = Definition {
            api,
            resources,
            methods,
            models,
            request_validators: validators.done(),
            authorizers: security.authorizers,
            gateway_responses,
            documentation_parts,
        };
        (definition, mentions, errors, warnings)
    }

    /// Where references lead: what lies there is used by being referred to.
    fn components(&self) {
        let owner = if self.is_swagger {
            Some(self.root)
        } else {
            self.object(self.root, "components")
        };
        for name in REFERABLE {
            owner.and_then(|owner| self.object(owner, name));
        }
    }

    fn new_api(&self, name: String) -> RestApi {
        let default = match self.options.endpoint_type {
            EndpointType::Private => IpAddressType::Dualstack,
            _ => IpAddressType::Ipv4,
        };
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
                ip_address_type: self.options.ip_address_type.unwrap_or(default),
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
