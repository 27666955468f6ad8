//! What becomes of an API into which a document is imported.

use crate::import::Imported;
use postern_definition::ResourceId;
use postern_definition::rest::{
    Authorizer, Definition, DocumentationPart, DocumentationPartLocation, GatewayResponse, Method,
    Model, PathPart, RequestValidator, Resource, RestApi,
};
use std::collections::{HashMap, HashSet};

/// How a document is put into an API that exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What the document has is added, and replaces what is there under the same name; the rest stays.
    #[default]
    Merge,
    /// What the document does not have goes.
    Overwrite,
}

impl Mode {
    /// Of the query's `mode`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "merge" => Some(Self::Merge),
            "overwrite" => Some(Self::Overwrite),
            _ => None,
        }
    }
}

/// The API as it is after the import. Whatever stays under its name keeps its id: the API and its root, resources by their path,
/// authorizers, models and validators by name. What is not the document's to say stays as well: endpoint type, tags, creation.
///
/// Refuses, in the service's words, paths of the document that cannot lie beside those that are there.
pub fn merge(
    existing: Definition,
    imported: Imported,
    mode: Mode,
) -> Result<Definition, Vec<String>> {
    let added = imported.definition;
    let (resources, resource_ids) = resources(&existing, added.resources, mode)?;
    let (authorizers, authorizer_ids) = by_name(existing.authorizers, added.authorizers, mode);
    let (request_validators, validator_ids) =
        by_name(existing.request_validators, added.request_validators, mode);
    let (models, _) = by_name(existing.models, added.models, mode);

    let mut methods: Vec<(ResourceId, Method)> = Vec::new();
    let mut places: HashMap<(ResourceId, String), usize> = HashMap::new();
    let kept = match mode {
        Mode::Merge => existing.methods,
        Mode::Overwrite => Vec::new(),
    };
    let new = added.methods.into_iter().map(|(resource, mut method)| {
        let place = new_id(&resource_ids, &resource);
        if let Some(id) = &mut method.authorizer_id {
            *id = new_id(&authorizer_ids, id);
        }
        if let Some(id) = &mut method.request_validator_id {
            *id = new_id(&validator_ids, id);
        }
        if let Some(integration) = &mut method.method_integration
            && integration.cache_namespace == resource.as_str()
        {
            place.as_str().clone_into(&mut integration.cache_namespace);
        }
        (place, method)
    });
    for (resource, method) in kept.into_iter().chain(new) {
        let key = (resource.clone(), method.http_method.clone());
        if let Some(index) = places.get(&key) {
            methods[*index].1 = method;
        } else {
            places.insert(key, methods.len());
            methods.push((resource, method));
        }
    }

    Ok(Definition {
        api: api(existing.api, added.api, imported.mentions, mode),
        resources,
        methods,
        models,
        request_validators,
        authorizers,
        gateway_responses: gateway_responses(
            existing.gateway_responses,
            added.gateway_responses,
            mode,
        ),
        documentation_parts: merge_documentation(
            existing.documentation_parts,
            added.documentation_parts,
            mode,
        ),
    })
}

fn new_id<T: Clone + Eq + std::hash::Hash>(ids: &Ids<T>, id: &T) -> T {
    ids.get(id).unwrap_or(id).clone()
}

/// From the id that something had in the document's own definition to the one that it has now.
type Ids<T> = HashMap<T, T>;

/// The resources after the import, and the ids that those of the document got.
fn resources(
    existing: &Definition,
    added: Vec<Resource>,
    mode: Mode,
) -> Result<(Vec<Resource>, Ids<ResourceId>), Vec<String>> {
    let by_path: HashMap<&str, &Resource> = existing
        .resources
        .iter()
        .map(|resource| (resource.path.as_str(), resource))
        .collect();
    let mut ids = HashMap::new();
    for resource in &added {
        if let Some(before) = by_path.get(resource.path.as_str()) {
            ids.insert(resource.id.clone(), before.id.clone());
        }
    }
    let mut after = Vec::new();
    let mut errors = Vec::new();
    if mode == Mode::Merge {
        after.clone_from(&existing.resources);
    }
    let mut variables: HashMap<ResourceId, String> = HashMap::new();
    let mut greedy: HashSet<ResourceId> = HashSet::new();
    for resource in &after {
        note_variable(resource, &mut variables, &mut greedy);
    }
    let indexes: HashMap<String, usize> = after
        .iter()
        .enumerate()
        .map(|(i, resource)| (resource.path.clone(), i))
        .collect();
    for mut resource in added {
        if let Some(index) = indexes.get(&resource.path) {
            after[*index].methods.append(&mut resource.methods);
            continue;
        }
        resource.id = new_id(&ids, &resource.id);
        resource.parent_id = resource.parent_id.map(|parent| new_id(&ids, &parent));
        if let (Some(parent), Some(part)) = (&resource.parent_id, &resource.path_part) {
            let is_variable = PathPart::parse(part).is_ok_and(|part| part.is_variable());
            let refusal = if greedy.contains(parent) {
                let above = resource.path.rsplit('/').nth(1).unwrap_or_default();
                Some(format!(
                    "Cannot create a child of a resource with a greedy path variable: {above}"
                ))
            } else {
                let sibling = variables.get(parent).filter(|_| is_variable);
                sibling.map(|sibling| {
                    format!("A sibling ({sibling}) of this resource already has a variable path part -- only one is allowed")
                })
            };
            if let Some(refusal) = refusal {
                errors.push(format!(
                    "Unable to create resource at path '{}': {refusal}",
                    resource.path
                ));
                continue;
            }
        }
        note_variable(&resource, &mut variables, &mut greedy);
        after.push(resource);
    }
    if errors.is_empty() {
        Ok((after, ids))
    } else {
        Err(errors)
    }
}

fn note_variable(
    resource: &Resource,
    variables: &mut HashMap<ResourceId, String>,
    greedy: &mut HashSet<ResourceId>,
) {
    let (Some(parent), Some(part)) = (&resource.parent_id, &resource.path_part) else {
        return;
    };
    match PathPart::parse(part) {
        Ok(PathPart::Parameter(_)) => {
            variables.insert(parent.clone(), part.clone());
        }
        Ok(PathPart::Greedy(_)) => {
            variables.insert(parent.clone(), part.clone());
            greedy.insert(resource.id.clone());
        }
        _ => {}
    }
}

/// What has a name and an id.
trait Named {
    fn name(&self) -> Option<&str>;
    fn id(&mut self) -> &mut String;
}

impl Named for Authorizer {
    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn id(&mut self) -> &mut String {
        &mut self.id
    }
}

impl Named for Model {
    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn id(&mut self) -> &mut String {
        &mut self.id
    }
}

impl Named for RequestValidator {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn id(&mut self) -> &mut String {
        &mut self.id
    }
}

/// What is there after the import, and the ids that the document's got.
fn by_name<T: Named>(existing: Vec<T>, added: Vec<T>, mode: Mode) -> (Vec<T>, Ids<String>) {
    let mut ids = HashMap::new();
    let mut before: HashMap<String, T> = HashMap::new();
    let mut after: Vec<T> = Vec::new();
    let replaced: HashSet<String> = added
        .iter()
        .filter_map(|new| new.name().map(str::to_owned))
        .collect();
    for old in existing {
        match old.name().map(str::to_owned) {
            Some(name) if replaced.contains(&name) && !before.contains_key(&name) => {
                before.insert(name, old);
            }
            _ if mode == Mode::Merge => after.push(old),
            _ => {}
        }
    }
    for mut new in added {
        if let Some(old) = new.name().and_then(|name| before.get_mut(name)) {
            ids.insert(new.id().clone(), old.id().clone());
            new.id().clone_from(old.id());
        }
        after.push(new);
    }
    (after, ids)
}

fn api(
    existing: RestApi,
    added: RestApi,
    mentions: crate::import::Mentions,
    mode: Mode,
) -> RestApi {
    let overwrite = mode == Mode::Overwrite;
    let mut binary_media_types = existing.binary_media_types;
    if overwrite {
        binary_media_types.clear();
    }
    for media_type in added.binary_media_types {
        if !binary_media_types.contains(&media_type) {
            binary_media_types.push(media_type);
        }
    }
    let mut endpoint_configuration = existing.endpoint_configuration;
    if mentions.vpc_endpoint_ids {
        endpoint_configuration.vpc_endpoint_ids = added.endpoint_configuration.vpc_endpoint_ids;
    }
    let either = |new: Option<String>, old: Option<String>| match new {
        None if !overwrite => old,
        new => new,
    };
    RestApi {
        id: existing.id,
        name: added.name,
        description: either(added.description, existing.description),
        created_date: existing.created_date,
        version: either(added.version, existing.version),
        binary_media_types,
        minimum_compression_size: match added.minimum_compression_size {
            None if !overwrite => existing.minimum_compression_size,
            size => size,
        },
        api_key_source: if overwrite || mentions.api_key_source {
            added.api_key_source
        } else {
            existing.api_key_source
        },
        endpoint_configuration,
        policy: either(added.policy, existing.policy),
        tags: existing.tags,
        disable_execute_api_endpoint: if mentions.disable_execute_api_endpoint {
            added.disable_execute_api_endpoint
        } else {
            existing.disable_execute_api_endpoint
        },
        root_resource_id: existing.root_resource_id,
        security_policy: added.security_policy.or(existing.security_policy),
        endpoint_access_mode: added.endpoint_access_mode.or(existing.endpoint_access_mode),
    }
}

fn gateway_responses(
    existing: Vec<GatewayResponse>,
    added: Vec<GatewayResponse>,
    mode: Mode,
) -> Vec<GatewayResponse> {
    let mut after = match mode {
        Mode::Merge => existing,
        Mode::Overwrite => Vec::new(),
    };
    after.retain(|old| {
        !added
            .iter()
            .any(|new| new.response_type == old.response_type)
    });
    after.extend(added);
    after.sort_by_key(|response| response.response_type);
    after
}

/// Documentation after an import: merging replaces what is said of a place; overwriting makes all parts anew, with new ids.
pub fn merge_documentation(
    existing: Vec<DocumentationPart>,
    added: Vec<DocumentationPart>,
    mode: Mode,
) -> Vec<DocumentationPart> {
    let mut after = match mode {
        Mode::Merge => existing,
        Mode::Overwrite => Vec::new(),
    };
    let key = |location: &DocumentationPartLocation| {
        (
            location.kind as u8,
            location.path.clone(),
            location.method.clone(),
            location.status_code.clone(),
            location.name.clone(),
        )
    };
    let mut places: HashMap<_, usize> = after
        .iter()
        .enumerate()
        .map(|(i, part)| (key(&part.location), i))
        .collect();
    for part in added {
        let key = key(&part.location);
        if let Some(index) = places.get(&key) {
            after[*index].properties = part.properties;
        } else {
            places.insert(key, after.len());
            after.push(part);
        }
    }
    after
}
