//! Authorizers: who decides, and by what of the request.

mod function;
mod token;

pub use function::{Asks, FunctionPlan};
pub use token::{ClaimRule, IssuerPlan, Issuers, TokenPlan, UserPool};

use crate::{Defect, Source};
use postern_definition::rest::{Authorizer, AuthorizerType};
use postern_definition::routed;
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
    /// Whoever issued the caller's token.
    Token(TokenPlan),
}

impl AuthorizerPlan {
    /// Of an HTTP or WebSocket API.
    pub fn of_route(authorizer: &routed::Authorizer) -> Result<Self, Defect> {
        let name = &authorizer.name;
        Err(Defect::invalid(
            "authorizerId",
            format!("`{name}` cannot be asked"),
        ))
    }

    pub fn compile(authorizer: &Authorizer) -> Result<Self, Defect> {
        let function = |asks| FunctionPlan::compile(authorizer, asks).map(Decides::Function);
        let decides = match authorizer.kind {
            AuthorizerType::Token => function(Asks::token(authorizer)?)?,
            AuthorizerType::Request => function(Asks::request(authorizer)?)?,
            AuthorizerType::CognitoUserPools => Decides::Token(TokenPlan::of_pools(authorizer)?),
            AuthorizerType::Jwt => Decides::Token(TokenPlan::of_issuers(authorizer)?),
        };
        Ok(Self {
            id: authorizer.id.clone(),
            name: authorizer.name.clone(),
            kept_for: Duration::from_secs(authorizer.ttl_seconds().into()),
            decides,
        })
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

/// What a whole text must match.
fn pattern(authorizer: &Authorizer) -> Result<Option<Pattern>, Defect> {
    authorizer
        .identity_validation_expression
        .as_deref()
        .filter(|pattern| !pattern.is_empty())
        .map(Pattern::compile)
        .transpose()
        .map_err(|error| Defect::invalid("identityValidationExpression", error.to_string()))
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
        let Decides::Function(plan) = compiled(header).unwrap().decides else {
            panic!("a function decides");
        };
        assert_eq!(plan.region, "eu-west-1");
        assert!(
            matches!(plan.asks, Asks::Token { source: Source::Header(name), .. } if name == "auth")
        );
        let sources = "method.request.querystring.q, context.path,stageVariables.x";
        let plan = compiled(json!({"type": "REQUEST", "identitySource": sources})).unwrap();
        let Decides::Function(plan) = plan.decides else {
            panic!("a function decides");
        };
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
        ] {
            let defect = compiled(more.clone()).unwrap_err();
            assert!(
                defect.starts_with(&format!("Invalid {field}:")),
                "{more}: {defect}"
            );
        }
    }
}
