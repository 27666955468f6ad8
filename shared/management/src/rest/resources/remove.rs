//! DeleteResource: a resource and all below it.

use super::tree::subtree;
use crate::Management;
use crate::definitions::{Edit, child_key, method_key, resource_key};
use crate::rest::address::AtResource;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::rest::Resource;

/// Writes of one transaction, less the API's own item.
const WRITES_MAX: usize = 99;
/// Transactions of one call.
const BATCHES_MAX: usize = 40;

/// Deletes from the leaves up, each transaction leaving a whole tree, so that what a dead process left half done is an API like any
/// other, and deleting again goes on with it.
pub(crate) async fn delete(service: &Management, at: &AtResource) -> Result<(), Failure> {
    let mut edits = service.edits(&at.restapi_id).await;
    let mut batches = 0;
    while batches < BATCHES_MAX {
        let mut edit = edits.begin().await?;
        let whole = batch(&mut edit, at).await?;
        if edit.commit().await? {
            if whole {
                return Ok(());
            }
            edits.renew();
            batches += 1;
        }
    }
    Err(Failure::too_many_requests())
}

/// Says whether the whole subtree is deleted by it.
async fn batch(edit: &mut Edit<'_>, at: &AtResource) -> Result<bool, Failure> {
    edit.api(missing::resource)?;
    let definitions = edit.definitions();
    let top = definitions
        .resource(&at.restapi_id, &at.resource_id)
        .await?;
    let top = top.ok_or_else(missing::resource)?;
    if top.parent_id.is_none() {
        return Err(Failure::bad_request("Root resource cannot be deleted."));
    }
    let resources = definitions.resources(&at.restapi_id).await?;
    for resource in subtree(&top, &resources).into_iter().rev() {
        // Itself, its place below its parent, its methods.
        if edit.len() + 2 + resource.methods.len() > WRITES_MAX {
            return Ok(false);
        }
        remove(edit, resource);
    }
    Ok(true)
}

fn remove(edit: &mut Edit<'_>, resource: &Resource) {
    let api = edit.id().clone();
    edit.delete(resource_key(&api, &resource.id));
    if let (Some(parent), Some(part)) = (&resource.parent_id, &resource.path_part) {
        edit.delete(child_key(&api, parent, part));
    }
    for verb in &resource.methods {
        edit.delete(method_key(&api, &resource.id, verb));
    }
}
