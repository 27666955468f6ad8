//! What routes of HTTP APIs ask of requests, which the service has no words for in documents: an extension of our own says it, and
//! no `parameters` or `requestBody` of a document does, which the service ignores.
//!
//! ```yaml
//! paths:
//!   /pets:
//!     post:
//!       x-postern-validation:
//!         requestParameters: {route.request.header.X-A: {required: true}}
//!         requestModels: {application/json: Pet}
//! x-postern-models:
//!   Pet: {contentType: application/json, schema: '{"type": "object"}'}
//! ```

use crate::tree::{Fields, Tree};
use postern_definition::routed::{Model, Route};

pub(crate) const VALIDATION: &str = "x-postern-validation";
pub(crate) const MODELS: &str = "x-postern-models";

/// What an operation says of its route, if that asks for anything.
pub(crate) fn of_route(route: &Route) -> Option<Tree> {
    let mut validation = Fields::default();
    if let Some(parameters) = &route.request_parameters {
        let all = parameters.iter().map(|(name, constraints)| {
            let required = ("required".to_owned(), Tree::Bool(constraints.required));
            (name.clone(), Tree::Object(vec![required]))
        });
        validation.put("requestParameters", Tree::Object(all.collect()));
    }
    if let Some(models) = &route.request_models {
        let all = models
            .iter()
            .map(|(kind, name)| (kind.clone(), Tree::text(name)));
        validation.put("requestModels", Tree::Object(all.collect()));
    }
    (!validation.0.is_empty()).then(|| validation.done())
}

pub(crate) fn of_models(models: &[Model]) -> Tree {
    let all = models.iter().map(|model| {
        let mut told = Fields::default();
        told.maybe("contentType", model.content_type.as_deref());
        told.maybe("description", model.description.as_deref());
        told.text("schema", &model.schema);
        (model.name.clone(), told.done())
    });
    Tree::Object(all.collect())
}
