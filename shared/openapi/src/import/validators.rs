//! Request validators, and which one a method has.

use super::Importer;
use crate::document::{Kind, Node};
use postern_definition::rest::RequestValidator;

pub(super) struct Validators {
    all: Vec<RequestValidator>,
    /// The one of methods that name none.
    default_id: Option<String>,
}

const OF_A_METHOD: &str = "x-amazon-apigateway-request-validator";

impl<'a> Importer<'a> {
    pub(super) fn validators(&self) -> Validators {
        let mut all = Vec::new();
        let declared = self.object(self.root, "x-amazon-apigateway-request-validators");
        for (name, validator) in declared.into_iter().flat_map(Node::members) {
            validator.used();
            if validator.kind() != Kind::Object {
                self.report.wrong(
                    validator,
                    "a request validator is an object with `validateRequestBody` and `validateRequestParameters`",
                );
                continue;
            }
            let flag = |flag| self.boolean(validator, flag).unwrap_or_default();
            all.push(RequestValidator {
                id: (self.options.id)(6),
                name: Some(name.to_owned()),
                validate_request_body: flag("validateRequestBody"),
                validate_request_parameters: flag("validateRequestParameters"),
            });
        }
        let mut validators = Validators {
            all,
            default_id: None,
        };
        validators.default_id = self.validator_id(self.root, &validators);
        validators
    }

    /// Of a method, or of the document for all its methods.
    pub(super) fn validator_id(&self, owner: Node<'a>, validators: &Validators) -> Option<String> {
        let Some(name) = self.text(owner, OF_A_METHOD) else {
            return validators.default_id.clone();
        };
        let found = validators
            .all
            .iter()
            .find(|validator| validator.name.as_deref() == Some(&name));
        if found.is_none() {
            self.report.wrong(
                owner.peek(OF_A_METHOD).unwrap_or(owner),
                format!(
                    "Invalid Request Validator identifier specified: `x-amazon-apigateway-request-validators` has no `{name}`"
                ),
            );
        }
        found.map(|validator| validator.id.clone())
    }
}

impl Validators {
    pub(super) fn done(self) -> Vec<RequestValidator> {
        self.all
    }
}
