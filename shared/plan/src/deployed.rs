//! A snapshot as the gateway holds it: the index at hand, the body compressed, and plans for the methods that were asked for.

use crate::layout::{body_key, index_sort_prefix};
use crate::router::{Match, Router};
use crate::snapshot::{CHUNK_BYTES, FORMAT, Index};
use crate::{Defect, MethodPlan, api_partition};
use bytes::Bytes;
use postern_definition::rest::{Method, RestApi};
use postern_definition::{ApiId, DeploymentId};
use postern_store::{Consistency, Query, StoreError, Table, inflate};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// An index or a segment inflates to no more than this, whatever its bytes claim.
const INFLATED_BYTES_MAX: usize = 256 << 20;

pub struct Deployed {
    table: Arc<dyn Table>,
    id: DeploymentId,
    /// Without its routes, which the router took.
    index: Index,
    router: Router,
    chunks: Vec<OnceCell<Bytes>>,
    plans: Vec<OnceCell<Arc<MethodPlan>>>,
}

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
        let unreadable = |reason: String| DeployedError::Unreadable {
            deployment: deployment.clone(),
            reason,
        };
        let mut query = Query {
            partition: api_partition(api),
            prefix: index_sort_prefix(deployment),
            after: None,
            limit: 100,
        };
        let mut deflated = Vec::new();
        loop {
            let batch = table.query(query.clone()).await?;
            deflated.extend(
                batch
                    .items
                    .iter()
                    .flat_map(|item| item.body.iter().copied()),
            );
            query.after = batch.next;
            if query.after.is_none() {
                break;
            }
        }
        if deflated.is_empty() {
            return Err(DeployedError::Missing(deployment.clone()));
        }
        let json = inflate(&deflated, INFLATED_BYTES_MAX).map_err(unreadable)?;
        let mut index: Index =
            serde_json::from_slice(&json).map_err(|error| unreadable(error.to_string()))?;
        if index.format != FORMAT {
            return Err(unreadable(format!(
                "its format {} is not known to this version of Postern",
                index.format
            )));
        }
        let body_bytes = index.segments.last().copied().unwrap_or_default() as usize;
        Ok(Self {
            table,
            id: deployment.clone(),
            chunks: (0..body_bytes.div_ceil(CHUNK_BYTES))
                .map(|_| OnceCell::new())
                .collect(),
            router: std::mem::take(&mut index.routes).into_iter().collect(),
            plans: index.methods.iter().map(|_| OnceCell::new()).collect(),
            index,
        })
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    pub fn api(&self) -> &RestApi {
        &self.index.api
    }

    /// See [`crate::Router::find`].
    pub fn find<'d, 'p>(&'d self, verb: &str, path: &'p str) -> Option<Match<'d, 'p>> {
        self.router.find(verb, path)
    }

    /// The plan of a method that [`Deployed::find`] named, compiled at its first use.
    pub async fn plan(&self, method: u32) -> Result<Arc<MethodPlan>, DeployedError> {
        let cell = self
            .plans
            .get(method as usize)
            .ok_or_else(|| self.unreadable("it has no such method"))?;
        cell.get_or_try_init(|| self.compile(method)).await.cloned()
    }

    async fn compile(&self, method: u32) -> Result<Arc<MethodPlan>, DeployedError> {
        let (segment, place) = self.index.methods[method as usize];
        let json = inflate(&self.segment(segment as usize).await?, INFLATED_BYTES_MAX)
            .map_err(|reason| self.unreadable(reason))?;
        let mut methods: Vec<Method> =
            serde_json::from_slice(&json).map_err(|error| self.unreadable(error.to_string()))?;
        if place as usize >= methods.len() {
            return Err(self.unreadable("a method is missing from its segment"));
        }
        let method = methods.swap_remove(place as usize);
        let plan = MethodPlan::compile(&method).map_err(|defects| {
            let defects: Vec<_> = defects.iter().map(Defect::to_string).collect();
            self.unreadable(defects.join("; "))
        })?;
        Ok(Arc::new(plan))
    }

    /// The deflated bytes of a segment, put together from the chunks that it lies in.
    async fn segment(&self, segment: usize) -> Result<Vec<u8>, DeployedError> {
        let (Some(begin), Some(end)) = (
            self.index.segments.get(segment),
            self.index.segments.get(segment + 1),
        ) else {
            return Err(self.unreadable("a segment is missing"));
        };
        let (begin, end) = (*begin as usize, *end as usize);
        let mut bytes = Vec::with_capacity(end.saturating_sub(begin));
        for number in begin / CHUNK_BYTES..end.div_ceil(CHUNK_BYTES) {
            let chunk = self.chunk(number).await?;
            let from = begin.saturating_sub(number * CHUNK_BYTES);
            let to = (end - number * CHUNK_BYTES).min(CHUNK_BYTES);
            bytes.extend(
                chunk
                    .get(from..to)
                    .ok_or_else(|| self.unreadable("a chunk is too short"))?,
            );
        }
        Ok(bytes)
    }

    async fn chunk(&self, number: usize) -> Result<Bytes, DeployedError> {
        let cell = self
            .chunks
            .get(number)
            .ok_or_else(|| self.unreadable("a chunk is missing"))?;
        let read = || async {
            let key = body_key(&self.index.api.id, &self.id, number);
            match self.table.get(&key, Consistency::Strong).await? {
                Some(item) => Ok(item.body),
                None => Err(self.unreadable("a chunk is missing")),
            }
        };
        cell.get_or_try_init(read).await.cloned()
    }

    fn unreadable(&self, reason: impl Into<String>) -> DeployedError {
        DeployedError::Unreadable {
            deployment: self.id.clone(),
            reason: reason.into(),
        }
    }
}
