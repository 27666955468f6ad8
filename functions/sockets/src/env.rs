//! The environment: every variable is looked at, and all that are wrong are reported together.

use postern_gateway::Settings;
use postern_lambda::{Trust, Variables};
use postern_websocket::Settings as Sockets;

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) settings: Settings,
    pub(crate) trust: Trust,
    pub(crate) sockets: Sockets,
}

impl Env {
    pub(crate) fn read() -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        Self::from_variables(&|name| std::env::var(name).ok())
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut variables = Variables::new(variable);
        let aws = variables.all_of(postern_aws::Settings::from_variables(variable));
        let region = variables.region(aws.as_ref().and_then(|aws| aws.region.clone()));
        let user_pools = aws.as_ref().and_then(|aws| aws.endpoint_of("cognito-idp"));
        let settings = variables.gateway(&region, user_pools.map(str::to_owned));
        // Who shows a holder's signature is believed in what it says of its client, whose word a host is in any case.
        let trust = Trust {
            forwarded_host: true,
            proxies: variables
                .parsed("POSTERN_PROXIES", "a whole number")
                .unwrap_or(1),
            ..Trust::default()
        };
        let sockets = variables.sockets();
        let tables = variables.tables();
        let (aws, sockets) = variables.finish(aws.zip(sockets))?;
        Ok(Self {
            aws,
            tables,
            settings,
            trust,
            sockets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_reported_together_and_one_proxy_is_believed() {
        let wrong = |name: &str| match name {
            "POSTERN_PROXIES" => Some("many".to_owned()),
            _ => None,
        };
        let message = Env::from_variables(&wrong).err().unwrap();
        for name in ["AWS_REGION", "POSTERN_SOCKETS_KEY", "POSTERN_PROXIES"] {
            assert!(message.contains(name), "{message}");
        }
        let env = Env::from_variables(&|name| {
            let value = match name {
                "AWS_REGION" => "eu-west-1",
                "POSTERN_SOCKETS_KEY" => "0123456789abcdef",
                "POSTERN_HOLDERS" => "pushpin=http://h:5561",
                _ => return None,
            };
            Some(value.to_owned())
        });
        assert_eq!(env.unwrap().trust.proxies, 1);
    }
}
