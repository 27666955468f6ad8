//! Who has which access key, and what they may do: read from the definitions table when first asked for, and kept.
//!
//! What is kept is as fresh as stages are: read anew once it is stale, or, where the store says that something has changed,
//! at once. That there is no such key is kept too, for a shorter time, so that who tries keys out costs no read for each.

use crate::Freshness;
use crate::bounded::bounded;
use postern_identity::{Credential, Identity, Secret};
use postern_plan::credential::{self, credential_key, principal_key};
use postern_policy::{Kind, Policy};
use postern_store::{Clock, Consistency, Item, Key, StoreError, Table, decode};
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;

/// Keys, and principals, kept at most. Those that were not asked for longest go first.
const KEPT_MAX: usize = 10_000;
/// Characters of every access key id that Postern gives out, as of AWS's own.
const ID_CHARS: usize = 20;

/// Finds those who sign.
pub struct Signers {
    keys: Kept<Signer>,
    policies: Kept<[Arc<Policy>]>,
    source: Source,
}

/// Somebody who has credentials of Postern's, which are not switched off.
pub struct Signer {
    pub credential: Credential,
    pub identity: Arc<Identity>,
    /// The ARN of the principal whose policies count.
    pub principal: String,
}

struct Source {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
}

type Kept<T> = Cache<String, Arc<Found<T>>>;

/// What was found under a name, or that nothing was.
struct Found<T: ?Sized> {
    value: Option<Arc<T>>,
    read_at: Duration,
    /// The table's, before it was read.
    generation: Option<u64>,
}

impl Signers {
    pub(crate) fn new(table: Arc<dyn Table>, clock: Arc<dyn Clock>, freshness: Freshness) -> Self {
        Self {
            keys: bounded(KEPT_MAX),
            policies: bounded(KEPT_MAX),
            source: Source {
                table,
                clock,
                freshness,
            },
        }
    }

    /// Whose access key id this is. `None` where it is nobody's, or is switched off.
    pub async fn find(&self, access_key_id: &str) -> Result<Option<Arc<Signer>>, StoreError> {
        // Of AWS's own keys, and of what is no key at all, nothing is known here.
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if access_key_id.len() != ID_CHARS || !access_key_id.bytes().all(fits) {
            return Ok(None);
        }
        self.source
            .find(&self.keys, access_key_id, credential_key, |item| {
                let found: credential::Credential = decode(item)?;
                Ok(found.enabled.then(|| Arc::new(Signer::of(found))))
            })
            .await
    }

    /// The policies of a principal. `None` where nobody of this ARN is known.
    pub async fn policies(&self, principal: &str) -> Result<Option<Policies>, StoreError> {
        self.source
            .find(&self.policies, principal, principal_key, |item| {
                let found: credential::Principal = decode(item)?;
                let compiled = found.policies.iter().map(|(name, document)| {
                    Policy::compile(document, Kind::Identity)
                        .map(Arc::new)
                        // Better nobody than somebody who should have been denied.
                        .map_err(|error| StoreError::Corrupt {
                            partition: item.key.partition.clone(),
                            sort: item.key.sort.clone(),
                            reason: format!("the policy `{name}`: {error}"),
                        })
                });
                let compiled: Vec<_> = compiled.collect::<Result<_, _>>()?;
                Ok(Some(compiled.into()))
            })
            .await
    }
}

/// All policies of one principal.
pub type Policies = Arc<[Arc<Policy>]>;

impl Signer {
    fn of(found: credential::Credential) -> Self {
        Self {
            credential: Credential {
                secret_access_key: Secret::new(found.secret_access_key),
                session_token: found.session_token.map(Secret::new),
                expires_at: found.expires_at.map(Duration::from_secs),
            },
            identity: Arc::new(Identity {
                arn: found.arn,
                account_id: found.account_id,
                user_id: found.user_id,
                access_key_id: Some(found.access_key_id),
                organization_id: found.organization_id,
                cognito: None,
                tags: found.tags.into_iter().collect(),
            }),
            principal: found.principal,
        }
    }
}

impl Source {
    async fn find<T: ?Sized>(
        &self,
        kept: &Kept<T>,
        name: &str,
        key: impl FnOnce(&str) -> Key,
        read: impl FnOnce(&Item) -> Result<Option<Arc<T>>, StoreError>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        let held = kept.get(name);
        if let Some(found) = held.as_ref().filter(|found| self.is_fresh(found)) {
            return Ok(found.value.clone());
        }
        let generation = self.table.generation();
        let read_at = self.clock.now();
        let item = match self.table.get(&key(name), Consistency::Eventual).await {
            Ok(item) => item,
            // While the store is away nobody can take a key back either.
            Err(error) => match held.and_then(|found| found.value.clone()) {
                Some(value) => return Ok(Some(value)),
                None => return Err(error),
            },
        };
        let value = item.as_ref().map(read).transpose()?.flatten();
        kept.insert(
            name.to_owned(),
            Arc::new(Found {
                value: value.clone(),
                read_at,
                generation,
            }),
        );
        Ok(value)
    }

    fn is_fresh<T: ?Sized>(&self, found: &Found<T>) -> bool {
        if let Some(now) = self.table.generation() {
            return found.generation == Some(now);
        }
        let lasts = match found.value {
            Some(_) => self.freshness.stale_after,
            None => self.freshness.revalidate_after,
        };
        self.clock.now().saturating_sub(found.read_at) < lasts
    }
}
