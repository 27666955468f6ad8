//! What Postern knows of AWS: the store on DynamoDB, calls to AWS services as backends, and the credentials both sign with.
//!
//! This is the only crate that names the AWS SDK, and it opens no connection of its own: whatever it sends leaves through
//! [`Egress`], so that there is one pool and one TLS stack. Making an [`Aws`], its store and its backend reads no file, no
//! certificate and no network; the first call does.

mod backend;
mod canonical;
mod client;
mod credentials;
mod dynamodb;
mod endpoint;
mod event_stream;
mod lambda;
mod own;
#[cfg(feature = "profiles")]
mod profiles;
mod roles;
mod settings;
mod sign;

pub use backend::AwsBackend;
pub use dynamodb::{DynamoTable, NoRegion, Tables, TablesError};
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
        let client = dynamodb::client(self)?;
        Ok(dynamodb::store(&client, prefix, &self.clock))
    }

    /// Makes and removes the tables of a store.
    pub fn tables(&self, prefix: &str) -> Result<Tables, NoRegion> {
        Ok(Tables::new(dynamodb::client(self)?, prefix))
    }

    /// Calls URLs as they are, and AWS services signed.
    pub fn backend(&self) -> AwsBackend {
        AwsBackend::new(self)
    }
}
