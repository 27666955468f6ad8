//! What a gateway begins with: a stage, and beside it copies of the indexes that its deployment and its canary's have.
//!
//! A cold start would otherwise read the stage to learn which deployments it points to, and only then their indexes.
//! Side by side, one query brings all. Where there is no copy, or it is another deployment's, the index is read from the
//! snapshot: the copy saves time, and nothing rests on it.

use crate::deployed::{all_items, read_index};
use crate::layout::{live_index_sort_prefix, live_partition, live_sort_prefix, live_stage_key};
use crate::snapshot::CHUNK_BYTES;
use crate::{
    ApiKind, Deployed, DeployedError, ROUTED_APIS, api_partition, stage_key, stage_sort_prefix,
};
use postern_definition::rest::CanarySettings;
use postern_definition::{ApiId, DeploymentId, StageName, rest, routed};
use postern_store::{Condition, Consistency, Item, Key, StoreError, Table, Write, decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// An index of more parts than these is not copied: stage, copy and what else changes must fit one transaction.
const PARTS_MAX: usize = 4;

/// A stage of an API of some kind.
pub trait LiveStage: Serialize + DeserializeOwned + Sync {
    /// What its item is called among those that a gateway begins with.
    const KIND: &'static str;

    fn name(&self) -> &StageName;

    /// What it points to; a stage of an HTTP or WebSocket API may point to nothing yet.
    fn deployment(&self) -> Option<&DeploymentId>;

    /// Some of its traffic goes elsewhere.
    fn canary(&self) -> Option<&CanarySettings>;

    /// All that it points to, each once.
    fn deployments(&self) -> impl Iterator<Item = &DeploymentId> {
        let own = self.deployment();
        let canary = self.canary().map(|canary| &canary.deployment_id);
        own.into_iter()
            .chain(canary.filter(|canary| Some(*canary) != own))
    }
}

impl LiveStage for rest::Stage {
    const KIND: &'static str = "stage";

    fn name(&self) -> &StageName {
        &self.stage_name
    }

    fn deployment(&self) -> Option<&DeploymentId> {
        Some(&self.deployment_id)
    }

    fn canary(&self) -> Option<&CanarySettings> {
        self.canary_settings.as_ref()
    }
}

impl LiveStage for routed::Stage {
    const KIND: &'static str = "routes";

    fn name(&self) -> &StageName {
        &self.stage_name
    }

    fn deployment(&self) -> Option<&DeploymentId> {
        self.deployment_id.as_ref()
    }

    fn canary(&self) -> Option<&CanarySettings> {
        self.postern.canary_settings.as_ref()
    }
}

/// A stage of whichever kind.
pub enum AnyStage {
    Rest(rest::Stage),
    Routed(routed::Stage),
}

impl AnyStage {
    fn read(item: &Item, kind: &str) -> Result<Self, StoreError> {
        if kind == rest::Stage::KIND {
            return decode(item).map(Self::Rest);
        }
        decode(item).map(Self::Routed)
    }

    pub fn deployment(&self) -> Option<&DeploymentId> {
        match self {
            Self::Rest(stage) => stage.deployment(),
            Self::Routed(stage) => stage.deployment(),
        }
    }

    fn deployments(&self) -> Vec<&DeploymentId> {
        match self {
            Self::Rest(stage) => stage.deployments().collect(),
            Self::Routed(stage) => stage.deployments().collect(),
        }
    }
}

/// A stage, and those of its deployments whose indexes were read along with it.
pub struct Beginning {
    pub stage: AnyStage,
    /// Moves whenever the stage changes.
    pub revision: u64,
    pub deployed: Vec<Deployed>,
}

/// Reads what a gateway begins with. `None` where there is no such stage.
pub async fn begin(
    table: &Arc<dyn Table>,
    api: &ApiId,
    name: &StageName,
) -> Result<Option<Beginning>, DeployedError> {
    let items = all_items(&**table, live_partition(api), &live_sort_prefix(name)).await?;
    let item_of = |kind| {
        let key = live_stage_key(api, name, kind);
        let item = items.iter().find(|item| item.key == key)?;
        Some((item, kind))
    };
    let found = item_of(rest::Stage::KIND).or_else(|| item_of(routed::Stage::KIND));
    let Some((item, kind)) = found else {
        return Ok(None);
    };
    let stage = AnyStage::read(item, kind)?;
    let mut deployed = Vec::new();
    for deployment in stage.deployments() {
        let prefix = live_index_sort_prefix(name, deployment);
        let parts = items.iter().filter(|i| i.key.sort.starts_with(&prefix));
        let index: Vec<u8> = parts.flat_map(|part| part.body.iter().copied()).collect();
        if !index.is_empty() {
            deployed.push(Deployed::of_index(table.clone(), deployment, &index)?);
        }
    }
    Ok(Some(Beginning {
        stage,
        revision: item.revision,
        deployed,
    }))
}

/// Reads the item of a stage alone, to see whether it has changed. An API never changes its kind.
pub async fn item(
    table: &dyn Table,
    api: &ApiId,
    name: &StageName,
    kind: ApiKind,
    consistency: Consistency,
) -> Result<Option<Item>, StoreError> {
    let key = live_stage_key(api, name, kind_of(kind));
    table.get(&key, consistency).await
}

/// What kind of API it is of which no stage is at hand. Of one that is not there, too: the service treats it as a REST API's.
pub async fn kind_of_api(table: &dyn Table, api: &ApiId) -> Result<ApiKind, StoreError> {
    let key = Key::new(ROUTED_APIS.to_owned(), api.to_string());
    Ok(match table.get(&key, Consistency::Eventual).await? {
        Some(item) => decode::<routed::Api>(&item)?.protocol_type.into(),
        None => ApiKind::Rest,
    })
}

/// The names of an API's stages.
pub async fn stage_names(table: &dyn Table, api: &ApiId) -> Result<Vec<StageName>, StoreError> {
    let prefix = stage_sort_prefix();
    let items = all_items(table, api_partition(api), prefix).await?;
    let names = items
        .iter()
        .filter_map(|item| item.key.sort.strip_prefix(prefix));
    Ok(names.map(StageName::from).collect())
}

/// Reads a stage from its item.
pub fn read(item: &Item, kind: ApiKind) -> Result<AnyStage, StoreError> {
    AnyStage::read(item, kind_of(kind))
}

fn kind_of(kind: ApiKind) -> &'static str {
    match kind {
        ApiKind::Rest => rest::Stage::KIND,
        ApiKind::Http | ApiKind::WebSocket => routed::Stage::KIND,
    }
}

/// The writes that make or change a stage, its document among them. They are to be made in one transaction.
pub async fn put<S: LiveStage>(
    table: &dyn Table,
    api: &ApiId,
    stage: &S,
) -> Result<Vec<Write>, StoreError> {
    let name = stage.name();
    let own = live_stage_key(api, name, S::KIND);
    let mut writes = vec![
        Write::put(stage_key(api, name), encode(stage), Condition::Always),
        Write::put(own.clone(), encode(stage), Condition::Always),
    ];
    let wanted: Vec<_> = stage
        .deployments()
        .map(|deployment| (deployment, live_index_sort_prefix(name, deployment)))
        .collect();
    let is_of = |key: &Key, prefix: &str| key.sort.starts_with(prefix);
    let copies = keys(table, api, name).await?;
    for (deployment, prefix) in &wanted {
        if copies.iter().any(|key| is_of(key, prefix)) {
            continue;
        }
        let index = read_index(table, api, deployment).await?;
        let parts = index.chunks(CHUNK_BYTES);
        if parts.len() <= PARTS_MAX {
            writes.extend(parts.enumerate().map(|(number, part)| {
                let key = Key::new(live_partition(api), format!("{prefix}{number:05}"));
                Write::put(key, part.to_vec(), Condition::Always)
            }));
        }
    }
    let is_wanted = |key: &Key| wanted.iter().any(|(_, prefix)| is_of(key, prefix));
    let stale = copies
        .into_iter()
        .filter(|key| *key != own && !is_wanted(key));
    writes.extend(stale.map(|key| Write::delete(key, Condition::Always)));
    Ok(writes)
}

/// The writes that remove a stage, its document among them: ten at most.
pub async fn delete(
    table: &dyn Table,
    api: &ApiId,
    name: &StageName,
) -> Result<Vec<Write>, StoreError> {
    let mut writes = vec![Write::delete(stage_key(api, name), Condition::Always)];
    writes.extend(
        keys(table, api, name)
            .await?
            .into_iter()
            .map(|key| Write::delete(key, Condition::Always)),
    );
    Ok(writes)
}

async fn keys(table: &dyn Table, api: &ApiId, name: &StageName) -> Result<Vec<Key>, StoreError> {
    Ok(
        all_items(table, live_partition(api), &live_sort_prefix(name))
            .await?
            .into_iter()
            .map(|item| item.key)
            .collect(),
    )
}
