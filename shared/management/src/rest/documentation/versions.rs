//! Documentation versions: states of an API's documentation that stages name.

use super::frozen::Frozen;
use crate::Management;
use crate::definitions::{DOCUMENTATION_PART, DOCUMENTATION_VERSION, Edit, part_key};
use crate::paging::{Page, Paging};
use crate::patch::{REPLACE, Row, Table, Unknown, Update};
use crate::rest::address::{AtApi, AtDocumentationVersion};
use crate::rest::parts::{self, Place};
use crate::rest::{missing, stages};
use crate::wire::{Failure, Part};
use postern_definition::rest::{DocumentationPart, DocumentationVersion};
use serde::{Deserialize, Serialize};

const VERSION_CHARS_MAX: usize = 128;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateDocumentationVersion {
    documentation_version: String,
    stage_name: Option<String>,
    description: Option<String>,
}

impl Part for CreateDocumentationVersion {}

/// A version as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct VersionRecord {
    #[serde(flatten)]
    version: DocumentationVersion,
    frozen: Frozen,
}

static TABLE: Table<VersionRecord> = Table {
    rows: &[Row::new("/description", REPLACE, |record, patch| {
        record.version.description = patch.optional();
        Ok(())
    })],
    unknown: Unknown::Strict,
};

impl AtDocumentationVersion {
    fn place(&self) -> Place<'_> {
        Place {
            api: &self.restapi_id,
            kind: DOCUMENTATION_VERSION,
            id: &self.doc_version,
        }
    }
}

pub(crate) async fn create(
    service: &Management,
    (at, input): &(AtApi, CreateDocumentationVersion),
) -> Result<DocumentationVersion, Failure> {
    let api = &at.restapi_id;
    let definitions = service.definitions();
    let mut edits = service.edits(api).await;
    loop {
        let mut edit = edits.begin().await?;
        edit.api(|| missing::api(service, api))?;
        let version = input.version(service)?;
        let key = part_key(api, DOCUMENTATION_VERSION, &version.version);
        if definitions.exists(&key).await? {
            return Err(Failure::conflict(format!(
                "Documentation version already exists: {}",
                version.version
            )));
        }
        let named = input.stage_name.as_deref().filter(|name| !name.is_empty());
        let stage = match named {
            Some(name) => {
                let stage = definitions.stage(api, &name.into()).await?;
                let mut stage = stage.ok_or_else(missing::stage)?;
                stage.documentation_version = Some(version.version.clone());
                stage.last_updated_date = service.now();
                Some(stage)
            }
            None => None,
        };
        let parts: Vec<DocumentationPart> = definitions.parts(api, DOCUMENTATION_PART).await?;
        let frozen = Frozen::save(definitions, api, &parts).await?;
        let record = VersionRecord { version, frozen };
        edit.create(key, &record);
        if let Some(stage) = stage {
            stages::put(&mut edit, &stage).await?;
        }
        // A store that does not answer may have committed, so only a commit that was refused frees the parts.
        if edit.commit().await? {
            return Ok(record.version);
        }
        let _ = record.frozen.delete(definitions, api).await;
    }
}

impl CreateDocumentationVersion {
    fn version(&self, service: &Management) -> Result<DocumentationVersion, Failure> {
        let name = &self.documentation_version;
        if name.trim().is_empty() {
            return Err(Failure::bad_request(
                "Documentation version must be non-empty",
            ));
        }
        if name.chars().count() > VERSION_CHARS_MAX {
            return Err(Failure::bad_request(format!(
                "Documentation version can be at most {VERSION_CHARS_MAX} characters."
            )));
        }
        Ok(DocumentationVersion {
            version: name.clone(),
            created_date: service.now(),
            description: self.description.clone().filter(|text| !text.is_empty()),
        })
    }
}

pub(crate) async fn list(
    service: &Management,
    (at, paging): &(AtApi, Paging),
) -> Result<Page<DocumentationVersion>, Failure> {
    parts::page(service, &at.restapi_id, DOCUMENTATION_VERSION, paging).await
}

pub(crate) async fn get(
    service: &Management,
    at: &AtDocumentationVersion,
) -> Result<DocumentationVersion, Failure> {
    parts::find(
        service.definitions(),
        at.place(),
        missing::documentation_version,
    )
    .await
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtDocumentationVersion>,
) -> Result<DocumentationVersion, Failure> {
    let place = input.at.place();
    let before = parts::find_to_edit(edit, place, missing::documentation_version).await?;
    let after = input.apply(&TABLE, &before)?;
    parts::store(edit, place, &before, &after);
    Ok(after.version)
}

pub(crate) async fn delete(
    service: &Management,
    at: &AtDocumentationVersion,
) -> Result<(), Failure> {
    let place = at.place();
    let definitions = service.definitions();
    let mut edits = service.edits(place.api).await;
    let record: VersionRecord = loop {
        let mut edit = edits.begin().await?;
        let record: VersionRecord =
            parts::find_to_edit(&edit, place, missing::documentation_version).await?;
        let stages = definitions.stages(place.api).await?;
        let users: Vec<_> = stages
            .iter()
            .filter(|stage| stage.documentation_version.as_deref() == Some(place.id))
            .map(|stage| stage.stage_name.as_str())
            .collect();
        if !users.is_empty() {
            return Err(Failure::conflict(format!(
                "Cannot delete documentation version '{}', is referenced in stage: {}",
                place.id,
                users.join(", ")
            )));
        }
        edit.delete(part_key(place.api, place.kind, place.id));
        if edit.commit().await? {
            break record;
        }
    };
    // The version is gone. What stays of its parts goes with the API.
    let _ = record.frozen.delete(definitions, place.api).await;
    Ok(())
}
