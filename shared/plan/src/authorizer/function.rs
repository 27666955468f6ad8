//! Functions that decide: what they are given, and where they are.

use super::{pattern, sources};
use crate::integration::{Credentials, invocation};
use crate::{Defect, Source, UriTemplate};
use postern_definition::rest::Authorizer;
use postern_template::Pattern;

/// A function that is asked.
#[derive(Debug)]
pub struct FunctionPlan {
    pub asks: Asks,
    /// The path of the Invoke call.
    pub path: UriTemplate,
    pub region: String,
    pub credentials: Credentials,
}

/// What of a request the function must be given before it is asked.
#[derive(Debug)]
pub enum Asks {
    /// One value, which the function is given by itself.
    Token {
        source: Source,
        /// What the whole value must match.
        pattern: Option<Pattern>,
    },
    /// All of these; the function is given the request without its body.
    Request { sources: Vec<Source> },
}

impl FunctionPlan {
    pub(super) fn compile(authorizer: &Authorizer, asks: Asks) -> Result<Self, Defect> {
        let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
        let (region, path, _) = invocation(uri)
            .filter(|(_, _, streams)| !streams)
            .ok_or_else(|| {
                Defect::invalid(
                    "authorizerUri",
                    format!("`{uri}` names no function to invoke"),
                )
            })?;
        Ok(Self {
            asks,
            path: UriTemplate::parse(&format!("/{path}")),
            region: region.to_owned(),
            credentials: Credentials::of(authorizer.authorizer_credentials.as_deref()),
        })
    }
}

impl Asks {
    pub(super) fn token(authorizer: &Authorizer) -> Result<Self, Defect> {
        let mut sources = sources(authorizer)?;
        let (Some(source), true) = (sources.pop(), sources.is_empty()) else {
            return Err(Defect::invalid(
                "identitySource",
                "a TOKEN authorizer has one, a header",
            ));
        };
        let pattern = pattern(authorizer)?;
        Ok(Self::Token { source, pattern })
    }

    pub(super) fn request(authorizer: &Authorizer) -> Result<Self, Defect> {
        let sources = sources(authorizer)?;
        Ok(Self::Request { sources })
    }
}
