//! Routes: which requests or messages go to which integration.

use super::address::{AtApi, AtRoute, AtRouteParameter};
use super::{given, missing, parts};
use crate::definitions::{
    AUTHORIZER, Edit, INTEGRATION, ROUTE, ROUTE_RESPONSE, model_name_key, part_key, part_prefix,
    response_key, route_key_key,
};
use crate::limits::{Limits, room, within};
use crate::paging::{Items, Tokens};
use crate::wire::{Choice, Failure, Part, Violations};
use crate::{Management, ids};
use postern_definition::routed::{
    Api, AuthorizationType, Authorizer, AuthorizerType, CONNECT_KEY, DEFAULT_KEY, DISCONNECT_KEY,
    ParameterConstraints, Route, RouteKey, RouteResponse,
};
use postern_definition::{ApiId, Map};
use serde::Deserialize;

const KEY_CHARS_MAX: usize = 512;
const OPERATION_NAME_CHARS_MAX: usize = 64;
const EXPRESSION_CHARS_MAX: usize = 2_048;
/// Of the routes of WebSocket APIs, beside those that their owners name.
const PREDEFINED: [&str; 3] = [CONNECT_KEY, DISCONNECT_KEY, DEFAULT_KEY];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRoute {
    route_key: String,
}

/// What may be said of a route when it is created and from then on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    api_key_required: Option<bool>,
    authorization_scopes: Option<Vec<String>>,
    authorization_type: Option<Choice<AuthorizationType>>,
    authorizer_id: Option<String>,
    model_selection_expression: Option<String>,
    operation_name: Option<String>,
    request_models: Option<Map<String>>,
    request_parameters: Option<Map<ParameterConstraints>>,
    route_key: Option<String>,
    route_response_selection_expression: Option<String>,
    target: Option<String>,
}

impl Part for CreateRoute {}

impl Part for Given {
    fn constraints(&self, violations: &mut Violations) {
        violations.choice("authorizationType", self.authorization_type.as_ref());
    }
}

impl Given {
    fn apply(&self, route: &mut Route) -> Result<(), Failure> {
        if let Some(required) = self.api_key_required {
            route.api_key_required = required;
        }
        if let Some(scopes) = &self.authorization_scopes {
            route.authorization_scopes = Some(scopes.clone()).filter(|scopes| !scopes.is_empty());
        }
        if let Some(kind) = &self.authorization_type {
            route.authorization_type = kind.known()?;
        }
        given::text(&mut route.authorizer_id, self.authorizer_id.as_ref());
        given::text(
            &mut route.model_selection_expression,
            self.model_selection_expression.as_ref(),
        );
        given::text(&mut route.operation_name, self.operation_name.as_ref());
        given::texts(&mut route.request_models, self.request_models.as_ref());
        given::entries(
            &mut route.request_parameters,
            self.request_parameters.as_ref(),
            |_| false,
        );
        if let Some(key) = &self.route_key {
            route.route_key.clone_from(key);
        }
        given::text(
            &mut route.route_response_selection_expression,
            self.route_response_selection_expression.as_ref(),
        );
        given::text(&mut route.target, self.target.as_ref());
        Ok(())
    }
}

/// A route that does nothing yet.
pub(super) fn new(key: &str) -> Route {
    Route {
        api_gateway_managed: false,
        api_key_required: false,
        authorization_scopes: None,
        authorization_type: AuthorizationType::None,
        authorizer_id: None,
        model_selection_expression: None,
        operation_name: None,
        request_models: None,
        request_parameters: None,
        route_id: ids::random(ids::MEDIUM),
        route_key: key.to_owned(),
        route_response_selection_expression: None,
        target: None,
    }
}

fn exists(key: &str) -> Failure {
    Failure::conflict(format!("Route with key {key} already exists for this API"))
}

pub(crate) async fn create(
    edit: &mut Edit<'_, Api>,
    (_, input, given): &(AtApi, CreateRoute, Given),
) -> Result<Route, Failure> {
    let api = parts::api(edit)?;
    let mut route = new(&input.route_key);
    given.apply(&mut route)?;
    let max = edit.service().limits().routes_per_api;
    room(edit, "routes", &part_prefix(ROUTE), max).await?;
    checked_key(&api, &route.route_key)?;
    let by_key = route_key_key(&api.api_id, &route.route_key);
    if edit.definitions().exists(&by_key).await? {
        return Err(exists(&route.route_key));
    }
    checked(edit, &api, &mut route).await?;
    edit.create(part_key(&api.api_id, ROUTE, &route.route_id), &route);
    edit.put(by_key, &route.route_id);
    Ok(route)
}

pub(crate) async fn list(
    service: &Management,
    (at, tokens): &(AtApi, Tokens),
) -> Result<Items<Route>, Failure> {
    parts::page(service, &at.api_id, ROUTE, tokens).await
}

pub(crate) async fn get(service: &Management, at: &AtRoute) -> Result<Route, Failure> {
    let place = (ROUTE, at.route_id.as_str());
    parts::find(service, &at.api_id, place, missing::route).await
}

pub(super) async fn find(edit: &Edit<'_, Api>, id: &str) -> Result<Route, Failure> {
    parts::find_to_edit(edit, (ROUTE, id), missing::route).await
}

pub(crate) async fn update(
    edit: &mut Edit<'_, Api>,
    (at, given): &(AtRoute, Given),
) -> Result<Route, Failure> {
    let before = find(edit, &at.route_id).await?;
    let api = parts::api(edit)?;
    let mut after = before.clone();
    given.apply(&mut after)?;
    if before.api_gateway_managed && after.route_key != before.route_key {
        return Err(Failure::bad_request(format!(
            "The key of the route {} cannot be changed, for the route is managed by API Gateway. Change it by UpdateApi",
            before.route_key
        )));
    }
    checked(edit, &api, &mut after).await?;
    replace(edit, &api, &before, &after).await?;
    Ok(after)
}

/// Notes that a route changes, and with its key where that is found.
pub(super) async fn replace(
    edit: &mut Edit<'_, Api>,
    api: &Api,
    before: &Route,
    after: &Route,
) -> Result<(), Failure> {
    if before == after {
        return Ok(());
    }
    if before.route_key != after.route_key {
        checked_key(api, &after.route_key)?;
        let by_key = route_key_key(&api.api_id, &after.route_key);
        if edit.definitions().exists(&by_key).await? {
            return Err(exists(&after.route_key));
        }
        edit.put(by_key, &after.route_id);
        edit.delete(route_key_key(&api.api_id, &before.route_key));
    }
    edit.put(part_key(&api.api_id, ROUTE, &after.route_id), after);
    Ok(())
}

/// With it go its responses.
pub(crate) async fn delete(edit: &mut Edit<'_, Api>, at: &AtRoute) -> Result<(), Failure> {
    let (api, id) = (&at.api_id, &at.route_id);
    let route = find(edit, id).await?;
    let responses = edit.definitions().responses(api, ROUTE_RESPONSE, id);
    let responses: Vec<RouteResponse> = responses.await?;
    for response in responses {
        let of = &response.route_response_id;
        edit.delete(response_key(api, ROUTE_RESPONSE, id, of));
    }
    edit.delete(route_key_key(api, &route.route_key));
    edit.delete(part_key(api, ROUTE, id));
    Ok(())
}

pub(crate) async fn delete_parameter(
    edit: &mut Edit<'_, Api>,
    at: &AtRouteParameter,
) -> Result<(), Failure> {
    let mut route = find(edit, &at.route_id).await?;
    let parameters = route.request_parameters.get_or_insert_default();
    if parameters.remove(&at.request_parameter_key).is_none() {
        return Err(missing::parameter());
    }
    if parameters.is_empty() {
        route.request_parameters = None;
    }
    edit.put(part_key(&at.api_id, ROUTE, &at.route_id), &route);
    Ok(())
}

/// Whether there may be a route of that key.
pub(super) fn checked_key(api: &Api, key: &str) -> Result<(), Failure> {
    given::named("RouteKey", key, KEY_CHARS_MAX)?;
    if api.is_http() {
        return RouteKey::parse(key).map(|_| ()).map_err(|error| {
            Failure::bad_request(format!(
                "The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"{}",
                error.map_or_else(String::new, |reason| format!(": {reason}"))
            ))
        });
    }
    if key.starts_with('$') && !PREDEFINED.contains(&key) {
        return Err(Failure::bad_request(format!(
            "Invalid route key specified: {key}. Only {} may begin with $",
            PREDEFINED.join(", ")
        )));
    }
    Ok(())
}

/// What must hold of a route but its key. What its authorization has no use for is dropped.
async fn checked(edit: &Edit<'_, Api>, api: &Api, route: &mut Route) -> Result<(), Failure> {
    if api.is_http() {
        // Not so `ApiKeyRequired`, `RequestModels` and `RequestParameters`, which the service refuses as well: here an HTTP API may
        // ask for keys, and for requests that are well formed.
        for (what, is_there) in [
            (
                "ModelSelectionExpression",
                route.model_selection_expression.is_some(),
            ),
            (
                "RouteResponseSelectionExpression",
                route.route_response_selection_expression.is_some(),
            ),
        ] {
            if is_there {
                parts::websocket_only(api, what)?;
            }
        }
    }
    given::within(
        "operation name",
        route.operation_name.as_deref(),
        OPERATION_NAME_CHARS_MAX,
    )?;
    given::within(
        "model selection expression",
        route.model_selection_expression.as_deref(),
        EXPRESSION_CHARS_MAX,
    )?;
    selection(route)?;
    for parameter in route.request_parameters.iter().flat_map(Map::keys) {
        checked_parameter(api, parameter)?;
    }
    for name in route.request_models.iter().flat_map(Map::values) {
        let key = model_name_key(&api.api_id, name);
        if !edit.definitions().exists(&key).await? {
            return Err(Failure::bad_request(format!(
                "Invalid model identifier specified: {name}"
            )));
        }
    }
    authorization(edit, api, route).await?;
    match (&route.target, route.integration_id()) {
        (None, _) => Ok(()),
        (Some(_), Some(id)) => {
            let key = part_key(&api.api_id, INTEGRATION, id);
            if edit.definitions().exists(&key).await? {
                return Ok(());
            }
            Err(missing::integration())
        }
        (Some(target), None) => Err(Failure::bad_request(format!(
            "Invalid target specified: {target}. It must be integrations/ and the id of an integration"
        ))),
    }
}

/// Whether a route may ask for a parameter of that name.
pub(super) fn checked_parameter(api: &Api, parameter: &str) -> Result<(), Failure> {
    // Handshakes have no path.
    let path = api.is_http().then_some("route.request.path.");
    let is_located = ["route.request.querystring.", "route.request.header."]
        .into_iter()
        .chain(path)
        .any(|prefix| parameter.len() > prefix.len() && parameter.starts_with(prefix));
    if is_located {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "Invalid request parameter specified: {parameter}. It must begin with route.request.querystring. or route.request.header."
    )))
}

fn selection(route: &Route) -> Result<(), Failure> {
    match route.route_response_selection_expression.as_deref() {
        None | Some(DEFAULT_KEY) => Ok(()),
        Some(other) => Err(Failure::bad_request(format!(
            "Invalid route response selection expression specified: {other}. Only $default is supported"
        ))),
    }
}

async fn authorization(edit: &Edit<'_, Api>, api: &Api, route: &mut Route) -> Result<(), Failure> {
    let wanted = match route.authorization_type {
        AuthorizationType::None | AuthorizationType::AwsIam => {
            route.authorizer_id = None;
            route.authorization_scopes = None;
            return Ok(());
        }
        AuthorizationType::Custom => AuthorizerType::Request,
        // Of a WebSocket API too, where the service knows no tokens.
        AuthorizationType::Jwt => AuthorizerType::Jwt,
    };
    let scopes = route.authorization_scopes.as_deref().unwrap_or_default();
    if scopes.iter().any(String::is_empty) {
        return Err(Failure::bad_request(
            "Invalid authorization scopes specified: none may be empty",
        ));
    }
    within_limits(edit.service().limits(), route)?;
    let id = route.authorizer_id.as_deref().unwrap_or_default();
    let authorizer = authorizer(edit, &api.api_id, id).await?;
    if authorizer.is_none_or(|authorizer| authorizer.authorizer_type != wanted) {
        let rule = match wanted {
            AuthorizerType::Request => "CUSTOM or COGNITO_USER_POOLS requires a valid authorizer",
            AuthorizerType::Jwt => "JWT requires a valid JWT authorizer",
        };
        return Err(Failure::bad_request(format!(
            "Invalid authorizer ID specified. Setting the authorization type to {rule}."
        )));
    }
    Ok(())
}

/// Whether a route asks for no more scopes than it may.
pub(super) fn within_limits(limits: &Limits, route: &Route) -> Result<(), Failure> {
    let scopes = route.authorization_scopes.as_deref().unwrap_or_default();
    let max = limits.scopes_per_route;
    within(scopes.len(), max, "authorization scopes", "route")
}

async fn authorizer(
    edit: &Edit<'_, Api>,
    api: &ApiId,
    id: &str,
) -> Result<Option<Authorizer>, Failure> {
    let key = part_key(api, AUTHORIZER, id);
    edit.definitions().get(&key).await
}

/// The keys of the routes of which something holds, as refusals name them.
pub(super) async fn users(
    edit: &Edit<'_, Api>,
    uses: impl Fn(&Route) -> bool,
) -> Result<Option<String>, Failure> {
    const NAMED_MAX: usize = 20;
    let routes: Vec<Route> = edit.definitions().parts(edit.id(), ROUTE).await?;
    let users = routes.into_iter().filter(uses).take(NAMED_MAX);
    let keys: Vec<_> = users.map(|route| route.route_key).collect();
    Ok((!keys.is_empty()).then(|| keys.join(", ")))
}
