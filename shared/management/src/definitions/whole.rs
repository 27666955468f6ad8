//! All of an API at once: read to be frozen, exported or copied, and written where it is new.

use super::{
    AUTHORIZER, ApiKind, Child, DOCUMENTATION_PART, Definitions, GATEWAY_RESPONSE, MODEL,
    VALIDATOR, child_key, method_key, part_key, resource_key,
};
use crate::wire::Failure;
use postern_definition::ApiId;
use postern_definition::rest::{Definition, RestApi};
use postern_store::{Condition, Key, Write, encode};
use serde::Serialize;

impl Definitions<'_> {
    /// All of an API but its documentation. Whether it changed while it was read is for the caller to ask.
    pub(crate) async fn definition(self, api: RestApi) -> Result<Definition, Failure> {
        let id = api.id.clone();
        let tree = Definition::new(api, self.resources(&id).await?, self.methods(&id).await?);
        Ok(Definition {
            models: self.parts(&id, MODEL).await?,
            request_validators: self.parts(&id, VALIDATOR).await?,
            authorizers: self.parts(&id, AUTHORIZER).await?,
            gateway_responses: self.parts(&id, GATEWAY_RESPONSE).await?,
            ..tree
        })
    }
}

impl ApiKind for RestApi {
    const APIS: &'static str = "restapis";
    const MEMBER: &'static str = "restapi_id";

    type Definition = Definition;

    fn id(&self) -> &ApiId {
        &self.id
    }

    fn writes(api: &ApiId, definition: &Definition) -> Vec<Write> {
        writes(api, definition)
    }
}

/// Documentation included.
fn writes(api: &ApiId, definition: &Definition) -> Vec<Write> {
    let mut writes = Vec::new();
    for resource in &definition.resources {
        writes.push(put(resource_key(api, &resource.id), resource));
        if let (Some(parent), Some(part)) = (&resource.parent_id, &resource.path_part) {
            let child = Child {
                id: resource.id.clone(),
                path_part: part.clone(),
            };
            writes.push(put(child_key(api, parent, part), &child));
        }
    }
    for (resource, method) in &definition.methods {
        writes.push(put(method_key(api, resource, &method.http_method), method));
    }
    let part = |kind: &str, id: &str| part_key(api, kind, id);
    for model in &definition.models {
        writes.push(put(part(MODEL, &model.name), model));
    }
    for validator in &definition.request_validators {
        writes.push(put(part(VALIDATOR, &validator.id), validator));
    }
    for authorizer in &definition.authorizers {
        writes.push(put(part(AUTHORIZER, &authorizer.id), authorizer));
    }
    for response in &definition.gateway_responses {
        let name = response.response_type.name();
        writes.push(put(part(GATEWAY_RESPONSE, name), response));
    }
    for documentation in &definition.documentation_parts {
        let key = part(DOCUMENTATION_PART, &documentation.id);
        writes.push(put(key, documentation));
    }
    writes
}

pub(super) fn put<T: Serialize>(key: Key, value: &T) -> Write {
    Write::put(key, encode(value), Condition::Always)
}
