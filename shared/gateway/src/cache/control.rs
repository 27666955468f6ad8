//! Clients that ask for a new answer: which requests do, who may, and what becomes of those who may not.

use super::applies::Applies;
use crate::Gateway;
use crate::headers;
use crate::rejection::CacheRejection;
use crate::trail::Trail;
use crate::validate::Validated;
use http::header::{CACHE_CONTROL, WARNING};
use http::{HeaderMap, HeaderValue};
use postern_definition::rest::CacheControlStrategy;

/// What a request wants of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Any answer that is good.
    Any,
    /// A new one, and it may have it.
    New,
    /// A new one, which it may not have, as it is to be told.
    Refused,
}

/// What a client is told whose wish was passed over. Of the service this wording is only known by hearsay.
const WARNING_TEXT: HeaderValue = HeaderValue::from_static(
    "199 Cache-control headers were ignored because the caller was unauthorized.",
);

impl Gateway {
    pub(super) fn wish(
        &self,
        applies: &Applies<'_>,
        validated: &Validated,
        trail: &Trail,
    ) -> Result<Wish, CacheRejection> {
        let Validated { routed, caller } = validated;
        if !asks_for_new(&routed.request.headers) {
            return Ok(Wish::Any);
        }
        if !applies.guarded || self.may_refresh(routed, caller, trail) {
            return Ok(Wish::New);
        }
        match applies.strategy {
            CacheControlStrategy::SucceedWithoutResponseHeader => Ok(Wish::Any),
            CacheControlStrategy::SucceedWithResponseHeader => Ok(Wish::Refused),
            CacheControlStrategy::FailWith403 => Err(CacheRejection {
                caller: caller.identity.as_ref().map(|who| who.arn.clone()),
                arn: self.method_arn(routed),
            }),
        }
    }
}

impl Wish {
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        if self == Self::Refused {
            headers.append(WARNING, WARNING_TEXT);
        }
    }
}

fn asks_for_new(headers: &HeaderMap) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|value| {
        let value = headers::text(value);
        value.split(',').any(|directive| {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let (name, argument) = (name.trim(), argument.trim().trim_matches('"'));
            name.eq_ignore_ascii_case("no-cache")
                || (name.eq_ignore_ascii_case("max-age") && argument == "0")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_asks_for_a_new_answer_by_either_directive() {
        for (values, expected) in [
            (&["max-age=0"][..], true),
            (&["no-cache"], true),
            (&["No-Store, MAX-AGE = 0"], true),
            (&["max-age=\"0\""], true),
            (&["max-age=60", "no-cache"], true),
            (&["max-age=60"], false),
            (&["max-age=00"], false),
            (&["s-max-age=0", "max-age", "no-store", "0", ""], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
            }
            assert_eq!(asks_for_new(&headers), expected, "{values:?}");
        }
    }
}
