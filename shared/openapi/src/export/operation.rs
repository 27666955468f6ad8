//! A method as an operation.

use super::Exporter;
use super::documented::Spot;
use super::integration::integration;
use super::schemas::{is_json, place};
use super::security::texts;
use crate::tree::{Fields, Tree};
use postern_definition::Map;
use postern_definition::rest::{
    DocumentationPartType as Part, Method, MethodResponse, PathPart, Resource,
};
use std::collections::BTreeSet;

const JSON: &str = "application/json";

impl Exporter<'_> {
    pub(super) fn operation(&self, resource: &Resource, method: &Method) -> Result<Tree, String> {
        let spot = Spot {
            path: &resource.path,
            method: &method.http_method,
            status_code: None,
        };
        let mut operation = Fields::default();
        self.documented.method(spot, &mut operation);
        operation.maybe("operationId", method.operation_name.as_deref());
        let mut parameters = self.parameters(method, spot);
        let body = self.body(method, spot)?;
        if self.is_swagger {
            if let Some((media_types, body)) = body {
                operation.put("consumes", texts(&media_types));
                parameters.push(body);
            }
            operation.put("produces", texts(&produced(method)));
            if !parameters.is_empty() {
                operation.put("parameters", Tree::List(parameters));
            }
        } else {
            if !parameters.is_empty() {
                operation.put("parameters", Tree::List(parameters));
            }
            if let Some((_, body)) = body {
                operation.put("requestBody", body);
            }
        }
        operation.put("responses", self.responses(method, spot));
        if let Some(security) = self.security(method) {
            operation.put("security", security);
        }
        let extensions = self.options.extensions;
        let validator = method.request_validator_id.as_deref();
        if extensions.authorizers()
            && let Some(validator) = validator.and_then(|id| self.validators.get(id))
        {
            operation.maybe(
                "x-amazon-apigateway-request-validator",
                validator.name.as_deref(),
            );
        }
        if extensions.integrations()
            && let Some(own) = &method.method_integration
        {
            operation.put(
                "x-amazon-apigateway-integration",
                integration(own, &resource.id),
            );
        }
        Ok(operation.done())
    }

    /// Those that the method declares, and those of its path, which OpenAPI wants declared.
    fn parameters(&self, method: &Method, spot: Spot<'_>) -> Vec<Tree> {
        let of_path: BTreeSet<&str> = spot
            .path
            .split('/')
            .filter_map(|part| match PathPart::parse(part) {
                Ok(PathPart::Parameter(name) | PathPart::Greedy(name)) => Some(name),
                _ => None,
            })
            .collect();
        let declared = method.request_parameters.iter().flatten();
        let mut parameters: Vec<(&str, &str, bool)> = declared
            .filter_map(|(parameter, required)| {
                let (location, name) =
                    parameter.strip_prefix("method.request.")?.split_once('.')?;
                let location = match location {
                    "querystring" | "multivaluequerystring" => "query",
                    "header" | "multivalueheader" => "header",
                    "path" => "path",
                    _ => return None,
                };
                Some((name, location, *required || location == "path"))
            })
            .collect();
        for name in of_path {
            if !parameters
                .iter()
                .any(|(n, l, _)| *n == name && *l == "path")
            {
                parameters.push((name, "path", true));
            }
        }
        let written = parameters.into_iter().map(|(name, location, required)| {
            let mut own = Fields::default();
            own.text("name", name);
            own.text("in", location);
            let kind = match location {
                "query" => Part::QueryParameter,
                "header" => Part::RequestHeader,
                _ => Part::PathParameter,
            };
            let description = self.documented.description(kind, spot, Some(name));
            own.maybe("description", description.as_deref());
            if self.is_swagger {
                own.put("required", Tree::Bool(required));
                own.text("type", "string");
            } else {
                if required {
                    own.put("required", Tree::Bool(true));
                }
                own.put("schema", a_text());
            }
            own.done()
        });
        written.collect()
    }

    /// The media types of a request's body, and what is said of it.
    fn body(&self, method: &Method, spot: Spot<'_>) -> Result<Option<(Vec<String>, Tree)>, String> {
        let Some(models) = method.request_models.as_ref().filter(|map| !map.is_empty()) else {
            return Ok(None);
        };
        let known = |name: &String| self.models.get(name.as_str()).copied();
        if models.values().filter_map(known).count() > 0
            && !models.values().filter_map(known).any(is_json)
        {
            return Err(format!(
                "Only found non-JSON body models for {} {}",
                spot.method, spot.path
            ));
        }
        let description = self.documented.description(Part::RequestBody, spot, None);
        let mut body = Fields::default();
        if self.is_swagger {
            let Some(name) = self.chosen(models) else {
                return Ok(None);
            };
            body.text("in", "body");
            body.text("name", name);
            body.maybe("description", description.as_deref());
            body.put("required", Tree::Bool(true));
            body.put("schema", self.reference(name));
        } else {
            body.maybe("description", description.as_deref());
            body.put("content", self.content(models));
            body.put("required", Tree::Bool(true));
        }
        let media_types = models.keys().cloned().collect();
        Ok(Some((media_types, body.done())))
    }

    /// The one model that Swagger has room for.
    fn chosen<'m>(&self, models: &'m Map<String>) -> Option<&'m str> {
        let of_json = models.get(JSON).filter(|name| self.is_written(name));
        of_json
            .or_else(|| models.values().find(|name| self.is_written(name)))
            .map(String::as_str)
    }

    fn is_written(&self, model: &str) -> bool {
        self.models.get(model).is_some_and(|model| is_json(model))
    }

    fn reference(&self, model: &str) -> Tree {
        let reference = format!("{}{model}", place(self.is_swagger));
        Tree::Object(vec![("$ref".to_owned(), Tree::Text(reference))])
    }

    fn content(&self, models: &Map<String>) -> Tree {
        let content = models.iter().map(|(media_type, model)| {
            let mut body = Fields::default();
            if self.is_written(model) {
                body.put("schema", self.reference(model));
            }
            (media_type.clone(), body.done())
        });
        Tree::Object(content.collect())
    }

    fn responses(&self, method: &Method, spot: Spot<'_>) -> Tree {
        let mut responses = Fields::default();
        for response in method.method_responses.values() {
            responses.put(&response.status_code, self.response(response, spot));
        }
        if responses.0.is_empty() {
            // OpenAPI wants at least one.
            let mut response = Fields::default();
            let description = format!("Default response for {} {}", spot.method, spot.path);
            response.text("description", description);
            responses.put("default", response.done());
        }
        responses.done()
    }

    fn response(&self, response: &MethodResponse, spot: Spot<'_>) -> Tree {
        let spot = Spot {
            status_code: Some(&response.status_code),
            ..spot
        };
        let description = self.documented.description(Part::Response, spot, None);
        let description =
            description.unwrap_or_else(|| format!("{} response", response.status_code));
        let mut own = Fields::default();
        own.text("description", description);
        let models = response.response_models.clone().unwrap_or_default();
        let headers = self.headers(response, spot);
        if self.is_swagger {
            if let Some(model) = self.chosen(&models) {
                own.put("schema", self.reference(model));
            }
            if let Some(headers) = headers {
                own.put("headers", headers);
            }
        } else {
            if let Some(headers) = headers {
                own.put("headers", headers);
            }
            own.put("content", self.content(&models));
        }
        own.done()
    }

    fn headers(&self, response: &MethodResponse, spot: Spot<'_>) -> Option<Tree> {
        let names = response.response_parameters.iter().flat_map(Map::keys);
        let headers: Vec<_> = names
            .filter_map(|parameter| parameter.strip_prefix("method.response.header."))
            .map(|name| {
                let description =
                    self.documented
                        .description(Part::ResponseHeader, spot, Some(name));
                let mut header = Fields::default();
                header.maybe("description", description.as_deref());
                if self.is_swagger {
                    header.text("type", "string");
                } else {
                    header.put("schema", a_text());
                }
                (name.to_owned(), header.done())
            })
            .collect();
        (!headers.is_empty()).then_some(Tree::Object(headers))
    }
}

/// What Swagger says that a method produces: the media types of its responses, or JSON.
fn produced(method: &Method) -> Vec<String> {
    let responses = method.method_responses.values();
    let models = responses.filter_map(|response| response.response_models.as_ref());
    let media_types: BTreeSet<String> = models.flat_map(|models| models.keys().cloned()).collect();
    if media_types.is_empty() {
        return vec![JSON.to_owned()];
    }
    media_types.into_iter().collect()
}

fn a_text() -> Tree {
    Tree::Object(vec![("type".to_owned(), Tree::text("string"))])
}
