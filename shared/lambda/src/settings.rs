//! The variables that every function which answers for APIs reads. Each looks at all of them, and tells all that are wrong together.

use crate::Trust;
use postern_gateway::{
    Caching, Defaults, Freshness, Metering, Settings, Signatures, TokenSettings, VpcLinks,
};
use postern_identity::Secret;
use std::str::FromStr;
use std::time::Duration;

/// Reads variables, and collects what is wrong with them.
pub struct Variables<'v> {
    variable: &'v dyn Fn(&str) -> Option<String>,
    wrong: Vec<String>,
}

impl<'v> Variables<'v> {
    pub fn new(variable: &'v dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            variable,
            wrong: Vec::new(),
        }
    }

    /// A variable that is set to something.
    pub fn named(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    pub fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// A variable that is something else than text.
    pub fn parsed<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let parsed = self.named(name)?.parse();
        parsed
            .map_err(|_| self.wrong(format!("{name} is not {what}")))
            .ok()
    }

    pub fn seconds(&mut self, name: &str) -> Option<Duration> {
        let seconds = self.parsed(name, "a whole number of seconds");
        seconds.map(Duration::from_secs)
    }

    pub fn flag(&mut self, name: &str) -> bool {
        match self.named(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.wrong(format!("{name} is neither true nor false"));
                false
            }
        }
    }

    /// A variable that must be set.
    pub fn needed<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        if self.named(name).is_none() {
            self.wrong(format!("{name} is not set"));
        }
        self.choice(name)
    }

    /// A variable that says itself what is wrong with it.
    pub fn choice<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.named(name)?.parse() {
            Ok(choice) => Some(choice),
            Err(error) => {
                self.wrong(format!("{name}: {error}"));
                None
            }
        }
    }

    /// How whoever stands in front is believed.
    pub fn trust(&mut self) -> Trust {
        Trust {
            forwarded_host: self.flag("POSTERN_TRUST_FORWARDED_HOST"),
            client_certificate: self.flag("POSTERN_TRUST_CLIENT_CERTIFICATE"),
            vpc: self.flag("POSTERN_TRUST_VPC"),
            proxies: self
                .parsed("POSTERN_PROXIES", "a whole number")
                .unwrap_or_default(),
            secret: self.named("POSTERN_FRONT_SECRET").map(Secret::new),
        }
    }

    /// How the gateway works. `user_pools` is where issuers of tokens are, where that is not AWS's own.
    pub fn gateway(&mut self, region: &str, user_pools: Option<String>) -> Settings {
        let account = self.named("POSTERN_ACCOUNT");
        let account = account.unwrap_or_else(|| "123456789012".to_owned());
        let of = Settings::of(account, region);
        let api = self.named("POSTERN_DEFAULT_API");
        let stage = self.named("POSTERN_DEFAULT_STAGE");
        if stage.is_some() && api.is_none() {
            self.wrong("POSTERN_DEFAULT_STAGE is set without POSTERN_DEFAULT_API");
        }
        let mut vpc_links = VpcLinks::asking_aws();
        if let Err(what) = vpc_links.set(&self.named("POSTERN_VPC_LINKS").unwrap_or_default()) {
            self.wrong(format!("POSTERN_VPC_LINKS: {what}"));
        }
        let memory: Option<u64> = self.parsed("POSTERN_CACHE_MEMORY", "a whole number of MiB");
        let metering = Metering::default();
        Settings {
            defaults: Defaults {
                api: api.map(Into::into),
                stage: stage.map(Into::into),
            },
            freshness: (self.seconds("POSTERN_REVALIDATE_SECONDS"))
                .map_or_else(Freshness::default, Freshness::revalidating_after),
            caching: Caching {
                memory_bytes: memory.map_or(Caching::default().memory_bytes, |mebibytes| {
                    mebibytes.saturating_mul(1 << 20)
                }),
                tells: self.flag("POSTERN_CACHE_HEADER"),
            },
            metering: Metering {
                headers: self.flag("POSTERN_RATE_LIMIT_HEADERS"),
                on_store_failure: self
                    .choice("POSTERN_ON_STORE_FAILURE")
                    .unwrap_or(metering.on_store_failure),
                account: self
                    .choice("POSTERN_ACCOUNT_THROTTLE")
                    .unwrap_or(metering.account),
            },
            signatures: Signatures::Verified,
            tokens: TokenSettings {
                leeway: (self.seconds("POSTERN_TOKEN_LEEWAY_SECONDS")).unwrap_or(of.tokens.leeway),
                outage: (self.seconds("POSTERN_ISSUER_OUTAGE_SECONDS")).unwrap_or(of.tokens.outage),
                user_pools,
            },
            vpc_links,
            ..of
        }
    }

    /// What `POSTERN_TABLES` names.
    pub fn tables(&self) -> String {
        let tables = self.named("POSTERN_TABLES");
        tables.unwrap_or_else(|| "postern".to_owned())
    }

    /// What somebody else has read, who tells of more than one mistake.
    pub fn all_of<T>(&mut self, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|wrong| self.wrong.extend(wrong)).ok()
    }

    /// A function always knows where it is.
    pub fn region(&mut self, region: Option<String>) -> String {
        region.unwrap_or_else(|| {
            self.wrong("AWS_REGION is not set");
            String::new()
        })
    }

    /// What was read, or in one message all that is wrong. Where something is missing that must be there, that is told already.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, String> {
        let wrong = self.wrong.join("; ");
        read.filter(|_| wrong.is_empty())
            .ok_or_else(|| format!("the environment is not as it should be: {wrong}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<(Settings, Trust), String> {
        let find = |name: &str| {
            let mut found = variables.iter().filter(|(n, _)| *n == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let mut variables = Variables::new(&find);
        let settings = variables.gateway("eu-west-1", None);
        let trust = variables.trust();
        variables.finish(Some((settings, trust)))
    }

    #[test]
    fn all_that_is_wrong_is_reported_together() {
        let wrong = [
            ("POSTERN_REVALIDATE_SECONDS", "soon"),
            ("POSTERN_TOKEN_LEEWAY_SECONDS", "-1"),
            ("POSTERN_ISSUER_OUTAGE_SECONDS", "1h"),
            ("POSTERN_TRUST_FORWARDED_HOST", "perhaps"),
            ("POSTERN_PROXIES", "-1"),
            ("POSTERN_CACHE_MEMORY", "32MB"),
            ("POSTERN_CACHE_HEADER", "HIT"),
            ("POSTERN_RATE_LIMIT_HEADERS", "some"),
            ("POSTERN_ON_STORE_FAILURE", "weep"),
            ("POSTERN_ACCOUNT_THROTTLE", "much"),
            ("POSTERN_DEFAULT_STAGE", "prod"),
            ("POSTERN_VPC_LINKS", "somewhere"),
        ];
        let message = read(&wrong).err().unwrap();
        for (name, _) in wrong {
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn what_is_not_set_is_as_it_always_was() {
        let (settings, trust) = read(&[("POSTERN_PROXIES", "")]).unwrap();
        assert_eq!(settings.region, "eu-west-1");
        assert!(settings.defaults.api.is_none());
        assert_eq!(settings.metering, Metering::default());
        assert_eq!(trust.proxies, 0);
        let (settings, _) = read(&[("POSTERN_TOKEN_LEEWAY_SECONDS", "5")]).unwrap();
        assert_eq!(settings.tokens.leeway, Duration::from_secs(5));
    }
}
