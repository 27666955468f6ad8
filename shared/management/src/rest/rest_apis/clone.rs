//! What an API is created with: its root resource, or a copy of another API's resources and methods.

use crate::Management;
use crate::definitions::{Child, child_key, method_key, note_of_use, resource_key};
use crate::ids;
use crate::rest::missing;
use crate::rest::uses::{link_of, method_part};
use crate::wire::Failure;
use postern_definition::rest::{Method, Resource, RestApi};
use postern_definition::{ApiId, ResourceId};
use postern_store::{Condition, Write, encode};
use std::collections::{BTreeSet, HashMap};

/// How often a source that changes while it is read is read again.
const READS_MAX: usize = 5;

pub(super) struct Contents {
    source: Option<RestApi>,
    resources: Vec<Resource>,
    methods: Vec<(ResourceId, Method)>,
}

impl Contents {
    pub(super) fn empty(root: &ResourceId) -> Self {
        Self {
            source: None,
            resources: vec![Resource {
                id: root.clone(),
                parent_id: None,
                path_part: None,
                path: "/".to_owned(),
                methods: BTreeSet::new(),
            }],
            methods: Vec::new(),
        }
    }

    /// What decides how requests are read comes along with the methods that rely on it.
    pub(super) fn settings(&self, mut api: RestApi, take_media_types: bool) -> RestApi {
        if let Some(source) = &self.source
            && take_media_types
        {
            api.binary_media_types
                .clone_from(&source.binary_media_types);
        }
        api
    }

    pub(super) fn writes(&self, api: &ApiId) -> Vec<Write> {
        let mut writes = Vec::new();
        for resource in &self.resources {
            let key = resource_key(api, &resource.id);
            writes.push(Write::put(key, encode(resource), Condition::Always));
            if let (Some(parent), Some(part)) = (&resource.parent_id, &resource.path_part) {
                let child = Child {
                    id: resource.id.clone(),
                    path_part: part.clone(),
                };
                let key = child_key(api, parent, part);
                writes.push(Write::put(key, encode(&child), Condition::Always));
            }
        }
        for (resource, method) in &self.methods {
            let key = method_key(api, resource, &method.http_method);
            writes.push(Write::put(key, encode(method), Condition::Always));
            let link = method.method_integration.as_ref().and_then(link_of);
            writes.extend(link.map(|link| {
                let part = method_part(resource, &method.http_method);
                note_of_use(&link, api, part)
            }));
        }
        writes
    }
}

/// The contents of another API, with ids of their own.
pub(super) async fn copy(
    service: &Management,
    source: &ApiId,
    root: &ResourceId,
) -> Result<Contents, Failure> {
    let definitions = service.definitions();
    for _ in 0..READS_MAX {
        let found = definitions.api(source).await?;
        let (record, revision) = found.ok_or_else(|| missing::api(service, source))?;
        let resources = definitions.resources(source).await?;
        let methods = definitions.methods(source).await?;
        let still = definitions.api(source).await?;
        if still.is_some_and(|(_, now)| now == revision) && !record.paths_are_stale {
            return Ok(renamed(record.api, resources, methods, root));
        }
    }
    Err(Failure::concurrent())
}

fn renamed(
    source: RestApi,
    mut resources: Vec<Resource>,
    mut methods: Vec<(ResourceId, Method)>,
    root: &ResourceId,
) -> Contents {
    let mut taken = BTreeSet::new();
    let new: HashMap<ResourceId, ResourceId> = resources
        .iter()
        .map(|resource| {
            if resource.parent_id.is_none() {
                return (resource.id.clone(), root.clone());
            }
            let mut id = ids::random(ids::SHORT);
            while !taken.insert(id.clone()) {
                id = ids::random(ids::SHORT);
            }
            (resource.id.clone(), id.into())
        })
        .collect();
    let to = |old: &ResourceId| new.get(old).unwrap_or(old).clone();
    for resource in &mut resources {
        resource.id = to(&resource.id);
        resource.parent_id = resource.parent_id.as_ref().map(to);
    }
    for (resource, method) in &mut methods {
        let integration = method.method_integration.as_mut();
        if let Some(integration) = integration.filter(|i| i.cache_namespace == resource.as_str()) {
            integration.cache_namespace = to(resource).to_string();
        }
        *resource = to(resource);
    }
    Contents {
        source: Some(source),
        resources,
        methods,
    }
}
