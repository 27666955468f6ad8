//! Tokens that decide: who may have issued them, and what they must say.

use super::{pattern, route_sources, sources};
use crate::{Defect, Source};
use postern_definition::rest::{AdditionalClaim, Authorizer, JwtIssuer};
use postern_definition::routed;
use postern_identity::jwt::{self, Algorithm};
use postern_template::Pattern;

/// What an owner who names no algorithms allows: what every issuer can do.
const ALGORITHMS_DEFAULT: [Algorithm; 1] = [Algorithm::Rs256];
/// What HTTP APIs allow, where owners cannot say.
const ALGORITHMS_OF_ROUTES: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];

#[derive(Debug)]
pub struct TokenPlan {
    /// Where the token stands: in a header or in the query string.
    pub source: Source,
    /// By which a token may be signed.
    pub algorithms: Vec<Algorithm>,
    pub issuers: Issuers,
    pub manner: Manner,
}

/// How it is told what came of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Whoever is refused is told no more than that.
    Rest,
    /// Whoever is refused is told why, in `WWW-Authenticate`; lists in claims are told in brackets.
    Route,
}

/// Whose tokens count.
#[derive(Debug)]
pub enum Issuers {
    UserPools {
        pools: Vec<UserPool>,
        /// What the whole of a token's `aud` must match.
        audience: Option<Pattern>,
    },
    Named(Vec<IssuerPlan>),
}

/// A user pool, whose address is known by its name.
#[derive(Debug, PartialEq, Eq)]
pub struct UserPool {
    pub region: String,
    pub id: String,
    /// Of the hosts in the pool's part of the cloud.
    suffix: &'static str,
}

#[derive(Debug)]
pub struct IssuerPlan {
    /// What `iss` must be, letter for letter.
    pub issuer: String,
    /// Where its keys are; without it, its discovery document says it.
    pub jwks_uri: Option<String>,
    /// A token must be for one of these.
    pub audiences: Vec<String>,
    /// Whether a token without an `aud` may be of a client of one of these names.
    pub client_may_stand_in: bool,
    pub claims: Vec<ClaimRule>,
}

/// What a token must say besides.
#[derive(Debug, PartialEq, Eq)]
pub struct ClaimRule {
    pub name: String,
    pub required: bool,
    /// What it must be where it is there. Without it, any text will do.
    pub expected: Option<String>,
}

impl TokenPlan {
    pub(super) fn of_pools(authorizer: &Authorizer) -> Result<Self, Defect> {
        let arns = authorizer.provider_arns.as_deref().unwrap_or_default();
        let pools: Option<Vec<_>> = arns.iter().map(|arn| UserPool::of_arn(arn)).collect();
        let pools = pools.filter(|pools| !pools.is_empty()).ok_or_else(|| {
            let form = "arn:aws:cognito-idp:{region}:{account}:userpool/{id}";
            Defect::invalid(
                "providerARNs",
                format!("user pools are named as in `{form}`, at least one"),
            )
        })?;
        Ok(Self {
            source: header(authorizer)?,
            // The only one that user pools sign by.
            algorithms: vec![Algorithm::Rs256],
            issuers: Issuers::UserPools {
                pools,
                audience: pattern(authorizer)?,
            },
            manner: Manner::Rest,
        })
    }

    pub(super) fn of_issuers(authorizer: &Authorizer) -> Result<Self, Defect> {
        let configuration = authorizer.jwt_configuration.as_ref();
        let configuration = configuration.filter(|c| !c.issuers.is_empty());
        let configuration = configuration
            .ok_or_else(|| Defect::invalid("jwtConfiguration", "it names no issuer"))?;
        let names = configuration.default_algorithms.as_deref();
        let algorithms: Vec<_> = names
            .unwrap_or_default()
            .iter()
            .map(|name| algorithm(name))
            .collect::<Result<_, _>>()?;
        let issuers: Vec<_> = configuration
            .issuers
            .iter()
            .map(IssuerPlan::compile)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            source: header(authorizer)?,
            algorithms: if algorithms.is_empty() {
                ALGORITHMS_DEFAULT.to_vec()
            } else {
                algorithms
            },
            issuers: Issuers::Named(issuers),
            manner: Manner::Rest,
        })
    }

    pub(super) fn of_route(authorizer: &routed::Authorizer) -> Result<Self, Defect> {
        let mut sources = route_sources(authorizer)?;
        let source = sources.pop().filter(|source| {
            let is_one = sources.is_empty();
            let is_in_header = matches!(source, Source::Header(_) | Source::MultiHeader(_));
            let is_in_query = matches!(source, Source::Query(_) | Source::MultiQuery(_));
            is_one && (is_in_header || is_in_query)
        });
        let source = source.ok_or_else(|| {
            Defect::invalid(
                "identitySource",
                "an authorizer that reads tokens has one, a header or a query parameter",
            )
        })?;
        let configuration = authorizer.jwt_configuration.as_ref();
        let issuer = configuration.and_then(|c| Some((c.issuer.as_deref()?, &c.audience)));
        let (issuer, audiences) =
            issuer.ok_or_else(|| Defect::invalid("jwtConfiguration", "it names no issuer"))?;
        Ok(Self {
            source,
            algorithms: ALGORITHMS_OF_ROUTES.to_vec(),
            issuers: Issuers::Named(vec![IssuerPlan {
                client_may_stand_in: true,
                ..IssuerPlan::of(issuer, audiences)?
            }]),
            manner: Manner::Route,
        })
    }
}

/// The one header that a token is read from.
fn header(authorizer: &Authorizer) -> Result<Source, Defect> {
    match sources(authorizer)?.as_slice() {
        [source @ Source::Header(_)] => Ok(source.clone()),
        _ => Err(Defect::invalid(
            "identitySource",
            "an authorizer that reads tokens has one, a header",
        )),
    }
}

/// Those of the service, of which one cannot be computed here.
fn algorithm(name: &str) -> Result<Algorithm, Defect> {
    Algorithm::named(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        Defect::invalid(
            "defaultAlgorithms",
            format!("`{name}` cannot be verified; choose from {known}"),
        )
    })
}

impl UserPool {
    /// `arn:aws:cognito-idp:{region}:{account}:userpool/{id}`
    fn of_arn(arn: &str) -> Option<Self> {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let ["arn", partition, "cognito-idp", region, _, pool] = parts[..] else {
            return None;
        };
        let id = pool.strip_prefix("userpool/")?;
        // They become parts of an address.
        let is_plain = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        (is_plain(region) && is_plain(id)).then(|| Self {
            region: region.to_owned(),
            id: id.to_owned(),
            suffix: if partition == "aws-cn" { ".cn" } else { "" },
        })
    }

    /// What the pool's tokens name as their issuer: at AWS, or where user pools are instead.
    pub fn issuer(&self, endpoint: Option<&str>) -> String {
        let Self { region, id, suffix } = self;
        match endpoint {
            None => format!("https://cognito-idp.{region}.amazonaws.com{suffix}/{id}"),
            Some(endpoint) => format!("{}/{id}", endpoint.trim_end_matches('/')),
        }
    }
}

impl IssuerPlan {
    fn compile(issuer: &JwtIssuer) -> Result<Self, Defect> {
        let claims = issuer.additional_claims.iter().flatten();
        Ok(Self {
            jwks_uri: issuer.jwks_uri.clone(),
            claims: claims.map(ClaimRule::of).collect(),
            ..Self::of(&issuer.issuer, &issuer.audiences)?
        })
    }

    fn of(name: &str, audiences: &[String]) -> Result<Self, Defect> {
        jwt::check_issuer(name).map_err(|reason| {
            Defect::invalid("issuer", format!("`{name}` cannot be asked: {reason}"))
        })?;
        if audiences.is_empty() {
            let reason = format!("`{name}` needs one at least");
            return Err(Defect::invalid("audiences", reason));
        }
        Ok(Self {
            issuer: name.to_owned(),
            jwks_uri: None,
            audiences: audiences.to_vec(),
            client_may_stand_in: false,
            claims: Vec::new(),
        })
    }
}

impl ClaimRule {
    fn of(claim: &AdditionalClaim) -> Self {
        let mut expected = claim.expected_values.iter().flatten();
        Self {
            name: claim.claim_name.clone(),
            required: claim.required,
            expected: expected.next().cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorizerPlan, Decides};
    use serde_json::{Value, json};

    fn compiled(members: &Value) -> Result<TokenPlan, String> {
        let mut authorizer = json!({"id": "a1", "name": "guard", "type": "JWT",
            "identitySource": "method.request.header.Authorization"});
        let members = members.as_object().unwrap().clone();
        authorizer.as_object_mut().unwrap().extend(members);
        let authorizer = serde_json::from_value(authorizer).unwrap();
        match AuthorizerPlan::compile(&authorizer) {
            Ok(AuthorizerPlan {
                decides: Decides::Token(plan),
                ..
            }) => Ok(plan),
            Ok(_) => panic!("a token decides"),
            Err(defect) => Err(defect.to_string()),
        }
    }

    fn of_pool(arn: &str) -> Value {
        json!({"type": "COGNITO_USER_POOLS", "providerARNs": [arn]})
    }

    #[test]
    fn a_pool_is_known_by_its_name() {
        for (arn, endpoint, issuer) in [
            (
                "arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_a",
                None,
                "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a",
            ),
            (
                "arn:aws-cn:cognito-idp:cn-north-1:1:userpool/p",
                None,
                "https://cognito-idp.cn-north-1.amazonaws.com.cn/p",
            ),
            (
                "arn:aws:cognito-idp:eu-west-1:1:userpool/p",
                Some("http://127.0.0.1:9229/"),
                "http://127.0.0.1:9229/p",
            ),
        ] {
            let plan = compiled(&of_pool(arn)).unwrap();
            assert_eq!(
                (plan.source, plan.algorithms.as_slice()),
                (
                    Source::Header("authorization".into()),
                    &[Algorithm::Rs256][..]
                )
            );
            let Issuers::UserPools { pools, .. } = plan.issuers else {
                panic!("{arn} is a pool");
            };
            assert_eq!(pools[0].issuer(endpoint), issuer);
        }
    }

    #[test]
    fn an_issuer_is_compiled_with_all_that_its_tokens_must_say() {
        let issuer = json!({"issuer": "https://i.example/", "audiences": ["a"], "jwksUri": "https://i.example/keys",
            "additionalClaims": [{"claimName": "tenant", "format": "SINGLE_STRING", "required": true, "expectedValues": ["x"]}, {"claimName": "sub"}]});
        let plan = compiled(&json!({"jwtConfiguration": {"issuers": [issuer], "defaultAlgorithms": ["ES256", "RS512"]}})).unwrap();
        assert_eq!(plan.algorithms, [Algorithm::Es256, Algorithm::Rs512]);
        let Issuers::Named(issuers) = plan.issuers else {
            panic!("it is an issuer");
        };
        let rule = |name: &str, required, expected: Option<&str>| ClaimRule {
            name: name.to_owned(),
            required,
            expected: expected.map(str::to_owned),
        };
        assert_eq!(
            issuers[0].claims,
            [rule("tenant", true, Some("x")), rule("sub", false, None)]
        );
        let plain = json!({"issuers": [{"issuer": "https://i.example", "audiences": ["a"]}]});
        let plan = compiled(&json!({"jwtConfiguration": plain})).unwrap();
        assert_eq!(plan.algorithms, [Algorithm::Rs256]);
    }

    #[test]
    fn what_cannot_decide_is_a_defect_that_names_the_field() {
        let issuers = |issuer: Value| json!({"jwtConfiguration": {"issuers": [issuer]}});
        let by = |algorithm: &str| json!({"jwtConfiguration": {"issuers": [{"issuer": "https://i.example", "audiences": ["a"]}], "defaultAlgorithms": [algorithm]}});
        for (members, field) in [
            (json!({"type": "COGNITO_USER_POOLS"}), "providerARNs"),
            (
                of_pool("arn:aws:cognito-idp:eu-west-1:1:userpool/"),
                "providerARNs",
            ),
            (
                of_pool("arn:aws:cognito-idp:eu/west:1:userpool/p"),
                "providerARNs",
            ),
            (
                of_pool("arn:aws:cognito-idp:eu-west-1:1:userpool/p/../q"),
                "providerARNs",
            ),
            (json!({}), "jwtConfiguration"),
            (
                json!({"jwtConfiguration": {"issuers": []}}),
                "jwtConfiguration",
            ),
            (
                issuers(json!({"issuer": "http://i.example", "audiences": ["a"]})),
                "issuer",
            ),
            (
                issuers(json!({"issuer": "https://i.example", "audiences": []})),
                "audiences",
            ),
            (by("HS256"), "defaultAlgorithms"),
            (by("none"), "defaultAlgorithms"),
            (by("ES512"), "defaultAlgorithms"),
            (
                json!({"type": "COGNITO_USER_POOLS", "providerARNs": ["arn:aws:cognito-idp:r:1:userpool/p"],
                    "identitySource": "method.request.querystring.token"}),
                "identitySource",
            ),
        ] {
            let defect = compiled(&members).unwrap_err();
            assert!(
                defect.starts_with(&format!("Invalid {field}:")),
                "{members}: {defect}"
            );
        }
    }
}
