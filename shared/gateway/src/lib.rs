//! The request pipeline, from arrival to answer.
//!
//! ```text
//! arrive -> address -> route -> admit -> unpack -> validate -> recall -> integrate -> pack -> finish -> response
//! ```
//!
//! Each stage is a file, takes the type of the stage before it and returns its own, so that a stage in the wrong place does not
//! compile. Any of them may reject; `rejection` alone decides what a rejection looks like. The world is reached through three
//! ports: [`Backend`], [`Journal`] and the store.

mod address;
mod admit;
mod answer;
mod arrival;
mod authorize;
mod backend;
mod body;
mod bounded;
mod cache;
mod coding;
mod content;
mod cors;
mod execution_log;
mod finish;
mod flights;
mod freshness;
mod gateway;
mod gateway_response;
mod headers;
mod held;
mod integrate;
mod journal;
mod mapping;
mod query;
mod rejection;
mod respond;
mod route;
mod signers;
pub mod socket;
mod spelling;
mod stages;
mod test_invoke;
mod trail;
mod unpack;
mod validate;

pub use address::{Defaults, Truststore};
pub use admit::{Metering, OnStoreFailure, Signatures, Throttle};
pub use arrival::{Arrival, ClientCertificate, Vpc};
pub use authorize::{Challenge, NoKeys, TokenSettings};
pub use backend::{Backend, Call, CallError, Caller, Connection, Destination};
pub use body::{Body, BodyError, CollectError};
pub use cache::Caching;
pub use freshness::Freshness;
pub use gateway::{Gateway, Settings, World};
pub use held::PAYLOAD_BYTES_MAX;
pub use integrate::VpcLinks;
pub use journal::{Journal, StandardOutput};
pub use postern_identity::{CognitoIdentity, Identity};
pub use postern_store::{Clock, SystemClock};
pub use query::Query;
pub use rejection::{AddressRejection, Rejection};
pub use signers::{Policies, Signer, Signers};
pub use spelling::{Spelling, told};
pub use test_invoke::{TestAnswer, TestAuthorization, TestError, TestInvocation, TestVerdict};
