//! An operation of a document as a method: what a request must bring.

use super::Importer;
use super::documentation::About;
use super::security::Security;
use super::validators::Validators;
use crate::document::{Kind, Node};
use indexmap::IndexMap;
use postern_definition::rest::{DocumentationPartType as Part, Method};
use postern_definition::{Map, ResourceId};

/// Where an operation stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a, 'p> {
    pub(super) path: &'p str,
    pub(super) verb: &'static str,
    pub(super) resource: &'p ResourceId,
    /// The path's own member, whose parameters all its operations share.
    pub(super) item: Node<'a>,
}

impl Place<'_, '_> {
    pub(super) fn about(&self, kind: Part) -> About<'_> {
        About {
            path: Some(self.path),
            method: Some(self.verb),
            ..About::new(kind)
        }
    }
}

/// The verb of a path item's member.
pub(super) fn verb(name: &str) -> Option<&'static str> {
    Some(match name {
        "get" => "GET",
        "put" => "PUT",
        "post" => "POST",
        "delete" => "DELETE",
        "patch" => "PATCH",
        "options" => "OPTIONS",
        "head" => "HEAD",
        "x-amazon-apigateway-any-method" => "ANY",
        _ => return None,
    })
}

impl<'a> Importer<'a> {
    pub(super) fn operation(
        &self,
        node: Node<'a>,
        place: Place<'a, '_>,
        validators: &Validators,
        security: &Security,
    ) -> Method {
        self.describe(
            node,
            &place.about(Part::Method),
            &["summary", "description"],
        );
        let parameters = self.parameters(node, place);
        let requirement = self.security_of(node, security);
        let method = Method {
            http_method: place.verb.to_owned(),
            authorization_type: requirement.authorization_type,
            authorizer_id: requirement.authorizer_id,
            api_key_required: requirement.api_key_required,
            request_validator_id: self.validator_id(node, validators),
            operation_name: self.text(node, "operationId").filter(|id| !id.is_empty()),
            request_parameters: Some(self.declared(&parameters)).filter(|map| !map.is_empty()),
            request_models: self.request_models(node, &parameters, place),
            method_responses: self.method_responses(node, place),
            method_integration: self.integration(node, place),
            authorization_scopes: requirement.scopes,
        };
        if let Err(reason) = (self.options.check_method)(&method) {
            self.report.error(
                node,
                format!(
                    "Unable to put method '{}' on resource at path '{}': {reason}",
                    place.verb, place.path
                ),
            );
        }
        method
    }

    /// Those of the operation, and those of the path that the operation does not give anew. Only such as a method can have, and
    /// bodies, which Swagger calls parameters.
    fn parameters(
        &self,
        node: Node<'a>,
        place: Place<'a, '_>,
    ) -> IndexMap<(String, String), Node<'a>> {
        let mut found = IndexMap::new();
        for owner in [place.item, node] {
            let list = self.list(owner, "parameters");
            for parameter in list.into_iter().flat_map(Node::items) {
                if !self.spend(parameter) {
                    break;
                }
                let Some(parameter) = self.resolved(parameter) else {
                    continue;
                };
                if parameter.kind() != Kind::Object {
                    self.report.wrong(
                        parameter,
                        "a parameter is an object with `name` and `in`, or a reference",
                    );
                    continue;
                }
                let name = self.text(parameter, "name").unwrap_or_default();
                let location = self.text(parameter, "in").unwrap_or_default();
                let fits = match location.as_str() {
                    "query" | "header" | "path" => !name.is_empty(),
                    "body" => self.is_swagger,
                    _ => false,
                };
                if fits {
                    found.insert((location, name), parameter);
                } else if matches!(location.as_str(), "cookie" | "formData") {
                    parameter.whole();
                    self.report.note(
                        parameter,
                        format!(
                            "parameters in `{location}` are not supported, so `{name}` was ignored"
                        ),
                    );
                } else {
                    parameter.whole();
                    self.report.wrong(
                        parameter,
                        "a parameter has a `name`, and `in` is one of query, header and path",
                    );
                }
            }
        }
        for ((location, name), parameter) in &found {
            let kind = match location.as_str() {
                "query" => Part::QueryParameter,
                "header" => Part::RequestHeader,
                "path" => Part::PathParameter,
                _ => Part::RequestBody,
            };
            let mut about = place.about(kind);
            about.name = (kind != Part::RequestBody).then_some(name.as_str());
            self.describe(*parameter, &about, &["description"]);
        }
        found
    }

    fn declared(&self, parameters: &IndexMap<(String, String), Node<'a>>) -> Map<bool> {
        let mut declared = Map::new();
        for ((location, name), parameter) in parameters {
            let (location, always) = match location.as_str() {
                "query" => ("querystring", false),
                "header" => ("header", false),
                "path" => ("path", true),
                _ => continue,
            };
            let required = self.boolean(*parameter, "required").unwrap_or_default();
            self.parameter_type(*parameter);
            declared.insert(
                format!("method.request.{location}.{name}"),
                required || always,
            );
        }
        declared
    }

    /// Values are not checked against a type, and all of them are texts: what says more than that is reported.
    fn parameter_type(&self, parameter: Node<'a>) {
        let owner = if self.is_swagger {
            parameter
        } else {
            let Some(schema) = parameter.get("schema").and_then(|s| self.resolved(s)) else {
                return;
            };
            schema
        };
        if let Some(kind) = owner.get("type")
            && kind.text() != Some("string")
        {
            self.report.note(
                kind,
                "parameters are not checked against a type: this one is taken as a text",
            );
        }
    }
}
