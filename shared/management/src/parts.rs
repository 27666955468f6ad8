//! What is alike for the parts of all kinds of APIs: read one, read a page of them.

use crate::definitions::{ApiKind, Definitions, Edit};
use crate::paging::{Page, Paging};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_plan::api_partition;
use postern_store::{Key, decode};
use serde::de::DeserializeOwned;

/// A page of the items whose sort keys begin with a prefix, or what the API's absence means.
pub(crate) async fn page<A: ApiKind, T: DeserializeOwned>(
    definitions: Definitions<'_>,
    (api, prefix): (&ApiId, &str),
    paging: &Paging,
    missing: impl FnOnce() -> Failure,
) -> Result<Page<T>, Failure> {
    if definitions.api_of::<A>(api).await?.is_none() {
        return Err(missing());
    }
    paging
        .page(definitions, &api_partition(api), prefix)
        .await?
        .try_map(|item| Ok(decode(&item)?))
}

/// The part, or what its absence or its API's means.
pub(crate) async fn find<A: ApiKind, T: DeserializeOwned>(
    definitions: Definitions<'_>,
    (api, key): (&ApiId, &Key),
    missing: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    let found = definitions.get(key).await?;
    let exists = definitions.api_of::<A>(api).await?.is_some();
    found.filter(|_| exists).ok_or_else(missing)
}

/// As [`find`], for a part that is to change.
pub(crate) async fn find_to_edit<A: ApiKind, T: DeserializeOwned>(
    edit: &Edit<'_, A>,
    key: &Key,
    missing: impl Fn() -> Failure,
) -> Result<T, Failure> {
    edit.api(&missing)?;
    edit.definitions().get(key).await?.ok_or_else(missing)
}
