//! What a deployment of an HTTP or WebSocket API froze, as it is made, stored and read back.
//!
//! It is a [`Snapshot`] like a REST API's: an index, and a body of deflated segments cut into chunks. The index holds what every
//! request needs, which is the API's own settings and the route keys; the body holds
//!
//! ```text
//! routes        a few to a segment, each with its responses, in the order of their keys
//! integrations  a few to a segment, each with its responses, in the order of their ids
//! models        a few to a segment, in the order of their names
//! authorizers   in one segment, for they are small
//! ```

mod frozen;
mod integration;

pub use frozen::{Beginning, Frozen, FrozenIntegration, FrozenRoute, begin};

use crate::segments::closed;
use crate::snapshot::Body;
use crate::{Defect, Snapshot};
use postern_definition::routed::{Definition, Integration, Model};
use serde::{Deserialize, Serialize};

/// The form of index and body, and the first byte of the index; apart from those of REST APIs.
const FORMAT: u8 = 101;

#[derive(Serialize, Deserialize)]
pub(crate) struct Index {
    /// The API's own settings, as JSON.
    api: String,
    /// In order. A route's place here is its number.
    route_keys: Vec<String>,
    /// Where in the body each segment begins.
    segments: Vec<u64>,
    /// By segment of routes: the number of its first.
    routes_from: Vec<u32>,
    /// By segment of integrations: the id of its first.
    integrations_from: Vec<String>,
    /// By segment of models: the name of its first.
    models_from: Vec<String>,
    body_bytes: u64,
}

/// Checks everything, and reports every defect.
pub fn freeze(definition: &Definition) -> Result<Snapshot, Vec<Defect>> {
    let defects = defects(definition);
    if !defects.is_empty() {
        return Err(defects);
    }
    let mut routes: Vec<FrozenRoute> = definition
        .routes
        .iter()
        .map(|route| FrozenRoute {
            responses: of(&definition.route_responses, &route.route_id),
            route: route.clone(),
        })
        .collect();
    routes.sort_by(|a, b| a.route.route_key.cmp(&b.route.route_key));
    let mut integrations: Vec<FrozenIntegration> = definition
        .integrations
        .iter()
        .map(|integration: &Integration| FrozenIntegration {
            responses: of(
                &definition.integration_responses,
                &integration.integration_id,
            ),
            integration: integration.clone(),
        })
        .collect();
    integrations.sort_by(|a, b| {
        let id = |i: &FrozenIntegration| i.integration.integration_id.clone();
        id(a).cmp(&id(b))
    });
    let mut models: Vec<&Model> = definition.models.iter().collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));

    let mut body = Body::default();
    let routes_from = body.add_all(&routes);
    let integrations_from = body.add_all(&integrations);
    let models_from = body.add_all(&models);
    body.add(&definition.authorizers);
    let index = Index {
        api: serde_json::to_string(&definition.api)
            .expect("an API's settings hold only what JSON can"),
        route_keys: routes.iter().map(|r| r.route.route_key.clone()).collect(),
        segments: body.begins,
        routes_from: routes_from.iter().map(|from| *from as u32).collect(),
        integrations_from: integrations_from
            .iter()
            .map(|from| integrations[*from].integration.integration_id.clone())
            .collect(),
        models_from: models_from
            .iter()
            .map(|from| models[*from].name.clone())
            .collect(),
        body_bytes: body.bytes.len() as u64,
    };
    Ok(Snapshot {
        index: closed(&index, FORMAT),
        body: body.bytes,
    })
}

fn of<T: Clone>(all: &postern_definition::Map<Vec<T>>, id: &str) -> Vec<T> {
    all.get(id).cloned().unwrap_or_default()
}

fn defects(definition: &Definition) -> Vec<Defect> {
    let is_http = definition.api.is_http();
    if definition.routes.is_empty() {
        return vec![if is_http {
            Defect::NoHttpRoutes
        } else {
            Defect::NoWebSocketRoutes
        }];
    }
    let mut lacking: Vec<&str> = definition
        .routes
        .iter()
        // A route of an HTTP API may wait for its integration; it cannot be called until then.
        .filter(|route| route.target.is_none() && !is_http)
        .map(|route| route.route_key.as_str())
        .collect();
    lacking.sort_unstable();
    if lacking.is_empty() {
        return Vec::new();
    }
    vec![Defect::RoutesWithoutIntegration(lacking.join(", "))]
}
