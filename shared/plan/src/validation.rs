//! What a method asks of a request before its backend is asked: parameters that must be there, bodies that must fit a model.
//!
//! Put together when a method is first called, from the validator that the method names, and from the models that it names and
//! those that these refer to. A model that cannot be used refuses every body: letting bodies pass that its owner wanted checked
//! would be worse.

use crate::schema::references;
use crate::{DeployedError, FrozenRest};
use postern_definition::rest::{
    MODEL_REFERENCE_PREFIX, Method, RequestValidator, referenced_model,
};
use postern_definition::{ApiId, Map};
use postern_schema::{Documents, Instance, Schema};
use serde_json::Value;

/// None of a method that validates nothing.
#[derive(Debug, Default)]
pub struct Validation {
    /// In the order in which missing ones are told: headers, then parts of the path, then of the query.
    pub parameters: Vec<RequiredParameter>,
    /// Empty where bodies are not checked.
    bodies: Vec<(String, BodyModel)>,
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
    /// The model for a content type, which is in lower case and without parameters. Without one, a body of that type passes.
    pub fn model(&self, content_type: &str) -> Option<&BodyModel> {
        let find = |wanted: &str| self.bodies.iter().find(|(known, _)| known == wanted);
        find(content_type)
            .or_else(|| find("$default"))
            .map(|(_, model)| model)
    }

    fn is_empty(&self) -> bool {
        self.parameters.is_empty() && self.bodies.is_empty()
    }
}

fn required(parameters: &Map<bool>) -> Vec<RequiredParameter> {
    let locations = [
        ("method.request.header.", ParameterLocation::Header),
        ("method.request.path.", ParameterLocation::Path),
        ("method.request.querystring.", ParameterLocation::Query),
    ];
    let mut all = Vec::new();
    for (prefix, location) in locations {
        for (key, required) in parameters {
            if let Some(name) = key.strip_prefix(prefix).filter(|_| *required) {
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
            validation.parameters = required(parameters);
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
        let api = &self.api().id;
        let mut documents = Documents::default();
        let mut wanted = vec![name.to_owned()];
        let mut read = std::collections::BTreeSet::new();
        while let Some(next) = wanted.pop() {
            if !read.insert(next.clone()) {
                continue;
            }
            let Some(model) = self.model(&next).await? else {
                // Whoever refers to it says so.
                continue;
            };
            let text = model.schema.unwrap_or_default();
            match serde_json::from_str::<Value>(&text) {
                Ok(document) => {
                    let models = references(&document);
                    let models = models.into_iter().filter_map(referenced_model);
                    let own = models.filter(|(of, _)| *of == api.as_str());
                    wanted.extend(own.map(|(_, name)| name.to_owned()));
                    documents.add(&uri(api, &next), document);
                }
                // The schema of XML, or none: the service does not look at such bodies.
                Err(_) if next == name => return Ok(BodyModel::Any),
                Err(_) => {}
            }
        }
        Ok(match Schema::compile(&uri(api, name), &documents) {
            Ok(schema) => BodyModel::Schema(schema),
            Err(error) => BodyModel::Unusable(format!("model {name} cannot be used: {error}")),
        })
    }
}

fn uri(api: &ApiId, model: &str) -> String {
    format!("{MODEL_REFERENCE_PREFIX}{api}/models/{model}")
}
