//! A frozen HTTP or WebSocket API as it is read: the index at hand, the rest when it is asked for.

use super::{FORMAT, Index};
use crate::DeployedError;
use crate::deployed::existing_index;
use crate::router::Routes;
use crate::segments::{Segments, opened};
use postern_definition::routed::{
    Api, Authorizer, DEFAULT_KEY, Definition, Integration, IntegrationResponse, Model, Route,
    RouteResponse,
};
use postern_definition::{ApiId, DeploymentId};
use postern_store::Table;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A route with its responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrozenRoute {
    pub route: Route,
    pub responses: Vec<RouteResponse>,
}

/// An integration with its responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrozenIntegration {
    pub integration: Integration,
    pub responses: Vec<IntegrationResponse>,
}

pub struct Frozen {
    id: DeploymentId,
    api: Api,
    index: Index,
    segments: Segments,
}

impl Frozen {
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
        let unreadable = |reason: String| DeployedError::Unreadable {
            deployment: deployment.clone(),
            reason,
        };
        let mut index: Index = opened(index, FORMAT).map_err(unreadable)?;
        let api: Api =
            serde_json::from_str(&index.api).map_err(|error| unreadable(error.to_string()))?;
        let begins = std::mem::take(&mut index.segments);
        let place = (table, api.api_id.clone(), deployment.clone());
        Ok(Self {
            id: deployment.clone(),
            segments: Segments::new(place, begins, index.body_bytes),
            api,
            index,
        })
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    pub fn api(&self) -> &Api {
        &self.api
    }

    /// All route keys; a route's place is its number.
    pub fn route_keys(&self) -> &[String] {
        &self.index.route_keys
    }

    /// The number of a route that no router finds, by its key.
    pub(crate) fn number(&self, key: &str) -> Option<u32> {
        let from = self.index.in_router as usize;
        let keys = self.index.route_keys.get(from..)?;
        let place = keys
            .binary_search_by(|known| known.as_str().cmp(key))
            .ok()?;
        Some((from + place) as u32)
    }

    /// What the router is made of, with the number of the route that takes what it does not know. Messages go another way. Taken out, for it is made once.
    pub(crate) fn take_routes(&mut self) -> (Routes, Option<u32>) {
        let default = self.number(DEFAULT_KEY).filter(|_| self.api.is_http());
        (std::mem::take(&mut self.index.routes), default)
    }

    /// A route, and the integration that it names where it is there.
    pub(crate) async fn route_and_integration(
        &self,
        number: u32,
    ) -> Result<(FrozenRoute, Option<FrozenIntegration>), DeployedError> {
        let route = self.route(number).await?;
        let integration = match route.route.integration_id() {
            Some(id) => self.integration(id).await?,
            None => None,
        };
        Ok((route, integration))
    }

    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> DeployedError {
        self.segments.unreadable(reason)
    }

    /// The route of a number. Not kept: whoever asks makes something of it once.
    pub async fn route(&self, number: u32) -> Result<FrozenRoute, DeployedError> {
        let missing = || self.segments.unreadable("it has no such route");
        let from = &self.index.routes_from;
        let segment = from.partition_point(|first| *first <= number);
        let segment = segment.checked_sub(1).ok_or_else(missing)?;
        let place = (number - from[segment]) as usize;
        let mut routes: Vec<FrozenRoute> = self.segments.read(segment).await?;
        if place >= routes.len() {
            return Err(missing());
        }
        Ok(routes.swap_remove(place))
    }

    /// An integration by its id.
    pub async fn integration(&self, id: &str) -> Result<Option<FrozenIntegration>, DeployedError> {
        let from = &self.index.integrations_from;
        let Some(segment) = segment_of(from, id) else {
            return Ok(None);
        };
        let segment = self.integrations_segment() + segment;
        let integrations: Vec<FrozenIntegration> = self.segments.read(segment).await?;
        Ok(integrations
            .into_iter()
            .find(|i| i.integration.integration_id == id))
    }

    /// A model by its name.
    pub async fn model(&self, name: &str) -> Result<Option<Model>, DeployedError> {
        let Some(segment) = segment_of(&self.index.models_from, name) else {
            return Ok(None);
        };
        let segment = self.models_segment() + segment;
        let models: Vec<Model> = self.segments.read(segment).await?;
        Ok(models.into_iter().find(|model| model.name == name))
    }

    pub async fn authorizers(&self) -> Result<Vec<Authorizer>, DeployedError> {
        self.segments.read(self.authorizers_segment()).await
    }

    /// Everything that was frozen.
    pub async fn definition(&self) -> Result<Definition, DeployedError> {
        let mut definition = Definition::new(self.api.clone());
        for segment in 0..self.integrations_segment() {
            for frozen in self.segments.read::<Vec<FrozenRoute>>(segment).await? {
                let id = frozen.route.route_id.clone();
                if !frozen.responses.is_empty() {
                    definition.route_responses.insert(id, frozen.responses);
                }
                definition.routes.push(frozen.route);
            }
        }
        for segment in self.integrations_segment()..self.models_segment() {
            let all: Vec<FrozenIntegration> = self.segments.read(segment).await?;
            for frozen in all {
                let id = frozen.integration.integration_id.clone();
                if !frozen.responses.is_empty() {
                    let responses = &mut definition.integration_responses;
                    responses.insert(id, frozen.responses);
                }
                definition.integrations.push(frozen.integration);
            }
        }
        for segment in self.models_segment()..self.authorizers_segment() {
            let mut models: Vec<Model> = self.segments.read(segment).await?;
            definition.models.append(&mut models);
        }
        definition.authorizers = self.authorizers().await?;
        Ok(definition)
    }

    fn integrations_segment(&self) -> usize {
        self.index.routes_from.len()
    }

    fn models_segment(&self) -> usize {
        self.integrations_segment() + self.index.integrations_from.len()
    }

    fn authorizers_segment(&self) -> usize {
        self.models_segment() + self.index.models_from.len()
    }
}

/// In which segment a name is, where it is in any, by the first name of each.
fn segment_of(from: &[String], name: &str) -> Option<usize> {
    from.partition_point(|first| first.as_str() <= name)
        .checked_sub(1)
}
