//! What Postern knows of AWS: the store on DynamoDB, calls to AWS services as backends, and the credentials both sign with.
//!
//! It opens no connection of its own: whatever it sends leaves through [`Egress`], so that there is one pool and one TLS stack.
//! Requests are signed and DynamoDB is spoken here, without the AWS SDK, which functions would pay for at every start. Only with
//! the feature `profiles` is it in, to find the credentials of a person's machine; no other crate names it at all. Making an [`Aws`], its store and its backend reads no file, no
//! certificate and no network; the first call does.

mod backend;
mod canonical;
mod credentials;
mod dynamodb;
mod endpoint;
mod event_stream;
mod frame;
mod keys;
mod lambda;
mod own;
#[cfg(feature = "profiles")]
mod profiles;
mod roles;
mod settings;
mod sign;

pub use backend::AwsBackend;
pub use dynamodb::{DynamoTable, NoRegion, Tables, TablesError};
pub use keys::Credentials;
pub use settings::{CredentialsSource, Settings};

use credentials::CredentialsCache;
use postern_egress::Egress;
use postern_store::{Clock, Store};
use roles::Roles;
use sign::Signer;
use std::sync::Arc;

/// AWS as one program sees it. What is made from one of these shares its connections and its credentials.
#[derive(Clone)]
pub struct Aws {
    settings: Arc<Settings>,
    egress: Egress,
    clock: Arc<dyn Clock>,
    credentials: Arc<CredentialsCache>,
    roles: Arc<Roles>,
    signer: Arc<Signer>,
}

impl Aws {
    pub fn new(settings: Settings, egress: Egress, clock: Arc<dyn Clock>) -> Self {
        let credentials = CredentialsCache::new(&settings, &egress, Arc::clone(&clock));
        Self {
            settings: Arc::new(settings),
            egress,
            clock,
            credentials: Arc::new(credentials),
            roles: Arc::default(),
            signer: Arc::default(),
        }
    }

    /// The four tables `{prefix}-definitions`, `-usage`, `-cache` and `-connections`. Whether they are there is seen at the
    /// first use.
    pub fn connect(&self, prefix: &str) -> Result<Store, NoRegion> {
        let client = dynamodb::Client::new(self)?;
        Ok(dynamodb::store(&client, prefix, &self.clock))
    }

    /// Makes and removes the tables of a store.
    pub fn tables(&self, prefix: &str) -> Result<Tables, NoRegion> {
        Ok(Tables::new(dynamodb::Client::new(self)?, prefix))
    }

    /// Calls URLs as they are, and AWS services signed.
    pub fn backend(&self) -> AwsBackend {
        AwsBackend::new(self)
    }
}
