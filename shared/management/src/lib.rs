//! The management APIs, operation by operation.
//!
//! A request is matched against the table of operations, read into that operation's typed input, checked, and handed to its
//! handler; what the handler says becomes the answer. Operations know the definitions table and the clock, and nothing of
//! who called or through what. Whoever serves this bounds the size of a body, and either has proven who is calling or has
//! `guard` do it.

mod credentials;
mod definitions;
mod guard;
mod ids;
mod limits;
mod operations;
mod paging;
mod parts;
mod patch;
mod rest;
mod routed;
mod routing;
mod wire;

use bytes::Bytes;
pub use credentials::Proofs;
use definitions::{Definitions, Turns};
use http::{Request, Response};
pub use limits::Limits;
use postern_gateway::Gateway;
use postern_store::{Clock, Table};
use routing::{Found, Router};
use std::sync::Arc;
use std::time::Duration;
use wire::Failure;
pub use wire::{Fault, unzipped};

/// What the management APIs stand on.
pub struct World {
    pub definitions: Arc<dyn Table>,
    /// Where use is counted.
    pub usage: Arc<dyn Table>,
    pub clock: Arc<dyn Clock>,
    /// The account that texts and ARNs name.
    pub account: String,
    pub region: String,
    pub limits: Limits,
    /// Answers what is tried out before it is deployed.
    pub gateway: Arc<Gateway>,
}

/// Answers the management APIs.
pub struct Management {
    world: World,
    router: Router,
    turns: Turns,
    proofs: Proofs,
}

impl Management {
    pub fn new(world: World) -> Self {
        Self {
            proofs: Proofs::of(&world.account, &world.region),
            world,
            router: Router::new(operations::OPERATIONS),
            turns: Turns::default(),
        }
    }

    /// Takes proofs of who somebody is that are like this.
    #[must_use]
    pub fn with_proofs(self, proofs: Proofs) -> Self {
        Self { proofs, ..self }
    }

    /// The answer to one request. Never fails: what goes wrong is an answer too, with a [`Fault`] for the operator where the
    /// fault is ours.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.outcome(&request).await.unwrap_or_else(wire::failure)
    }

    async fn outcome(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let segments = wire::segments(request.uri().path());
        let query = wire::query(request.uri().query().unwrap_or_default());
        let route = self
            .router
            .find(request.method(), &segments, &query)
            .ok_or_else(Failure::unknown_operation)?;
        let operation = route.operation;
        self.done(request, query, route).await.map_err(|failure| {
            if operation.is_v2() {
                failure.in_v2()
            } else {
                failure
            }
        })
    }

    async fn done(
        &self,
        request: &Request<Bytes>,
        query: Vec<(String, String)>,
        route: Found<'_>,
    ) -> Result<Response<Bytes>, Failure> {
        let operation = route.operation;
        let mut members = if operation.raw {
            wire::raw(request.body())?
        } else {
            wire::body(request.body())?
        };
        operation.take(query, request.headers(), &mut members);
        members.extend(route.captures());
        (operation.run)(self, operation, &members).await
    }

    fn definitions(&self) -> Definitions<'_> {
        Definitions::new(&*self.world.definitions)
    }

    fn table(&self) -> Arc<dyn Table> {
        self.world.definitions.clone()
    }

    fn limits(&self) -> &Limits {
        &self.world.limits
    }

    fn usage(&self) -> &dyn Table {
        &*self.world.usage
    }

    fn account(&self) -> &str {
        &self.world.account
    }

    fn region(&self) -> &str {
        &self.world.region
    }

    /// Since 1970.
    fn clock(&self) -> Duration {
        self.world.clock.now()
    }

    /// Seconds since 1970.
    fn now(&self) -> i64 {
        i64::try_from(self.clock().as_secs()).unwrap_or(i64::MAX)
    }
}
