//! Credentials as the AWS CLI finds them: profiles, SSO, `credential_process`, and what containers and machines on AWS offer.
//!
//! The one place where the AWS SDK is used: there are many such sources, each with rules of its own, and people expect all of
//! them. Functions are built without it.

mod client;

use crate::keys::Credentials;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use client::SdkClient;
use postern_egress::Egress;
use std::time::SystemTime;
use tokio::sync::OnceCell;

/// Set up when it is first asked, for that reads files.
#[derive(Debug)]
pub(crate) struct Chain {
    egress: Egress,
    region: Option<String>,
    provider: OnceCell<Option<SharedCredentialsProvider>>,
}

impl Chain {
    pub(crate) fn new(egress: Egress, region: Option<String>) -> Self {
        Self {
            egress,
            region,
            provider: OnceCell::new(),
        }
    }

    pub(crate) async fn resolve(&self) -> Result<Credentials, String> {
        let provider = self.provider.get_or_init(|| async {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(SdkClient(self.egress.clone()));
            if let Some(region) = &self.region {
                loader = loader.region(Region::new(region.clone()));
            }
            loader.load().await.credentials_provider()
        });
        let Some(provider) = provider.await else {
            return Err("nothing on this machine provides AWS credentials".to_owned());
        };
        let found = provider.provide_credentials().await.map_err(|error| {
            let mut reason = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                reason = format!("{reason}: {error}");
                source = error.source();
            }
            reason
        })?;
        let expires_at = found
            .expiry()
            .and_then(|expiry| expiry.duration_since(SystemTime::UNIX_EPOCH).ok());
        Ok(Credentials::new(
            found.access_key_id(),
            found.secret_access_key(),
            found.session_token().map(str::to_owned),
            expires_at,
        ))
    }
}
