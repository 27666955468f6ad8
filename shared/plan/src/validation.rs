//! What a method asks of a request before its backend is asked: parameters that must be there, bodies that must fit a model.
//!
//! Put together when a method is first called, from the validator that the method names, and from the models that it names and
//! those that these refer to. A model that cannot be used refuses every body: letting bodies pass that its owner wanted checked
//! would be worse.

use crate::schema::references;
use crate::{DeployedError, Expression, FrozenRest};
use postern_definition::rest::{
    MODEL_REFERENCE_PREFIX, Method, RequestValidator, referenced_model,
};
use postern_definition::{ApiId, Map};
use postern_schema::{Documents, Instance, Schema};
use serde_json::Value;
use std::collections::BTreeSet;

/// None of a method that validates nothing.
#[derive(Debug, Default)]
pub struct Validation {
    /// In the order in which missing ones are told: headers, then parts of the path, then of the query.
    pub parameters: Vec<RequiredParameter>,
    /// Empty where bodies are not checked.
    bodies: Vec<(String, BodyModel)>,
    /// What chooses the model of a message, of which there must be one. Elsewhere it is the content type.
    pub chosen_by: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredParameter {
    pub location: ParameterLocation,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterLocation {
    Header,
    Path,
    Query,
}

/// What the bodies of one content type must fit.
#[derive(Debug)]
pub enum BodyModel {
    Schema(Schema),
    /// The model has no schema that says anything of JSON.
    Any,
    /// The model cannot be used, for this reason.
    Unusable(String),
}

impl BodyModel {
    /// Checks a body. The error is the value of `$context.error.validationErrorString`.
    pub fn check(&self, body: &[u8]) -> Result<(), String> {
        match self {
            Self::Any => Ok(()),
            Self::Unusable(reason) => Err(format!("[{reason}]")),
            // A body that is not there is an object without members, on GET as well.
            Self::Schema(schema) if body.is_empty() => {
                { schema.check_instance(&Instance::empty_object(), 0) }
                    .map_err(|failure| failure.to_string())
            }
            Self::Schema(schema) => schema.check(body).map_err(|failure| failure.to_string()),
        }
    }
}

impl Validation {
    /// What a route asks for: its required parameters, and models by content type or by what `chosen_by` yields.
    pub(crate) fn of_route(
        parameters: &Map<bool>,
        bodies: Vec<(String, BodyModel)>,
        chosen_by: Option<Expression>,
    ) -> Option<Self> {
        let validation = Self {
            parameters: required(parameters, "route.request."),
            bodies,
            chosen_by,
        };
        (!validation.is_empty()).then_some(validation)
    }

    /// The model for a content type, which is in lower case and without parameters, or for what the expression yields. Without
    /// one, a body of that type passes.
    pub fn model(&self, content_type: &str) -> Option<&BodyModel> {
        let find = |wanted: &str| self.bodies.iter().find(|(known, _)| known == wanted);
        find(content_type)
            .or_else(|| find("$default"))
            .map(|(_, model)| model)
    }

    fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.bodies.is_empty() && self.chosen_by.is_none()
    }
}

fn required(parameters: &Map<bool>, of: &str) -> Vec<RequiredParameter> {
    let locations = [
        ("header.", ParameterLocation::Header),
        ("path.", ParameterLocation::Path),
        ("querystring.", ParameterLocation::Query),
    ];
    let mut all = Vec::new();
    for (prefix, location) in locations {
        for (key, required) in parameters {
            let place = key.strip_prefix(of);
            let name = place.and_then(|place| place.strip_prefix(prefix));
            if let Some(name) = name.filter(|_| *required) {
                all.push(RequiredParameter {
                    location,
                    name: name.to_owned(),
                });
            }
        }
    }
    all
}

impl FrozenRest {
    /// What a method asks of requests, where it asks anything.
    pub(crate) async fn validation(
        &self,
        method: &Method,
    ) -> Result<Option<Validation>, DeployedError> {
        let Some(id) = &method.request_validator_id else {
            return Ok(None);
        };
        // A validator that is gone validates nothing.
        let Some(validator) = self.parts().await?.request_validators.get(id) else {
            return Ok(None);
        };
        let RequestValidator {
            validate_request_body,
            validate_request_parameters,
            ..
        } = *validator;
        let mut validation = Validation::default();
        if let Some(parameters) = method
            .request_parameters
            .as_ref()
            .filter(|_| validate_request_parameters)
        {
            validation.parameters = required(parameters, "method.request.");
        }
        if validate_request_body {
            for (content_type, name) in method.request_models.iter().flatten() {
                let model = self.body_model(name).await?;
                validation
                    .bodies
                    .push((content_type.to_ascii_lowercase(), model));
            }
        }
        Ok((!validation.is_empty()).then_some(validation))
    }

    async fn body_model(&self, name: &str) -> Result<BodyModel, DeployedError> {
        let mut needed = NeededModels::of(&self.api().id, name);
        while let Some(next) = needed.next() {
            let model = self.model(&next).await?;
            needed.add(&next, model.map(|model| model.schema.unwrap_or_default()));
        }
        Ok(needed.compile())
    }
}

/// A model, and those that it refers to, as they are read one after the other.
pub(crate) struct NeededModels<'n> {
    api: &'n ApiId,
    name: &'n str,
    documents: Documents,
    wanted: Vec<String>,
    read: BTreeSet<String>,
    is_of_json: bool,
}

impl<'n> NeededModels<'n> {
    pub(crate) fn of(api: &'n ApiId, name: &'n str) -> Self {
        Self {
            api,
            name,
            documents: Documents::default(),
            wanted: vec![name.to_owned()],
            read: BTreeSet::new(),
            is_of_json: true,
        }
    }

    /// The name of one that is still to be read.
    pub(crate) fn next(&mut self) -> Option<String> {
        while let Some(next) = self.wanted.pop() {
            if self.read.insert(next.clone()) {
                return Some(next);
            }
        }
        None
    }

    /// Takes the schema of a model. Whoever refers to one that is not there says so.
    pub(crate) fn add(&mut self, name: &str, schema: Option<String>) {
        let Some(text) = schema else { return };
        match serde_json::from_str::<Value>(&text) {
            Ok(document) => {
                let models = references(&document);
                let models = models.into_iter().filter_map(referenced_model);
                let own = models.filter(|(of, _)| *of == self.api.as_str());
                self.wanted.extend(own.map(|(_, name)| name.to_owned()));
                self.documents.add(&uri(self.api, name), document);
            }
            // The schema of XML, or none: the service does not look at such bodies.
            Err(_) => self.is_of_json &= name != self.name,
        }
    }

    pub(crate) fn compile(self) -> BodyModel {
        if !self.is_of_json {
            return BodyModel::Any;
        }
        let name = self.name;
        match Schema::compile(&uri(self.api, name), &self.documents) {
            Ok(schema) => BodyModel::Schema(schema),
            Err(error) => BodyModel::Unusable(format!("model {name} cannot be used: {error}")),
        }
    }
}

fn uri(api: &ApiId, model: &str) -> String {
    format!("{MODEL_REFERENCE_PREFIX}{api}/models/{model}")
}
