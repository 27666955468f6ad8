//! ImportApi and ReimportApi.

use crate::definitions::Edit;
use crate::limits::within_api;
use crate::routed::address::AtApi;
use crate::routed::apis::{self, ApiView, checked_api};
use crate::routed::{authorizers, integrations, models, parts, routes};
use crate::wire::{Failure, Part};
use crate::{Management, ids};
use postern_definition::routed::{Api, Definition, ProtocolType};
use postern_openapi::{
    HttpImported, HttpRules, Options, Warning, Words, import_http, warnings_message,
};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashSet;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    body: String,
    basepath: Option<String>,
    fail_on_warnings: Option<bool>,
}

impl Part for File {}

impl File {
    /// What the document makes of an API that has no more than its settings.
    fn read(&self, service: &Management, api: Api) -> Result<HttpImported, Failure> {
        let drawn = RefCell::new(HashSet::new());
        let id = |length| loop {
            let id = ids::random(length);
            if drawn.borrow_mut().insert(id.clone()) {
                return id;
            }
        };
        let mut options = Options::new(api.api_id.clone(), &id);
        service.account().clone_into(&mut options.account);
        service.region().clone_into(&mut options.region);
        if let Some(base) = self.basepath.as_deref().filter(|base| !base.is_empty()) {
            options
                .set("basepath", base)
                .map_err(Failure::bad_request)?;
        }
        let rules = HttpRules {
            integration: &|api, integration| {
                integrations::checked(api, integration).map_err(|failure| failure.message)
            },
            authorizer: &|api, authorizer| {
                authorizers::checked(api, authorizer).map_err(|failure| failure.message)
            },
            route_key: &|api, key| routes::checked_key(api, key).map_err(|failure| failure.message),
            parameter: &|api, name| {
                routes::checked_parameter(api, name).map_err(|failure| failure.message)
            },
            model: &|model| models::checked(model).map_err(|failure| failure.message),
        };
        let imported = import_http(self.body.as_bytes(), api, &options, &rules)
            .map_err(|refusal| Failure::bad_request(refusal.message()))?;
        checked_api(&imported.definition.api)?;
        within_limits(service, &imported.definition)?;
        match warnings_message(&imported.warnings) {
            Some(message) if self.fail_on_warnings == Some(true) => {
                Err(Failure::bad_request(message))
            }
            _ => Ok(imported),
        }
    }
}

fn within_limits(service: &Management, definition: &Definition) -> Result<(), Failure> {
    let limits = service.limits();
    for (count, limit, things) in [
        (definition.routes.len(), limits.routes_per_api, "routes"),
        (
            definition.integrations.len(),
            limits.integrations_per_api,
            "integrations",
        ),
        (
            definition.authorizers.len(),
            limits.authorizers_per_api,
            "Authorizers",
        ),
    ] {
        within_api(count, limit, things)?;
    }
    for route in &definition.routes {
        routes::within_limits(limits, route)?;
    }
    for authorizer in &definition.authorizers {
        authorizers::within_limits(limits, authorizer)?;
    }
    Ok(())
}

fn answered(service: &Management, imported: HttpImported) -> ApiView {
    // Every exported document has the address of its API, of which nobody wants to be told.
    let is_address =
        |warning: &&Warning| warning.words == Words::Ours && warning.path.starts_with("servers");
    let warnings = imported
        .warnings
        .iter()
        .filter(|warning| !is_address(warning));
    let warnings = warnings.map(Warning::told).collect();
    let api = imported.definition.api;
    ApiView::imported(service, api, imported.info, warnings)
}

/// A new API. All of it is there, or none.
pub(crate) async fn create(service: &Management, file: &File) -> Result<ApiView, Failure> {
    let id = ids::random(ids::LONG).into();
    let imported = file.read(service, apis::new(service, id, "", ProtocolType::Http))?;
    let mut edit = service.new_api(imported.definition.api.clone());
    edit.replace(None, &imported.definition);
    integrations::link_all(&mut edit, &imported.definition).await?;
    if !edit.commit().await? {
        return Err(Failure::concurrent());
    }
    Ok(answered(service, imported))
}

/// An API that exists, with the document's contents in place of its own.
pub(crate) async fn put(
    edit: &mut Edit<'_, Api>,
    (at, file): &(AtApi, File),
) -> Result<ApiView, Failure> {
    let service = edit.service();
    let before = parts::api(edit)?;
    parts::http_only(&before, "Import")?;
    let there = edit.definition_to_be(before.clone()).await?;
    let mut api = apis::new(service, at.api_id.clone(), "", ProtocolType::Http);
    // What a document does not speak of.
    api.created_date.clone_from(&before.created_date);
    api.ip_address_type = before.ip_address_type;
    api.tags.clone_from(&before.tags);
    let imported = file.read(service, api)?;
    let after = &imported.definition;
    edit.record_mut(|| crate::rest::missing::api(service, &at.api_id))?
        .api
        .clone_from(&after.api);
    edit.replace(Some(&there), after);
    integrations::link_all(edit, after).await?;
    Ok(answered(service, imported))
}
