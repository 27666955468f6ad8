//! How HTTP and WebSocket APIs lie in the definitions table, beside what they have as REST APIs do.
//!
//! ```text
//! restapi#{api}   route#{id}                                a route
//!                 routekey#{key}                            the id of the route that has a key
//!                 routeresponse#{route}#{id}                a response of a route
//!                 integration#{id}                          an integration
//!                 integrationresponse#{integration}#{id}    a response of an integration
//!                 authorizer#{id}                           an authorizer
//!                 model#{id}                                a model
//!                 modelname#{name}                          the id of the model that has a name
//! ```

use super::whole::put;
use super::{AUTHORIZER, ApiKind, Definitions, Edit, MODEL, part_key, part_prefix};
use crate::wire::Failure;
use postern_definition::routed::{Api, Definition};
use postern_definition::{ApiId, Map};
use postern_plan::api_partition;
use postern_store::{Key, Write, decode};
use serde::de::DeserializeOwned;

pub(crate) const ROUTE: &str = "route";
pub(crate) const ROUTE_RESPONSE: &str = "routeresponse";
pub(crate) const INTEGRATION: &str = "integration";
pub(crate) const INTEGRATION_RESPONSE: &str = "integrationresponse";

/// Where it says which route has a key.
pub(crate) fn route_key_key(api: &ApiId, key: &str) -> Key {
    Key::new(api_partition(api), format!("routekey#{key}"))
}

/// Where it says which model has a name.
pub(crate) fn model_name_key(api: &ApiId, name: &str) -> Key {
    Key::new(api_partition(api), format!("modelname#{name}"))
}

/// What the sort keys of the responses of one route or integration begin with.
pub(crate) fn response_prefix(kind: &str, of: &str) -> String {
    format!("{}{of}#", part_prefix(kind))
}

/// A response of a route or of an integration, as `kind` says.
pub(crate) fn response_key(api: &ApiId, kind: &str, of: &str, id: &str) -> Key {
    Key::new(
        api_partition(api),
        format!("{}{id}", response_prefix(kind, of)),
    )
}

impl ApiKind for Api {
    const APIS: &'static str = postern_plan::ROUTED_APIS;
    const MEMBER: &'static str = "apiId";

    type Definition = Definition;

    fn id(&self) -> &ApiId {
        &self.api_id
    }

    fn writes(api: &ApiId, definition: &Definition) -> Vec<Write> {
        let mut writes = Vec::new();
        for route in &definition.routes {
            writes.push(put(part_key(api, ROUTE, &route.route_id), route));
            let key = route_key_key(api, &route.route_key);
            writes.push(put(key, &route.route_id));
        }
        for (route, responses) in &definition.route_responses {
            for response in responses {
                let id = &response.route_response_id;
                writes.push(put(response_key(api, ROUTE_RESPONSE, route, id), response));
            }
        }
        for integration in &definition.integrations {
            let key = part_key(api, INTEGRATION, &integration.integration_id);
            writes.push(put(key, integration));
        }
        for (integration, responses) in &definition.integration_responses {
            for response in responses {
                let id = &response.integration_response_id;
                let key = response_key(api, INTEGRATION_RESPONSE, integration, id);
                writes.push(put(key, response));
            }
        }
        for authorizer in &definition.authorizers {
            let key = part_key(api, AUTHORIZER, &authorizer.authorizer_id);
            writes.push(put(key, authorizer));
        }
        for model in &definition.models {
            writes.push(put(part_key(api, MODEL, &model.model_id), model));
            writes.push(put(model_name_key(api, &model.name), &model.model_id));
        }
        writes
    }
}

impl Edit<'_, Api> {
    /// All of the API, as it will be with the writes so far.
    pub(crate) async fn definition_to_be(&self, api: Api) -> Result<Definition, Failure> {
        Ok(Definition {
            routes: self.kind_to_be(ROUTE).await?,
            route_responses: self.responses_to_be(ROUTE_RESPONSE).await?,
            integrations: self.kind_to_be(INTEGRATION).await?,
            integration_responses: self.responses_to_be(INTEGRATION_RESPONSE).await?,
            authorizers: self.kind_to_be(AUTHORIZER).await?,
            models: self.kind_to_be(MODEL).await?,
            api,
        })
    }

    /// All parts of a kind, as they will be.
    pub(crate) async fn kind_to_be<T: DeserializeOwned>(
        &self,
        kind: &str,
    ) -> Result<Vec<T>, Failure> {
        let items = self.items_to_be(&part_prefix(kind)).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }

    async fn responses_to_be<T: DeserializeOwned>(
        &self,
        kind: &str,
    ) -> Result<Map<Vec<T>>, Failure> {
        let prefix = part_prefix(kind);
        let mut all: Map<Vec<T>> = Map::new();
        for item in self.items_to_be(&prefix).await? {
            let place = item.key.sort.strip_prefix(&prefix).unwrap_or_default();
            let of = place.split('#').next().unwrap_or_default();
            all.entry(of.to_owned()).or_default().push(decode(&item)?);
        }
        Ok(all)
    }
}

impl Definitions<'_> {
    /// All responses of one route or integration.
    pub(crate) async fn responses<T: DeserializeOwned>(
        self,
        api: &ApiId,
        kind: &str,
        of: &str,
    ) -> Result<Vec<T>, Failure> {
        let prefix = response_prefix(kind, of);
        let items = self.all(&api_partition(api), &prefix).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }
}
