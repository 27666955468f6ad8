//! What somebody is told who brings no good token, where they are told why: the scheme of RFC 6750, as HTTP APIs have it.

use super::NoKeys;
use crate::rejection::AuthorizeRejection;
use http::HeaderValue;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Challenge {
    #[error("the request brings no token")]
    Absent,
    #[error("invalid_token: {0}")]
    Invalid(String),
    #[error("insufficient_scope: the token has none of the scopes {}", .0.join(" "))]
    NoScope(Vec<String>),
}

impl Challenge {
    /// What a rejection becomes. Whatever is not about the token stays as it is.
    pub(super) fn of(rejection: AuthorizeRejection, scopes: &[String]) -> AuthorizeRejection {
        AuthorizeRejection::Challenged(match rejection {
            AuthorizeRejection::Unidentified => Self::Absent,
            AuthorizeRejection::Token(reason) => Self::Invalid(reason),
            AuthorizeRejection::Expired => Self::Invalid("the token has expired".to_owned()),
            AuthorizeRejection::NoKeys(NoKeys { step, .. }) => Self::Invalid(step.failure().into()),
            AuthorizeRejection::NoScope => Self::NoScope(scopes.to_vec()),
            other @ (AuthorizeRejection::Challenged(_)
            | AuthorizeRejection::Refused
            | AuthorizeRejection::Failed(_)
            | AuthorizeRejection::Configuration(_)) => return other,
        })
    }

    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Absent | Self::Invalid(_) => 401,
            Self::NoScope(_) => 403,
        }
    }

    /// The value of `WWW-Authenticate`.
    pub(crate) fn header(&self) -> HeaderValue {
        let text = match self {
            Self::Absent => "Bearer".to_owned(),
            Self::Invalid(reason) => format!(
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{}\"",
                quotable(reason)
            ),
            Self::NoScope(scopes) => format!(
                "Bearer scope=\"{}\" error=\"insufficient_scope\" error_description=\"the token does not have a sufficient scope\"",
                quotable(&scopes.join(" "))
            ),
        };
        HeaderValue::try_from(text).expect("it is visible ASCII")
    }
}

/// A reason may repeat what stands in a token, which may be anything.
fn quotable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => '\'',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_a_header_whatever_stands_in_a_token() {
        let invalid = |reason: &str| Challenge::Invalid(reason.to_owned());
        let scopes = ["a".to_owned(), "b/\"read".to_owned()];
        for (challenge, status, header) in [
            (Challenge::Absent, 401, "Bearer"),
            (
                invalid("the token does not have a valid audience"),
                401,
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"the token does not have a valid audience\"",
            ),
            (
                invalid("signing method \r\n\"x\\\u{e9} is invalid"),
                401,
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"signing method ??'x'? is invalid\"",
            ),
            (
                Challenge::NoScope(scopes.to_vec()),
                403,
                "Bearer scope=\"a b/'read\" error=\"insufficient_scope\" error_description=\"the token does not have a sufficient scope\"",
            ),
        ] {
            assert_eq!(
                (challenge.status(), challenge.header().to_str().unwrap()),
                (status, header)
            );
        }
    }
}
