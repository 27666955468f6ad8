//! The store on DynamoDB.
//!
//! One item of Postern is one item of DynamoDB, with short attribute names because every byte of them is stored and read
//! with every item:
//!
//! | attribute | type | holds |
//! |---|---|---|
//! | `p` | S | the partition: hash key |
//! | `s` | S | the sort key: range key |
//! | `v` | N | the format of the item, 1 |
//! | `r` | N | the revision |
//! | `b` | B | the body; not there while an item has only been added to |
//! | `ttl` | N | when the item expires, in seconds since 1970; not there while it does not |
//! | `c:{name}` | N | a counter |
//!
//! **Expiry.** DynamoDB deletes expired items within days, so every read hides them and every condition takes them as
//! absent. A put or an addition must not inherit the counters of an expired item; since no update can remove attributes
//! that it does not name, it refuses to touch an expired item, and when refused for that, the item is replaced as a whole,
//! under the condition that it still is expired or absent. That costs a second request where an expired item still lies
//! about, and nothing elsewhere.
//!
//! **Revisions.** They begin at a random number, so that an item made anew never has a revision that an earlier item
//! under the same key had.
//!
//! **Lost answers.** A request is sent again when no answer came, so a write may happen twice. Transactions carry a token by
//! which DynamoDB knows the second; puts under [`postern_store::Condition::Absent`] or a revision know their own
//! earlier write by the random revision it left. An addition may count twice, which for what is metered errs on the
//! safe side.
//!
//! **Without the SDK.** Its client knows five times the operations that are called here, and setting it up was most of what a
//! gateway did when it started. What is needed of it is in [`wire`], [`call`] and [`retry`], on the signer, the credentials and
//! the connections that calls of other services have too.

mod add;
mod attributes;
mod call;
mod expression;
mod failure;
mod put;
mod retry;
mod table;
mod tables;
mod value;
mod wire;

pub(crate) use call::Client;
pub use table::DynamoTable;
pub use tables::{Tables, TablesError};

use postern_store::{Clock, Store, Table};
use std::sync::Arc;

/// The store at AWS is in a region, and nothing says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no region is set for the store on DynamoDB: set AWS_REGION")]
pub struct NoRegion;

/// The kinds of tables, as their names end.
pub(crate) const DEFINITIONS: &str = "definitions";
pub(crate) const USAGE: &str = "usage";
pub(crate) const CACHE: &str = "cache";
pub(crate) const CONNECTIONS: &str = "connections";
pub(crate) const KINDS: [&str; 4] = [DEFINITIONS, USAGE, CACHE, CONNECTIONS];

pub(crate) fn table_name(prefix: &str, kind: &str) -> String {
    format!("{prefix}-{kind}")
}

pub(crate) fn store(client: &Client, prefix: &str, clock: &Arc<dyn Clock>) -> Store {
    let table = |kind| -> Arc<dyn Table> {
        let name = table_name(prefix, kind);
        Arc::new(DynamoTable::new(client.clone(), name, Arc::clone(clock)))
    };
    Store {
        definitions: table(DEFINITIONS),
        usage: table(USAGE),
        cache: table(CACHE),
        connections: table(CONNECTIONS),
    }
}
