//! What the service says when it does not do as asked.

use postern_store::StoreError;

/// A refusal. Its message is part of the product: clients match on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// For the operator's log alone.
    pub(crate) detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    /// Constraints that are checked before the service looks at a request.
    Validation,
    /// JSON of a wrong type, or no JSON at all.
    Serialization,
    MissingAuthenticationToken,
    /// A signature proves nothing, by the name of the exception that says so.
    Refused(&'static str),
    AccessDenied,
    NotFound,
    Conflict,
    /// More of something than there may be.
    LimitExceeded,
    /// The same, as operations of HTTP and WebSocket APIs call it.
    TooManyRequests,
    ServiceUnavailable,
    Internal,
}

impl Kind {
    /// The name in `x-amzn-ErrorType`, by which SDKs choose their exception.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequestException",
            Self::Validation => "ValidationException",
            Self::Serialization => "SerializationException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::Refused(name) => name,
            Self::AccessDenied => "AccessDeniedException",
            Self::NotFound => "NotFoundException",
            Self::Conflict => "ConflictException",
            Self::LimitExceeded => "LimitExceededException",
            Self::TooManyRequests => "TooManyRequestsException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::Internal => "InternalFailure",
        }
    }

    pub(crate) fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::Validation | Self::Serialization => 400,
            Self::MissingAuthenticationToken | Self::Refused(_) | Self::AccessDenied => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::LimitExceeded | Self::TooManyRequests => 429,
            Self::ServiceUnavailable => 503,
            Self::Internal => 500,
        }
    }

    /// Seconds in `Retry-After`, where trying again may help.
    pub(crate) fn retry_after(self) -> Option<&'static str> {
        matches!(
            self,
            Self::LimitExceeded | Self::TooManyRequests | Self::ServiceUnavailable
        )
        .then_some("1")
    }
}

impl Failure {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            detail: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new(Kind::Serialization, message)
    }

    /// All violated constraints in one message, as the service words them.
    pub(crate) fn validation(clauses: &[String]) -> Self {
        let plural = if clauses.len() == 1 { "" } else { "s" };
        Self::new(
            Kind::Validation,
            format!(
                "{} validation error{plural} detected: {}",
                clauses.len(),
                clauses.join("; ")
            ),
        )
    }

    /// No such path, or no such verb on it: the service's front door takes it for an unsigned request.
    pub(crate) fn unknown_operation() -> Self {
        Self::new(
            Kind::MissingAuthenticationToken,
            "Missing Authentication Token",
        )
    }

    pub(crate) fn refused(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused(name), message)
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new(Kind::AccessDenied, message)
    }

    /// What this rests on does not answer.
    pub(crate) fn unavailable(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(Kind::ServiceUnavailable, "Service Unavailable")
        }
    }

    /// Others changed the same API, again and again.
    pub(crate) fn concurrent() -> Self {
        Self::conflict(
            "Unable to complete operation due to concurrent modification. Please try again later.",
        )
    }

    /// Our own fault; only the operator learns what it was.
    pub(crate) fn internal(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::new(Kind::Internal, "Internal failure")
        }
    }

    /// As operations of HTTP and WebSocket APIs tell it, which have fewer exceptions.
    pub(crate) fn in_v2(mut self) -> Self {
        self.kind = match self.kind {
            Kind::Validation | Kind::Serialization => Kind::BadRequest,
            Kind::LimitExceeded => Kind::TooManyRequests,
            other => other,
        };
        self
    }

    /// Whether it is no fault of what was asked.
    pub(crate) fn is_ours(&self) -> bool {
        self.kind.status() >= 500
    }

    /// There are as many as there may be.
    pub(crate) fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(Kind::LimitExceeded, message)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let detail = Some(error.to_string());
        match error {
            StoreError::TooLarge { bytes, max } => Self::bad_request(format!(
                "The definition is too large: it takes {bytes} bytes, and at most {max} fit. Make templates or descriptions smaller."
            )),
            StoreError::KeyTooLong { .. } | StoreError::KeyEmpty => {
                Self::bad_request("Invalid identifier specified")
            }
            StoreError::ConditionFailed { .. } | StoreError::Conflict => Self::concurrent(),
            StoreError::Unavailable { .. } => Self {
                detail,
                ..Self::new(Kind::ServiceUnavailable, "Service Unavailable")
            },
            StoreError::TooManyWrites { .. }
            | StoreError::DuplicateKey { .. }
            | StoreError::Corrupt { .. } => Self::internal(error.to_string()),
        }
    }
}
