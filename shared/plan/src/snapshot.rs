//! What a deployment froze, as it is made and stored.
//!
//! A snapshot is an index and a body. The index holds what every request needs: the API's own settings, the router, and where
//! in the body each method lies. The body holds the methods as JSON, deflated in segments of a few methods each, all segments
//! end to end, cut into chunks that fit the store. A gateway reads the index when it first meets the deployment, and a chunk
//! when a method in it is first asked for.

use crate::layout::{body_key, index_key, snapshot_sort_prefix};
use crate::router::Routes;
use crate::{Defect, MethodPlan, api_partition};
use postern_definition::rest::{Definition, Method};
use postern_definition::{ApiId, DeploymentId, Map, ResourceId};
use postern_store::{BODY_BYTES_MAX, Condition, Query, StoreError, Table, Write, deflate};
use serde::{Deserialize, Serialize};

/// Bytes of a chunk. Changing it needs a new format: loading computes chunk numbers with it.
pub(crate) const CHUNK_BYTES: usize = BODY_BYTES_MAX;
/// A segment is closed once its methods have this many bytes of JSON: large enough to deflate well, small enough that the
/// first request to a method inflates little that it does not need.
const SEGMENT_BYTES: usize = 32_000;
/// The form of index and body, and the first byte of the index. A gateway that meets another says so instead of guessing.
pub(crate) const FORMAT: u8 = 2;

/// Searching the tree of paths goes down one call per segment.
const PATH_SEGMENTS_MAX: usize = 500;

/// A frozen API, checked and compressed, ready to be stored.
pub struct Snapshot {
    index: Vec<u8>,
    body: Vec<u8>,
}

/// Read at every cold start, so its form is a compact binary one: an API of thousands of methods must not start more slowly
/// than one of three.
#[derive(Serialize, Deserialize)]
pub(crate) struct Index {
    /// The API's own settings, as JSON.
    pub(crate) api: String,
    /// What the router is made of.
    pub(crate) routes: Routes,
    /// By segment: the number of its first method, and where it begins in the body.
    pub(crate) segments: Vec<(u32, u64)>,
    pub(crate) methods: u32,
    pub(crate) body_bytes: u64,
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
        if !defects.is_empty() {
            return Err(defects);
        }
        let (routes, methods) = Routes::of(compiled);
        let body = Body::of(&methods);
        let index = Index {
            api: serde_json::to_string(&definition.api)
                .expect("an API's settings hold only what JSON can"),
            routes,
            segments: body.segments,
            methods: methods.len() as u32,
            body_bytes: body.bytes.len() as u64,
        };
        let index = postcard::to_allocvec(&index).expect("an index holds only text and numbers");
        Ok(Self {
            index: [&[FORMAT], deflate(&index).as_slice()].concat(),
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

#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    segments: Vec<(u32, u64)>,
}

impl Body {
    /// Of the methods in the order in which they are numbered. What only a request to one needs is kept with it, as is the id
    /// of its resource, so that the index is small.
    fn of(methods: &[(&ResourceId, &Method)]) -> Self {
        let mut body = Self::default();
        let mut first = 0;
        let mut open_bytes = 0;
        for (number, method) in methods.iter().enumerate() {
            open_bytes += serde_json::to_vec(method).map_or(0, |json| json.len());
            if open_bytes >= SEGMENT_BYTES || number + 1 == methods.len() {
                let segment = &methods[first..=number];
                let json = serde_json::to_vec(segment).expect("methods hold only what JSON can");
                body.segments.push((first as u32, body.bytes.len() as u64));
                body.bytes.extend(deflate(&json));
                (first, open_bytes) = (number + 1, 0);
            }
        }
        body
    }
}
