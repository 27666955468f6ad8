//! REST APIs themselves.

mod clone;
mod create;
mod patches;
mod policy;

pub(crate) use create::create;

use super::address::AtApi;
use super::base_path_mappings::mapping_domains;
use super::missing;
use crate::Management;
use crate::definitions::{ApiKind, ApiRecord, Edit, leave, sweep};
use crate::paging::{Page, Paging};
use crate::patch::Update;
use crate::wire::{Failure, Part};
use postern_definition::rest::RestApi;
use postern_definition::{ApiId, Map, StageName};
use postern_plan::{api_partition, live, stage_sort_prefix};
use postern_store::decode;
use serde::Serialize;

/// Stages that one transaction takes: of ten items each at most.
const STAGES_AT_ONCE: usize = 9;

impl Part for Paging {}

/// An API as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct RestApiView {
    #[serde(flatten)]
    api: RestApi,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Map<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl RestApiView {
    /// In lists, and where it was just made: no tags, no member.
    fn brief(mut api: RestApi) -> Self {
        let tags = Some(std::mem::take(&mut api.tags)).filter(|tags| !tags.is_empty());
        api.policy = api.policy.as_deref().map(policy::escaped);
        Self {
            api,
            tags,
            warnings: Vec::new(),
        }
    }

    /// Where a document made it, with what the document says in vain.
    pub(crate) fn imported(api: RestApi, warnings: Vec<String>) -> Self {
        Self {
            warnings,
            ..Self::brief(api)
        }
    }

    /// Where a document was put into it.
    pub(crate) fn put(api: RestApi, warnings: Vec<String>) -> Self {
        Self {
            warnings,
            ..Self::full(api)
        }
    }

    /// Where it was asked for by its id: the tags are there even when there are none.
    fn full(mut api: RestApi) -> Self {
        let tags = Some(std::mem::take(&mut api.tags));
        Self {
            tags,
            ..Self::brief(api)
        }
    }
}

pub(crate) async fn list(
    service: &Management,
    paging: &Paging,
) -> Result<Page<RestApiView>, Failure> {
    paging
        .page(service.definitions(), RestApi::APIS, "")
        .await?
        .try_map(|item| Ok(RestApiView::brief(decode::<ApiRecord>(&item)?.api)))
}

pub(crate) async fn get(service: &Management, at: &AtApi) -> Result<RestApiView, Failure> {
    let found = service.definitions().api(&at.restapi_id).await?;
    let (record, _) = found.ok_or_else(|| missing::api(service, &at.restapi_id))?;
    Ok(RestApiView::full(record.api))
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtApi>,
) -> Result<RestApiView, Failure> {
    let service = edit.service();
    let api = edit.api(|| missing::api(service, &input.at.restapi_id))?;
    let patched = input.apply(&patches::TABLE, api)?;
    let stored = if patched.policy == api.policy {
        patched
    } else {
        policy::saved(patched, service)?
    };
    if stored != *api {
        edit.record_mut(|| missing::api(service, &input.at.restapi_id))?
            .api = stored.clone();
    }
    Ok(RestApiView::full(stored))
}

pub(crate) async fn delete(service: &Management, at: &AtApi) -> Result<(), Failure> {
    remove_all::<RestApi>(service, &at.restapi_id, "RestApi").await
}

/// Deletes an API of some kind with all that it has. `what` is what the refusal calls it.
pub(crate) async fn remove_all<A: ApiKind>(
    service: &Management,
    id: &ApiId,
    what: &str,
) -> Result<(), Failure> {
    let mut edits = service.edits_in::<A>(id).await;
    loop {
        let mut edit = edits.begin().await?;
        edit.api(|| missing::api(service, id))?;
        let definitions = edit.definitions();
        let domains = mapping_domains(definitions, id).await?;
        if !domains.is_empty() {
            return Err(Failure::bad_request(format!(
                "Deleting {what} {id} failed. Please remove all base path mappings related to the {what} in your domains: {}",
                domains.join(", ")
            )));
        }
        // With its stages, so that no gateway goes on answering for it.
        let stages = definitions
            .all(&api_partition(id), stage_sort_prefix())
            .await?;
        for stage in stages.iter().take(STAGES_AT_ONCE) {
            let name = stage.key.sort.strip_prefix(stage_sort_prefix());
            let name = StageName::from(name.unwrap_or_default());
            edit.note(live::delete(definitions.table(), id, &name).await?);
        }
        if stages.len() > STAGES_AT_ONCE {
            if edit.commit().await? {
                edits.renew();
            }
            continue;
        }
        leave(&mut edit);
        if edit.commit_without_api().await? {
            break;
        }
    }
    // The API is gone. What cannot be cleared away now is noted, and will be.
    let _ = sweep(service.definitions()).await;
    Ok(())
}
