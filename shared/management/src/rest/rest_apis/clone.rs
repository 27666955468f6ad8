//! What an API is created with: its root resource and two models, or a copy of all that another API is.

use crate::definitions::{self, DOCUMENTATION_PART};
use crate::rest::{missing, models};
use crate::wire::Failure;
use crate::{Management, ids};
use postern_definition::ApiId;
use postern_definition::rest::{Definition, MODEL_REFERENCE_PREFIX, Resource, RestApi};
use postern_store::Write;
use std::collections::{BTreeSet, HashMap};

/// How often a source that changes while it is read is read again.
const READS_MAX: usize = 5;

pub(super) struct Contents {
    source: Option<RestApi>,
    definition: Definition,
}

impl Contents {
    /// A root, and the models that every API begins with.
    pub(super) fn empty(api: &RestApi) -> Self {
        let root = Resource {
            id: api.root_resource_id.clone(),
            parent_id: None,
            path_part: None,
            path: "/".to_owned(),
            methods: BTreeSet::new(),
        };
        Self {
            source: None,
            definition: Definition {
                models: models::built_in(),
                ..Definition::new(api.clone(), vec![root], Vec::new())
            },
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

    pub(super) fn writes(&self) -> Vec<Write> {
        definitions::writes(&self.definition.api.id, &self.definition)
    }
}

/// The contents of another API, with ids of their own. Its deployments, stages and documentation versions stay behind.
pub(super) async fn copy(
    service: &Management,
    source: &ApiId,
    api: &RestApi,
) -> Result<Contents, Failure> {
    let definitions = service.definitions();
    for _ in 0..READS_MAX {
        let found = definitions.api(source).await?;
        let (record, revision) = found.ok_or_else(|| missing::api(service, source))?;
        let mut definition = definitions.definition(record.api.clone()).await?;
        definition.documentation_parts = definitions.parts(source, DOCUMENTATION_PART).await?;
        let still = definitions.api(source).await?;
        if still.is_some_and(|(_, now)| now == revision) && record.pending.is_none() {
            definition.api = api.clone();
            return Ok(Contents {
                definition: renamed(&record.api.id, definition),
                source: Some(record.api),
            });
        }
    }
    Err(Failure::concurrent())
}

/// New ids, of which none is drawn twice.
#[derive(Default)]
struct Ids {
    taken: BTreeSet<String>,
    new: HashMap<String, String>,
}

impl Ids {
    /// Draws a new id for an old one.
    fn renew(&mut self, old: &mut String) {
        let mut id = ids::random(ids::SHORT);
        while !self.taken.insert(id.clone()) {
            id = ids::random(ids::SHORT);
        }
        self.new.insert(std::mem::replace(old, id.clone()), id);
    }

    fn follow(&self, old: &mut String) {
        if let Some(new) = self.new.get(old) {
            old.clone_from(new);
        }
    }
}

fn renamed(source: &ApiId, mut definition: Definition) -> Definition {
    let mut resources = Ids::default();
    for resource in &mut definition.resources {
        if resource.parent_id.is_none() {
            let root = definition.api.root_resource_id.to_string();
            let old = std::mem::replace(&mut resource.id.0, root.clone());
            resources.new.insert(old, root);
        } else {
            resources.renew(&mut resource.id.0);
        }
    }
    for resource in &mut definition.resources {
        if let Some(parent) = &mut resource.parent_id {
            resources.follow(&mut parent.0);
        }
    }
    let mut parts = Ids::default();
    let prefix = |api: &ApiId| format!("{MODEL_REFERENCE_PREFIX}{api}/models/");
    let (from, to) = (prefix(source), prefix(&definition.api.id));
    for model in &mut definition.models {
        parts.renew(&mut model.id);
        if let Some(schema) = &mut model.schema {
            *schema = schema.replace(&from, &to);
        }
    }
    for validator in &mut definition.request_validators {
        parts.renew(&mut validator.id);
    }
    for authorizer in &mut definition.authorizers {
        parts.renew(&mut authorizer.id);
    }
    for part in &mut definition.documentation_parts {
        parts.renew(&mut part.id);
    }
    for (resource, method) in &mut definition.methods {
        let integration = method.method_integration.as_mut();
        if let Some(integration) = integration.filter(|i| i.cache_namespace == resource.as_str()) {
            resources.follow(&mut integration.cache_namespace);
        }
        resources.follow(&mut resource.0);
        for id in [&mut method.authorizer_id, &mut method.request_validator_id]
            .into_iter()
            .flatten()
        {
            parts.follow(id);
        }
    }
    definition
}
