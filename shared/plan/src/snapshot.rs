//! What a deployment froze, as it is made and stored.
//!
//! A snapshot is an index and a body. The index holds what every request needs: the API's own settings, the router, and where
//! in the body all else lies. The body holds JSON, deflated in segments, all segments end to end, cut into chunks that fit the
//! store:
//!
//! ```text
//! methods     a few methods to a segment, each with the id of its resource, in the order that the router numbers them
//! models      a few models to a segment, in the order of their names
//! parts       validators, authorizers and gateway responses, all in one segment, for they are small
//! resources   in one segment; nothing but an export asks for it
//! ```
//!
//! A gateway reads the index when it first meets the deployment, and a chunk when something in it is first asked for. So what
//! few requests need costs a cold start only the number of its segment, and an export gets back exactly what was frozen.

use crate::layout::{body_key, index_key, snapshot_sort_prefix};
use crate::router::Routes;
use crate::segments::closed;
use crate::{Defect, MethodPlan, Parts, api_partition, gateway_response, policy};
use postern_definition::rest::{Definition, Method, Model};
use postern_definition::{ApiId, DeploymentId, Map};
use postern_store::{BODY_BYTES_MAX, Condition, Query, StoreError, Table, Write, deflate};
use serde::{Deserialize, Serialize};

/// Bytes of a chunk. Changing it needs a new format: loading computes chunk numbers with it.
pub(crate) const CHUNK_BYTES: usize = BODY_BYTES_MAX;
/// A segment is closed once its methods or models have this many bytes of JSON: large enough to deflate well, small enough that
/// the first request to a method inflates little that it does not need.
const SEGMENT_BYTES: usize = 32_000;
/// The form of index and body of a REST API, and the first byte of the index. A gateway that meets another says so instead of guessing.
pub(crate) const FORMAT: u8 = 3;

/// Searching the tree of paths goes down one call per segment.
const PATH_SEGMENTS_MAX: usize = 500;

/// A frozen API, checked and compressed, ready to be stored.
pub struct Snapshot {
    pub(crate) index: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// Read at every cold start, so its form is a compact binary one: an API of thousands of methods must not start more slowly
/// than one of three.
#[derive(Serialize, Deserialize)]
pub(crate) struct Index {
    /// The API's own settings, as JSON.
    pub(crate) api: String,
    /// What the router is made of.
    pub(crate) routes: Routes,
    /// Where in the body each segment begins.
    pub(crate) segments: Vec<u64>,
    /// By segment of methods: the number of its first.
    pub(crate) methods_from: Vec<u32>,
    /// By segment of models: the name of its first.
    pub(crate) models_from: Vec<String>,
    /// Whether there are gateway responses among the parts. Where there are none, a rejection reads nothing.
    pub(crate) has_gateway_responses: bool,
    pub(crate) methods: u32,
    pub(crate) body_bytes: u64,
}

impl Index {
    /// The segment of the parts; that of the resources is the next.
    pub(crate) fn parts_segment(&self) -> usize {
        self.methods_from.len() + self.models_from.len()
    }
}

impl Snapshot {
    /// Checks everything, and reports every defect.
    pub fn freeze(definition: &Definition) -> Result<Self, Vec<Defect>> {
        if definition.methods.is_empty() {
            return Err(vec![Defect::NoMethods]);
        }
        let mut by_resource: Map<Vec<&Method>> = Map::new();
        for (resource, method) in &definition.methods {
            by_resource
                .entry(resource.to_string())
                .or_default()
                .push(method);
        }
        let mut defects = Vec::new();
        let mut compiled = Vec::new();
        for resource in &definition.resources {
            let segments = resource.path.matches('/').count();
            if segments > PATH_SEGMENTS_MAX {
                let field = format!("path of resource {}", resource.id);
                let reason = format!(
                    "it has {segments} segments, and at most {PATH_SEGMENTS_MAX} are allowed"
                );
                defects.push(Defect::invalid(field, reason));
                continue;
            }
            for method in by_resource
                .remove(resource.id.as_str())
                .into_iter()
                .flatten()
            {
                match MethodPlan::compile(method) {
                    Ok(_) => compiled.push((
                        resource.path.as_str(),
                        method.http_method.as_str(),
                        (&resource.id, method),
                    )),
                    Err(found) => {
                        defects.extend(
                            found
                                .into_iter()
                                .map(|defect| defect.of(&method.http_method, &resource.path)),
                        );
                    }
                }
            }
        }
        // Where it is deployed makes no difference to whether it can be used.
        if let Err(reason) = policy::compile(
            &definition.api.id,
            definition.api.policy.as_deref(),
            "us-east-1",
            "123456789012",
        ) {
            defects.push(Defect::invalid("policy", reason));
        }
        if let Err(found) = gateway_response::compile_all(&definition.gateway_responses) {
            defects.extend(found);
        }
        if !defects.is_empty() {
            return Err(defects);
        }
        let mut models: Vec<&Model> = definition.models.iter().collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        let (routes, methods) = Routes::of(compiled);
        let mut body = Body::default();
        let methods_from = body.add_all(&methods);
        let models_from = body.add_all(&models);
        body.add(&Parts::of(definition));
        body.add(&definition.resources);
        let index = Index {
            api: serde_json::to_string(&definition.api)
                .expect("an API's settings hold only what JSON can"),
            routes,
            segments: body.begins,
            methods_from: methods_from.iter().map(|from| *from as u32).collect(),
            models_from: models_from
                .iter()
                .map(|from| models[*from].name.clone())
                .collect(),
            has_gateway_responses: !definition.gateway_responses.is_empty(),
            methods: methods.len() as u32,
            body_bytes: body.bytes.len() as u64,
        };
        Ok(Self {
            index: closed(&index, FORMAT),
            body: body.bytes,
        })
    }

    /// Stores all parts. Until the deployment's own item is written, nobody looks for them.
    pub async fn save(
        &self,
        table: &dyn Table,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<(), StoreError> {
        let parts = |bytes: &[u8]| {
            bytes
                .chunks(CHUNK_BYTES)
                .map(<[u8]>::to_vec)
                .enumerate()
                .collect::<Vec<_>>()
        };
        for (number, part) in parts(&self.body) {
            table
                .write(Write::put(
                    body_key(api, deployment, number),
                    part,
                    Condition::Always,
                ))
                .await?;
        }
        for (number, part) in parts(&self.index) {
            table
                .write(Write::put(
                    index_key(api, deployment, number),
                    part,
                    Condition::Always,
                ))
                .await?;
        }
        Ok(())
    }

    /// Deletes all parts of a deployment's snapshot, as many as there are.
    pub async fn delete(
        table: &dyn Table,
        api: &ApiId,
        deployment: &DeploymentId,
    ) -> Result<(), StoreError> {
        let mut query = Query {
            partition: api_partition(api),
            prefix: snapshot_sort_prefix(deployment),
            after: None,
            limit: 100,
        };
        loop {
            let batch = table.query(query.clone()).await?;
            for item in batch.items {
                table
                    .write(Write::delete(item.key, Condition::Always))
                    .await?;
            }
            query.after = match batch.next {
                Some(next) => Some(next),
                None => return Ok(()),
            };
        }
    }

    /// Bytes that are stored.
    pub fn bytes(&self) -> usize {
        self.index.len() + self.body.len()
    }
}

/// The body of a snapshot in the making.
#[derive(Default)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// Where each segment begins.
    pub(crate) begins: Vec<u64>,
}

impl Body {
    /// Adds a segment.
    pub(crate) fn add<T: Serialize + ?Sized>(&mut self, content: &T) {
        let json = serde_json::to_vec(content).expect("definitions hold only what JSON can");
        self.begins.push(self.bytes.len() as u64);
        self.bytes.extend(deflate(&json));
    }

    /// Adds things in order, a few to a segment. Gives the place of the first of each segment.
    pub(crate) fn add_all<T: Serialize>(&mut self, things: &[T]) -> Vec<usize> {
        let mut firsts = Vec::new();
        let mut from = 0;
        let mut bytes = 0;
        for (place, thing) in things.iter().enumerate() {
            bytes += serde_json::to_vec(thing).map_or(0, |json| json.len());
            if bytes >= SEGMENT_BYTES || place + 1 == things.len() {
                firsts.push(from);
                self.add(&things[from..=place]);
                from = place + 1;
                bytes = 0;
            }
        }
        firsts
    }
}
