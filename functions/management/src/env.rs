//! The environment: every variable is looked at, and all that are wrong are reported together.

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Env {
    pub(crate) fn read() -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wrong = |what: String| format!("the environment is not as it should be: {what}");
        let aws =
            postern_aws::Settings::from_variables(variable).map_err(|all| wrong(all.join("; ")))?;
        let region = aws
            .region
            .clone()
            .ok_or_else(|| wrong("AWS_REGION is not set".to_owned()))?;
        Ok(Self {
            aws,
            tables: variable("POSTERN_TABLES").unwrap_or_else(|| "postern".to_owned()),
            account: variable("POSTERN_ACCOUNT").unwrap_or_else(|| "123456789012".to_owned()),
            region,
        })
    }
}
