//! The models of requests and responses, and the responses that a method can give.

use super::Importer;
use super::gateway_responses::is_status;
use super::operation::Place;
use crate::document::{Kind, Node};
use indexmap::IndexMap;
use postern_definition::Map;
use postern_definition::rest::{DocumentationPartType as Part, MethodResponse};

const JSON: &str = "application/json";

impl<'a> Importer<'a> {
    pub(super) fn request_models(
        &self,
        node: Node<'a>,
        parameters: &IndexMap<(String, String), Node<'a>>,
        place: Place<'a, '_>,
    ) -> Option<Map<String>> {
        let consumes = self.media_types(node, "consumes");
        if self.is_swagger {
            let body = parameters
                .iter()
                .find_map(|((location, _), body)| (location == "body").then_some(*body))?;
            body.get("required");
            return self.models_of(body.get("schema")?, consumes);
        }
        let body = self.resolved(node.get("requestBody")?)?;
        if body.kind() != Kind::Object {
            self.report
                .wrong(body, "a request body is an object with `content`");
            return None;
        }
        body.get("required");
        self.describe(body, &place.about(Part::RequestBody), &["description"]);
        self.content(body)
    }

    pub(super) fn method_responses(
        &self,
        node: Node<'a>,
        place: Place<'a, '_>,
    ) -> Map<MethodResponse> {
        let mut responses = Map::new();
        let produces = self.media_types(node, "produces");
        let declared = self.object(node, "responses");
        for (status, response) in declared.into_iter().flat_map(Node::members) {
            response.used();
            if !self.spend(response) {
                break;
            }
            if !is_status(status) {
                let description = response.peek("description").and_then(Node::text);
                // What exports say of a method without responses.
                let is_filler =
                    description.is_some_and(|text| text.starts_with("Default response for "));
                if !status.starts_with("x-") && !is_filler {
                    self.report.note(
                        response,
                        format!("a method's response has a status from 100 to 599, so `{status}` was ignored"),
                    );
                }
                response.whole();
                continue;
            }
            let Some(response) = self.resolved(response) else {
                continue;
            };
            if !matches!(response.kind(), Kind::Object | Kind::Null) {
                self.report.wrong(response, "a response is an object");
                continue;
            }
            let mut about = place.about(Part::Response);
            about.status_code = Some(status);
            self.describe_response(response, &about);
            let response_models = if self.is_swagger {
                response
                    .get("schema")
                    .and_then(|schema| self.models_of(schema, produces.clone()))
            } else {
                self.content(response)
            };
            responses.insert(
                status.to_owned(),
                MethodResponse {
                    status_code: status.to_owned(),
                    response_parameters: self.headers(response, status, place),
                    response_models,
                },
            );
        }
        responses
    }

    fn headers(&self, response: Node<'a>, status: &str, place: Place<'a, '_>) -> Option<Map<bool>> {
        let headers = self.object(response, "headers")?;
        let mut parameters = Map::new();
        for (name, header) in headers.members() {
            header.used();
            if !self.spend(header) {
                break;
            }
            parameters.insert(format!("method.response.header.{name}"), false);
            let Some(header) = self.resolved(header) else {
                continue;
            };
            let mut about = place.about(Part::ResponseHeader);
            about.status_code = Some(status);
            about.name = Some(name);
            self.describe(header, &about, &["description"]);
            let owner = if self.is_swagger {
                Some(header)
            } else {
                header
                    .get("schema")
                    .and_then(|schema| self.resolved(schema))
            };
            // Headers are texts; another type is left to be reported as unused.
            if let Some(owner) = owner
                && owner.peek("type").and_then(Node::text) == Some("string")
            {
                owner.get("type");
            }
        }
        (!parameters.is_empty()).then_some(parameters)
    }

    /// The media types of an operation, or of the document, or JSON.
    fn media_types(&self, node: Node<'a>, name: &str) -> Vec<String> {
        if !self.is_swagger {
            return Vec::new();
        }
        let of_document = self.texts(self.root, name);
        self.texts(node, name)
            .or(of_document)
            .filter(|types| !types.is_empty())
            .unwrap_or_else(|| vec![JSON.to_owned()])
    }

    /// One model for each of some media types.
    fn models_of(&self, schema: Node<'a>, media_types: Vec<String>) -> Option<Map<String>> {
        let model = self.model_name(schema)?;
        Some(
            media_types
                .into_iter()
                .take_while(|_| self.spend(schema))
                .map(|media_type| (media_type, model.clone()))
                .collect(),
        )
    }

    /// The models of OpenAPI 3.0's `content`.
    fn content(&self, owner: Node<'a>) -> Option<Map<String>> {
        let content = self.object(owner, "content")?;
        let mut models = Map::new();
        for (media_type, body) in content.members() {
            body.used();
            if !self.spend(body) {
                break;
            }
            match body.get("schema") {
                Some(schema) => {
                    if let Some(model) = self.model_name(schema) {
                        models.insert(media_type.to_owned(), model);
                    }
                }
                None => self.report.note(
                    body,
                    format!("`{media_type}` has no `schema`, so there is no model for it, and it was ignored"),
                ),
            }
        }
        (!models.is_empty()).then_some(models)
    }
}
