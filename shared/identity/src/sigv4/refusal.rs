//! Why a signature proves nothing, in the words that AWS's services have for it.

use super::signature::timestamp;
use super::{ALGORITHM, CLOCK_SKEW_SECONDS_MAX, EXPIRES_SECONDS_MAX, TERMINATOR};
use std::time::Duration;
use thiserror::Error;

/// `Display` is for the operator's log; [`Refusal::message`] is what the caller is told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the request is not signed")]
    NotSigned,
    #[error("the request is signed both in its headers and in its query")]
    SignedTwice,
    #[error("`{0}` is there more than once")]
    Repeated(&'static str),
    #[error("the header `Authorization` is no signature")]
    NotASignature {
        /// SHA-256 of the header's value, in base64. The value itself may be somebody's password.
        hash: String,
    },
    #[error("the header `Authorization` lacks {missing:?}")]
    HeaderIncomplete {
        missing: Vec<&'static str>,
        is_date_missing: bool,
        hash: String,
    },
    #[error("the query lacks {missing:?}")]
    QueryIncomplete { missing: Vec<&'static str> },
    #[error("the algorithm `{0}` is not known")]
    Algorithm(String),
    #[error("`{0}` is no credential scope")]
    Credential(String),
    #[error("the time `{0}` cannot be read")]
    Date(String),
    #[error("the signature is to be good for `{0}` seconds")]
    Expires(String),
    #[error("the header `{0}` is not signed")]
    HeaderNotSigned(String),
    #[error("a signed header cannot be read: {0}")]
    HeaderUnreadable(String),
    /// A signature covers a path without these, so it would do for many. Only who does not resolve them refuses them.
    #[error("the path has segments of dots, which a signature does not cover")]
    PathNotNormal,
    /// Everything that is wrong with the scope, together.
    #[error("the signature is for something else: {}", .0.join(" "))]
    Scope(Vec<String>),
    #[error("the request was signed too long ago, at {}", timestamp(*.signed_at))]
    TooOld {
        signed_at: Duration,
        now: Duration,
        /// For how long it was good.
        lasted: Duration,
    },
    #[error("the request was signed in the future, at {}", timestamp(*.signed_at))]
    TooNew { signed_at: Duration, now: Duration },
    #[error("nobody has this access key id")]
    UnknownKey,
    #[error("the session token is not that of the access key id")]
    WrongToken,
    #[error("the session has ended")]
    TokenExpired,
    #[error("the body is not covered by the signature")]
    PayloadNotSigned,
    #[error("the body is to come in signed chunks, which only S3 takes")]
    PayloadInChunks,
    #[error("the body is not the one that was signed")]
    PayloadDiffers,
    #[error("the signature is wrong")]
    WrongSignature {
        canonical: String,
        string_to_sign: String,
    },
}

impl Refusal {
    /// The value of `x-amzn-ErrorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::NotSigned => "MissingAuthenticationTokenException",
            Self::SignedTwice
            | Self::Repeated(_)
            | Self::NotASignature { .. }
            | Self::HeaderIncomplete { .. }
            | Self::QueryIncomplete { .. }
            | Self::Algorithm(_)
            | Self::Credential(_)
            | Self::Date(_)
            | Self::Expires(_) => "IncompleteSignatureException",
            Self::UnknownKey | Self::WrongToken => "UnrecognizedClientException",
            Self::TokenExpired => "ExpiredTokenException",
            Self::HeaderNotSigned(_)
            | Self::HeaderUnreadable(_)
            | Self::PathNotNormal
            | Self::Scope(_)
            | Self::TooOld { .. }
            | Self::TooNew { .. }
            | Self::PayloadNotSigned
            | Self::PayloadInChunks
            | Self::PayloadDiffers
            | Self::WrongSignature { .. } => "InvalidSignatureException",
        }
    }

    /// The `message` of the answer.
    pub fn message(&self) -> String {
        match self {
            Self::NotSigned => "Missing Authentication Token".to_owned(),
            Self::SignedTwice => "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified".to_owned(),
            Self::Repeated(name) => format!("'{name}' must be given only once."),
            Self::NotASignature { hash } => format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '{hash}'."
            ),
            Self::HeaderIncomplete {
                missing,
                is_date_missing,
                hash,
            } => {
                let mut text: String = missing
                    .iter()
                    .map(|name| format!("Authorization header requires '{name}' parameter. "))
                    .collect();
                if *is_date_missing {
                    text.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
                }
                text + "(Hashed with SHA-256 and encoded with Base64) Authorization=" + hash
            }
            Self::QueryIncomplete { missing } => {
                let text: String = missing
                    .iter()
                    .map(|name| format!("AWS query-string parameters must include '{name}'. "))
                    .collect();
                text + "Re-examine the query-string parameters."
            }
            Self::Algorithm(name) => format!("Unsupported AWS 'algorithm': '{name}'."),
            Self::Credential(credential) => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
            ),
            Self::Date(date) => format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
            Self::Expires(_) => format!(
                "X-Amz-Expires must be a number of seconds from 1 to {EXPIRES_SECONDS_MAX}"
            ),
            Self::HeaderNotSigned(name) if name == "host" => {
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
                    .to_owned()
            }
            Self::HeaderNotSigned(name) => {
                format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")
            }
            Self::Scope(faults) => faults.concat(),
            Self::TooOld {
                signed_at,
                now,
                lasted,
            } => format!(
                "Signature expired: {} is now earlier than {} ({} - {})",
                timestamp(*signed_at),
                timestamp(now.saturating_sub(*lasted)),
                timestamp(*now),
                span(*lasted)
            ),
            Self::TooNew { signed_at, now } => {
                let skew = Duration::from_secs(CLOCK_SKEW_SECONDS_MAX);
                format!(
                    "Signature not yet current: {} is still later than {} ({} + {})",
                    timestamp(*signed_at),
                    timestamp(now.saturating_add(skew)),
                    timestamp(*now),
                    span(skew)
                )
            }
            Self::UnknownKey | Self::WrongToken => {
                "The security token included in the request is invalid.".to_owned()
            }
            Self::TokenExpired => {
                "The security token included in the request is expired".to_owned()
            }
            Self::PayloadNotSigned | Self::PayloadInChunks | Self::PayloadDiffers => {
                "The provided 'x-amz-content-sha256' header does not match what was computed."
                    .to_owned()
            }
            Self::HeaderUnreadable(_) | Self::PathNotNormal => MISMATCH.to_owned(),
            Self::WrongSignature {
                canonical,
                string_to_sign,
            } => format!(
                "{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{string_to_sign}'\n"
            ),
        }
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// What is wrong with a scope, in the order in which the service lists it. Each ends with a space, but for the last.
pub(super) fn scope_faults(
    given: [&str; 4],
    [day, region, service]: [&str; 3],
    time: &str,
) -> Vec<String> {
    let [given_day, given_region, given_service, terminator] = given;
    let mut faults = Vec::new();
    if given_region != region {
        faults.push("Credential should be scoped to a valid region. ".to_owned());
    }
    if given_service != service {
        faults.push(format!(
            "Credential should be scoped to correct service: '{service}'. "
        ));
    }
    if terminator != TERMINATOR {
        faults.push(format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. "
        ));
    }
    if given_day != day {
        faults.push(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{given_day}' != '{day}', from '{time}'."
        ));
    }
    faults
}

/// `5 min.`, or seconds where minutes do not come out even.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds.is_multiple_of(60) {
        format!("{} min.", seconds / 60)
    } else {
        format!("{seconds} sec.")
    }
}

pub(super) fn is_known_algorithm(name: &str) -> bool {
    name == ALGORITHM
}
