//! Callers who bring a token of an issuer.
//!
//! What has been found good is kept for a while, under the hash of the token, so that a caller who comes again costs a lookup.
//! What the method wants of the token is looked at every time.

use super::kept::Key;
use super::keys::{KeySources, NoKeys, Published};
use crate::bounded::bounded;
use crate::rejection::AuthorizeRejection;
use crate::route::Routed;
use crate::{Gateway, headers};
use http::HeaderMap;
use postern_definition::Map;
use postern_identity::jwt::{Algorithm, Claims, KeySet, Token, Untimely};
use postern_plan::{AuthorizerPlan, ClaimRule, IssuerPlan, Issuers, Manner, Source, TokenPlan};
use postern_store::Clock;
use postern_template::Pattern;
use quick_cache::sync::Cache;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Tokens held at most. Those that were not asked for longest go first.
const HELD_MAX: usize = 10_000;

/// How tokens are looked at, as the operator wants it.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// How far an issuer's clock may be from ours.
    pub leeway: Duration,
    /// How long the keys of an issuer stay good that cannot be fetched anew, beyond the hour that they are good for anyway.
    pub outage: Duration,
    /// Where user pools are, where they are not at AWS.
    pub user_pools: Option<String>,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            leeway: Duration::ZERO,
            outage: Duration::from_secs(24 * 60 * 60),
            user_pools: None,
        }
    }
}

/// Looks at tokens.
pub(crate) struct Tokens {
    held: Cache<Key, Arc<Bearer>>,
    keys: KeySources,
    clock: Arc<dyn Clock>,
    settings: TokenSettings,
}

/// Whoever brought a token that is good.
#[derive(Debug)]
pub(crate) struct Bearer {
    /// What the token says, as texts.
    pub(crate) claims: Arc<Map<String>>,
    scopes: Vec<String>,
    kind: Kind,
    until: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Of a user pool, about who somebody is.
    Id,
    /// Of a user pool, about what somebody may do.
    Access,
    Issued,
}

impl Gateway {
    /// What an authorizer makes of the token that a request brings.
    pub(crate) async fn bearer(
        &self,
        plan: &AuthorizerPlan,
        tokens: &TokenPlan,
        routed: &mut Routed,
    ) -> Result<Arc<Bearer>, AuthorizeRejection> {
        let token = presented(routed, &tokens.source).ok_or(AuthorizeRejection::Unidentified)?;
        let method = routed.plan.clone();
        let bearer = if plan.kept_for.is_zero() {
            Arc::new(self.tokens.read(plan, tokens, &token).await?)
        } else {
            // Another deployment may have the same authorizer want something else.
            let deployment = routed.deployed.id().to_string();
            let key = Key::of(routed, plan, &[deployment, token.clone()]);
            if let Some(bearer) = self.tokens.held(&key) {
                bearer
            } else {
                let bearer = Arc::new(self.tokens.read(plan, tokens, &token).await?);
                self.tokens.held.insert(key, bearer.clone());
                bearer
            }
        };
        bearer.check_scopes(&method.scopes)?;
        Ok(bearer)
    }

    /// Where an issuer says that its keys are.
    pub async fn discover(&self, issuer: &str) -> Result<String, NoKeys> {
        self.tokens.keys.discover(issuer).await
    }
}

/// The token, which may have the word `Bearer` before it.
fn presented(routed: &Routed, source: &Source) -> Option<String> {
    let headers = &routed.request.headers;
    let value = match source {
        Source::Header(name) => only(headers, name)?,
        Source::MultiHeader(name) => joined(headers, name)?,
        Source::Query(name) => routed.query.last(name)?.to_owned(),
        Source::MultiQuery(name) => {
            let values: Vec<_> = routed.query.all(name).collect();
            values.join(",")
        }
        _ => return None,
    };
    let value = value.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        None if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    };
    (!token.is_empty()).then(|| token.to_owned())
}

/// Of two tokens none counts, for whoever comes after us might take the other for the one that we verified.
fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    Some(headers::text(value).into_owned())
}

/// Two joined are no token, and so refused as one that is none.
fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(headers::text).collect();
    (!values.is_empty()).then(|| values.join(","))
}

impl Tokens {
    pub(crate) fn new(keys: KeySources, clock: Arc<dyn Clock>, settings: TokenSettings) -> Self {
        Self {
            held: bounded(HELD_MAX),
            keys,
            clock,
            settings,
        }
    }

    fn held(&self, key: &Key) -> Option<Arc<Bearer>> {
        let bearer = self.held.get(key)?;
        if self.clock.now() < bearer.until {
            return Some(bearer);
        }
        self.held.remove(key);
        None
    }

    /// Everything that is true of a token whatever the method.
    async fn read(
        &self,
        plan: &AuthorizerPlan,
        tokens: &TokenPlan,
        text: &str,
    ) -> Result<Bearer, AuthorizeRejection> {
        let token = Token::parse(text).map_err(|reason| refused(&reason))?;
        let algorithm = Algorithm::named(&token.algorithm)
            .filter(|algorithm| tokens.algorithms.contains(algorithm))
            .ok_or_else(|| refused(&format!("signing method {} is invalid", token.algorithm)))?;
        let said = token.claims.text("iss").unwrap_or_default();
        let (published, rules) = self
            .issuer(&tokens.issuers, said)
            .ok_or_else(|| refused(&"issuer does not match"))?;
        let is_wanted = |keys: &KeySet| keys.has_key_of(&token, algorithm);
        let keys = self.keys.keys(published, is_wanted).await;
        keys?
            .verify(&token, algorithm)
            .map_err(|reason| refused(&reason))?;
        let claims = &token.claims;
        let now = self.clock.now();
        claims
            .check_times(now, self.settings.leeway)
            .map_err(|untimely| match untimely {
                Untimely::Expired => AuthorizeRejection::Expired,
                Untimely::Early(_) | Untimely::NoTime(_) => refused(&untimely),
            })?;
        let kind = rules.check(claims).map_err(|reason| refused(&reason))?;
        let ends = claims.expires_at().unwrap_or_default();
        Ok(Bearer {
            claims: Arc::new(texts(claims, kind, tokens.manner)),
            scopes: claims.scopes().map(str::to_owned).collect(),
            kind,
            until: ends.min(now.saturating_add(plan.kept_for)),
        })
    }

    /// Which of the issuers a token says it is of, and what that one's tokens must say.
    fn issuer<'p>(&self, issuers: &'p Issuers, said: &str) -> Option<(Published, Rules<'p>)> {
        match issuers {
            Issuers::UserPools { pools, audience } => {
                let endpoint = self.settings.user_pools.as_deref();
                let mut named = pools.iter().map(|pool| pool.issuer(endpoint));
                let issuer = named.find(|issuer| issuer == said)?;
                let keys = format!("{issuer}/.well-known/jwks.json");
                Some((Published::At(keys), Rules::UserPool(audience.as_ref())))
            }
            Issuers::Named(issuers) => {
                let plan = issuers.iter().find(|plan| plan.issuer == said)?;
                let published = match &plan.jwks_uri {
                    Some(url) => Published::At(url.clone()),
                    None => Published::By(plan.issuer.clone()),
                };
                Some((published, Rules::Named(plan)))
            }
        }
    }
}

/// What an issuer's tokens must say.
enum Rules<'p> {
    /// The whole of `aud` may have to match something.
    UserPool(Option<&'p Pattern>),
    Named(&'p IssuerPlan),
}

const WRONG_AUDIENCE: &str = "the token does not have a valid audience";

impl Rules<'_> {
    fn check(&self, claims: &Claims) -> Result<Kind, String> {
        let audiences = claims.audiences();
        match self {
            Self::UserPool(pattern) => {
                let audience = match audiences.as_deref() {
                    Some([one]) => Some(*one),
                    _ => None,
                };
                // A token about what somebody may do has no `aud`, and so matches nothing.
                if pattern.is_some_and(|pattern| !audience.is_some_and(|a| pattern.matches(a))) {
                    return Err(WRONG_AUDIENCE.to_owned());
                }
                match claims.text("token_use") {
                    Some("id") if audience.is_some() => Ok(Kind::Id),
                    Some("access") if claims.text("client_id").is_some() => Ok(Kind::Access),
                    Some("id" | "access") => Err("the token names no app client".to_owned()),
                    _ => Err("the token does not say what it is for".to_owned()),
                }
            }
            Self::Named(plan) => {
                let audiences = match claims.text("client_id") {
                    // Only where the token says nothing of whom it is for.
                    Some(client) if plan.client_may_stand_in && claims.get("aud").is_none() => {
                        vec![client]
                    }
                    _ => audiences.unwrap_or_default(),
                };
                let mut wanted = plan.audiences.iter();
                if !wanted.any(|wanted| audiences.contains(&wanted.as_str())) {
                    return Err(WRONG_AUDIENCE.to_owned());
                }
                match plan.claims.iter().find(|rule| !holds(rule, claims)) {
                    Some(rule) => Err(format!("the claim `{}` is not as it must be", rule.name)),
                    None => Ok(Kind::Issued),
                }
            }
        }
    }
}

fn holds(rule: &ClaimRule, claims: &Claims) -> bool {
    match (claims.get(&rule.name), &rule.expected) {
        (None, _) => !rule.required,
        (Some(value), None) => value.is_string(),
        (Some(value), Some(expected)) => value.as_str() == Some(expected),
    }
}

impl Bearer {
    /// A method that names scopes wants one of them; of a user pool, it wants the kind of token that has some.
    fn check_scopes(&self, wanted: &[String]) -> Result<(), AuthorizeRejection> {
        let has_one = || wanted.iter().any(|scope| self.scopes.contains(scope));
        match self.kind {
            Kind::Issued if wanted.is_empty() || has_one() => Ok(()),
            Kind::Issued => Err(AuthorizeRejection::NoScope),
            Kind::Id if wanted.is_empty() => Ok(()),
            Kind::Access if has_one() => Ok(()),
            Kind::Id => Err(refused(&"the method has scopes, and wants an access token")),
            Kind::Access if wanted.is_empty() => {
                Err(refused(&"the method has no scopes, and wants an ID token"))
            }
            Kind::Access => Err(refused(&"the token has none of the method's scopes")),
        }
    }
}

fn refused(reason: &dyn std::fmt::Display) -> AuthorizeRejection {
    AuthorizeRejection::Token(reason.to_string())
}

/// Of the year 9999, beyond which there are no dates.
const LAST_SECOND: u64 = 253_402_300_799;

/// Claims as integrations and logs know them. The service writes two times of a user pool's tokens as Java does.
fn texts(claims: &Claims, kind: Kind, manner: Manner) -> Map<String> {
    let text = |name: &str, value: &Value| {
        let seconds = value.as_u64();
        let is_date = kind != Kind::Issued && matches!(name, "exp" | "iat");
        let seconds = seconds.filter(|seconds| is_date && *seconds <= LAST_SECOND);
        match seconds {
            Some(seconds) => postern_telemetry::java_date(Duration::from_secs(seconds)),
            None => text(value, manner),
        }
    };
    let claims = claims.iter().filter(|(_, value)| !value.is_null());
    claims
        .map(|(name, value)| (name.to_owned(), text(name, value)))
        .collect()
}

fn text(value: &Value, manner: Manner) -> String {
    let all = |items: &[Value]| {
        items
            .iter()
            .map(|item| text(item, manner))
            .collect::<Vec<_>>()
    };
    match (value, manner) {
        (Value::String(text), _) => text.clone(),
        (Value::Array(items), Manner::Rest) => all(items).join(","),
        (Value::Array(items), Manner::Route) => format!("[{}]", all(items).join(" ")),
        (other, _) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_two_tokens_none_counts() {
        for (lines, expected) in [
            (&[][..], None),
            (&["a"], Some("a")),
            (&["", "a"], None),
            (&["a", "a"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("authorization", line.parse().unwrap());
            }
            assert_eq!(only(&headers, "authorization").as_deref(), expected);
        }
    }

    #[test]
    fn values_become_texts() {
        for (value, of_rest, of_route) in [
            (json!("a"), "a", "a"),
            (json!(1), "1", "1"),
            (json!(1.5), "1.5", "1.5"),
            (json!(true), "true", "true"),
            (json!(["a", "b", 1]), "a,b,1", "[a b 1]"),
            (json!([]), "", "[]"),
            (
                json!({"formatted": "x"}),
                r#"{"formatted":"x"}"#,
                r#"{"formatted":"x"}"#,
            ),
            (json!([{"a": 1}]), r#"{"a":1}"#, r#"[{"a":1}]"#),
        ] {
            assert_eq!(text(&value, Manner::Rest), of_rest);
            assert_eq!(text(&value, Manner::Route), of_route);
        }
    }
}
