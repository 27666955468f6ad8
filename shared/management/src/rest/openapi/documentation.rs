//! ImportDocumentationParts: what a document says about an API, without the rest of it.

use super::file::{File, texts};
use crate::Management;
use crate::definitions::{DOCUMENTATION_PART, part_key};
use crate::limits::check;
use crate::rest::address::AtApi;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::rest::DocumentationPart;
use postern_openapi::Mode;
use serde::Serialize;
use std::collections::HashMap;

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
        edit.api(|| missing::api(service, api))?;
        let imported = file.read(service, api, None)?;
        let before: Vec<DocumentationPart> =
            edit.definitions().parts(api, DOCUMENTATION_PART).await?;
        let mut kept: HashMap<_, _> = before
            .into_iter()
            .map(|part| (part.location.clone(), part))
            .collect();
        let mut ids = Vec::new();
        for mut part in imported.definition.documentation_parts {
            // What was said before about the same thing is said anew.
            let old = kept.remove(&part.location);
            match (old, mode) {
                (Some(old), Mode::Merge) => part.id = old.id,
                (Some(old), Mode::Overwrite) => {
                    edit.delete(part_key(api, DOCUMENTATION_PART, &old.id));
                }
                (None, _) => {}
            }
            edit.put(part_key(api, DOCUMENTATION_PART, &part.id), &part);
            ids.push(part.id);
        }
        if mode == Mode::Overwrite {
            for part in kept.drain().map(|(_, part)| part) {
                edit.delete(part_key(api, DOCUMENTATION_PART, &part.id));
            }
        }
        let count = (kept.len() + ids.len()) as u64;
        let limit = service.limits().documentation_parts_per_api;
        check(count.saturating_sub(1), limit, "documentation parts", "API")?;
        if edit.commit().await? {
            return Ok(DocumentationPartIds {
                ids,
                warnings: texts(&imported.warnings),
            });
        }
    }
}
