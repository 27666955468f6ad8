//! Security schemes, and who may call a route of an HTTP API.

use super::Reader;
use crate::document::{Kind, Node};
use postern_definition::rest::AUTHORIZER_TTL_SECONDS_MAX;
use postern_definition::routed::{
    Api, AuthorizationType, Authorizer, AuthorizerType, JwtConfiguration, Route,
};
use std::collections::HashMap;

const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const DISCOVERY: &str = "/.well-known/openid-configuration";
const ID_CHARS: usize = 6;

#[derive(Default)]
pub(super) struct Security {
    pub(super) authorizers: Vec<Authorizer>,
    schemes: HashMap<String, Scheme>,
}

/// What it means for a route to name a scheme.
#[derive(Clone)]
enum Scheme {
    Iam,
    Authorizer(String, AuthorizationType),
    /// None of the gateway's; or one that was not made, which was told.
    Unknown,
}

impl<'a> Reader<'a, '_> {
    pub(super) fn security_schemes(&self, api: &Api) -> Security {
        let importer = &self.importer;
        let mut security = Security::default();
        let components = importer.object(importer.root, "components");
        let schemes = components.and_then(|all| importer.object(all, "securitySchemes"));
        for (name, scheme) in schemes.into_iter().flat_map(Node::members) {
            let Some(scheme) = importer.resolved(scheme.used()) else {
                continue;
            };
            if scheme.kind() != Kind::Object || !importer.spend(scheme) {
                continue;
            }
            let meaning = self.scheme(api, name, scheme, &mut security.authorizers);
            security.schemes.insert(name.to_owned(), meaning);
        }
        security
    }

    fn scheme(
        &self,
        api: &Api,
        name: &str,
        scheme: Node<'a>,
        authorizers: &mut Vec<Authorizer>,
    ) -> Scheme {
        let importer = &self.importer;
        let auth_type = importer.text(scheme, "x-amazon-apigateway-authtype");
        let Some(node) = importer.object(scheme, AUTHORIZER) else {
            scheme.whole();
            return match auth_type {
                Some(kind) if kind.eq_ignore_ascii_case("awsSigv4") => Scheme::Iam,
                _ => Scheme::Unknown,
            };
        };
        let made = self.authorizer(name, scheme, node).and_then(|authorizer| {
            (self.rules.authorizer)(api, &authorizer)?;
            Ok(authorizer)
        });
        // What people and tools read in a scheme, the gateway has no use for.
        scheme.whole();
        match made {
            Ok(authorizer) => {
                let kind = match authorizer.authorizer_type {
                    AuthorizerType::Jwt => AuthorizationType::Jwt,
                    AuthorizerType::Request => AuthorizationType::Custom,
                };
                let meaning = Scheme::Authorizer(authorizer.authorizer_id.clone(), kind);
                authorizers.push(authorizer);
                meaning
            }
            Err(reason) => {
                importer.report.warn(
                    scheme,
                    format!("Unable to create Authorizer '{name}': {reason}"),
                );
                Scheme::Unknown
            }
        }
    }

    fn authorizer(
        &self,
        name: &str,
        scheme: Node<'a>,
        node: Node<'a>,
    ) -> Result<Authorizer, String> {
        let importer = &self.importer;
        let kind = importer.text(node, "type").unwrap_or_default();
        let authorizer_type = match kind.to_ascii_lowercase().as_str() {
            "jwt" => AuthorizerType::Jwt,
            "request" => AuthorizerType::Request,
            _ => return Err(format!("its `type` is jwt or request, and not `{kind}`")),
        };
        let is_jwt = authorizer_type == AuthorizerType::Jwt;
        let given = match node.peek("identitySource").map(Node::kind) {
            Some(Kind::List) => importer.texts(node, "identitySource"),
            Some(_) => importer.text(node, "identitySource").map(|text| {
                let sources = text.split(',').map(str::trim);
                let sources = sources.filter(|source| !source.is_empty());
                sources.map(str::to_owned).collect()
            }),
            None => None,
        };
        let identity_source = match given {
            Some(sources) => sources,
            None if is_jwt => vec!["$request.header.Authorization".to_owned()],
            None => Vec::new(),
        };
        let ttl = importer.integer(node, "authorizerResultTtlInSeconds");
        let ttl = ttl.map(|ttl| {
            u32::try_from(ttl)
                .ok()
                .filter(|ttl| *ttl <= AUTHORIZER_TTL_SECONDS_MAX)
                .ok_or_else(|| {
                    format!(
                        "`authorizerResultTtlInSeconds` is from 0 to {AUTHORIZER_TTL_SECONDS_MAX}"
                    )
                })
        });
        let jwt = importer.object(node, "jwtConfiguration");
        let discovered = importer.text(scheme, "openIdConnectUrl");
        let jwt_configuration = is_jwt.then(|| JwtConfiguration {
            audience: jwt
                .and_then(|jwt| importer.texts(jwt, "audience"))
                .unwrap_or_default(),
            issuer: jwt
                .and_then(|jwt| importer.text(jwt, "issuer"))
                .or_else(|| Some(discovered?.strip_suffix(DISCOVERY)?.to_owned())),
        });
        Ok(Authorizer {
            authorizer_id: (importer.options.id)(ID_CHARS),
            name: name.to_owned(),
            authorizer_type,
            authorizer_uri: importer.text(node, "authorizerUri"),
            authorizer_credentials_arn: importer.text(node, "authorizerCredentials"),
            authorizer_payload_format_version: importer
                .text(node, "authorizerPayloadFormatVersion")
                .map(|version| match version.as_str() {
                    "1" => "1.0".to_owned(),
                    "2" => "2.0".to_owned(),
                    _ => version,
                }),
            authorizer_result_ttl_in_seconds: ttl.transpose()?,
            enable_simple_responses: importer.boolean(node, "enableSimpleResponses"),
            identity_source,
            identity_validation_expression: importer.text(node, "identityValidationExpression"),
            jwt_configuration,
        })
    }

    /// What a route asks of its callers: by the operation's own `security`, or by the document's.
    pub(super) fn require(&self, operation: Node<'a>, security: &Security, route: &mut Route) {
        let importer = &self.importer;
        let own = importer.list(operation, "security");
        let Some(alternatives) = own.or_else(|| importer.list(importer.root, "security")) else {
            return;
        };
        let mut named = 0;
        for alternative in alternatives.items() {
            for (name, scopes) in alternative.members() {
                scopes.used();
                let asked = importer.texts(alternative, name).unwrap_or_default();
                let meaning = security.schemes.get(name);
                match meaning {
                    Some(Scheme::Iam) => route.authorization_type = AuthorizationType::AwsIam,
                    Some(Scheme::Authorizer(id, kind)) => {
                        route.authorization_type = *kind;
                        route.authorizer_id = Some(id.clone());
                        let is_jwt = *kind == AuthorizationType::Jwt && !asked.is_empty();
                        route.authorization_scopes = is_jwt.then_some(asked);
                    }
                    Some(Scheme::Unknown) => continue,
                    None => {
                        importer.report.warn(
                            scopes,
                            format!("there is no security scheme `{name}`, so it was ignored"),
                        );
                        continue;
                    }
                }
                named += 1;
                if named > 1 {
                    importer.report.error(
                        scopes,
                        format!(
                            "Multiple security requirements are not supported: the route {} has more than one",
                            route.route_key
                        ),
                    );
                }
            }
        }
    }
}
