//! Authorizers: who decides, and by what of the request.

use crate::integration::{Credentials, invocation};
use crate::{Defect, Source, UriTemplate};
use postern_definition::rest::{Authorizer, AuthorizerType};
use postern_template::Pattern;
use std::time::Duration;

#[derive(Debug)]
pub struct AuthorizerPlan {
    pub id: String,
    pub name: String,
    /// How long a decision is kept. Zero keeps none.
    pub kept_for: Duration,
    pub decides: Decides,
}

/// Who decides.
#[derive(Debug)]
pub enum Decides {
    Function(FunctionPlan),
}

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

impl AuthorizerPlan {
    pub fn compile(authorizer: &Authorizer) -> Result<Self, Defect> {
        let decides = match authorizer.kind {
            AuthorizerType::Token => {
                Decides::Function(FunctionPlan::compile(authorizer, Asks::token(authorizer)?)?)
            }
            AuthorizerType::Request => Decides::Function(FunctionPlan::compile(
                authorizer,
                Asks::request(authorizer)?,
            )?),
            AuthorizerType::CognitoUserPools => {
                return Err(Defect::invalid(
                    "type",
                    "user pools are not asked by this version",
                ));
            }
        };
        Ok(Self {
            id: authorizer.id.clone(),
            name: authorizer.name.clone(),
            kept_for: Duration::from_secs(authorizer.ttl_seconds().into()),
            decides,
        })
    }
}

impl FunctionPlan {
    fn compile(authorizer: &Authorizer, asks: Asks) -> Result<Self, Defect> {
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
    fn token(authorizer: &Authorizer) -> Result<Self, Defect> {
        let mut sources = sources(authorizer)?;
        let (Some(source), true) = (sources.pop(), sources.is_empty()) else {
            return Err(Defect::invalid(
                "identitySource",
                "a TOKEN authorizer has one, a header",
            ));
        };
        let pattern = authorizer
            .identity_validation_expression
            .as_deref()
            .filter(|pattern| !pattern.is_empty())
            .map(Pattern::compile)
            .transpose()
            .map_err(|error| Defect::invalid("identityValidationExpression", error.to_string()))?;
        Ok(Self::Token { source, pattern })
    }

    fn request(authorizer: &Authorizer) -> Result<Self, Defect> {
        let sources = sources(authorizer)?;
        Ok(Self::Request { sources })
    }
}

fn sources(authorizer: &Authorizer) -> Result<Vec<Source>, Defect> {
    let read = |text: &str| {
        Source::of_identity(text).ok_or_else(|| {
            Defect::invalid(
                "identitySource",
                format!("`{text}` is no source of an identity"),
            )
        })
    };
    authorizer.identity_sources().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const URI: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:guard/invocations";

    fn compiled(more: Value) -> Result<AuthorizerPlan, String> {
        let mut authorizer =
            json!({"id": "a1", "name": "guard", "type": "TOKEN", "authorizerUri": URI});
        let members = more.as_object().unwrap().clone();
        authorizer.as_object_mut().unwrap().extend(members);
        let authorizer = serde_json::from_value(authorizer).unwrap();
        AuthorizerPlan::compile(&authorizer).map_err(|defect| defect.to_string())
    }

    #[test]
    fn a_function_is_asked_by_one_header_or_by_the_request() {
        let header = json!({"identitySource": "method.request.header.Auth"});
        let Decides::Function(plan) = compiled(header).unwrap().decides;
        assert_eq!(plan.region, "eu-west-1");
        assert!(
            matches!(plan.asks, Asks::Token { source: Source::Header(name), .. } if name == "auth")
        );
        let sources = "method.request.querystring.q, context.path,stageVariables.x";
        let plan = compiled(json!({"type": "REQUEST", "identitySource": sources})).unwrap();
        let Decides::Function(plan) = plan.decides;
        assert!(matches!(plan.asks, Asks::Request { sources } if sources.len() == 3));
    }

    #[test]
    fn what_cannot_decide_is_a_defect_that_names_the_field() {
        for (more, field) in [
            (json!({}), "identitySource"),
            (
                json!({"identitySource": "method.request.path.p"}),
                "identitySource",
            ),
            (
                json!({"identitySource": "method.request.header.A,method.request.header.B"}),
                "identitySource",
            ),
            (
                json!({"identitySource": "method.request.header.A", "identityValidationExpression": "("}),
                "identityValidationExpression",
            ),
            (
                json!({"identitySource": "method.request.header.A", "authorizerUri": "arn:aws:lambda:x"}),
                "authorizerUri",
            ),
            (json!({"type": "COGNITO_USER_POOLS"}), "type"),
        ] {
            let defect = compiled(more.clone()).unwrap_err();
            assert!(
                defect.starts_with(&format!("Invalid {field}:")),
                "{more}: {defect}"
            );
        }
    }
}
