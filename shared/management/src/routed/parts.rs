//! What is alike for all parts of an HTTP or WebSocket API.

use super::missing;
use crate::Management;
use crate::definitions::{Edit, part_key, part_prefix};
use crate::paging::{Items, Tokens};
use crate::parts;
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_definition::routed::Api;
use postern_store::Key;
use serde::de::DeserializeOwned;

/// A page of the parts of a kind.
pub(super) async fn page<T: DeserializeOwned>(
    service: &Management,
    api: &ApiId,
    kind: &str,
    tokens: &Tokens,
) -> Result<Items<T>, Failure> {
    page_at(service, (api, &part_prefix(kind)), tokens).await
}

/// A page of the items whose sort keys begin with a prefix.
pub(super) async fn page_at<T: DeserializeOwned>(
    service: &Management,
    (api, prefix): (&ApiId, &str),
    tokens: &Tokens,
) -> Result<Items<T>, Failure> {
    let missing = || missing::api(service, api);
    let definitions = service.definitions();
    let paging = tokens.paging();
    let page = parts::page::<Api, T>(definitions, (api, prefix), &paging, missing);
    Ok(page.await?.into())
}

/// The part of a kind and an id.
pub(super) async fn find<T: DeserializeOwned>(
    service: &Management,
    api: &ApiId,
    (kind, id): (&str, &str),
    missing: fn() -> Failure,
) -> Result<T, Failure> {
    find_at(service, api, &part_key(api, kind, id), missing).await
}

pub(super) async fn find_at<T: DeserializeOwned>(
    service: &Management,
    api: &ApiId,
    key: &Key,
    missing: fn() -> Failure,
) -> Result<T, Failure> {
    let definitions = service.definitions();
    if definitions.api_of::<Api>(api).await?.is_none() {
        return Err(super::missing::api(service, api));
    }
    definitions.get(key).await?.ok_or_else(missing)
}

/// The API that is being changed.
pub(super) fn api(edit: &Edit<'_, Api>) -> Result<Api, Failure> {
    let service = edit.service();
    let api = edit.api(|| missing::api(service, edit.id()))?;
    Ok(api.clone())
}

/// The part of a kind and an id, of the API that is being changed.
pub(super) async fn find_to_edit<T: DeserializeOwned>(
    edit: &Edit<'_, Api>,
    (kind, id): (&str, &str),
    missing: fn() -> Failure,
) -> Result<T, Failure> {
    find_at_to_edit(edit, &part_key(edit.id(), kind, id), missing).await
}

pub(super) async fn find_at_to_edit<T: DeserializeOwned>(
    edit: &Edit<'_, Api>,
    key: &Key,
    missing: fn() -> Failure,
) -> Result<T, Failure> {
    api(edit)?;
    edit.definitions().get(key).await?.ok_or_else(missing)
}

/// Refuses what an HTTP API has no use for.
pub(super) fn websocket_only(api: &Api, what: &str) -> Result<(), Failure> {
    if api.is_http() {
        return Err(Failure::bad_request(format!(
            "{what} is not supported for an API with a protocol type of HTTP"
        )));
    }
    Ok(())
}

/// Refuses what a WebSocket API has no use for.
pub(super) fn http_only(api: &Api, what: &str) -> Result<(), Failure> {
    if api.is_http() {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "{what} is not supported for an API with a protocol type of WEBSOCKET"
    )))
}
