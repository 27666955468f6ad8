//! Why a call of DynamoDB failed, and what that means to the store.

use super::wire::{Attributes, Reason, Refusal};
use http::StatusCode;
use postern_store::StoreError;
use std::fmt;

/// Why a call failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// DynamoDB said no.
    Refused {
        status: StatusCode,
        refusal: Box<Refusal>,
    },
    /// No answer came that could be read; what was asked for may have been done.
    Lost(String),
    /// Nothing was sent.
    Unsent(String),
}

impl Failure {
    /// DynamoDB's word for why it refused. Empty where there is none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Lost(_) | Self::Unsent(_) => "",
        }
    }

    fn is_about_the_clock(&self) -> bool {
        let Self::Refused { refusal, .. } = self else {
            return false;
        };
        let says = |what| {
            refusal
                .message()
                .is_some_and(|message| message.contains(what))
        };
        match refusal.code() {
            "RequestTimeTooSkewed" | "RequestExpired" => true,
            "InvalidSignatureException" => {
                says("Signature expired") || says("Signature not yet current")
            }
            _ => false,
        }
    }
}

/// In the words of DynamoDB, where it spoke; else of whatever kept it from speaking.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(reason) | Self::Unsent(reason) => f.write_str(reason),
            Self::Refused { status, refusal } => {
                match (refusal.code(), refusal.message()) {
                    ("", None) => write!(f, "it answers {status}")?,
                    ("", Some(message)) => write!(f, "it answers {status}: {message}")?,
                    (code, None) => f.write_str(code)?,
                    (code, Some(message)) => write!(f, "{code}: {message}")?,
                }
                if self.is_about_the_clock() {
                    f.write_str("; the clock of this machine is wrong, and has to be set")?;
                }
                Ok(())
            }
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure.code() {
            "TransactionConflictException" | "TransactionInProgressException" => Self::Conflict,
            _ => Self::Unavailable {
                reason: failure.to_string(),
            },
        }
    }
}

/// Why a single write did not happen.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// With the item as it was found, where there was one.
    Condition(Option<Attributes>),
    Other(StoreError),
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { refusal, .. }
                if refusal.code() == "ConditionalCheckFailedException" =>
            {
                Self::Condition(refusal.item)
            }
            other => Self::Other(other.into()),
        }
    }
}

/// Why a transaction did not happen.
#[derive(Debug)]
pub(super) enum Cancellation {
    /// A word on each of its steps.
    Reasons(Vec<Reason>),
    Other(StoreError),
}

impl From<Failure> for Cancellation {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused { refusal, .. }
                if refusal.code() == "TransactionCanceledException" =>
            {
                Self::Reasons(refusal.cancellation_reasons)
            }
            other => Self::Other(other.into()),
        }
    }
}

impl From<Cancellation> for Unwritten {
    /// Of a transaction of one step.
    fn from(cancellation: Cancellation) -> Self {
        match cancellation {
            Cancellation::Reasons(reasons) if reasons.iter().any(is_condition) => {
                Self::Condition(None)
            }
            Cancellation::Reasons(reasons) => Self::Other(cancelled(&reasons)),
            Cancellation::Other(error) => Self::Other(error),
        }
    }
}

pub(super) fn is_condition(reason: &Reason) -> bool {
    reason.code.as_deref() == Some("ConditionalCheckFailed")
}

/// What a cancellation means in which no condition failed.
pub(super) fn cancelled(reasons: &[Reason]) -> StoreError {
    let mut found = reasons
        .iter()
        .filter_map(|reason| Some((reason.code.as_deref()?, reason)))
        .filter(|(code, _)| *code != "None");
    match found.next() {
        Some((code, reason)) if code != "TransactionConflict" => StoreError::Unavailable {
            reason: format!(
                "the transaction was cancelled: {code}: {}",
                reason.message.as_deref().unwrap_or_default()
            ),
        },
        _ => StoreError::Conflict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(body: serde_json::Value) -> Failure {
        Failure::Refused {
            status: StatusCode::BAD_REQUEST,
            refusal: serde_json::from_value(body).unwrap(),
        }
    }

    #[test]
    fn a_failure_is_told_in_the_words_of_whoever_failed() {
        for (failure, expected) in [
            (
                refused(json!({"__type": "x#ResourceNotFoundException", "message": "no table"})),
                "ResourceNotFoundException: no table",
            ),
            (refused(json!({"__type": "Throttling"})), "Throttling"),
            (refused(json!({})), "it answers 400 Bad Request"),
            (
                refused(json!({"message": "no"})),
                "it answers 400 Bad Request: no",
            ),
            (Failure::Lost("cut off".to_owned()), "cut off"),
            (
                Failure::Unsent("no credentials".to_owned()),
                "no credentials",
            ),
            (
                refused(
                    json!({"__type": "x#InvalidSignatureException", "message": "Signature expired: 1 is now earlier than 2"}),
                ),
                "InvalidSignatureException: Signature expired: 1 is now earlier than 2; the clock of this machine is wrong, and has to be set",
            ),
            (
                refused(
                    json!({"__type": "x#InvalidSignatureException", "message": "not what we calculated"}),
                ),
                "InvalidSignatureException: not what we calculated",
            ),
        ] {
            assert_eq!(failure.to_string(), expected);
        }
    }

    #[test]
    fn what_another_writer_was_in_the_way_of_is_a_conflict() {
        let reasons = |codes: &[&str]| -> Vec<Reason> {
            codes
                .iter()
                .map(|code| serde_json::from_value(json!({"Code": code, "Message": "m"})).unwrap())
                .collect()
        };
        for (error, expected) in [
            (
                refused(json!({"__type": "x#TransactionConflictException"})).into(),
                StoreError::Conflict,
            ),
            (
                refused(json!({"__type": "x#TransactionInProgressException"})).into(),
                StoreError::Conflict,
            ),
            (
                cancelled(&reasons(&["None", "TransactionConflict"])),
                StoreError::Conflict,
            ),
            (cancelled(&[]), StoreError::Conflict),
            (
                cancelled(&reasons(&["None", "ThrottlingError"])),
                StoreError::Unavailable {
                    reason: "the transaction was cancelled: ThrottlingError: m".to_owned(),
                },
            ),
        ] {
            assert_eq!(error, expected);
        }
    }
}
