//! Custom domain names: each with its rules and mappings, held and kept fresh.

use super::rules::Rule;
use crate::freshness::{Age, Holding, Stamp};
use crate::rejection::AddressRejection;
use crate::{Freshness, Journal};
use http::HeaderMap;
use postern_definition::rest::{BasePathMapping, DomainName};
use postern_definition::routed::RoutingRule;
use postern_definition::{ApiId, StageName};
use postern_plan::account::{MAPPINGS, ROUTING_RULES, domain_name_key, mapping_partition};
use postern_plan::{ApiKind, live};
use postern_store::{Clock, Consistency, Query, StoreError, Table, decode};
use serde::de::DeserializeOwned;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// How the mapping of a whole domain name is called.
const ROOT: &str = "(none)";

pub(crate) struct Domains {
    table: Arc<dyn Table>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    freshness: Freshness,
    held: Holding<String, HeldDomain>,
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
    /// In the order in which they are tried, before all mappings.
    rules: Vec<Rule>,
    /// The longest come first. None where rules alone lead to APIs.
    mappings: Vec<Mapping>,
    /// Who says that nothing answers under a path: see [`Domains::kind`].
    kind: OnceLock<ApiKind>,
}

/// What of a domain name led to an API.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Via<'d> {
    Mapping(&'d Mapping),
    Rule(&'d Rule),
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

impl<'d> Via<'d> {
    pub(super) fn api(self) -> &'d ApiId {
        match self {
            Self::Mapping(mapping) => &mapping.api,
            Self::Rule(rule) => &rule.api,
        }
    }

    pub(super) fn stage(self) -> Option<&'d StageName> {
        match self {
            Self::Mapping(mapping) => mapping.stage.as_ref(),
            Self::Rule(rule) => Some(&rule.stage),
        }
    }

    /// The path that it takes off, with a slash before it.
    pub(super) fn prefix(self) -> Option<String> {
        match self {
            Self::Mapping(mapping) => mapping.prefix(),
            Self::Rule(rule) => rule.prefix(),
        }
    }

    /// Of a mapping, its base path.
    pub(super) fn base_path(self) -> Option<&'d str> {
        match self {
            Self::Mapping(mapping) => Some(&mapping.base_path),
            Self::Rule(_) => None,
        }
    }

    pub(super) fn rule(self) -> Option<&'d str> {
        match self {
            Self::Mapping(_) => None,
            Self::Rule(rule) => Some(&rule.id),
        }
    }
}

impl Mapping {
    fn prefix(&self) -> Option<String> {
        (!self.is_root()).then(|| format!("/{}", self.base_path))
    }

    fn is_root(&self) -> bool {
        self.base_path == ROOT || self.base_path.is_empty()
    }
}

impl Domain {
    fn new(domain: &DomainName, rules: Vec<RoutingRule>, mappings: Vec<BasePathMapping>) -> Self {
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
            rules: rules.into_iter().filter_map(Rule::of).collect(),
            mappings,
            kind: OnceLock::new(),
        }
    }

    /// What leads to an API: the first rule of which all holds, or the longest mapping. With what the API is shown of the path.
    pub(super) fn via<'p>(&self, headers: &HeaderMap, path: &'p str) -> Option<(Via<'_>, &'p str)> {
        let by_rule = self
            .rules
            .iter()
            .find_map(|rule| Some((Via::Rule(rule), rule.rest(headers, path)?)));
        by_rule.or_else(|| {
            let (mapping, rest) = self.mapping(path)?;
            Some((Via::Mapping(mapping), rest))
        })
    }

    /// The longest mapping whose segments the path begins with, and what follows them.
    fn mapping<'p>(&self, path: &'p str) -> Option<(&Mapping, &'p str)> {
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
            held: Holding::default(),
        }
    }

    /// The domain name that a host is, and whether it should be read again beside this request.
    pub(crate) async fn find(
        &self,
        host: &str,
    ) -> Result<(Option<Arc<Domain>>, Option<Arc<HeldDomain>>), AddressRejection> {
        let name = host.to_ascii_lowercase();
        let held = match self.held.get(&name) {
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
        let is_there = |held: &HeldDomain| held.domain().is_some();
        Ok(self.held.hold(name, held, is_there))
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
        let (by_rules, by_mappings) = match domain.routing_mode.as_str() {
            "ROUTING_RULE_ONLY" => (true, false),
            "ROUTING_RULE_THEN_BASE_PATH_MAPPING" => (true, true),
            _ => (false, true),
        };
        let rules = self.all(name, ROUTING_RULES, by_rules).await?;
        let mappings = self.all(name, MAPPINGS, by_mappings).await?;
        let read = Domain::new(&domain, rules, mappings);
        if !by_mappings {
            let _ = read.kind.set(ApiKind::Http);
        }
        Ok(Some(read))
    }

    async fn all<T: DeserializeOwned>(
        &self,
        name: &str,
        prefix: &str,
        counts: bool,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        if !counts {
            return Ok(all);
        }
        let mut query = Query {
            partition: mapping_partition(name),
            prefix: prefix.to_owned(),
            after: None,
            limit: 100,
        };
        loop {
            let batch = self.table.query(query.clone()).await?;
            for item in &batch.items {
                all.push(decode(item)?);
            }
            query.after = batch.next;
            if query.after.is_none() {
                return Ok(all);
            }
        }
    }

    /// What kind of API says that nothing answers under a path of a domain name: that of the APIs that do answer under others, of
    /// which one is asked for, once.
    pub(super) async fn kind(&self, domain: &Domain) -> Result<ApiKind, StoreError> {
        if let Some(kind) = domain.kind.get() {
            return Ok(*kind);
        }
        let kind = match domain.mappings.first() {
            Some(mapping) => live::kind_of_api(&*self.table, &mapping.api).await?,
            None => ApiKind::Rest,
        };
        Ok(*domain.kind.get_or_init(|| kind))
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
        let name = serde_json::from_value(name).unwrap();
        Domain::new(&name, Vec::new(), mappings.collect())
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
