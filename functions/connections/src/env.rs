//! The environment: every variable is looked at, and all that are wrong are reported together.

use postern_gateway::Settings;
use postern_lambda::{Trust, Variables};
use postern_websocket::{HolderList, Keys, Limits};

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) settings: Settings,
    pub(crate) trust: Trust,
    pub(crate) keys: Keys,
    pub(crate) holders: HolderList,
    pub(crate) limits: Limits,
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
        let trust = variables.trust();
        let keys = variables.needed("POSTERN_SOCKETS_KEY");
        let holders = variables.needed("POSTERN_HOLDERS");
        let limits = Limits::default();
        let limits = Limits {
            idle: variables
                .seconds("POSTERN_SOCKET_IDLE")
                .unwrap_or(limits.idle),
            life: variables
                .seconds("POSTERN_SOCKET_LIFE")
                .unwrap_or(limits.life),
            message_bytes_max: variables
                .parsed("POSTERN_SOCKET_MESSAGE", "a whole number of bytes")
                .unwrap_or(limits.message_bytes_max),
        };
        let tables = variables.tables();
        let all = aws.zip(keys).zip(holders);
        let ((aws, keys), holders) = variables.finish(all)?;
        Ok(Self {
            aws,
            tables,
            settings,
            trust,
            keys,
            holders,
            limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_reported_together() {
        let message = Env::from_variables(&|name| {
            let value = match name {
                "POSTERN_SOCKETS_KEY" => "short",
                "POSTERN_HOLDERS" => "pushpin",
                "POSTERN_SOCKET_IDLE"
                | "POSTERN_SOCKET_LIFE"
                | "POSTERN_SOCKET_MESSAGE"
                | "POSTERN_PROXIES" => "long",
                _ => return None,
            };
            Some(value.to_owned())
        })
        .err()
        .unwrap();
        for name in [
            "AWS_REGION",
            "POSTERN_SOCKETS_KEY",
            "POSTERN_HOLDERS",
            "POSTERN_SOCKET_IDLE",
            "POSTERN_SOCKET_LIFE",
            "POSTERN_SOCKET_MESSAGE",
            "POSTERN_PROXIES",
        ] {
            assert!(message.contains(name), "{message}");
        }
    }
}
