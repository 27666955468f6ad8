//! UpdateResource: a resource takes another name, or another parent.

use super::tree::{children, stale};
use super::{ResourceView, bounded, is_greedy, place};
use crate::definitions::{Child, Edit, child_key, resource_key};
use crate::patch::{Patch, REPLACE, Row, Table, Unknown, Update};
use crate::rest::address::AtResource;
use crate::rest::missing;
use crate::wire::Failure;
use postern_definition::ResourceId;
use postern_definition::rest::Resource;

static TABLE: Table<Resource> = Table {
    rows: &[
        Row::new("/parentId", REPLACE, |resource, patch| {
            *changeable(&mut resource.parent_id, "parentId")? = patch.text().into();
            Ok(())
        }),
        Row::new("/pathPart", REPLACE, |resource, patch: &Patch<'_>| {
            let part = changeable(&mut resource.path_part, "pathPart")?;
            patch.text().clone_into(part);
            Ok(())
        }),
    ],
    unknown: Unknown::Strict,
};

/// The root has neither a parent nor a part, and gets none.
fn changeable<'a, T>(member: &'a mut Option<T>, name: &str) -> Result<&'a mut T, Failure> {
    member
        .as_mut()
        .ok_or_else(|| Failure::bad_request(format!("Root resource cannot update its {name}.")))
}

pub(crate) async fn update(
    edit: &mut Edit<'_>,
    input: &Update<AtResource>,
) -> Result<ResourceView, Failure> {
    edit.api(missing::resource)?;
    let definitions = edit.definitions();
    let api = edit.id().clone();
    let before = definitions.resource(&api, &input.at.resource_id).await?;
    let before = before.ok_or_else(missing::resource)?;
    let after = input.apply(&TABLE, &before)?;
    let (Some(parent), Some(part)) = (&after.parent_id, &after.path_part) else {
        return Ok(before.into());
    };
    if after == before {
        return Ok(before.into());
    }
    let mut resources = definitions.resources(&api).await?;
    let new_parent = resources.iter().find(|r| r.id == *parent).cloned();
    let new_parent = new_parent.ok_or_else(missing::resource)?;
    if is_below(&new_parent, &after.id, &resources) {
        return Err(Failure::bad_request("Resources cannot be cyclical."));
    }
    place(edit, &new_parent, part, Some(&after.id)).await?;
    if is_greedy(part) && children(&resources).contains_key(&after.id) {
        return Err(Failure::bad_request(format!(
            "Cannot create a child of a resource with a greedy path variable: {part}"
        )));
    }
    write(edit, &before, &after, parent, part);
    for resource in &mut resources {
        if resource.id == after.id {
            resource.clone_from(&after);
        }
    }
    let mut answer = after;
    for resource in stale(&resources) {
        bounded(&resource.path)?;
        if resource.id == answer.id {
            answer = resource;
        } else {
            edit.put(resource_key(&api, &resource.id), &resource);
        }
    }
    edit.put(resource_key(&api, &answer.id), &answer);
    Ok(answer.into())
}

/// Whether a resource is another, or lies below it.
fn is_below(resource: &Resource, top: &ResourceId, resources: &[Resource]) -> bool {
    let mut at = Some(resource);
    // No tree is deeper than it has resources.
    for _ in 0..=resources.len() {
        match at {
            Some(resource) if resource.id == *top => return true,
            Some(Resource {
                parent_id: Some(parent),
                ..
            }) => at = resources.iter().find(|r| r.id == *parent),
            _ => return false,
        }
    }
    true
}

/// Notes that the resource leaves its place for another.
fn write(
    edit: &mut Edit<'_>,
    before: &Resource,
    after: &Resource,
    parent: &ResourceId,
    part: &str,
) {
    let api = edit.id().clone();
    let to = child_key(&api, parent, part);
    if let (Some(parent), Some(part)) = (&before.parent_id, &before.path_part) {
        let from = child_key(&api, parent, part);
        if from != to {
            edit.delete(from);
        }
    }
    edit.put(
        to,
        &Child {
            id: after.id.clone(),
            path_part: part.to_owned(),
        },
    );
}
