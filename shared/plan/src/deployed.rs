//! A deployment as the gateway holds it, of whichever kind of API: its settings and its router at hand, and a plan for each
//! method that was asked for.
//!
//! Here the kinds meet. REST APIs freeze methods, HTTP and WebSocket APIs routes; both become [`MethodPlan`]s, and whoever answers
//! requests sees nothing else.

use crate::layout::index_sort_prefix;
use crate::router::{Match, Router};
use crate::settings::{ApiKind, ApiSettings};
use crate::{
    Authorization, AuthorizerPlan, Defect, FrozenRest, GatewayResponsePlan, MethodPlan, Snapshot,
    api_partition, policy, routed,
};
use postern_definition::rest::GatewayResponseType;
use postern_definition::{ApiId, DeploymentId, ResourceId};
use postern_policy::Policy;
use postern_store::{Item, Query, StoreError, Table};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OnceCell;

pub struct Deployed {
    id: DeploymentId,
    api: ApiSettings,
    router: Router,
    frozen: Frozen,
    /// By the numbers of the methods that were asked for.
    plans: Mutex<HashMap<u32, Arc<OnceCell<Planned>>>>,
    /// By id, those that a method that was asked for names: one plan for all of them.
    authorizers: Mutex<HashMap<String, Arc<AuthorizerPlan>>>,
    policy: OnceLock<Result<Option<Policy>, String>>,
}

enum Frozen {
    Rest(FrozenRest),
    Routes(routed::Frozen),
}

/// A method's plan, with the id of its resource or route.
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
        let index = existing_index(&*table, api, deployment).await?;
        Self::of_index(table, deployment, &index)
    }

    /// From an index that was read already.
    pub fn of_index(
        table: Arc<dyn Table>,
        deployment: &DeploymentId,
        index: &[u8],
    ) -> Result<Self, DeployedError> {
        if index.first() == Some(&routed::FORMAT) {
            return Self::of_routes(routed::Frozen::of_index(table, deployment, index)?);
        }
        Self::of_methods(FrozenRest::of_index(table, deployment, index)?)
    }

    /// Of a snapshot that is not stored: nothing of it is ever looked for in the table.
    pub fn of_snapshot(
        table: Arc<dyn Table>,
        deployment: &DeploymentId,
        snapshot: &Snapshot,
    ) -> Result<Self, DeployedError> {
        Self::of_methods(FrozenRest::of_snapshot(table, deployment, snapshot)?)
    }

    fn of_methods(mut frozen: FrozenRest) -> Result<Self, DeployedError> {
        let router = Router::of_resources(frozen.take_routes());
        let router = router.map_err(|reason| frozen.unreadable(reason))?;
        let id = frozen.id().clone();
        let api = frozen.api().clone().into();
        Ok(Self::of(id, api, router, Frozen::Rest(frozen)))
    }

    fn of_routes(mut frozen: routed::Frozen) -> Result<Self, DeployedError> {
        let (routes, default) = frozen.take_routes();
        let router = Router::of_routes(routes, default);
        let router = router.map_err(|reason| frozen.unreadable(reason))?;
        let id = frozen.id().clone();
        let api = frozen.api().clone().into();
        Ok(Self::of(id, api, router, Frozen::Routes(frozen)))
    }

    fn of(id: DeploymentId, api: ApiSettings, router: Router, frozen: Frozen) -> Self {
        Self {
            id,
            api,
            router,
            frozen,
            plans: Mutex::default(),
            authorizers: Mutex::default(),
            policy: OnceLock::new(),
        }
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    pub fn api(&self) -> &ApiSettings {
        &self.api
    }

    pub fn kind(&self) -> ApiKind {
        self.api.kind
    }

    /// See [`crate::Router::find`].
    pub fn find<'d, 'p>(&'d self, verb: &str, path: &'p str) -> Option<Match<'d, 'p>> {
        self.router.find(verb, path)
    }

    /// The number of a route of a WebSocket API, by its key.
    pub fn route(&self, key: &str) -> Option<u32> {
        match &self.frozen {
            Frozen::Rest(_) => None,
            Frozen::Routes(frozen) => frozen.number(key),
        }
    }

    /// The plan of a method that [`Deployed::find`] named, or of a route, compiled at its first use, with the id of its resource
    /// or its own.
    pub async fn plan(&self, method: u32) -> Result<(ResourceId, Arc<MethodPlan>), DeployedError> {
        let cell = {
            let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.entry(method).or_default().clone()
        };
        cell.get_or_try_init(|| self.compile(method)).await.cloned()
    }

    async fn compile(&self, number: u32) -> Result<Planned, DeployedError> {
        let (id, plan, authorizer) = match &self.frozen {
            Frozen::Rest(frozen) => {
                let (resource, method) = frozen.method(number).await?;
                let mut plan =
                    MethodPlan::compile(&method).map_err(|defects| self.unusable(&defects))?;
                plan.validation = frozen.validation(&method).await?;
                (resource, plan, method.authorizer_id)
            }
            Frozen::Routes(frozen) => {
                let (route, integration) = frozen.route_and_integration(number).await?;
                let compiled = if self.kind() == ApiKind::WebSocket {
                    routed::compile_socket(&route, integration.as_ref())
                } else {
                    routed::compile(&route, integration.as_ref())
                };
                let mut plan = compiled.map_err(|defects| self.unusable(&defects))?;
                let route = route.route;
                plan.validation = frozen.validation(&route).await?;
                (
                    ResourceId::from(route.route_id.as_str()),
                    plan,
                    route.authorizer_id,
                )
            }
        };
        let mut plan = plan;
        if matches!(plan.authorization, Authorization::Unusable(_)) {
            plan.authorization = match self.authorizer(authorizer.as_deref()).await? {
                Ok(authorizer) => Authorization::Authorizer(authorizer),
                Err(reason) => Authorization::Unusable(reason),
            };
        }
        Ok((id, Arc::new(plan)))
    }

    fn unusable(&self, defects: &[Defect]) -> DeployedError {
        let defects: Vec<_> = defects.iter().map(Defect::to_string).collect();
        DeployedError::Unreadable {
            deployment: self.id.clone(),
            reason: defects.join("; "),
        }
    }

    /// The authorizer that a method names, or why it cannot decide.
    async fn authorizer(
        &self,
        id: Option<&str>,
    ) -> Result<Result<Arc<AuthorizerPlan>, String>, DeployedError> {
        let Some(id) = id else {
            return Ok(Err("the method names no authorizer".to_owned()));
        };
        let known = |plans: &Mutex<HashMap<String, Arc<AuthorizerPlan>>>| {
            let plans = plans.lock().unwrap_or_else(PoisonError::into_inner);
            plans.get(id).cloned()
        };
        if let Some(plan) = known(&self.authorizers) {
            return Ok(Ok(plan));
        }
        let compiled = match &self.frozen {
            Frozen::Rest(frozen) => {
                let parts = frozen.parts().await?;
                parts.authorizers.get(id).map(AuthorizerPlan::compile)
            }
            Frozen::Routes(frozen) => {
                let all = frozen.authorizers().await?;
                let found = all.iter().find(|one| one.authorizer_id == id);
                found.map(AuthorizerPlan::of_route)
            }
        };
        Ok(match compiled {
            None => Err(format!("there is no authorizer `{id}`")),
            Some(Err(defect)) => Err(format!("authorizer `{id}` cannot be asked: {defect}")),
            Some(Ok(plan)) => {
                let mut plans = (self.authorizers.lock()).unwrap_or_else(PoisonError::into_inner);
                Ok(plans.entry(id.to_owned()).or_insert(Arc::new(plan)).clone())
            }
        })
    }

    /// The API's own policy, compiled when it is first asked for. The error says why it cannot be used.
    pub fn policy(&self, region: &str, account: &str) -> Result<Option<&Policy>, &str> {
        let text = self.api.policy.as_deref();
        let compile = || policy::compile(&self.api.id, text, region, account);
        match self.policy.get_or_init(compile) {
            Ok(policy) => Ok(policy.as_ref()),
            Err(reason) => Err(reason),
        }
    }

    /// What the owner made of the answers of this type. Only REST APIs let their owners make anything of them.
    pub async fn gateway_response(
        &self,
        kind: GatewayResponseType,
    ) -> Result<Option<&GatewayResponsePlan>, DeployedError> {
        match &self.frozen {
            Frozen::Rest(frozen) => frozen.gateway_response(kind).await,
            Frozen::Routes(_) => Ok(None),
        }
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

/// The index of a snapshot that is to be there.
pub(crate) async fn existing_index(
    table: &dyn Table,
    api: &ApiId,
    deployment: &DeploymentId,
) -> Result<Vec<u8>, DeployedError> {
    let index = read_index(table, api, deployment).await?;
    if index.is_empty() {
        return Err(DeployedError::Missing(deployment.clone()));
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
    use crate::snapshot;
    use postern_store::{Embedded, SystemClock};

    proptest::proptest! {
        #[test]
        fn no_index_makes_it_panic(
            mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            is_routed in proptest::bool::ANY,
        ) {
            let store = Embedded::memory(Arc::new(SystemClock)).unwrap();
            let load = |index: &[u8]| Deployed::of_index(store.definitions.clone(), &"d1".into(), index).is_err();
            proptest::prop_assert!(load(&bytes));
            let format = if is_routed { routed::FORMAT } else { snapshot::FORMAT };
            bytes = [&[format], postern_store::deflate(&bytes).as_slice()].concat();
            proptest::prop_assert!(load(&bytes));
        }
    }
}
