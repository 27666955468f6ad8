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
        let trust = variables.trust();
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
