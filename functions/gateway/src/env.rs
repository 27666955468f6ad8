//! The environment: every variable is looked at, and all that are wrong are reported together.

use postern_gateway::Settings;
use postern_lambda::{Trust, Variables};

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
        Self::from_variables(&|name| std::env::var(name).ok())
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut variables = Variables::new(variable);
        let aws = variables.all_of(postern_aws::Settings::from_variables(variable));
        let region = variables.region(aws.as_ref().and_then(|aws| aws.region.clone()));
        let user_pools = aws.as_ref().and_then(|aws| aws.endpoint_of("cognito-idp"));
        let settings = variables.gateway(&region, user_pools.map(str::to_owned));
        let trust = variables.trust();
        let tables = variables.tables();
        let aws = variables.finish(aws)?;
        Ok(Self {
            aws,
            tables,
            settings,
            trust,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_must_be_set_and_user_pools_are_where_every_aws_tool_has_them() {
        let message = Env::from_variables(&|_| None).err().unwrap();
        assert!(message.contains("AWS_REGION is not set"), "{message}");
        let env = Env::from_variables(&|name| {
            let value = match name {
                "AWS_REGION" => "eu-west-1",
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER" => "http://127.0.0.1:9229/",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let env = env.unwrap();
        assert_eq!(env.tables, "postern");
        let user_pools = env.settings.tokens.user_pools;
        assert_eq!(user_pools.as_deref(), Some("http://127.0.0.1:9229"));
    }
}
