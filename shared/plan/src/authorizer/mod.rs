//! Authorizers: who decides, and by what of the request.

mod function;
mod token;

pub use function::{Asks, AuthorizerFormat, FunctionPlan};
pub use token::{ClaimRule, IssuerPlan, Issuers, Manner, TokenPlan, UserPool};

use crate::{Defect, Source};
use postern_definition::rest::{AUTHORIZER_TTL_SECONDS_DEFAULT, Authorizer, AuthorizerType};
use postern_definition::routed;
use postern_template::Pattern;
use std::time::Duration;

#[derive(Debug)]
pub struct AuthorizerPlan {
    pub id: String,
    pub name: String,
    /// What its owner calls its [`Self::sources`].
    pub source_names: Vec<String>,
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
            source_names: authorizer.identity_sources().map(str::to_owned).collect(),
            kept_for: Duration::from_secs(authorizer.ttl_seconds().into()),
            decides,
        })
    }

    /// By what of a request it knows who is calling.
    pub fn sources(&self) -> &[Source] {
        match &self.decides {
            Decides::Function(function) => match &function.asks {
                Asks::Token { source, .. } => std::slice::from_ref(source),
                Asks::Request { sources } => sources,
            },
            Decides::Token(token) => std::slice::from_ref(&token.source),
        }
    }

    /// An authorizer of an HTTP or WebSocket API.
    pub fn of_route(authorizer: &routed::Authorizer) -> Result<Self, Defect> {
        let (decides, seconds) = match authorizer.authorizer_type {
            routed::AuthorizerType::Request => {
                let function = FunctionPlan::of_route(authorizer)?;
                // Answers are kept only where somebody asks for it.
                let seconds = authorizer.authorizer_result_ttl_in_seconds;
                (Decides::Function(function), seconds.unwrap_or(0))
            }
            // A token that was found good is good until it ends; this bounds how long a key counts that was withdrawn.
            routed::AuthorizerType::Jwt => {
                let tokens = TokenPlan::of_route(authorizer)?;
                (Decides::Token(tokens), AUTHORIZER_TTL_SECONDS_DEFAULT)
            }
        };
        Ok(Self {
            id: authorizer.authorizer_id.clone(),
            name: authorizer.name.clone(),
            source_names: authorizer.identity_source.clone(),
            kept_for: Duration::from_secs(seconds.into()),
            decides,
        })
    }
}

fn sources(authorizer: &Authorizer) -> Result<Vec<Source>, Defect> {
    let read = |text: &str| Source::of_identity(text).ok_or_else(|| no_source(text));
    authorizer.identity_sources().map(read).collect()
}

fn route_sources(authorizer: &routed::Authorizer) -> Result<Vec<Source>, Defect> {
    let read = |text: &String| Source::of_route_identity(text).ok_or_else(|| no_source(text));
    authorizer.identity_source.iter().map(read).collect()
}

fn no_source(text: &str) -> Defect {
    let reason = format!("`{text}` is no source of an identity");
    Defect::invalid("identitySource", reason)
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

    fn of_route(members: Value) -> Result<AuthorizerPlan, String> {
        let mut authorizer = json!({"authorizerId": "a1", "name": "guard", "authorizerType": "REQUEST",
            "authorizerUri": URI, "authorizerPayloadFormatVersion": "2.0"});
        let members = members.as_object().unwrap().clone();
        authorizer.as_object_mut().unwrap().extend(members);
        let authorizer = serde_json::from_value(authorizer).unwrap();
        AuthorizerPlan::of_route(&authorizer).map_err(|defect| defect.to_string())
    }

    #[test]
    fn a_function_of_routes_is_asked_and_answers_by_its_version() {
        let seconds = Duration::from_secs;
        for (members, format, within, kept_for) in [
            (
                json!({}),
                AuthorizerFormat::Two { is_simple: false },
                seconds(10),
                Duration::ZERO,
            ),
            (
                json!({"enableSimpleResponses": true, "authorizerResultTtlInSeconds": 60,
                    "identitySource": ["$request.header.A", "$context.routeKey"]}),
                AuthorizerFormat::Two { is_simple: true },
                seconds(10),
                seconds(60),
            ),
            (
                json!({"authorizerPayloadFormatVersion": "1.0"}),
                AuthorizerFormat::One,
                seconds(10),
                Duration::ZERO,
            ),
            (
                json!({"authorizerPayloadFormatVersion": null, "identitySource": ["route.request.header.A"]}),
                AuthorizerFormat::Unversioned,
                seconds(29),
                Duration::ZERO,
            ),
        ] {
            let plan = of_route(members.clone()).unwrap();
            assert_eq!(plan.kept_for, kept_for, "{members}");
            let Decides::Function(plan) = plan.decides else {
                panic!("a function decides");
            };
            assert_eq!((plan.format, plan.within), (format, within), "{members}");
        }
    }

    fn jwt(members: Value) -> Result<AuthorizerPlan, String> {
        let mut jwt = json!({"authorizerType": "JWT", "authorizerUri": null, "authorizerPayloadFormatVersion": null,
            "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": {"issuer": "https://i.example/", "audience": ["a", "b"]}});
        let members = members.as_object().unwrap().clone();
        jwt.as_object_mut().unwrap().extend(members);
        of_route(jwt)
    }

    #[test]
    fn a_token_of_routes_is_signed_by_rsa_and_stands_in_a_header_or_the_query() {
        for (source, expected) in [
            (
                "$request.header.Authorization",
                Source::MultiHeader("authorization".into()),
            ),
            (
                "$request.querystring.Token",
                Source::MultiQuery("Token".into()),
            ),
            (
                "route.request.querystring.token",
                Source::Query("token".into()),
            ),
        ] {
            let plan = jwt(json!({"identitySource": [source]})).unwrap();
            let Decides::Token(plan) = plan.decides else {
                panic!("a token decides");
            };
            assert_eq!((plan.source, plan.manner), (expected, Manner::Route));
            let names: Vec<_> = plan.algorithms.iter().map(|one| one.name()).collect();
            assert_eq!(names, ["RS256", "RS384", "RS512"]);
            let Issuers::Named(issuers) = plan.issuers else {
                panic!("it is an issuer");
            };
            let [issuer] = &issuers[..] else {
                panic!("there is one issuer");
            };
            assert_eq!(issuer.issuer, "https://i.example/");
            assert_eq!(issuer.audiences, ["a", "b"]);
            assert!(issuer.client_may_stand_in && issuer.claims.is_empty());
        }
    }

    #[test]
    fn what_cannot_decide_for_routes_is_a_defect_that_names_the_field() {
        for (made, field) in [
            (
                of_route(json!({"authorizerUri": "arn:aws:lambda:x"})),
                "authorizerUri",
            ),
            (
                of_route(json!({"authorizerPayloadFormatVersion": "3.0"})),
                "authorizerPayloadFormatVersion",
            ),
            (
                of_route(json!({"identitySource": ["$request.body.a"]})),
                "identitySource",
            ),
            (jwt(json!({"identitySource": []})), "identitySource"),
            (
                jwt(json!({"identitySource": ["$context.path"]})),
                "identitySource",
            ),
            (
                jwt(json!({"identitySource": ["$request.header.A", "$request.header.B"]})),
                "identitySource",
            ),
            (jwt(json!({"jwtConfiguration": null})), "jwtConfiguration"),
            (
                jwt(json!({"jwtConfiguration": {"audience": ["a"]}})),
                "jwtConfiguration",
            ),
            (
                jwt(json!({"jwtConfiguration": {"issuer": "http://i.example", "audience": ["a"]}})),
                "issuer",
            ),
            (
                jwt(json!({"jwtConfiguration": {"issuer": "https://i.example"}})),
                "audiences",
            ),
        ] {
            let defect = made.unwrap_err();
            assert!(
                defect.starts_with(&format!("Invalid {field}:")),
                "{field}: {defect}"
            );
        }
    }
}
