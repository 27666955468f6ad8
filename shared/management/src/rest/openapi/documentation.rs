//! ImportDocumentationParts: what a document says about an API, without the rest of it.

use super::file::File;
use crate::Management;
use crate::definitions::DOCUMENTATION_PART;
use crate::limits::within_api;
use crate::rest::address::AtApi;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::rest::Definition;
use postern_openapi::merge_documentation;
use serde::Serialize;
use std::collections::HashSet;

#[derive(Debug, Serialize)]
pub(crate) struct DocumentationPartIds {
    ids: Vec<String>,
    warnings: Vec<String>,
}

pub(crate) async fn import_parts(
    service: &Management,
    (at, file): &(AtApi, File),
) -> Result<DocumentationPartIds, Failure> {
    let api = &at.restapi_id;
    let mode = file.mode()?;
    let mut edits = service.edits(api).await;
    loop {
        let mut edit = edits.begin().await?;
        let record = edit.api(|| missing::api(service, api))?.clone();
        let parts = edit.definitions().parts(api, DOCUMENTATION_PART).await?;
        let only = |documentation_parts| Definition {
            documentation_parts,
            ..Definition::new(record.clone(), Vec::new(), Vec::new())
        };
        let before = only(parts);
        let added = file.documentation(service, api, &before)?;
        let said: HashSet<_> = added.iter().map(|part| part.location.clone()).collect();
        let after = merge_documentation(before.documentation_parts.clone(), added, mode);
        let limit = service.limits().documentation_parts_per_api;
        within_api(after.len(), limit, "documentation parts")?;
        let after = only(after);
        edit.replace(Some(&before), &after);
        if edit.commit().await? {
            let parts = after.documentation_parts.into_iter();
            return Ok(DocumentationPartIds {
                ids: parts
                    .filter(|part| said.contains(&part.location))
                    .map(|part| part.id)
                    .collect(),
                warnings: Vec::new(),
            });
        }
    }
}
