//! A snapshot as the gateway holds it: the index at hand, the body compressed, and plans for the methods that were asked for.

use crate::gateway_response::GatewayResponsePlans;
use crate::layout::index_sort_prefix;
use crate::router::{Match, Router};
use crate::segments::{Segments, opened};
use crate::snapshot::{FORMAT, Index};
use crate::{
    Authorization, AuthorizerPlan, Defect, MethodPlan, Parts, Snapshot, api_partition, policy,
};
use postern_definition::rest::{Method, RestApi};
use postern_definition::{ApiId, DeploymentId, ResourceId};
use postern_policy::Policy;
use postern_store::{Item, Query, StoreError, Table};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OnceCell;

pub struct Deployed {
    id: DeploymentId,
    api: RestApi,
    router: Router,
    pub(crate) index: Index,
    segments: Segments,
    /// By the numbers of the methods that were asked for.
    plans: Mutex<HashMap<u32, Arc<OnceCell<Planned>>>>,
    pub(crate) parts: OnceCell<Parts>,
    pub(crate) gateway_responses: OnceCell<GatewayResponsePlans>,
    /// By id, those that a method that was asked for names: one plan for all of them.
    authorizers: Mutex<HashMap<String, Arc<AuthorizerPlan>>>,
    policy: OnceLock<Result<Option<Policy>, String>>,
}

/// A method's plan, with the id of its resource.
type Planned = (ResourceId, Arc<MethodPlan>);

/// Why a deployment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeployedError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the snapshot of deployment `{0}` is not in the store")]
    Missing(DeploymentId),
    #[error(
        "the snapshot of deployment `{deployment}` cannot be read: {reason}; deploy the API again"
    )]
    Unreadable {
        deployment: DeploymentId,
        reason: String,
    },
}

impl Deployed {
    /// Reads the index: one query, however large the API is.
    pub async fn load(
        table: Arc<dyn Table>,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<Self, DeployedError> {
        let index = read_index(&*table, api, deployment).await?;
        if index.is_empty() {
            return Err(DeployedError::Missing(deployment.clone()));
        }
        Self::of_index(table, deployment, &index)
    }

    /// From an index that was read already.
    pub fn of_index(
        table: Arc<dyn Table>,
        deployment: &DeploymentId,
        index: &[u8],
    ) -> Result<Self, DeployedError> {
        let unreadable = |reason: String| DeployedError::Unreadable {
            deployment: deployment.clone(),
            reason,
        };
        let mut index: Index = opened(index, FORMAT).map_err(unreadable)?;
        let api: RestApi =
            serde_json::from_str(&index.api).map_err(|error| unreadable(error.to_string()))?;
        let begins = std::mem::take(&mut index.segments);
        let place = (table, api.id.clone(), deployment.clone());
        Ok(Self {
            id: deployment.clone(),
            segments: Segments::new(place, begins, index.body_bytes),
            api,
            router: std::mem::take(&mut index.routes)
                .try_into()
                .map_err(|reason: &str| unreadable(reason.to_owned()))?,
            plans: Mutex::default(),
            parts: OnceCell::new(),
            gateway_responses: OnceCell::new(),
            authorizers: Mutex::default(),
            policy: OnceLock::new(),
            index,
        })
    }

    /// Of a snapshot that is not stored: nothing of it is ever looked for in the table.
    pub fn of_snapshot(
        table: Arc<dyn Table>,
        deployment: &DeploymentId,
        snapshot: &Snapshot,
    ) -> Result<Self, DeployedError> {
        let mut deployed = Self::of_index(table, deployment, &snapshot.index)?;
        deployed.segments.hold(&snapshot.body);
        Ok(deployed)
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    pub fn api(&self) -> &RestApi {
        &self.api
    }

    /// See [`crate::Router::find`].
    pub fn find<'d, 'p>(&'d self, verb: &str, path: &'p str) -> Option<Match<'d, 'p>> {
        self.router.find(verb, path)
    }

    /// The plan of a method that [`Deployed::find`] named, compiled at its first use, with the id of its resource.
    pub async fn plan(&self, method: u32) -> Result<(ResourceId, Arc<MethodPlan>), DeployedError> {
        if method >= self.index.methods {
            return Err(self.unreadable("it has no such method"));
        }
        let cell = {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.entry(method).or_default().clone()
        };
        cell.get_or_try_init(|| self.compile(method)).await.cloned()
    }

    async fn compile(&self, method: u32) -> Result<Planned, DeployedError> {
        let missing = || self.unreadable("a method is missing from its segment");
        let segment = self
            .index
            .methods_from
            .partition_point(|first| *first <= method)
            .checked_sub(1);
        let segment = segment.ok_or_else(missing)?;
        let place = method - self.index.methods_from[segment];
        let mut methods: Vec<(ResourceId, Method)> = self.segment(segment).await?;
        if place as usize >= methods.len() {
            return Err(missing());
        }
        let (resource, method) = methods.swap_remove(place as usize);
        let mut plan = MethodPlan::compile(&method).map_err(|defects| {
            let defects: Vec<_> = defects.iter().map(Defect::to_string).collect();
            self.unreadable(defects.join("; "))
        })?;
        plan.validation = self.validation(&method).await?;
        if matches!(plan.authorization, Authorization::Unusable(_)) {
            plan.authorization = match self.authorizer(&method).await? {
                Ok(authorizer) => Authorization::Authorizer(authorizer),
                Err(reason) => Authorization::Unusable(reason),
            };
        }
        Ok((resource, Arc::new(plan)))
    }

    /// The authorizer that a method names, or why it cannot decide.
    async fn authorizer(
        &self,
        method: &Method,
    ) -> Result<Result<Arc<AuthorizerPlan>, String>, DeployedError> {
        let Some(id) = method.authorizer_id.as_deref() else {
            return Ok(Err("the method names no authorizer".to_owned()));
        };
        let parts = self.parts().await?;
        let mut plans = (self.authorizers.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(id) {
            return Ok(Ok(plan.clone()));
        }
        let Some(authorizer) = parts.authorizers.get(id) else {
            return Ok(Err(format!("there is no authorizer `{id}`")));
        };
        Ok(match AuthorizerPlan::compile(authorizer) {
            Ok(plan) => {
                let plan = Arc::new(plan);
                plans.insert(id.to_owned(), plan.clone());
                Ok(plan)
            }
            Err(defect) => Err(format!("authorizer `{id}` cannot be asked: {defect}")),
        })
    }

    /// The API's own policy, compiled when it is first asked for. The error says why it cannot be used.
    pub fn policy(&self, region: &str, account: &str) -> Result<Option<&Policy>, &str> {
        let compile = || policy::compile(&self.api, region, account);
        match self.policy.get_or_init(compile) {
            Ok(policy) => Ok(policy.as_ref()),
            Err(reason) => Err(reason),
        }
    }

    /// What a segment holds.
    pub(crate) async fn segment<T: DeserializeOwned>(
        &self,
        segment: usize,
    ) -> Result<T, DeployedError> {
        self.segments.read(segment).await
    }

    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> DeployedError {
        self.segments.unreadable(reason)
    }
}

/// The index of a snapshot as it is stored, put together from its parts; empty where there is none.
pub(crate) async fn read_index(
    table: &dyn Table,
    api: &ApiId,
    deployment: &DeploymentId,
) -> Result<Vec<u8>, StoreError> {
    let mut index = Vec::new();
    let partition = api_partition(api);
    for item in all_items(table, partition, &index_sort_prefix(deployment)).await? {
        index.extend_from_slice(&item.body);
    }
    Ok(index)
}

/// All items of a partition whose sort keys begin with this.
pub(crate) async fn all_items(
    table: &dyn Table,
    partition: String,
    prefix: &str,
) -> Result<Vec<Item>, StoreError> {
    let mut query = Query {
        partition,
        prefix: prefix.to_owned(),
        after: None,
        limit: 100,
    };
    let mut items = Vec::new();
    loop {
        let batch = table.query(query.clone()).await?;
        items.extend(batch.items);
        query.after = batch.next;
        if query.after.is_none() {
            return Ok(items);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postern_store::{Embedded, SystemClock};

    proptest::proptest! {
        #[test]
        fn no_index_makes_it_panic(mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let store = Embedded::memory(Arc::new(SystemClock)).unwrap();
            let load = |index: &[u8]| Deployed::of_index(store.definitions.clone(), &"d1".into(), index).is_err();
            proptest::prop_assert!(load(&bytes));
            bytes = [&[FORMAT], postern_store::deflate(&bytes).as_slice()].concat();
            proptest::prop_assert!(load(&bytes));
        }
    }
}
