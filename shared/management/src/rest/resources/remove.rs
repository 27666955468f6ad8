//! DeleteResource: a resource and all below it.

use super::tree::subtree;
use crate::definitions::{Edit, child_key, method_key, resource_key};
use crate::rest::address::AtResource;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::rest::Resource;

pub(crate) async fn delete(edit: &mut Edit<'_>, at: &AtResource) -> Result<(), Failure> {
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
    for resource in subtree(&top, &resources) {
        remove(edit, resource);
    }
    Ok(())
}

/// Notes that a resource goes, with its methods and its place below its parent.
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
