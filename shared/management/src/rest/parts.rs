//! What is alike for all parts of an API: read one, read a page of them, note that one changed.

use super::missing;
use crate::Management;
use crate::definitions::{Definitions, Edit, part_key, part_prefix};
use crate::paging::{Page, Paging};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_plan::api_partition;
use postern_store::decode;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A part by its kind, and by its id or name.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) api: &'a ApiId,
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
}

pub(super) async fn page<T: DeserializeOwned>(
    service: &Management,
    api: &ApiId,
    kind: &str,
    paging: &Paging,
) -> Result<Page<T>, Failure> {
    let definitions = service.definitions();
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    paging
        .page(definitions, &api_partition(api), &part_prefix(kind))
        .await?
        .try_map(|item| Ok(decode(&item)?))
}

/// The part, or what its absence or its API's means.
pub(super) async fn find<T: DeserializeOwned>(
    definitions: Definitions<'_>,
    place: Place<'_>,
    missing: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    let key = part_key(place.api, place.kind, place.id);
    let found = definitions.get(&key).await?;
    let exists = definitions.api(place.api).await?.is_some();
    found.filter(|_| exists).ok_or_else(missing)
}

/// As [`find`], for a part that is to change.
pub(super) async fn find_to_edit<T: DeserializeOwned>(
    edit: &Edit<'_>,
    place: Place<'_>,
    missing: impl Fn() -> Failure,
) -> Result<T, Failure> {
    edit.api(&missing)?;
    let key = part_key(place.api, place.kind, place.id);
    edit.definitions().get(&key).await?.ok_or_else(missing)
}

/// Notes that a part changed, if it did.
pub(super) fn store<T: PartialEq + Serialize>(
    edit: &mut Edit<'_>,
    place: Place<'_>,
    before: &T,
    after: &T,
) {
    if before != after {
        edit.put(part_key(place.api, place.kind, place.id), after);
    }
}
