//! The environment: every variable is looked at, and all that are wrong are reported together.

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) account: String,
}

impl Env {
    pub(crate) fn read() -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let aws = postern_aws::Settings::from_variables(variable).map_err(|wrong| {
            format!(
                "the environment is not as it should be: {}",
                wrong.join("; ")
            )
        })?;
        Ok(Self {
            aws,
            tables: variable("POSTERN_TABLES").unwrap_or_else(|| "postern".to_owned()),
            account: variable("POSTERN_ACCOUNT").unwrap_or_else(|| "123456789012".to_owned()),
        })
    }
}
