//! Custom domain names: each with its mappings, held and kept fresh.

use crate::freshness::{Age, Stamp};
use crate::rejection::AddressRejection;
use crate::{Freshness, Journal};
use postern_definition::rest::{BasePathMapping, DomainName};
use postern_definition::{ApiId, StageName};
use postern_plan::account::{MAPPINGS, domain_name_key, mapping_partition};
use postern_store::{Clock, Consistency, Query, StoreError, Table, decode};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Names held at most, those among them that nobody has made. Beyond it everything held is let go.
const HELD_MAX: usize = 1_000;
/// How the mapping of a whole domain name is called.
const ROOT: &str = "(none)";

pub(crate) struct Domains {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    freshness: Freshness,
    held: RwLock<HashMap<String, Arc<HeldDomain>>>,
}

/// A domain name as it was last read, or that it is not there.
pub(crate) struct HeldDomain {
    name: String,
    domain: RwLock<Option<Arc<Domain>>>,
    stamp: Stamp,
}

/// A domain name ready to be looked into.
#[derive(Debug)]
pub(crate) struct Domain {
    /// Where clients must show a certificate: by whom.
    pub(crate) truststore: Option<Truststore>,
    /// The longest come first.
    mappings: Vec<Mapping>,
}

/// Where the certificates lie of those whom the clients of a domain name must be known to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Truststore {
    pub uri: String,
    pub version: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// As its owner wrote it: `(none)` for the root.
    pub(crate) base_path: String,
    pub(crate) api: ApiId,
    /// Where there is none, the next segment of the path names it.
    pub(crate) stage: Option<StageName>,
}

impl Mapping {
    /// The path that it takes off, with a slash before it.
    pub(crate) fn prefix(&self) -> Option<String> {
        (!self.is_root()).then(|| format!("/{}", self.base_path))
    }

    fn is_root(&self) -> bool {
        self.base_path == ROOT || self.base_path.is_empty()
    }
}

impl Domain {
    fn new(domain: &DomainName, mappings: Vec<BasePathMapping>) -> Self {
        let mut mappings: Vec<Mapping> = mappings
            .into_iter()
            .map(|mapping| Mapping {
                base_path: mapping.base_path,
                api: mapping.rest_api_id,
                stage: mapping.stage,
            })
            .collect();
        mappings.sort_by_key(|mapping| {
            let length = if mapping.is_root() {
                0
            } else {
                mapping.base_path.len()
            };
            std::cmp::Reverse(length)
        });
        Self {
            truststore: (domain.mutual_tls_authentication.as_ref()).map(|tls| Truststore {
                uri: tls.truststore_uri.clone(),
                version: tls.truststore_version.clone(),
            }),
            mappings,
        }
    }

    /// The longest mapping whose segments the path begins with, and what follows them.
    pub(crate) fn mapping<'p>(&self, path: &'p str) -> Option<(&Mapping, &'p str)> {
        let path = path.trim_start_matches('/');
        self.mappings.iter().find_map(|mapping| {
            let rest = if mapping.is_root() {
                path
            } else {
                path.strip_prefix(mapping.base_path.as_str())?
            };
            let is_whole = mapping.is_root() || rest.is_empty() || rest.starts_with('/');
            is_whole.then_some((mapping, rest))
        })
    }
}

impl HeldDomain {
    fn domain(&self) -> Option<Arc<Domain>> {
        self.domain
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Domains {
    pub(crate) fn new(
        table: Arc<dyn Table>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
        freshness: Freshness,
    ) -> Self {
        Self {
            table,
            clock,
            journal,
            freshness,
            held: RwLock::default(),
        }
    }

    /// The domain name that a host is, and whether it should be read again beside this request.
    pub(crate) async fn find(
        &self,
        host: &str,
    ) -> Result<(Option<Arc<Domain>>, Option<Arc<HeldDomain>>), AddressRejection> {
        let name = host.to_ascii_lowercase();
        let known = self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
            .cloned();
        let held = match known {
            Some(held) => held,
            None => self.hold(name).await?,
        };
        match held.stamp.age(self.freshness, &*self.table, &*self.clock) {
            Age::Fresh => Ok((held.domain(), None)),
            Age::Due => Ok((held.domain(), Some(held))),
            Age::Stale => {
                self.refresh(&held).await;
                Ok((held.domain(), None))
            }
        }
    }

    /// Reads a domain name again. What fails leaves it as it was held: better old mappings than no answer.
    pub(crate) async fn refresh(&self, held: &HeldDomain) {
        if let Err(error) = self.read(held).await {
            self.journal
                .fault(&format!("a domain name could not be read again: {error}"));
        }
    }

    async fn hold(&self, name: String) -> Result<Arc<HeldDomain>, AddressRejection> {
        let held = Arc::new(HeldDomain {
            name: name.clone(),
            domain: RwLock::new(None),
            stamp: Stamp::default(),
        });
        self.read(&held).await?;
        let mut all = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= HELD_MAX {
            // Names that lead nowhere go first: whoever asks for many of them must not cost others theirs.
            all.retain(|_, held| held.domain().is_some());
        }
        if all.len() >= HELD_MAX {
            all.clear();
        }
        Ok(all.entry(name).or_insert(held).clone())
    }

    async fn read(&self, held: &HeldDomain) -> Result<(), StoreError> {
        let generation = held.stamp.ask(&*self.table, &*self.clock);
        let domain = match self.domain(&held.name).await? {
            Some(domain) => Some(domain),
            // Exact names come before those with a star for their first label.
            None => match held.name.split_once('.') {
                Some((_, rest)) => self.domain(&format!("*.{rest}")).await?,
                None => None,
            },
        };
        *held.domain.write().unwrap_or_else(PoisonError::into_inner) = domain.map(Arc::new);
        held.stamp.read(generation, &*self.clock);
        Ok(())
    }

    async fn domain(&self, name: &str) -> Result<Option<Domain>, StoreError> {
        let key = domain_name_key(name);
        let Some(item) = self.table.get(&key, Consistency::Eventual).await? else {
            return Ok(None);
        };
        let domain: DomainName = decode(&item)?;
        let mut query = Query {
            partition: mapping_partition(name),
            prefix: MAPPINGS.to_owned(),
            after: None,
            limit: 100,
        };
        let mut mappings = Vec::new();
        loop {
            let batch = self.table.query(query.clone()).await?;
            for item in &batch.items {
                mappings.push(decode(item)?);
            }
            query.after = batch.next;
            if query.after.is_none() {
                return Ok(Some(Domain::new(&domain, mappings)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(base_paths: &[&str]) -> Domain {
        let mappings = base_paths.iter().map(|base_path| BasePathMapping {
            base_path: (*base_path).to_owned(),
            rest_api_id: "a1".into(),
            stage: None,
        });
        let name = serde_json::json!({
            "domainName": "api.example.com", "domainNameArn": "", "domainNameStatus": "AVAILABLE", "securityPolicy": "TLS_1_2",
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, "routingMode": "BASE_PATH_MAPPING_ONLY",
        });
        Domain::new(&serde_json::from_value(name).unwrap(), mappings.collect())
    }

    #[test]
    fn the_longest_mapping_of_whole_segments_is_taken_off() {
        let all = domain(&[
            "(none)",
            "orders/v1/items",
            "orders/v2/items",
            "orders/v2/items/categories",
        ]);
        let some = domain(&["v1"]);
        for (domain, path, expected) in [
            (
                &all,
                "/orders/v1/items/123",
                Some(("orders/v1/items", "/123")),
            ),
            (
                &all,
                "/orders/v2/items/categories/5",
                Some(("orders/v2/items/categories", "/5")),
            ),
            (
                &all,
                "/orders/v2/itemsX",
                Some(("(none)", "orders/v2/itemsX")),
            ),
            (&all, "/customers", Some(("(none)", "customers"))),
            (&all, "/", Some(("(none)", ""))),
            (&some, "/v1", Some(("v1", ""))),
            (&some, "//v1//a/", Some(("v1", "//a/"))),
            (&some, "/V1/a", None),
            (&some, "/v10/a", None),
            (&some, "/", None),
        ] {
            let found = domain.mapping(path);
            let found = found.map(|(mapping, rest)| (mapping.base_path.as_str(), rest));
            assert_eq!(found, expected, "{path}");
        }
    }
}
