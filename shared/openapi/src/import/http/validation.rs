//! What routes ask of requests, and the models that they name: see [`crate::validation`].

use super::Reader;
use crate::document::Node;
use crate::validation::{MODELS, VALIDATION};
use postern_definition::Map;
use postern_definition::routed::{Definition, Model, ParameterConstraints, Route};

const ID_CHARS: usize = 6;

impl<'a> Reader<'a, '_> {
    /// By their names.
    pub(super) fn models(&self) -> Vec<Model> {
        let importer = &self.importer;
        let all = importer.object(importer.root, MODELS);
        let mut models = Vec::new();
        for (name, node) in all.into_iter().flat_map(Node::members) {
            if !importer.spend(node.used()) {
                break;
            }
            let model = Model {
                content_type: importer.text(node, "contentType"),
                description: importer.text(node, "description"),
                model_id: (importer.options.id)(ID_CHARS),
                name: name.to_owned(),
                schema: importer.text(node, "schema").unwrap_or_default(),
            };
            match (self.rules.model)(&model) {
                Ok(()) => models.push(model),
                Err(reason) => importer.report.wrong(node, reason),
            }
        }
        models
    }

    /// What an operation says that its route asks for.
    pub(super) fn validation(
        &self,
        operation: Node<'a>,
        definition: &Definition,
        route: &mut Route,
    ) {
        let importer = &self.importer;
        let Some(node) = importer.object(operation, VALIDATION) else {
            return;
        };
        let mut asked = Map::new();
        let parameters = importer.object(node, "requestParameters");
        for (name, constraints) in parameters.into_iter().flat_map(Node::members) {
            let required = importer.boolean(constraints.used(), "required");
            let required = required.unwrap_or_default();
            match (self.rules.parameter)(&definition.api, name) {
                Ok(()) => drop(asked.insert(name.to_owned(), ParameterConstraints { required })),
                Err(reason) => importer.report.wrong(constraints, reason),
            }
        }
        route.request_parameters = Some(asked).filter(|asked| !asked.is_empty());
        let named = importer.text_map(node, "requestModels");
        for name in named.iter().flat_map(Map::values) {
            if !definition.models.iter().any(|model| model.name == *name) {
                let reason = format!("there is no model `{name}` in `{MODELS}`");
                importer.report.wrong(node, reason);
            }
        }
        route.request_models = named.filter(|named| !named.is_empty());
    }
}
