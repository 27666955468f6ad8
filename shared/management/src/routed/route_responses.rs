//! Route responses: that a route of a WebSocket API answers at all.

use super::address::{AtRoute, AtRouteResponse};
use super::{given, missing, parts, routes};
use crate::definitions::{Edit, ROUTE, ROUTE_RESPONSE, response_key, response_prefix};
use crate::paging::{Items, Tokens};
use crate::wire::{Failure, Part};
use crate::{Management, ids};
use postern_definition::Map;
use postern_definition::routed::{Api, DEFAULT_KEY, ParameterConstraints, Route, RouteResponse};
use postern_store::Key;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRouteResponse {
    route_response_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    model_selection_expression: Option<String>,
    response_models: Option<Map<String>>,
    response_parameters: Option<Map<ParameterConstraints>>,
    route_response_key: Option<String>,
}

impl Part for CreateRouteResponse {}
impl Part for Given {}

impl Given {
    fn apply(&self, response: &mut RouteResponse) -> Result<(), Failure> {
        given::text(
            &mut response.model_selection_expression,
            self.model_selection_expression.as_ref(),
        );
        given::texts(&mut response.response_models, self.response_models.as_ref());
        given::entries(
            &mut response.response_parameters,
            self.response_parameters.as_ref(),
            |_| false,
        );
        if let Some(key) = &self.route_response_key {
            response.route_response_key.clone_from(key);
        }
        if response.route_response_key == DEFAULT_KEY {
            return Ok(());
        }
        Err(Failure::bad_request(format!(
            "Invalid route response key specified: {}. Only $default is supported",
            response.route_response_key
        )))
    }
}

impl AtRouteResponse {
    fn key(&self) -> Key {
        let (of, id) = (&self.route_id, &self.route_response_id);
        response_key(&self.api_id, ROUTE_RESPONSE, of, id)
    }
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (at, input, given): &(AtRoute, CreateRouteResponse, Given),
) -> Result<RouteResponse, Failure> {
    let route = routes::find(edit, &at.route_id).await?;
    parts::websocket_only(&parts::api(edit)?, "RouteResponse")?;
    let mut response = RouteResponse {
        model_selection_expression: None,
        response_models: None,
        response_parameters: None,
        route_response_id: ids::random(ids::SHORT),
        route_response_key: input.route_response_key.clone(),
    };
    given.apply(&mut response)?;
    let definitions = edit.definitions();
    let there = definitions.responses(&at.api_id, ROUTE_RESPONSE, &at.route_id);
    let there: Vec<RouteResponse> = there.await?;
    let key = &response.route_response_key;
    if there.iter().any(|known| known.route_response_key == *key) {
        return Err(Failure::conflict(format!(
            "RouteResponse with key {key} already exists for the route {}",
            route.route_key
        )));
    }
    let id = &response.route_response_id;
    edit.create(
        response_key(&at.api_id, ROUTE_RESPONSE, &at.route_id, id),
        &response,
    );
    Ok(response)
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtRoute, Tokens),
) -> Result<Items<RouteResponse>, Failure> {
    let place = (ROUTE, at.route_id.as_str());
    let _: Route = parts::find(service, &at.api_id, place, missing::route).await?;
    let prefix = response_prefix(ROUTE_RESPONSE, &at.route_id);
    parts::page_at(service, (&at.api_id, &prefix), tokens).await
}

pub(crate) async fn get(
    service: &Management,
    at: &AtRouteResponse,
) -> Result<RouteResponse, Failure> {
    parts::find_at(service, &at.api_id, &at.key(), missing::route_response).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtRouteResponse, Given),
) -> Result<RouteResponse, Failure> {
    let before: RouteResponse =
        parts::find_at_to_edit(edit, &at.key(), missing::route_response).await?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    if after != before {
        edit.put(at.key(), &after);
    }
    Ok(after)
}

pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtRouteResponse) -> Result<(), Failure> {
    let _: RouteResponse = parts::find_at_to_edit(edit, &at.key(), missing::route_response).await?;
    edit.delete(at.key());
    Ok(())
}
