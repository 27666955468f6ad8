//! The file that an import is given, and how it is to be read.

use crate::rest::{authorizers, integrations};
use crate::wire::{Choice, Enumerated, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::rest::{Definition, DocumentationPart, Method};
use postern_definition::{ApiId, Map};
use postern_openapi::{
    Imported, Mode, Options, Refusal, Warning, Words, import, import_documentation,
    warnings_message,
};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashSet;

#[derive(Deserialize)]
pub(crate) struct File {
    #[serde(default)]
    body: String,
    failonwarnings: Option<bool>,
    mode: Option<Choice<PutMode>>,
    #[serde(default)]
    parameters: Map<String>,
}

/// How a document is put into an API.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PutMode(pub(super) Mode);

impl Enumerated for PutMode {
    const SET: &'static [(&'static str, Self)] = &[
        ("merge", Self(Mode::Merge)),
        ("overwrite", Self(Mode::Overwrite)),
    ];
}

impl Part for File {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("mode", self.mode.as_ref());
    }
}

impl File {
    pub(super) fn mode(&self) -> Result<Mode, Failure> {
        match &self.mode {
            Some(mode) => Ok(mode.known()?.0),
            None => Ok(Mode::default()),
        }
    }

    /// What the document makes of an API of that id, which may have parts already whose ids are taken.
    pub(super) fn read(
        &self,
        service: &Management,
        api: &ApiId,
        existing: Option<&Definition>,
    ) -> Result<Imported, Failure> {
        let ids = Ids::beside(existing);
        let id = |length| ids.draw(length);
        let options = self.options(service, api, &id)?;
        let imported = import(self.body.as_bytes(), &options).map_err(refused)?;
        check_authorizers(&imported.definition)?;
        match warnings_message(&imported.warnings) {
            Some(message) if self.failonwarnings == Some(true) => {
                Err(Failure::bad_request(message))
            }
            _ => Ok(imported),
        }
    }

    /// Refuses what is no OpenAPI at all, which is told even before the API is missed.
    pub(super) fn readable(&self, service: &Management, api: &ApiId) -> Result<(), Failure> {
        let ids = Ids::beside(None);
        let id = |length| ids.draw(length);
        let options = self.options(service, api, &id)?;
        match import(self.body.as_bytes(), &options) {
            Err(refusal) if refusal.is_unreadable() => Err(refused(refusal)),
            _ => Ok(()),
        }
    }

    /// What the document says about an API.
    pub(super) fn documentation(
        &self,
        service: &Management,
        api: &ApiId,
        existing: &Definition,
    ) -> Result<Vec<DocumentationPart>, Failure> {
        let ids = Ids::beside(Some(existing));
        let id = |length| ids.draw(length);
        let options = self.options(service, api, &id)?;
        import_documentation(self.body.as_bytes(), &options).map_err(refused)
    }

    fn options<'a>(
        &self,
        service: &Management,
        api: &ApiId,
        id: &'a dyn Fn(usize) -> String,
    ) -> Result<Options<'a>, Failure> {
        let mut options = Options::new(api.clone(), id);
        options.created_date = service.now();
        service.account().clone_into(&mut options.account);
        service.region().clone_into(&mut options.region);
        for (name, value) in &self.parameters {
            options.set(name, value).map_err(Failure::bad_request)?;
        }
        options.check_method = &check_method;
        Ok(options)
    }
}

/// The rules for integrations that this service has and a document's reader does not know.
fn check_method(method: &Method) -> Result<(), String> {
    match &method.method_integration {
        Some(integration) => {
            integrations::checked(integration, method).map_err(|failure| failure.message)
        }
        None => Ok(()),
    }
}

/// The same for authorizers.
fn check_authorizers(definition: &Definition) -> Result<(), Failure> {
    let authorizers = definition.authorizers.iter();
    let errors: Vec<_> = authorizers
        .filter_map(|authorizer| {
            let failure = authorizers::check_expression(authorizer).err()?;
            let name = &authorizer.name;
            Some(format!(
                "\n\tUnable to create Authorizer '{name}': {}",
                failure.message
            ))
        })
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Errors found during import:{}",
        errors.concat()
    )))
}

/// Draws no id twice, in an API of thousands of parts either.
struct Ids(RefCell<HashSet<String>>);

impl Ids {
    fn beside(existing: Option<&Definition>) -> Self {
        Self(RefCell::new(existing.map(all_ids).unwrap_or_default()))
    }

    fn draw(&self, length: usize) -> String {
        loop {
            let id = ids::random(length);
            if self.0.borrow_mut().insert(id.clone()) {
                return id;
            }
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    Failure::bad_request(refusal.message())
}

/// What an answer tells: the service's own warnings, for clients compare answers. The rest is what `postern import` tells.
pub(super) fn texts(warnings: &[Warning]) -> Vec<String> {
    warnings
        .iter()
        .filter(|warning| warning.words == Words::Service)
        .map(|warning| warning.text.clone())
        .collect()
}

fn all_ids(definition: &Definition) -> HashSet<String> {
    let resources = definition.resources.iter().map(|r| r.id.to_string());
    let validators = definition.request_validators.iter().map(|v| v.id.clone());
    let authorizers = definition.authorizers.iter().map(|a| a.id.clone());
    let models = definition.models.iter().map(|m| m.id.clone());
    let parts = definition.documentation_parts.iter().map(|p| p.id.clone());
    resources
        .chain(validators)
        .chain(authorizers)
        .chain(models)
        .chain(parts)
        .collect()
}
