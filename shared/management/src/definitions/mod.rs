//! How APIs lie in the definitions table, and how they are read.
//!
//! ```text
//! restapis           {api}                     a REST API; its revision moves with every change to anything of the API
//! apis               {api}                     an HTTP or WebSocket API; likewise
//! restapi#{api}      resource#{id}             a resource
//!                    child#{parent}#{part}     which child of a resource has a path part; one for all variable parts
//!                    method#{resource}#{verb}  a method with its responses and its integration
//!                    model#{name}              a model
//!                    validator#{id}            a request validator
//!                    authorizer#{id}           an authorizer
//!                    gatewayresponse#{type}    a gateway response that was set
//!                    documentationpart#{id}    a documentation part
//!                    documentationversion#{name} a documentation version
//!                    documentation#{id}#{n}    what a documentation version froze
//!                    deployment#{id}           a deployment; its snapshot lies where postern-plan puts it
//!                    stage#{name}              a stage
//!                    pending#{id}#{number}     writes of a change that is larger than a transaction
//!                    route#{id}, ...           what an HTTP or WebSocket API is made of: see `routed`
//! account            account                   the account's settings
//! leftovers          {api}                     a deleted API, parts of which may still be there
//! counts             {kind}                    how many of a kind the account has
//! uses#{what it is}  {api}#{part}              a part of an API that uses, or used, something of the account
//! ```
//!
//! Of what belongs to the account, what gateways read too is in postern-plan's `account`, and each kind says in its module
//! where else it is copied to.

mod batches;
mod change;
mod edit;
mod pending;
mod routed;
mod sweep;
mod uses;
mod whole;

pub(crate) use change::{Change, Record};
pub(crate) use edit::{Edit, Turns};
pub(crate) use pending::Pending;
pub(crate) use routed::{
    INTEGRATION, INTEGRATION_RESPONSE, ROUTE, ROUTE_RESPONSE, model_name_key, response_key,
    response_prefix, route_key_key,
};
pub(crate) use sweep::{leave, sweep};
pub(crate) use uses::Use;

use crate::wire::Failure;
use postern_definition::rest::{Deployment, Method, PathPart, Resource, RestApi, Stage};
use postern_definition::{ApiId, DeploymentId, ResourceId, StageName};
use postern_plan::{api_partition, stage_key, stage_sort_prefix};
use postern_store::{Batch, Consistency, Item, Key, Query, StoreError, Table, Write, decode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) const RESOURCES: &str = "resource#";
pub(crate) const METHODS: &str = "method#";
pub(crate) const DEPLOYMENTS: &str = "deployment#";

/// Kinds of parts: what belongs to an API and is neither its tree nor what answers.
pub(crate) const MODEL: &str = "model";
pub(crate) const VALIDATOR: &str = "validator";
pub(crate) const AUTHORIZER: &str = "authorizer";
pub(crate) const GATEWAY_RESPONSE: &str = "gatewayresponse";
pub(crate) const DOCUMENTATION_PART: &str = "documentationpart";
pub(crate) const DOCUMENTATION_VERSION: &str = "documentationversion";

/// Items asked for at once where all are wanted.
const BATCH: usize = 1_000;

/// A kind of API: REST, or made of routes. Ids are drawn alike, so that an id is one kind's only.
pub(crate) trait ApiKind:
    Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync
{
    /// The partition of the APIs' own items.
    const APIS: &'static str;
    /// What the paths of requests call the API's id.
    const MEMBER: &'static str;

    /// All of an API.
    type Definition: Sync;

    fn id(&self) -> &ApiId;

    /// The writes that make all of an API but its own item.
    fn writes(api: &ApiId, definition: &Self::Definition) -> Vec<Write>;
}

/// An API as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ApiRecord<A = RestApi> {
    #[serde(flatten)]
    pub(crate) api: A,
    /// Writes that the API's last change still has to make.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pending: Option<Pending>,
}

/// Which resource has a place below its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Child {
    pub(crate) id: ResourceId,
    pub(crate) path_part: String,
}

/// The item of a REST API.
pub(crate) fn api_key(api: &ApiId) -> Key {
    api_key_of::<RestApi>(api)
}

pub(crate) fn api_key_of<A: ApiKind>(api: &ApiId) -> Key {
    Key::new(A::APIS, api.as_str())
}

pub(crate) fn resource_key(api: &ApiId, resource: &ResourceId) -> Key {
    Key::new(api_partition(api), format!("{RESOURCES}{resource}"))
}

/// All variable parts share one place, so that a parent has at most one.
pub(crate) fn child_key(api: &ApiId, parent: &ResourceId, part: &str) -> Key {
    let variable = PathPart::parse(part).is_ok_and(|part| part.is_variable());
    let place = if variable { "{}" } else { part };
    Key::new(api_partition(api), format!("child#{parent}#{place}"))
}

pub(crate) fn method_key(api: &ApiId, resource: &ResourceId, verb: &str) -> Key {
    Key::new(api_partition(api), format!("{METHODS}{resource}#{verb}"))
}

pub(crate) fn deployment_key(api: &ApiId, deployment: &DeploymentId) -> Key {
    Key::new(api_partition(api), format!("{DEPLOYMENTS}{deployment}"))
}

/// Where a part of an API is, by its kind, such as [`MODEL`], and its id or name.
pub(crate) fn part_key(api: &ApiId, kind: &str, id: &str) -> Key {
    Key::new(api_partition(api), format!("{}{id}", part_prefix(kind)))
}

/// What the sort keys of all parts of a kind begin with.
pub(crate) fn part_prefix(kind: &str) -> String {
    format!("{kind}#")
}

/// Typed reading of the definitions table. Strongly consistent: a client reads what it just wrote.
#[derive(Clone, Copy)]
pub(crate) struct Definitions<'a> {
    table: &'a dyn Table,
}

impl<'a> Definitions<'a> {
    pub(crate) fn new(table: &'a dyn Table) -> Self {
        Self { table }
    }

    pub(crate) fn table(self) -> &'a dyn Table {
        self.table
    }

    pub(crate) async fn item(self, key: &Key) -> Result<Option<Item>, Failure> {
        match self.table.get(key, Consistency::Strong).await {
            Ok(item) => Ok(item),
            // Nothing can be stored under such a key, so nothing is.
            Err(StoreError::KeyTooLong { .. } | StoreError::KeyEmpty) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn get<T: DeserializeOwned>(self, key: &Key) -> Result<Option<T>, Failure> {
        let item = self.item(key).await?;
        Ok(item.map(|item| decode(&item)).transpose()?)
    }

    pub(crate) async fn exists(self, key: &Key) -> Result<bool, Failure> {
        Ok(self.item(key).await?.is_some())
    }

    pub(crate) async fn query(self, query: Query) -> Result<Batch, Failure> {
        match self.table.query(query).await {
            Ok(batch) => Ok(batch),
            Err(StoreError::KeyTooLong { .. } | StoreError::KeyEmpty) => Ok(Batch {
                items: Vec::new(),
                next: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Everything of one kind, in order.
    pub(crate) async fn all(self, partition: &str, prefix: &str) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let batch = self
                .query(Query {
                    partition: partition.to_owned(),
                    prefix: prefix.to_owned(),
                    after,
                    limit: BATCH,
                })
                .await?;
            items.extend(batch.items);
            after = batch.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    /// Whether a partition has fewer items of a prefix than this.
    pub(crate) async fn fewer_than(
        self,
        max: usize,
        partition: &str,
        prefix: &str,
    ) -> Result<bool, Failure> {
        let mut found = 0;
        let mut after = None;
        while found < max {
            let batch = self
                .query(Query {
                    partition: partition.to_owned(),
                    prefix: prefix.to_owned(),
                    after,
                    limit: BATCH.min(max - found),
                })
                .await?;
            found += batch.items.len();
            after = batch.next;
            if after.is_none() {
                break;
            }
        }
        Ok(found < max)
    }

    /// A REST API, with the revision of its item.
    pub(crate) async fn api(self, api: &ApiId) -> Result<Option<(ApiRecord, u64)>, Failure> {
        self.api_of(api).await
    }

    pub(crate) async fn api_of<A: ApiKind>(
        self,
        api: &ApiId,
    ) -> Result<Option<(ApiRecord<A>, u64)>, Failure> {
        let item = self.item(&api_key_of::<A>(api)).await?;
        item.map(|item| Ok((decode(&item)?, item.revision)))
            .transpose()
    }

    pub(crate) async fn resource(
        self,
        api: &ApiId,
        resource: &ResourceId,
    ) -> Result<Option<Resource>, Failure> {
        self.get(&resource_key(api, resource)).await
    }

    /// All resources of an API, by id.
    pub(crate) async fn resources(self, api: &ApiId) -> Result<Vec<Resource>, Failure> {
        let items = self.all(&api_partition(api), RESOURCES).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn method(
        self,
        api: &ApiId,
        resource: &ResourceId,
        verb: &str,
    ) -> Result<Option<Method>, Failure> {
        self.get(&method_key(api, resource, verb)).await
    }

    /// The methods of all resources from one id to another, both included, in one run through the table.
    pub(crate) async fn methods_between(
        self,
        api: &ApiId,
        first: &ResourceId,
        last: &ResourceId,
    ) -> Result<Vec<(ResourceId, Method)>, Failure> {
        let mut methods = Vec::new();
        let mut after = Some(format!("{METHODS}{first}"));
        while after.is_some() {
            let batch = self
                .query(Query {
                    partition: api_partition(api),
                    prefix: METHODS.to_owned(),
                    after,
                    limit: BATCH,
                })
                .await?;
            for item in &batch.items {
                let resource = method_resource(item);
                if resource > *last {
                    return Ok(methods);
                }
                methods.push((resource, decode(item)?));
            }
            after = batch.next;
        }
        Ok(methods)
    }

    /// All methods of an API, each with its resource.
    pub(crate) async fn methods(self, api: &ApiId) -> Result<Vec<(ResourceId, Method)>, Failure> {
        let items = self.all(&api_partition(api), METHODS).await?;
        items
            .iter()
            .map(|item| Ok((method_resource(item), decode(item)?)))
            .collect()
    }

    /// All parts of a kind, by id or name.
    pub(crate) async fn parts<T: DeserializeOwned>(
        self,
        api: &ApiId,
        kind: &str,
    ) -> Result<Vec<T>, Failure> {
        let items = self.all(&api_partition(api), &part_prefix(kind)).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn deployment(
        self,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<Option<Deployment>, Failure> {
        self.get(&deployment_key(api, deployment)).await
    }

    pub(crate) async fn stage(
        self,
        api: &ApiId,
        stage: &StageName,
    ) -> Result<Option<Stage>, Failure> {
        self.get(&stage_key(api, stage)).await
    }

    pub(crate) async fn stages(self, api: &ApiId) -> Result<Vec<Stage>, Failure> {
        let items = self.all(&api_partition(api), stage_sort_prefix()).await?;
        Ok(items.iter().map(decode).collect::<Result<_, _>>()?)
    }
}

/// The resource that a method's item belongs to.
fn method_resource(item: &Item) -> ResourceId {
    let rest = item.key.sort.strip_prefix(METHODS).unwrap_or_default();
    rest.split('#').next().unwrap_or_default().into()
}
