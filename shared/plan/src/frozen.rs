//! What a deployment of a REST API froze, as it is read: the index at hand, the rest when it is asked for.

use crate::deployed::existing_index;
use crate::gateway_response::GatewayResponsePlans;
use crate::router::Routes;
use crate::segments::{Segments, opened};
use crate::snapshot::{FORMAT, Index};
use crate::{DeployedError, Snapshot};
use postern_definition::rest::{
    Authorizer, Definition, GatewayResponse, GatewayResponseType, Method, Model, RequestValidator,
    Resource, RestApi,
};
use postern_definition::{ApiId, DeploymentId, Map, ResourceId};
use postern_store::Table;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What methods name by id, and what rejections are answered with: together small, so they are read together.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Parts {
    /// By id.
    pub request_validators: Map<RequestValidator>,
    /// By id.
    pub authorizers: Map<Authorizer>,
    /// Those that were set.
    pub gateway_responses: BTreeMap<GatewayResponseType, GatewayResponse>,
}

impl Parts {
    pub(crate) fn of(definition: &Definition) -> Self {
        let validators = definition.request_validators.iter();
        let authorizers = definition.authorizers.iter();
        let responses = definition.gateway_responses.iter();
        Self {
            request_validators: validators.map(|v| (v.id.clone(), v.clone())).collect(),
            authorizers: authorizers.map(|a| (a.id.clone(), a.clone())).collect(),
            gateway_responses: responses.map(|r| (r.response_type, r.clone())).collect(),
        }
    }
}

pub struct FrozenRest {
    id: DeploymentId,
    api: RestApi,
    pub(crate) index: Index,
    segments: Segments,
    parts: OnceCell<Parts>,
    pub(crate) gateway_responses: OnceCell<GatewayResponsePlans>,
}

impl FrozenRest {
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
    pub(crate) fn of_index(
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
            index,
            parts: OnceCell::new(),
            gateway_responses: OnceCell::new(),
        })
    }

    /// Of a snapshot that is not stored: nothing of it is ever looked for in the table.
    pub(crate) fn of_snapshot(
        table: Arc<dyn Table>,
        deployment: &DeploymentId,
        snapshot: &Snapshot,
    ) -> Result<Self, DeployedError> {
        let mut frozen = Self::of_index(table, deployment, &snapshot.index)?;
        frozen.segments.hold(&snapshot.body);
        Ok(frozen)
    }

    pub fn id(&self) -> &DeploymentId {
        &self.id
    }

    pub fn api(&self) -> &RestApi {
        &self.api
    }

    /// What the router is made of. Taken out, for it is made once.
    pub(crate) fn take_routes(&mut self) -> Routes {
        std::mem::take(&mut self.index.routes)
    }

    /// A method by its number, with the id of its resource. Not kept: whoever asks makes something of it once.
    pub(crate) async fn method(&self, number: u32) -> Result<(ResourceId, Method), DeployedError> {
        let missing = || self.unreadable("a method is missing from its segment");
        let from = &self.index.methods_from;
        let segment = from.partition_point(|first| *first <= number);
        let segment = segment.checked_sub(1).ok_or_else(missing)?;
        let place = (number - from[segment]) as usize;
        let mut methods: Vec<(ResourceId, Method)> = self.segment(segment).await?;
        if place >= methods.len() {
            return Err(missing());
        }
        Ok(methods.swap_remove(place))
    }

    /// What a segment holds.
    async fn segment<T: DeserializeOwned>(&self, segment: usize) -> Result<T, DeployedError> {
        self.segments.read(segment).await
    }

    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> DeployedError {
        self.segments.unreadable(reason)
    }

    /// Read when first asked for, and kept.
    pub async fn parts(&self) -> Result<&Parts, DeployedError> {
        self.parts
            .get_or_try_init(|| self.segment(self.index.parts_segment()))
            .await
    }

    /// A model by its name. Not kept: whoever asks makes something of it once.
    pub async fn model(&self, name: &str) -> Result<Option<Model>, DeployedError> {
        let segment = self
            .index
            .models_from
            .partition_point(|first| first.as_str() <= name)
            .checked_sub(1);
        let Some(segment) = segment else {
            return Ok(None);
        };
        let segment = self.index.methods_from.len() + segment;
        let models: Vec<Model> = self.segment(segment).await?;
        Ok(models.into_iter().find(|model| model.name == name))
    }

    /// Everything that was frozen. Its documentation is not: see [`Definition::documentation_parts`].
    pub async fn definition(&self) -> Result<Definition, DeployedError> {
        let parts_segment = self.index.parts_segment();
        let mut methods: Vec<(ResourceId, Method)> =
            self.all(0..self.index.methods_from.len()).await?;
        // As they lie in the definitions table.
        methods.sort_by(|(a, method), (b, other)| {
            (a, &method.http_method).cmp(&(b, &other.http_method))
        });
        let models = self
            .all(self.index.methods_from.len()..parts_segment)
            .await?;
        let parts: Parts = self.segment(parts_segment).await?;
        let resources: Vec<Resource> = self.segment(parts_segment + 1).await?;
        Ok(Definition {
            models,
            request_validators: parts.request_validators.into_values().collect(),
            authorizers: parts.authorizers.into_values().collect(),
            gateway_responses: parts.gateway_responses.into_values().collect(),
            ..Definition::new(self.api().clone(), resources, methods)
        })
    }

    /// The things of several segments, in order.
    async fn all<T: DeserializeOwned>(
        &self,
        segments: std::ops::Range<usize>,
    ) -> Result<Vec<T>, DeployedError> {
        let mut all = Vec::new();
        for segment in segments {
            all.append(&mut self.segment::<Vec<T>>(segment).await?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Snapshot;
    use postern_store::{Embedded, SystemClock};
    use serde_json::json;

    const API: &str = "a1b2c3d4e5";

    fn model(name: &str, bytes: usize) -> Model {
        Model {
            id: format!("id{name}"),
            name: name.to_owned(),
            description: None,
            schema: Some(format!(r#"{{"title":"{}"}}"#, "x".repeat(bytes))),
            content_type: "application/json".to_owned(),
        }
    }

    /// Two resources, two methods on the one and one on the other, and some of everything else.
    fn definition(models: Vec<Model>) -> Definition {
        let part = |value: serde_json::Value| serde_json::from_value(value).unwrap();
        let resource = |id: &str, path: &str, parent: Option<&str>, verbs: &[&str]| Resource {
            id: id.into(),
            parent_id: parent.map(ResourceId::from),
            path_part: parent.map(|_| path[1..].to_owned()),
            path: path.to_owned(),
            methods: verbs.iter().map(ToString::to_string).collect(),
        };
        let method = |resource: &str, verb: &str| {
            let method = json!({
                "httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": false,
                "methodIntegration": {
                    "type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": "r",
                    "cacheKeyParameters": [],
                },
            });
            (
                ResourceId::from(resource),
                serde_json::from_value(method).unwrap(),
            )
        };
        let api = json!({
            "id": API, "name": "pets", "createdDate": 0, "apiKeySource": "HEADER", "rootResourceId": "root",
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "disableExecuteApiEndpoint": false,
        });
        let resources = vec![
            resource("empty", "/empty", Some("root"), &[]),
            resource("pets", "/pets", Some("root"), &["GET", "POST"]),
            resource("root", "/", None, &["ANY"]),
        ];
        let methods = vec![
            method("pets", "GET"),
            method("pets", "POST"),
            method("root", "ANY"),
        ];
        let api = serde_json::from_value(api).unwrap();
        Definition {
            models,
            request_validators: vec![RequestValidator {
                id: "v1".to_owned(),
                name: Some("body".to_owned()),
                validate_request_body: true,
                validate_request_parameters: false,
            }],
            authorizers: vec![
                serde_json::from_value(
                    json!({"id": "a1", "name": "token", "type": "TOKEN", "authorizerUri": "arn:aws:lambda",
                        "identitySource": "method.request.header.Auth", "authorizerResultTtlInSeconds": 0}),
                )
                .unwrap(),
                serde_json::from_value(
                    json!({"id": "a2", "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:cognito-idp"]}),
                )
                .unwrap(),
            ],
            gateway_responses: vec![
                part(json!({"responseType": "DEFAULT_4XX", "responseParameters": {"gatewayresponse.header.x": "'1'"}})),
                part(json!({"responseType": "THROTTLED", "statusCode": "430", "responseTemplates": {"text/plain": "slow"}})),
            ],
            ..Definition::new(api, resources, methods)
        }
    }

    async fn deployed(definition: &Definition) -> FrozenRest {
        let table = Embedded::memory(Arc::new(SystemClock)).unwrap().definitions;
        let (api, id) = (ApiId::from(API), DeploymentId::from("d1"));
        let snapshot = Snapshot::freeze(definition).unwrap();
        snapshot.save(&*table, &api, &id).await.unwrap();
        FrozenRest::load(table, &api, &id).await.unwrap()
    }

    #[tokio::test]
    async fn everything_that_was_frozen_comes_back() {
        for models in [
            vec![],
            vec![model("Empty", 10), model("Pet", 10)],
            // More than a segment, and all together more than a chunk.
            (0..200)
                .map(|number| model(&format!("M{number:03}"), 20_000))
                .collect(),
        ] {
            let definition = definition(models);
            assert_eq!(
                deployed(&definition).await.definition().await.unwrap(),
                definition
            );
        }
    }

    #[tokio::test]
    async fn a_model_is_found_by_its_name_wherever_it_lies() {
        let models = (0..50).map(|number| model(&format!("M{number:02}"), 9_000));
        let deployed = deployed(&definition(models.rev().collect())).await;
        for name in ["M00", "M03", "M04", "M27", "M49"] {
            let found = deployed.model(name).await.unwrap();
            assert_eq!(found, Some(model(name, 9_000)), "{name}");
        }
        for name in ["", "A", "M", "M031", "M50", "Z"] {
            assert_eq!(deployed.model(name).await.unwrap(), None, "{name}");
        }
    }

    #[tokio::test]
    async fn parts_are_found_by_what_methods_and_rejections_name() {
        let deployed = deployed(&definition(vec![])).await;
        let parts = deployed.parts().await.unwrap();
        assert!(parts.request_validators["v1"].validate_request_body);
        assert_eq!(parts.authorizers["a1"].ttl_seconds(), 0);
        assert_eq!(parts.authorizers["a2"].ttl_seconds(), 300);
        let throttled = &parts.gateway_responses[&GatewayResponseType::Throttled];
        assert_eq!(throttled.status_code.as_deref(), Some("430"));
        assert_eq!(deployed.model("Empty").await.unwrap(), None);
    }

    #[test]
    fn what_is_not_asked_for_at_every_request_leaves_the_index_small() {
        let few = Snapshot::freeze(&definition(vec![])).unwrap();
        let models = (0..1_000).map(|number| model(&format!("M{number:04}"), 300));
        let many = Snapshot::freeze(&definition(models.collect())).unwrap();
        assert!(many.bytes() > few.bytes() + 5_000);
        assert!(many.index.len() < few.index.len() + 200);
    }
}
