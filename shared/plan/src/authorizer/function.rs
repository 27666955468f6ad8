//! Functions that decide: what they are given, and where they are.

use super::{pattern, route_sources, sources};
use crate::integration::{Credentials, invocation};
use crate::{Defect, Source, UriTemplate};
use postern_definition::{rest, routed};
use postern_template::Pattern;
use std::time::Duration;

/// How long the function of a REST or WebSocket API gets to decide.
const WITHIN: Duration = Duration::from_secs(29);
/// The same, of an HTTP API.
const WITHIN_OF_HTTP: Duration = Duration::from_secs(10);

/// A function that is asked.
#[derive(Debug)]
pub struct FunctionPlan {
    pub asks: Asks,
    /// The path of the Invoke call.
    pub path: UriTemplate,
    pub region: String,
    pub credentials: Credentials,
    pub format: AuthorizerFormat,
    /// How long it gets to decide.
    pub within: Duration,
}

/// In which form a function is asked, and in which it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerFormat {
    /// As REST and WebSocket APIs have it: with a policy for an answer.
    Unversioned,
    /// The same with a version, as HTTP APIs have it.
    One,
    Two {
        /// Whether the answer is yes or no rather than a policy.
        is_simple: bool,
    },
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
    pub(super) fn compile(authorizer: &rest::Authorizer, asks: Asks) -> Result<Self, Defect> {
        let uri = authorizer.authorizer_uri.as_deref();
        let credentials = authorizer.authorizer_credentials.as_deref();
        Self::at(uri, credentials, asks, AuthorizerFormat::Unversioned)
    }

    pub(super) fn of_route(authorizer: &routed::Authorizer) -> Result<Self, Defect> {
        let asks = Asks::Request {
            sources: route_sources(authorizer)?,
        };
        let is_simple = authorizer.enable_simple_responses == Some(true);
        let version = authorizer.authorizer_payload_format_version.as_deref();
        let format = match version {
            // Only HTTP APIs have versions.
            None => AuthorizerFormat::Unversioned,
            Some("1.0") => AuthorizerFormat::One,
            Some("2.0") => AuthorizerFormat::Two { is_simple },
            Some(other) => {
                return Err(Defect::invalid(
                    "authorizerPayloadFormatVersion",
                    format!("`{other}` is neither 1.0 nor 2.0"),
                ));
            }
        };
        let uri = authorizer.authorizer_uri.as_deref();
        let credentials = authorizer.authorizer_credentials_arn.as_deref();
        Self::at(uri, credentials, asks, format)
    }

    fn at(
        uri: Option<&str>,
        credentials: Option<&str>,
        asks: Asks,
        format: AuthorizerFormat,
    ) -> Result<Self, Defect> {
        let uri = uri.unwrap_or_default();
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
            credentials: Credentials::of(credentials),
            within: match format {
                AuthorizerFormat::Unversioned => WITHIN,
                AuthorizerFormat::One | AuthorizerFormat::Two { .. } => WITHIN_OF_HTTP,
            },
            format,
        })
    }
}

impl Asks {
    pub(super) fn token(authorizer: &rest::Authorizer) -> Result<Self, Defect> {
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

    pub(super) fn request(authorizer: &rest::Authorizer) -> Result<Self, Defect> {
        let sources = sources(authorizer)?;
        Ok(Self::Request { sources })
    }
}
