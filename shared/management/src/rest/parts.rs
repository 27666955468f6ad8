//! What is alike for all parts of a REST API: read one, read a page of them, note that one changed.

use super::missing;
use crate::Management;
use crate::definitions::{Definitions, Edit, part_key, part_prefix};
use crate::paging::{Page, Paging};
use crate::parts;
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_definition::rest::RestApi;
use postern_store::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A part by its kind, and by its id or name.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) api: &'a ApiId,
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
}

impl Place<'_> {
    fn key(&self) -> Key {
        part_key(self.api, self.kind, self.id)
    }
}

pub(super) async fn page<T: DeserializeOwned>(
    service: &Management,
    api: &ApiId,
    kind: &str,
    paging: &Paging,
) -> Result<Page<T>, Failure> {
    let prefix = part_prefix(kind);
    let missing = || missing::api(service, api);
    let definitions = service.definitions();
    parts::page::<RestApi, T>(definitions, (api, &prefix), paging, missing).await
}

/// The part, or what its absence or its API's means.
pub(super) async fn find<T: DeserializeOwned>(
    definitions: Definitions<'_>,
    place: Place<'_>,
    missing: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    parts::find::<RestApi, T>(definitions, (place.api, &place.key()), missing).await
}

/// As [`find`], for a part that is to change.
pub(super) async fn find_to_edit<T: DeserializeOwned>(
    edit: &Edit<'_>,
    place: Place<'_>,
    missing: impl Fn() -> Failure,
) -> Result<T, Failure> {
    parts::find_to_edit(edit, &place.key(), missing).await
}

/// Notes that a part changed, if it did.
pub(super) fn store<T: PartialEq + Serialize>(
    edit: &mut Edit<'_>,
    place: Place<'_>,
    before: &T,
    after: &T,
) {
    if before != after {
        edit.put(place.key(), after);
    }
}
