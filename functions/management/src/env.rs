//! The environment: every variable is looked at, and all that are wrong are reported together.

use postern_gateway::VpcLinks;
use postern_management::Limits;

pub(crate) struct Env {
    pub(crate) aws: postern_aws::Settings,
    pub(crate) tables: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) limits: Limits,
    pub(crate) vpc_links: VpcLinks,
    pub(crate) requires_auth: bool,
}

impl Env {
    pub(crate) fn read() -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this module is where the program reads its environment"
        )]
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut wrong = Vec::new();
        let mut limits = Limits::default();
        if let Err(what) = limits.set(&variable("POSTERN_LIMITS").unwrap_or_default()) {
            wrong.push(format!("POSTERN_LIMITS: {what}"));
        }
        let mut vpc_links = VpcLinks::default();
        if let Err(what) = vpc_links.set(&variable("POSTERN_VPC_LINKS").unwrap_or_default()) {
            wrong.push(format!("POSTERN_VPC_LINKS: {what}"));
        }
        // Open only where it is said in so many words.
        let requires_auth = match variable("POSTERN_REQUIRE_AUTH").as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => {
                wrong.push("POSTERN_REQUIRE_AUTH is neither true nor false".to_owned());
                true
            }
        };
        let aws = postern_aws::Settings::from_variables(variable)
            .map_err(|all| wrong.extend(all))
            .ok();
        let region = aws.as_ref().and_then(|aws| aws.region.clone());
        if aws.is_some() && region.is_none() {
            wrong.push("AWS_REGION is not set".to_owned());
        }
        let (Some(aws), Some(region), []) = (aws, region, &wrong[..]) else {
            let wrong = wrong.join("; ");
            return Err(format!("the environment is not as it should be: {wrong}"));
        };
        Ok(Self {
            aws,
            limits,
            requires_auth,
            vpc_links,
            tables: variable("POSTERN_TABLES").unwrap_or_else(|| "postern".to_owned()),
            account: variable("POSTERN_ACCOUNT").unwrap_or_else(|| "123456789012".to_owned()),
            region,
        })
    }
}
