//! ImportRestApi and PutRestApi.

use super::file::{File, texts};
use crate::Management;
use crate::definitions::{DOCUMENTATION_PART, Edit};
use crate::ids;
use crate::limits::within_api;
use crate::rest::address::AtApi;
use crate::rest::rest_apis::RestApiView;
use crate::rest::{integrations, missing};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_definition::rest::Definition;
use postern_openapi::merge;

/// A new API. All of it is there, or none.
pub(crate) async fn create(service: &Management, file: &File) -> Result<RestApiView, Failure> {
    let id = ApiId(ids::random(ids::LONG));
    let imported = file.read(service, &id, None)?;
    let definition = imported.definition;
    within_limits(service, &definition)?;
    let mut edit = service.new_api(definition.api.clone());
    edit.replace(None, &definition);
    integrations::link_all(&mut edit, None, &definition).await?;
    if !edit.commit().await? {
        return Err(Failure::concurrent());
    }
    Ok(RestApiView::imported(
        definition.api,
        texts(&imported.warnings),
    ))
}

/// An API that exists, with the document's contents beside its own, or in place of them.
pub(crate) async fn put(
    service: &Management,
    (at, file): &(AtApi, File),
) -> Result<RestApiView, Failure> {
    let mode = file.mode()?;
    let mut edits = service.edits(&at.restapi_id).await;
    loop {
        let mut edit = edits.begin().await?;
        if edit.api(|| missing::api(service, &at.restapi_id)).is_err() {
            file.readable(service, &at.restapi_id)?;
        }
        let before = whole(&edit, service, &at.restapi_id).await?;
        let imported = file.read(service, &at.restapi_id, Some(&before))?;
        let warnings = texts(&imported.warnings);
        let after = merge(before.clone(), imported, mode)
            .map_err(|errors| Failure::bad_request(errors.join("\n")))?;
        within_limits(service, &after)?;
        edit.record_mut(|| missing::api(service, &at.restapi_id))?
            .api
            .clone_from(&after.api);
        edit.replace(Some(&before), &after);
        integrations::link_all(&mut edit, Some(&before), &after).await?;
        if edit.commit().await? {
            return Ok(RestApiView::put(after.api, warnings));
        }
    }
}

/// All of an API, documentation included.
async fn whole(edit: &Edit<'_>, service: &Management, api: &ApiId) -> Result<Definition, Failure> {
    let record = edit.api(|| missing::api(service, api))?.clone();
    let definitions = edit.definitions();
    let mut definition = definitions.definition(record).await?;
    definition.documentation_parts = definitions.parts(api, DOCUMENTATION_PART).await?;
    Ok(definition)
}

fn within_limits(service: &Management, definition: &Definition) -> Result<(), Failure> {
    let limits = service.limits();
    for (count, limit, things) in [
        (
            definition.resources.len(),
            limits.resources_per_api,
            "resources",
        ),
        (
            definition.authorizers.len(),
            limits.authorizers_per_api,
            "Authorizers",
        ),
        (
            definition.documentation_parts.len(),
            limits.documentation_parts_per_api,
            "documentation parts",
        ),
    ] {
        within_api(count, limit, things)?;
    }
    Ok(())
}
