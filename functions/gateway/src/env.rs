//! The environment: every variable is looked at, and all that are wrong are reported together.

use postern_gateway::{
    Caching, Defaults, Freshness, Metering, Settings, Signatures, TokenSettings, VpcLinks,
};
use postern_identity::Secret;
use postern_lambda::Trust;
use std::time::Duration;

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) settings: Settings,
    pub(crate) trust: Trust,
}

impl Env {
    pub(crate) fn read() -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let aws =
            postern_aws::Settings::from_variables(&variable).map_err(|more| wrong.extend(more));
        let region = aws.as_ref().ok().and_then(|aws| aws.region.clone());
        if aws.is_ok() && region.is_none() {
            wrong.push("AWS_REGION is not set".to_owned());
        }
        let user_pools = aws.as_ref().ok().and_then(|aws| {
            let endpoint = aws.endpoint_of("cognito-idp");
            endpoint.map(str::to_owned)
        });
        let seconds = |name: &str, wrong: &mut Vec<String>| {
            let seconds = variable(name)?.parse().map(Duration::from_secs);
            seconds
                .map_err(|_| wrong.push(format!("{name} is not a whole number of seconds")))
                .ok()
        };
        let freshness = seconds("POSTERN_REVALIDATE_SECONDS", &mut wrong)
            .map_or_else(Freshness::default, Freshness::revalidating_after);
        let tokens = TokenSettings::default();
        let tokens = TokenSettings {
            leeway: seconds("POSTERN_TOKEN_LEEWAY_SECONDS", &mut wrong).unwrap_or(tokens.leeway),
            outage: seconds("POSTERN_ISSUER_OUTAGE_SECONDS", &mut wrong).unwrap_or(tokens.outage),
            user_pools,
        };
        let flag = |name: &str, wrong: &mut Vec<String>| match variable(name).as_deref() {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(_) => {
                wrong.push(format!("{name} is neither true nor false"));
                false
            }
        };
        let named = |name: &str| variable(name).filter(|value| !value.is_empty());
        let proxies = named("POSTERN_PROXIES").map_or(Ok(0), |text| text.parse());
        let trust = Trust {
            forwarded_host: flag("POSTERN_TRUST_FORWARDED_HOST", &mut wrong),
            client_certificate: flag("POSTERN_TRUST_CLIENT_CERTIFICATE", &mut wrong),
            vpc: flag("POSTERN_TRUST_VPC", &mut wrong),
            proxies: proxies.unwrap_or_else(|_| {
                wrong.push("POSTERN_PROXIES is not a whole number".to_owned());
                0
            }),
            secret: named("POSTERN_FRONT_SECRET").map(Secret::new),
        };
        let memory = named("POSTERN_CACHE_MEMORY").map(|text| text.parse::<u64>());
        let caching = Caching {
            memory_bytes: match memory {
                None => Caching::default().memory_bytes,
                Some(Ok(mebibytes)) => mebibytes.saturating_mul(1 << 20),
                Some(Err(_)) => {
                    wrong.push("POSTERN_CACHE_MEMORY is not a whole number of MiB".to_owned());
                    0
                }
            },
            tells: flag("POSTERN_CACHE_HEADER", &mut wrong),
        };
        let mut metering = Metering {
            headers: flag("POSTERN_RATE_LIMIT_HEADERS", &mut wrong),
            ..Metering::default()
        };
        if let Some(text) = named("POSTERN_ON_STORE_FAILURE") {
            match text.parse() {
                Ok(choice) => metering.on_store_failure = choice,
                Err(error) => wrong.push(format!("POSTERN_ON_STORE_FAILURE: {error}")),
            }
        }
        if let Some(text) = named("POSTERN_ACCOUNT_THROTTLE") {
            match text.parse() {
                Ok(throttle) => metering.account = throttle,
                Err(error) => wrong.push(format!("POSTERN_ACCOUNT_THROTTLE: {error}")),
            }
        }
        let api = named("POSTERN_DEFAULT_API");
        let stage = named("POSTERN_DEFAULT_STAGE");
        if stage.is_some() && api.is_none() {
            wrong.push("POSTERN_DEFAULT_STAGE is set without POSTERN_DEFAULT_API".to_owned());
        }
        let mut vpc_links = VpcLinks::asking_aws();
        if let Err(what) = vpc_links.set(&named("POSTERN_VPC_LINKS").unwrap_or_default()) {
            wrong.push(format!("POSTERN_VPC_LINKS: {what}"));
        }
        match aws {
            Ok(aws) if wrong.is_empty() => Ok(Self {
                tables: named("POSTERN_TABLES").unwrap_or_else(|| "postern".to_owned()),
                settings: Settings {
                    account: named("POSTERN_ACCOUNT").unwrap_or_else(|| "123456789012".to_owned()),
                    region: region.unwrap_or_default(),
                    defaults: Defaults {
                        api: api.map(Into::into),
                        stage: stage.map(Into::into),
                    },
                    freshness,
                    caching,
                    metering,
                    signatures: Signatures::Verified,
                    tokens,
                    vpc_links,
                },
                trust,
                aws,
            }),
            _ => Err(format!(
                "the environment is not as it should be: {}",
                wrong.join("; ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Env, String> {
        let find = |name: &str| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Env::from_variables(|name| {
            find(name).or_else(|| (name == "AWS_REGION").then(|| "eu-west-1".to_owned()))
        })
    }

    #[test]
    fn all_that_is_wrong_is_reported_together() {
        let wrong = [
            ("POSTERN_REVALIDATE_SECONDS", "soon"),
            ("POSTERN_TOKEN_LEEWAY_SECONDS", "-1"),
            ("POSTERN_ISSUER_OUTAGE_SECONDS", "1h"),
            ("POSTERN_TRUST_FORWARDED_HOST", "perhaps"),
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
    fn user_pools_are_where_every_aws_tool_has_them() {
        let env = read(&[
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                "http://127.0.0.1:9229/",
            ),
            ("POSTERN_TOKEN_LEEWAY_SECONDS", "5"),
        ])
        .unwrap();
        let tokens = env.settings.tokens;
        assert_eq!(tokens.user_pools.as_deref(), Some("http://127.0.0.1:9229"));
        assert_eq!(tokens.leeway, Duration::from_secs(5));
        assert!(read(&[]).unwrap().settings.tokens.user_pools.is_none());
    }

    #[test]
    fn nothing_but_the_region_must_be_set() {
        let env = read(&[]).unwrap();
        assert_eq!(
            (env.tables.as_str(), env.settings.region.as_str()),
            ("postern", "eu-west-1")
        );
        assert!(env.settings.defaults.api.is_none());
        assert_eq!(env.settings.metering, Metering::default());
    }
}
