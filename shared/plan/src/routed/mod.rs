//! What a deployment of an HTTP or WebSocket API froze, as it is made, stored and read back.
//!
//! It is a [`Snapshot`] like a REST API's: an index, and a body of deflated segments cut into chunks. The index holds what every
//! request needs, which is the API's own settings, the route keys and what the router is made of; the body holds
//!
//! ```text
//! routes        a few to a segment, each with its responses, in the order of their numbers
//! integrations  a few to a segment, each with its responses, in the order of their ids
//! models        a few to a segment, in the order of their names
//! authorizers   in one segment, for they are small
//! ```

mod frozen;
mod integration;
mod route;
mod socket;
mod validation;

pub use frozen::{Frozen, FrozenIntegration, FrozenRoute};
pub(crate) use route::compile;
pub(crate) use socket::compile as compile_socket;

use crate::router::Routes;
use crate::segments::closed;
use crate::snapshot::Body;
use crate::{Defect, Snapshot};
use postern_definition::routed::{Definition, Integration, Model, RouteKey};
use serde::{Deserialize, Serialize};

/// The form of index and body, and the first byte of the index; apart from those of REST APIs.
pub(crate) const FORMAT: u8 = 102;

#[derive(Serialize, Deserialize)]
pub(crate) struct Index {
    /// The API's own settings, as JSON.
    api: String,
    /// A route's place here is its number: first those of HTTP APIs that the router knows, then the others in the order of their
    /// keys, which are all of a WebSocket API's.
    route_keys: Vec<String>,
    routes: Routes,
    /// How many routes the router knows.
    in_router: u32,
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
    let routes: Vec<FrozenRoute> = definition
        .routes
        .iter()
        .map(|route| FrozenRoute {
            responses: of(&definition.route_responses, &route.route_id),
            route: route.clone(),
        })
        .collect();
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
    let is_http = definition.api.is_http();
    let mut defects = defects(is_http, &routes);
    if is_http || defects.is_empty() {
        defects.extend(uncallable(is_http, &routes, &integrations));
    }
    if !defects.is_empty() {
        return Err(defects);
    }
    let (router, routes, in_router) = numbered(routes);
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
        routes: router,
        in_router: in_router as u32,
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

/// The routes by their numbers, and what the router is made of, with how many of them it knows.
fn numbered(mut routes: Vec<FrozenRoute>) -> (Routes, Vec<FrozenRoute>, usize) {
    routes.sort_by(|a, b| a.route.route_key.cmp(&b.route.route_key));
    let (found, others): (Vec<FrozenRoute>, Vec<FrozenRoute>) = routes.into_iter().partition(|r| {
        matches!(
            RouteKey::parse(&r.route.route_key),
            Ok(RouteKey::Method { .. })
        )
    });
    let keys = found
        .iter()
        .filter_map(|r| match RouteKey::parse(&r.route.route_key) {
            Ok(RouteKey::Method { method, path }) => Some((path, method, r)),
            _ => None,
        });
    let (router, found) = Routes::of(keys);
    let found: Vec<FrozenRoute> = found.into_iter().cloned().collect();
    let in_router = found.len();
    (router, [found, others].concat(), in_router)
}

fn defects(is_http: bool, routes: &[FrozenRoute]) -> Vec<Defect> {
    if routes.is_empty() {
        return vec![if is_http {
            Defect::NoHttpRoutes
        } else {
            Defect::NoWebSocketRoutes
        }];
    }
    let mut lacking: Vec<&str> = routes
        .iter()
        // A route of an HTTP API may wait for its integration; it cannot be called until then.
        .filter(|frozen| frozen.route.target.is_none() && !is_http)
        .map(|frozen| frozen.route.route_key.as_str())
        .collect();
    lacking.sort_unstable();
    if lacking.is_empty() {
        return Vec::new();
    }
    vec![Defect::RoutesWithoutIntegration(lacking.join(", "))]
}

/// What is wrong with routes that have an integration. Those of HTTP APIs that wait for one cannot be called until then. The
/// integrations lie in the order of their ids.
fn uncallable(
    is_http: bool,
    routes: &[FrozenRoute],
    integrations: &[FrozenIntegration],
) -> Vec<Defect> {
    let mut defects = Vec::new();
    for frozen in routes {
        let integration = frozen.route.integration_id().and_then(|id| {
            let id_of = |i: &FrozenIntegration| i.integration.integration_id.as_str().cmp(id);
            integrations.binary_search_by(id_of).ok()
        });
        let integration = integration.map(|place| &integrations[place]);
        let key = &frozen.route.route_key;
        let (verb, path) = match key.split_once(' ').filter(|_| is_http) {
            Some(parts) => parts,
            None if is_http => ("ANY", key.as_str()),
            None => ("Route", key.as_str()),
        };
        let found = match integration {
            Some(integration) if is_http => integration::compile(&frozen.route, integration).err(),
            Some(_) => compile_socket(frozen, integration).err(),
            None if is_http => None,
            None => Some(vec![Defect::RoutesWithoutIntegration(key.clone())]),
        };
        let found = found.into_iter().flatten();
        defects.extend(found.map(|defect| defect.of(verb, path)));
    }
    defects
}
