//! Security schemes, and who may call a method.

use super::Importer;
use super::documentation::About;
use crate::document::{Kind, Node};
use postern_definition::rest::{
    AUTHORIZER_TTL_SECONDS_MAX, AdditionalClaim, Authorizer, AuthorizerType,
    DocumentationPartType as Part, JwtConfiguration, JwtIssuer,
};
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Security {
    pub(super) authorizers: Vec<Authorizer>,
    schemes: HashMap<String, Scheme>,
    /// Of operations that have none of their own.
    of_document: Requirement,
}

/// What it means for a method to name a scheme.
enum Scheme {
    ApiKey,
    Iam,
    Authorizer {
        id: String,
        kind: &'static str,
    },
    /// None of the gateway's; or one that is wrong, which was reported.
    Unknown,
}

#[derive(Clone)]
pub(super) struct Requirement {
    pub(super) authorization_type: String,
    pub(super) authorizer_id: Option<String>,
    pub(super) api_key_required: bool,
    pub(super) scopes: Option<Vec<String>>,
}

impl Default for Requirement {
    fn default() -> Self {
        Self {
            authorization_type: "NONE".to_owned(),
            authorizer_id: None,
            api_key_required: false,
            scopes: None,
        }
    }
}

const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";

impl<'a> Importer<'a> {
    pub(super) fn security_schemes(&self) -> Security {
        let mut security = Security::default();
        let schemes = if self.is_swagger {
            self.object(self.root, "securityDefinitions")
        } else {
            self.object(self.root, "components")
                .and_then(|components| self.object(components, "securitySchemes"))
        };
        for (name, scheme) in schemes.into_iter().flat_map(Node::members) {
            let Some(scheme) = self.resolved(scheme.used()) else {
                continue;
            };
            let meaning = self.scheme(name, scheme, &mut security.authorizers);
            if let Scheme::Authorizer { .. } = meaning {
                let about = About {
                    name: Some(name),
                    ..About::new(Part::Authorizer)
                };
                self.describe(scheme, &about, &["description"]);
            }
            security.schemes.insert(name.to_owned(), meaning);
        }
        security.of_document = self.requirement(self.root, &security).unwrap_or_default();
        security
    }

    fn scheme(&self, name: &str, scheme: Node<'a>, authorizers: &mut Vec<Authorizer>) -> Scheme {
        let kind = self.text(scheme, "type").unwrap_or_default();
        let place = self.text(scheme, "in").unwrap_or_default();
        let parameter = self.text(scheme, "name").unwrap_or_default();
        let auth_type = self.text(scheme, "x-amazon-apigateway-authtype");
        if let Some(node) = self.object(scheme, AUTHORIZER) {
            let made = self.authorizer(name, node, auth_type, &place, &parameter);
            return match made {
                None => Scheme::Unknown,
                Some(authorizer) => {
                    let scheme = Scheme::Authorizer {
                        id: authorizer.id.clone(),
                        kind: match authorizer.kind {
                            AuthorizerType::CognitoUserPools => "COGNITO_USER_POOLS",
                            AuthorizerType::Jwt => "JWT",
                            AuthorizerType::Token | AuthorizerType::Request => "CUSTOM",
                        },
                    };
                    authorizers.push(authorizer);
                    scheme
                }
            };
        }
        match auth_type {
            Some(auth_type) if auth_type.eq_ignore_ascii_case("awsSigv4") => Scheme::Iam,
            _ if kind == "apiKey" && parameter.eq_ignore_ascii_case("x-api-key") => Scheme::ApiKey,
            _ => {
                scheme.whole();
                self.report.note(
                    scheme,
                    format!("the security scheme `{name}` names no authorizer of the gateway and was ignored: give it `{AUTHORIZER}`"),
                );
                Scheme::Unknown
            }
        }
    }

    fn authorizer(
        &self,
        name: &str,
        node: Node<'a>,
        auth_type: Option<String>,
        place: &str,
        parameter: &str,
    ) -> Option<Authorizer> {
        let kind = self.text(node, "type").unwrap_or_default();
        let kind = match kind.to_ascii_lowercase().as_str() {
            "token" => AuthorizerType::Token,
            "request" => AuthorizerType::Request,
            "cognito_user_pools" => AuthorizerType::CognitoUserPools,
            "jwt" => AuthorizerType::Jwt,
            _ => {
                node.whole();
                self.report.wrong(
                    node,
                    format!("Unable to create Authorizer '{name}': its `type` is one of token, request, cognito_user_pools and jwt, and not `{kind}`"),
                );
                return None;
            }
        };
        // A list, or a text with commas; without any, the scheme itself names the source.
        let given = match node.peek("identitySource").map(Node::kind) {
            Some(Kind::List) => self
                .texts(node, "identitySource")
                .map(|sources| sources.join(", ")),
            _ => self.text(node, "identitySource"),
        };
        let from_scheme = (!parameter.is_empty() && !parameter.eq_ignore_ascii_case("unused"))
            .then(|| {
                let location = if place == "query" {
                    "querystring"
                } else {
                    "header"
                };
                format!("method.request.{location}.{parameter}")
            });
        let identity_source = match kind {
            AuthorizerType::Request => given,
            _ => given.or(from_scheme),
        };
        let ttl = self.integer(node, "authorizerResultTtlInSeconds");
        let ttl_fits = ttl.and_then(|ttl| u32::try_from(ttl).ok());
        let ttl_fits = ttl_fits.filter(|ttl| *ttl <= AUTHORIZER_TTL_SECONDS_MAX);
        if ttl.is_some() && ttl_fits.is_none() {
            self.report.wrong(
                node.peek("authorizerResultTtlInSeconds").unwrap_or(node),
                format!("Unable to create Authorizer '{name}': `authorizerResultTtlInSeconds` is from 0 to {AUTHORIZER_TTL_SECONDS_MAX}"),
            );
        }
        Some(Authorizer {
            id: (self.options.id)(6),
            name: name.to_owned(),
            kind,
            provider_arns: self.texts(node, "providerARNs"),
            auth_type,
            authorizer_uri: self.text(node, "authorizerUri"),
            authorizer_credentials: self.text(node, "authorizerCredentials"),
            identity_source,
            identity_validation_expression: self.text(node, "identityValidationExpression"),
            authorizer_result_ttl_in_seconds: ttl_fits,
            jwt_configuration: self.jwt_configuration(node),
        })
    }

    fn jwt_configuration(&self, node: Node<'a>) -> Option<JwtConfiguration> {
        let node = self.object(node, "jwtConfiguration")?;
        let issuers = self.list(node, "issuers");
        let issuers = issuers.into_iter().flat_map(Node::items);
        Some(JwtConfiguration {
            issuers: issuers.map(|issuer| self.jwt_issuer(issuer)).collect(),
            default_algorithms: self.texts(node, "defaultAlgorithms"),
        })
    }

    fn jwt_issuer(&self, node: Node<'a>) -> JwtIssuer {
        let claims = self.list(node.used(), "additionalClaims");
        let claim = |node: Node<'a>| AdditionalClaim {
            claim_name: self.text(node.used(), "claimName").unwrap_or_default(),
            format: self.text(node, "format"),
            required: self.boolean(node, "required").unwrap_or_default(),
            expected_values: self.texts(node, "expectedValues"),
        };
        JwtIssuer {
            issuer: self.text(node, "issuer").unwrap_or_default(),
            audiences: self.texts(node, "audiences").unwrap_or_default(),
            // Not for the file to say: the discovery document does, and is asked for it on the first request.
            jwks_uri: self.text(node, "jwksUri").and(None),
            additional_claims: claims.map(|claims| claims.items().map(claim).collect()),
        }
    }

    /// What an operation asks of its callers: by its own `security`, or by the document's.
    pub(super) fn security_of(&self, node: Node<'a>, security: &Security) -> Requirement {
        let mut requirement = self
            .requirement(node, security)
            .unwrap_or_else(|| security.of_document.clone());
        if let Some(auth) = self.object(node, "x-amazon-apigateway-auth") {
            let kind = self.text(auth, "type").unwrap_or_default();
            match kind.to_ascii_uppercase().as_str() {
                kind @ ("NONE" | "AWS_IAM") => {
                    kind.clone_into(&mut requirement.authorization_type);
                    requirement.authorizer_id = None;
                    requirement.scopes = None;
                }
                _ => self.report.wrong(
                    auth,
                    format!(
                        "`x-amazon-apigateway-auth` has the type NONE or AWS_IAM, and not `{kind}`"
                    ),
                ),
            }
        }
        requirement
    }

    /// What the `security` of an operation or of the document says, where there is one.
    fn requirement(&self, owner: Node<'a>, security: &Security) -> Option<Requirement> {
        let alternatives = self.list(owner, "security")?;
        let mut requirement = Requirement::default();
        for alternative in alternatives.items() {
            for (name, scopes) in alternative.members() {
                scopes.used();
                match security.schemes.get(name) {
                    Some(Scheme::ApiKey) => requirement.api_key_required = true,
                    Some(Scheme::Iam) => "AWS_IAM".clone_into(&mut requirement.authorization_type),
                    Some(Scheme::Authorizer { id, kind }) => {
                        let scopes = self.texts(alternative, name).unwrap_or_default();
                        self.authorized(&mut requirement, scopes, id, kind, alternative);
                    }
                    Some(Scheme::Unknown) => {
                        scopes.whole();
                    }
                    None => {
                        scopes.whole();
                        self.report.note(
                            scopes,
                            format!("there is no security scheme `{name}`, so it was ignored"),
                        );
                    }
                }
            }
        }
        Some(requirement)
    }

    fn authorized(
        &self,
        requirement: &mut Requirement,
        scopes: Vec<String>,
        id: &str,
        kind: &str,
        node: Node<'a>,
    ) {
        match &requirement.authorizer_id {
            Some(other) if other != id => {
                self.report.note(
                    node,
                    "a method has one authorizer, the first that it names; this one was ignored",
                );
            }
            _ => {
                kind.clone_into(&mut requirement.authorization_type);
                requirement.authorizer_id = Some(id.to_owned());
                if !scopes.is_empty() {
                    requirement.scopes.get_or_insert_default().extend(scopes);
                }
            }
        }
    }
}
