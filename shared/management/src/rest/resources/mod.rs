//! Resources: the tree of paths.

mod remove;
mod tree;
mod update;

pub(crate) use remove::delete;
pub(crate) use update::update;

use super::address::{AtApi, AtParent, AtResource};
use super::missing;
use crate::Management;
use crate::definitions::{Child, Edit, RESOURCES, child_key, resource_key};
use crate::ids;
use crate::limits::room;
use crate::paging::{Page, Paging};
use crate::wire::{Failure, Part};
use postern_definition::rest::{Method, PathPart, Resource};
use postern_definition::{Map, ResourceId};
use postern_plan::api_partition;
use postern_store::decode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A request's URL is never longer.
const PATH_BYTES_MAX: usize = 8_192;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateResource {
    path_part: String,
}

impl Part for CreateResource {}

/// What of a resource is asked for besides itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Embed {
    embed: Option<Vec<String>>,
}

impl Part for Embed {}

impl Embed {
    /// Given more than once, or as one list with commas.
    pub(super) fn asks_for(&self, what: &str) -> bool {
        self.embed.iter().flatten().any(|embed| {
            embed
                .split(',')
                .any(|name| name.trim().eq_ignore_ascii_case(what))
        })
    }
}

/// A resource as clients see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResourceView {
    id: ResourceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<ResourceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_part: Option<String>,
    path: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    resource_methods: Map<MethodView>,
}

/// A method within its resource: empty unless it was asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MethodView {
    Named {},
    Embedded(Box<Method>),
}

impl From<Resource> for ResourceView {
    fn from(resource: Resource) -> Self {
        Self {
            id: resource.id,
            parent_id: resource.parent_id,
            path_part: resource.path_part,
            path: resource.path,
            resource_methods: resource
                .methods
                .into_iter()
                .map(|verb| (verb, MethodView::Named {}))
                .collect(),
        }
    }
}

impl ResourceView {
    fn embed(&mut self, method: Method) {
        self.resource_methods.insert(
            method.http_method.clone(),
            MethodView::Embedded(Box::new(method)),
        );
    }
}

pub(crate) async fn list(
    service: &Management,
    (at, (paging, embed)): &(AtApi, (Paging, Embed)),
) -> Result<Page<ResourceView>, Failure> {
    let definitions = service.definitions();
    let api = &at.restapi_id;
    if definitions.api(api).await?.is_none() {
        return Err(missing::api(service, api));
    }
    let mut page = paging
        .page(definitions, &api_partition(api), RESOURCES)
        .await?
        .try_map(|item| Ok(ResourceView::from(decode::<Resource>(&item)?)))?;
    if embed.asks_for("methods")
        && let (Some(first), Some(last)) = (page.items.first(), page.items.last())
    {
        // Both are sorted by the resource's id, so one run through the methods meets the page's resources in order.
        let methods = definitions
            .methods_between(api, &first.id, &last.id)
            .await?;
        let mut resources = page.items.iter_mut().peekable();
        for (id, method) in methods {
            while resources.next_if(|resource| resource.id < id).is_some() {}
            if let Some(resource) = resources.peek_mut().filter(|resource| resource.id == id) {
                resource.embed(method);
            }
        }
    }
    Ok(page)
}

pub(crate) async fn get(
    service: &Management,
    (at, embed): &(AtResource, Embed),
) -> Result<ResourceView, Failure> {
    let definitions = service.definitions();
    let (api, id) = (&at.restapi_id, &at.resource_id);
    let found = definitions.resource(api, id).await?;
    let exists = definitions.api(api).await?.is_some();
    let resource = found.filter(|_| exists).ok_or_else(missing::resource)?;
    let mut view = ResourceView::from(resource);
    if embed.asks_for("methods") {
        for (_, method) in definitions.methods_between(api, id, id).await? {
            view.embed(method);
        }
    }
    Ok(view)
}

pub(crate) async fn create(
    edit: &mut Edit<'_>,
    (at, input): &(AtParent, CreateResource),
) -> Result<ResourceView, Failure> {
    let service = edit.service();
    let api = edit.id().clone();
    edit.api(|| missing::api(service, &api))?;
    let parent = edit.definitions().resource(&api, &at.parent_id).await?;
    let parent = parent.ok_or_else(missing::resource)?;
    place(edit, &parent, &input.path_part, None).await?;
    let resource = Resource {
        id: ids::random(ids::SHORT).into(),
        parent_id: Some(parent.id.clone()),
        path_part: Some(input.path_part.clone()),
        path: tree::join(&parent.path, &input.path_part),
        methods: BTreeSet::new(),
    };
    bounded(&resource.path)?;
    room(
        edit,
        "resources",
        RESOURCES,
        service.limits().resources_per_api,
    )
    .await?;
    edit.create(resource_key(&api, &resource.id), &resource);
    edit.put(
        child_key(&api, &parent.id, &input.path_part),
        &Child {
            id: resource.id.clone(),
            path_part: input.path_part.clone(),
        },
    );
    Ok(resource.into())
}

fn bounded(path: &str) -> Result<(), Failure> {
    if path.len() > PATH_BYTES_MAX {
        return Err(Failure::bad_request(format!(
            "The resource's path has {} bytes, and at most {PATH_BYTES_MAX} are allowed",
            path.len()
        )));
    }
    Ok(())
}

/// Whether a path part may stand below a parent; `but` is the resource that is to move there, where it is not new.
async fn place(
    edit: &Edit<'_>,
    parent: &Resource,
    part: &str,
    but: Option<&ResourceId>,
) -> Result<(), Failure> {
    PathPart::parse(part).map_err(|error| Failure::bad_request(error.to_string()))?;
    if let Some(greedy) = parent.path_part.as_deref().filter(|part| is_greedy(part)) {
        return Err(Failure::bad_request(format!(
            "Cannot create a child of a resource with a greedy path variable: {greedy}"
        )));
    }
    let key = child_key(edit.id(), &parent.id, part);
    let sibling: Option<Child> = edit.definitions().get(&key).await?;
    match sibling.filter(|sibling| Some(&sibling.id) != but) {
        None => Ok(()),
        Some(sibling) if sibling.path_part == part => Err(Failure::conflict(format!(
            "Another resource with the same parent already has this name: {part}"
        ))),
        Some(sibling) => Err(Failure::bad_request(format!(
            "A sibling ({}) of this resource already has a variable path part -- only one is allowed",
            sibling.path_part
        ))),
    }
}

fn is_greedy(part: &str) -> bool {
    matches!(PathPart::parse(part), Ok(PathPart::Greedy(_)))
}
