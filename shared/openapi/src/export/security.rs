//! Who may call, as security schemes.

use super::Exporter;
use crate::tree::{Fields, Members, Tree};
use postern_definition::rest::{
    AdditionalClaim, Authorizer, AuthorizerType, Definition, DocumentationPartType as Part,
    JwtConfiguration, JwtIssuer, Method,
};

/// The schemes that are not authorizers, by names that no authorizer has.
pub(super) struct Schemes {
    api_key: String,
    iam: String,
    uses_api_key: bool,
    uses_iam: bool,
}

impl Schemes {
    pub(super) fn new(definition: &Definition) -> Self {
        let free = |name: &str| {
            let mut name = name.to_owned();
            while definition.authorizers.iter().any(|a| a.name == name) {
                name.push('_');
            }
            name
        };
        let mut methods = definition.methods.iter().map(|(_, method)| method);
        Self {
            api_key: free("api_key"),
            iam: free("sigv4"),
            uses_api_key: methods.clone().any(|method| method.api_key_required),
            uses_iam: methods.any(is_iam),
        }
    }
}

fn is_iam(method: &Method) -> bool {
    method.authorization_type.eq_ignore_ascii_case("AWS_IAM")
}

impl Exporter<'_> {
    pub(super) fn security_schemes(&self) -> Members {
        let mut schemes = Fields::default();
        for authorizer in &self.definition.authorizers {
            schemes.put(&authorizer.name, self.authorizer(authorizer));
        }
        if self.schemes.uses_api_key {
            schemes.put(&self.schemes.api_key, in_header("x-api-key").done());
        }
        if self.schemes.uses_iam {
            let mut scheme = in_header("Authorization");
            if self.options.extensions.authorizers() {
                scheme.text("x-amazon-apigateway-authtype", "awsSigv4");
            }
            schemes.put(&self.schemes.iam, scheme.done());
        }
        schemes.0
    }

    fn authorizer(&self, authorizer: &Authorizer) -> Tree {
        let mut sources = authorizer.identity_sources();
        let only = sources.next().filter(|_| sources.next().is_none());
        let source = only.and_then(|source| {
            let (location, name) = source.strip_prefix("method.request.")?.split_once('.')?;
            match location {
                "header" => Some(("header", name)),
                "querystring" => Some(("query", name)),
                _ => None,
            }
        });
        let (location, name) = source.unwrap_or(("header", "Unused"));
        let mut scheme = Fields::default();
        scheme.text("type", "apiKey");
        scheme.text("name", name);
        scheme.text("in", location);
        scheme.maybe(
            "description",
            self.documented
                .named(Part::Authorizer, &authorizer.name)
                .as_deref(),
        );
        if !self.options.extensions.authorizers() {
            return scheme.done();
        }
        scheme.maybe(
            "x-amazon-apigateway-authtype",
            authorizer.auth_type.as_deref(),
        );
        let mut own = Fields::default();
        own.text(
            "type",
            match authorizer.kind {
                AuthorizerType::Token => "token",
                AuthorizerType::Request => "request",
                AuthorizerType::CognitoUserPools => "cognito_user_pools",
                AuthorizerType::Jwt => "jwt",
            },
        );
        own.maybe("authorizerUri", authorizer.authorizer_uri.as_deref());
        own.maybe(
            "authorizerCredentials",
            authorizer.authorizer_credentials.as_deref(),
        );
        if let Some(arns) = &authorizer.provider_arns {
            own.put("providerARNs", texts(arns));
        }
        // The scheme's own name says it for the other types.
        let is_said = source.is_some() && authorizer.kind != AuthorizerType::Request;
        own.maybe(
            "identitySource",
            authorizer.identity_source.as_deref().filter(|_| !is_said),
        );
        own.maybe(
            "identityValidationExpression",
            authorizer.identity_validation_expression.as_deref(),
        );
        if let Some(ttl) = authorizer.authorizer_result_ttl_in_seconds {
            own.number("authorizerResultTtlInSeconds", ttl);
        }
        if let Some(configuration) = &authorizer.jwt_configuration {
            own.put("jwtConfiguration", jwt_configuration(configuration));
        }
        scheme.put("x-amazon-apigateway-authorizer", own.done());
        scheme.done()
    }

    /// What a method asks of its callers.
    pub(super) fn security(&self, method: &Method) -> Option<Tree> {
        let mut security = Vec::new();
        let mut require = |name: &str, scopes: Tree| {
            security.push(Tree::Object(vec![(name.to_owned(), scopes)]));
        };
        let names_authorizer = ["CUSTOM", "COGNITO_USER_POOLS", "JWT"]
            .iter()
            .any(|kind| method.authorization_type.eq_ignore_ascii_case(kind));
        let id = method.authorizer_id.as_deref().filter(|_| names_authorizer);
        if let Some(authorizer) = id.and_then(|id| self.authorizers.get(id)) {
            let scopes = method.authorization_scopes.as_deref().unwrap_or_default();
            require(&authorizer.name, texts(scopes));
        }
        if is_iam(method) {
            require(&self.schemes.iam, texts(&[]));
        }
        if method.api_key_required {
            require(&self.schemes.api_key, texts(&[]));
        }
        (!security.is_empty()).then_some(Tree::List(security))
    }
}

/// Without the places of keys, which are not for a file to say.
fn jwt_configuration(configuration: &JwtConfiguration) -> Tree {
    let claim = |claim: &AdditionalClaim| {
        let mut fields = Fields::default();
        fields.text("claimName", &claim.claim_name);
        fields.maybe("format", claim.format.as_deref());
        fields.put("required", Tree::Bool(claim.required));
        if let Some(values) = &claim.expected_values {
            fields.put("expectedValues", texts(values));
        }
        fields.done()
    };
    let issuer = |issuer: &JwtIssuer| {
        let mut fields = Fields::default();
        fields.text("issuer", &issuer.issuer);
        fields.put("audiences", texts(&issuer.audiences));
        if let Some(claims) = &issuer.additional_claims {
            fields.put(
                "additionalClaims",
                Tree::List(claims.iter().map(claim).collect()),
            );
        }
        fields.done()
    };
    let mut fields = Fields::default();
    let issuers = configuration.issuers.iter().map(issuer).collect();
    fields.put("issuers", Tree::List(issuers));
    if let Some(algorithms) = &configuration.default_algorithms {
        fields.put("defaultAlgorithms", texts(algorithms));
    }
    fields.done()
}

fn in_header(name: &str) -> Fields {
    let mut scheme = Fields::default();
    scheme.text("type", "apiKey");
    scheme.text("name", name);
    scheme.text("in", "header");
    scheme
}

pub(super) fn texts(texts: &[String]) -> Tree {
    Tree::List(texts.iter().map(Tree::text).collect())
}
