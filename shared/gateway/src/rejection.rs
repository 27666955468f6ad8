//! Every way in which a request can be refused: one small enum per stage, and the one place that maps them to answers.
//!
//! `Display` is for the operator and says what is known. [`DefaultAnswer`] is for the caller. Neither leaks into the other.

use crate::admit::{Exceeded, ExceededLimit};
use crate::authorize::{Challenge, NoKeys};
use crate::gateway_response::DefaultAnswer;
use crate::mapping::MalformedBody;
use crate::socket::CONNECTIONS;
use crate::{CallError, CollectError};
use postern_definition::rest::GatewayResponseType;
use postern_identity::sigv4::Refusal;
use postern_plan::{ApiKind, DeployedError};
use postern_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error(transparent)]
    Address(#[from] AddressRejection),
    #[error(transparent)]
    Route(#[from] RouteRejection),
    #[error(transparent)]
    Admit(#[from] AdmitRejection),
    #[error(transparent)]
    Unpack(#[from] UnpackRejection),
    #[error(transparent)]
    Validate(#[from] ValidateRejection),
    #[error(transparent)]
    Cache(#[from] CacheRejection),
    #[error(transparent)]
    Integrate(#[from] IntegrateRejection),
}

/// What kept a packed body from being unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackRejection {
    #[error("the body's coding `{0}` is neither gzip nor deflate")]
    UnknownCoding(String),
    #[error("the body is not what its coding says: {0}")]
    Malformed(String),
    #[error(transparent)]
    Body(#[from] IntegrateRejection),
}

/// Which API and stage.
#[derive(Debug, thiserror::Error)]
pub enum AddressRejection {
    #[error("the request's line and query have {bytes} bytes, and at most {max} are allowed")]
    UriTooLong { bytes: usize, max: usize },
    #[error("the request's headers have {bytes} bytes, and at most {max} are allowed")]
    HeadersTooLong { bytes: usize, max: usize },
    #[error("the request names no API: neither host nor path nor a default say which")]
    NoApi,
    #[error("API `{api}` has no stage `{stage}`")]
    NoSuchStage {
        kind: ApiKind,
        api: String,
        stage: String,
    },
    #[error("the stage cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("the stage's deployment cannot be used: {0}")]
    Deployment(#[from] DeployedError),
    #[error("API `{api}` answers on its custom domains only")]
    EndpointDisabled { kind: ApiKind, api: String },
    #[error("`{0}` answers clients with a certificate only")]
    NoCertificate(String),
}

/// Which method.
#[derive(Debug, thiserror::Error)]
pub enum RouteRejection {
    #[error("no method for {verb} {path}")]
    NoSuchMethod { verb: String, path: String },
    #[error("no method for {verb} {path}, and the Authorization header is not a signature")]
    NotASignature {
        verb: String,
        path: String,
        header: String,
        token: String,
    },
    #[error("the API speaks WebSocket, and the request asks for something else")]
    UpgradeRequired,
    #[error("the method cannot be used: {0}")]
    Deployment(#[from] DeployedError),
}

/// Who are you, may you, how much.
#[derive(Debug, thiserror::Error)]
pub enum AdmitRejection {
    #[error("the method wants a signed request, and the Authorization header is not a signature")]
    NotASignature { header: String, token: String },
    #[error("the signature proves nothing: {0}")]
    Signature(#[from] Refusal),
    #[error("whose signature it is cannot be found out: {0}")]
    Signers(#[from] StoreError),
    #[error(
        "IAM does not say what the caller may do: {0}; the gateway's role needs iam:SimulatePrincipalPolicy and iam:GetRole"
    )]
    Iam(String),
    /// The body that a signature covers could not be read whole.
    #[error(transparent)]
    Body(#[from] IntegrateRejection),
    /// The method's authorizer is not there, or is not made so that it could decide.
    #[error("the method's authorizer cannot be asked: {0}")]
    Authorizer(String),
    #[error(transparent)]
    Authorize(#[from] AuthorizeRejection),
    #[error("the API's policy cannot be used: {0}")]
    Policy(String),
    #[error("the method's ARN has {bytes} bytes, and is too long for policies")]
    ArnTooLong { bytes: usize },
    /// To whom an authorizer gave a policy.
    #[error("policies {}", if *.is_explicit { "deny it" } else { "do not allow it" })]
    DeniedToBearer { is_explicit: bool },
    #[error("policies {} to {action} {arn}", if *.is_explicit { "deny" } else { "do not allow" })]
    Denied {
        /// `None` of somebody who did not have to say who they are.
        caller: Option<String>,
        action: &'static str,
        arn: String,
        is_explicit: bool,
    },
    #[error(transparent)]
    ApiKey(#[from] ApiKeyRejection),
    #[error("{0}")]
    Exceeded(Box<Exceeded>),
    #[error("the request cannot be counted, for the store does not answer")]
    Uncounted,
}

/// Why a method that wants an API key refuses.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeyRejection {
    #[error("the method wants an API key, and the request has none")]
    Absent,
    #[error("the request's API key is no key's value")]
    Unknown,
    #[error("API key `{key}` is disabled")]
    Disabled { key: String },
    #[error("API key `{key}` is on no usage plan that covers the stage")]
    NoPlan { key: String },
}

/// Is it well formed?
#[derive(Debug, thiserror::Error)]
pub enum ValidateRejection {
    #[error("Missing required request parameters: [{}]", .0.join(", "))]
    MissingParameters(Vec<String>),
    #[error("Request body does not match model schema for content type {content_type}: {reason}")]
    InvalidBody {
        content_type: String,
        /// What `$context.error.validationErrorString` says.
        reason: String,
        /// Whether a function would have been called, for then the client is told the trace, as recorded.
        traced: bool,
    },
    /// The body could not be read whole.
    #[error(transparent)]
    Body(IntegrateRejection),
}

/// Who may not ask for a new answer asked for one, and the stage refuses such requests.
#[derive(Debug, thiserror::Error)]
#[error("nothing allows execute-api:InvalidateCache on {arn}")]
pub struct CacheRejection {
    /// `None` of somebody who did not have to say who they are.
    pub caller: Option<String>,
    pub arn: String,
}

/// Why an authorizer lets nobody pass.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeRejection {
    #[error("the request does not say who is calling, where the authorizer looks for it")]
    Unidentified,
    #[error("the authorizer says that the caller is not one")]
    Refused,
    #[error("the authorizer's function failed: {0}")]
    Failed(String),
    #[error("the authorizer cannot decide: {0}")]
    Configuration(String),
    #[error("the token is not good: {0}")]
    Token(String),
    #[error("the token has expired")]
    Expired,
    #[error("the token has none of the method's scopes")]
    NoScope,
    #[error("the authorizer cannot decide: {0}")]
    NoKeys(#[from] NoKeys),
    /// Any of these where whoever is refused for a token is told why.
    #[error("{0}")]
    Challenged(Challenge),
}

/// What kept the integration from answering.
#[derive(Debug, thiserror::Error)]
pub enum IntegrateRejection {
    #[error("the request's body has more than {0} bytes")]
    BodyTooLarge(usize),
    #[error("the request's body broke off: {0}")]
    BodyBroken(String),
    #[error("no template for `{0}`, and the integration passes nothing through")]
    UnsupportedMediaType(String),
    /// The owner's mistake, found too late.
    #[error("execution failed due to configuration error: {0}")]
    Configuration(String),
    #[error("a parameter is mapped from the request's body: {0}")]
    MalformedBody(#[from] MalformedBody),
    #[error("the integration's method is not POST, which Lambda wants")]
    LambdaMethod,
    #[error("Lambda refused the call with status {status}: {message}")]
    LambdaRefused { status: u16, message: String },
    #[error("Lambda execution failed with status 200 due to customer function error: {0}")]
    FunctionError(String),
    #[error("execution failed due to configuration error: malformed Lambda proxy response: {0}")]
    MalformedAnswer(String),
    #[error("Lambda could not answer: status {0}")]
    LambdaUnavailable(u16),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the answer's body broke off: {0}")]
    AnswerBroken(#[from] CollectError),
}

impl AdmitRejection {
    /// What logs tell of whoever signs: it is the client's fault, or that of what should know them.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::NotASignature { .. } | Self::Signature(_) => 403,
            _ => 500,
        }
    }
}

impl AuthorizeRejection {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Unidentified | Self::Refused | Self::Token(_) | Self::Expired => 401,
            Self::NoScope => 403,
            Self::Failed(_) | Self::Configuration(_) | Self::NoKeys(_) => 500,
            Self::Challenged(challenge) => challenge.status(),
        }
    }
}

impl Rejection {
    /// The value of `$context.error.validationErrorString`.
    pub(crate) fn validation_error(&self, kind: ApiKind) -> Option<String> {
        match self {
            Self::Validate(ValidateRejection::InvalidBody { reason, .. }) => Some(reason.clone()),
            // Clients of an HTTP API are not told, so that its log is where it can be read.
            Self::Validate(ValidateRejection::MissingParameters(_)) => {
                (kind == ApiKind::Http).then(|| self.to_string())
            }
            Self::Validate(ValidateRejection::Body(_))
            | Self::Address(_)
            | Self::Route(_)
            | Self::Admit(_)
            | Self::Unpack(_)
            | Self::Cache(_)
            | Self::Integrate(_) => None,
        }
    }

    /// What the client is told of its token, beside the answer.
    pub(crate) fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::Admit(AdmitRejection::Authorize(AuthorizeRejection::Challenged(challenge))) => {
                Some(challenge)
            }
            Self::Address(_)
            | Self::Route(_)
            | Self::Admit(_)
            | Self::Unpack(_)
            | Self::Validate(_)
            | Self::Cache(_)
            | Self::Integrate(_) => None,
        }
    }

    /// What kind of API refuses, where no stage of it was found.
    pub(crate) fn kind(&self) -> ApiKind {
        match self {
            Self::Address(
                AddressRejection::NoSuchStage { kind, .. }
                | AddressRejection::EndpointDisabled { kind, .. },
            ) => *kind,
            Self::Address(_)
            | Self::Route(_)
            | Self::Admit(_)
            | Self::Unpack(_)
            | Self::Validate(_)
            | Self::Cache(_)
            | Self::Integrate(_) => ApiKind::Rest,
        }
    }

    /// What an API of this kind answers where nobody has changed it.
    pub fn answer(&self, kind: ApiKind) -> DefaultAnswer {
        match kind {
            ApiKind::Rest => self.answer_of_methods(),
            ApiKind::Http => self.answer_of_routes(),
            ApiKind::WebSocket => self.answer_of_sockets(),
        }
    }

    /// Whoever is not let in by a WebSocket API learns little: all that goes wrong behind it is one status, and who may not is
    /// told no more than that.
    fn answer_of_sockets(&self) -> DefaultAnswer {
        let answer = self.answer_of_methods();
        let is_signature = matches!(self, Self::Admit(AdmitRejection::Signature(_)))
            || matches!(self, Self::Admit(AdmitRejection::NotASignature { .. }));
        let is_of_connections = matches!(self, Self::Admit(AdmitRejection::Exceeded(exceeded))
            if exceeded.resource.as_str() == CONNECTIONS);
        let (status, message) = match self {
            Self::Integrate(_) if answer.status >= 500 => (502, Some("Internal server error")),
            _ if answer.status >= 500 => (500, Some("Internal server error")),
            _ if answer.status == 403 && !is_signature => (403, Some("Forbidden")),
            _ => (answer.status, None),
        };
        let error_type = match status {
            413 => Some("PayloadTooLargeException"),
            429 if is_of_connections => Some("LimitExceededException"),
            500.. => Some("InternalServerErrorException"),
            403 if matches!(self, Self::Route(_)) => Some("ForbiddenException"),
            _ => answer.error_type,
        };
        DefaultAnswer {
            status,
            error_type,
            message: message.map(Into::into).or(answer.message),
            spaced: false,
            capital: false,
            response_type: answer.response_type,
        }
    }

    /// HTTP APIs say the status in words, and nothing else. What is not known is not found there, and whatever is wrong behind
    /// them is either away or an error of theirs.
    fn answer_of_routes(&self) -> DefaultAnswer {
        let answer = self.answer_of_methods();
        let status = match self {
            Self::Address(
                AddressRejection::NoApi
                | AddressRejection::NoSuchStage { .. }
                | AddressRejection::EndpointDisabled { .. },
            )
            | Self::Route(RouteRejection::NoSuchMethod { .. }) => 404,
            Self::Integrate(IntegrateRejection::Call(
                CallError::Network(_) | CallError::Timeout(_),
            )) => 503,
            _ if answer.status >= 500 => 500,
            _ => answer.status,
        };
        let message = match status {
            413 => "Request Entity Too Large",
            414 => "URI Too Long",
            status => http::StatusCode::from_u16(status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or("Internal Server Error"),
        };
        DefaultAnswer {
            status,
            error_type: None,
            message: Some(message.into()),
            spaced: false,
            capital: false,
            ..answer
        }
    }

    fn answer_of_methods(&self) -> DefaultAnswer {
        use GatewayResponseType as Type;
        let front = |status, error_type, message| DefaultAnswer {
            response_type: None,
            status,
            error_type: Some(error_type),
            message: Some(std::borrow::Cow::Borrowed(message)),
            spaced: false,
            capital: false,
        };
        let early = |response_type, status, error_type, message| DefaultAnswer {
            response_type: Some(response_type),
            ..front(status, error_type, message)
        };
        let late = |response_type, status, error_type, message| DefaultAnswer {
            spaced: true,
            ..early(response_type, status, error_type, message)
        };
        let internal = |response_type, status| {
            late(
                response_type,
                status,
                "InternalServerErrorException",
                "Internal server error",
            )
        };
        // An unknown path looks like an unsigned request: there is no 404.
        let unsigned = || {
            let message = "Missing Authentication Token";
            early(
                Type::MissingAuthenticationToken,
                403,
                "MissingAuthenticationTokenException",
                message,
            )
        };
        // What went wrong inside is not for the caller.
        let silent = |response_type| DefaultAnswer {
            message: None,
            ..early(response_type, 500, "AuthorizerConfigurationException", "")
        };
        let denied = |message: String, is_explicit: bool| {
            let how = if is_explicit {
                " with an explicit deny"
            } else {
                ""
            };
            DefaultAnswer {
                message: Some((message + how).into()),
                capital: true,
                ..early(Type::AccessDenied, 403, "AccessDeniedException", "")
            }
        };
        let not_a_signature = |header: &str, token: &str| {
            DefaultAnswer {
            message: Some(format!(
                "'{token}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
            )
            .into()),
            ..early(Type::Default4xx, 403, "IncompleteSignatureException", "")
        }
        };
        match self {
            Self::Address(AddressRejection::UriTooLong { .. })
            | Self::Admit(AdmitRejection::ArnTooLong { .. }) => {
                front(414, "RequestUriTooLongException", "Request URI too long")
            }
            Self::Address(AddressRejection::HeadersTooLong { .. }) => front(
                431,
                "RequestHeaderFieldsTooLargeException",
                "Request Header Fields Too Large",
            ),
            Self::Address(
                AddressRejection::NoApi
                | AddressRejection::NoSuchStage { .. }
                | AddressRejection::EndpointDisabled { .. }
                | AddressRejection::NoCertificate(_),
            ) => front(403, "ForbiddenException", "Forbidden"),
            Self::Route(RouteRejection::UpgradeRequired) => {
                front(426, "UpgradeRequiredException", "Upgrade Required")
            }
            Self::Address(AddressRejection::Store(_) | AddressRejection::Deployment(_)) => {
                front(500, "InternalServerErrorException", "Internal server error")
            }
            Self::Route(RouteRejection::NoSuchMethod { .. })
            | Self::Admit(AdmitRejection::Signature(Refusal::NotSigned)) => unsigned(),
            Self::Admit(AdmitRejection::Signature(refusal)) => DefaultAnswer {
                message: Some(refusal.message().into()),
                ..early(refused(refusal), 403, refusal.error_type(), "")
            },
            Self::Route(RouteRejection::NotASignature { header, token, .. })
            | Self::Admit(AdmitRejection::NotASignature { header, token }) => {
                not_a_signature(header, token)
            }
            Self::Route(RouteRejection::Deployment(_))
            | Self::Admit(
                AdmitRejection::Policy(_)
                | AdmitRejection::Signers(_)
                | AdmitRejection::Iam(_)
                | AdmitRejection::Uncounted,
            ) => internal(Type::Default5xx, 500),
            Self::Admit(AdmitRejection::Authorize(
                AuthorizeRejection::Unidentified
                | AuthorizeRejection::Refused
                | AuthorizeRejection::Token(_)
                | AuthorizeRejection::Challenged(Challenge::Absent | Challenge::Invalid(_)),
            )) => early(
                Type::Unauthorized,
                401,
                "UnauthorizedException",
                "Unauthorized",
            ),
            Self::Admit(AdmitRejection::Authorize(AuthorizeRejection::Expired)) => early(
                Type::Unauthorized,
                401,
                "UnauthorizedException",
                "The incoming token has expired",
            ),
            Self::Admit(AdmitRejection::Authorize(AuthorizeRejection::Failed(_))) => {
                silent(Type::AuthorizerFailure)
            }
            Self::Admit(
                AdmitRejection::Authorizer(_)
                | AdmitRejection::Authorize(
                    AuthorizeRejection::Configuration(_) | AuthorizeRejection::NoKeys(_),
                ),
            ) => silent(Type::AuthorizerConfigurationError),
            Self::Admit(AdmitRejection::DeniedToBearer { is_explicit }) => denied(
                "User is not authorized to access this resource".to_owned(),
                *is_explicit,
            ),
            Self::Admit(AdmitRejection::Denied {
                caller,
                action,
                arn,
                is_explicit,
            }) => denied(
                format!(
                    "User: {} is not authorized to perform: {action} on resource: {}",
                    caller.as_deref().unwrap_or("anonymous"),
                    without_account(arn)
                ),
                *is_explicit,
            ),
            Self::Admit(AdmitRejection::ApiKey(
                ApiKeyRejection::Absent
                | ApiKeyRejection::Unknown
                | ApiKeyRejection::Disabled { .. }
                | ApiKeyRejection::NoPlan { .. },
            )) => early(Type::InvalidApiKey, 403, "ForbiddenException", "Forbidden"),
            Self::Admit(AdmitRejection::Exceeded(exceeded)) => match exceeded.limit {
                ExceededLimit::Quota { .. } => early(
                    Type::QuotaExceeded,
                    429,
                    "LimitExceededException",
                    "Limit Exceeded",
                ),
                ExceededLimit::Plan { .. }
                | ExceededLimit::Stage(_)
                | ExceededLimit::Account(_) => early(
                    Type::Throttled,
                    429,
                    "TooManyRequestsException",
                    "Too Many Requests",
                ),
            },
            Self::Unpack(UnpackRejection::UnknownCoding(_) | UnpackRejection::Malformed(_)) => {
                let message = "Unsupported Media Type";
                early(
                    Type::UnsupportedMediaType,
                    415,
                    "BadRequestException",
                    message,
                )
            }
            Self::Validate(rejection @ ValidateRejection::MissingParameters(_)) => DefaultAnswer {
                message: Some(rejection.to_string().into()),
                ..late(Type::BadRequestParameters, 400, "BadRequestException", "")
            },
            Self::Validate(ValidateRejection::InvalidBody { .. }) => late(
                Type::BadRequestBody,
                400,
                "BadRequestException",
                "Invalid request body",
            ),
            Self::Admit(AdmitRejection::Authorize(
                AuthorizeRejection::NoScope | AuthorizeRejection::Challenged(Challenge::NoScope(_)),
            ))
            | Self::Cache(CacheRejection { caller: None, .. }) => {
                early(Type::AccessDenied, 403, "ForbiddenException", "Forbidden")
            }
            Self::Cache(CacheRejection {
                caller: Some(caller),
                arn,
            }) => denied(
                format!(
                    "User: {caller} is not authorized to perform: execute-api:InvalidateCache on resource: {}",
                    without_account(arn)
                ),
                false,
            ),
            Self::Integrate(rejection)
            | Self::Admit(AdmitRejection::Body(rejection))
            | Self::Unpack(UnpackRejection::Body(rejection))
            | Self::Validate(ValidateRejection::Body(rejection)) => {
                match rejection {
                    IntegrateRejection::BodyTooLarge(_) => early(
                        Type::RequestTooLarge,
                        413,
                        "RequestEntityTooLargeException",
                        "Request Too Long",
                    ),
                    IntegrateRejection::BodyBroken(_)
                    | IntegrateRejection::Call(CallError::Client(_)) => {
                        early(Type::Default4xx, 400, "BadRequestException", "Bad Request")
                    }
                    IntegrateRejection::UnsupportedMediaType(_) => late(
                        Type::UnsupportedMediaType,
                        415,
                        "BadRequestException",
                        "Unsupported Media Type",
                    ),
                    IntegrateRejection::MalformedBody(_) => late(
                        Type::Default4xx,
                        400,
                        "BadRequestException",
                        "Invalid JSON in request body",
                    ),
                    IntegrateRejection::Configuration(_)
                    | IntegrateRejection::LambdaRefused { .. }
                    | IntegrateRejection::Call(CallError::Address(_) | CallError::Unsigned(_)) => {
                        internal(Type::ApiConfigurationError, 500)
                    }
                    // The type's own status is 504, yet the service answers 500 here.
                    IntegrateRejection::LambdaMethod => internal(Type::IntegrationFailure, 500),
                    IntegrateRejection::FunctionError(_)
                    | IntegrateRejection::MalformedAnswer(_)
                    | IntegrateRejection::LambdaUnavailable(_) => internal(Type::Default5xx, 502),
                    IntegrateRejection::AnswerBroken(_) => internal(Type::Default5xx, 500),
                    IntegrateRejection::Call(CallError::Network(_)) => late(
                        Type::IntegrationFailure,
                        504,
                        "InternalServerErrorException",
                        "Network error communicating with endpoint",
                    ),
                    IntegrateRejection::Call(CallError::Timeout(_)) => late(
                        Type::IntegrationTimeout,
                        504,
                        "InternalServerErrorException",
                        "Endpoint request timed out",
                    ),
                }
            }
        }
    }
}

/// The gateway response that an owner may make of a refused signature.
fn refused(refusal: &Refusal) -> GatewayResponseType {
    use GatewayResponseType as Type;
    match refusal {
        Refusal::NotSigned => Type::MissingAuthenticationToken,
        Refusal::TokenExpired => Type::ExpiredToken,
        Refusal::SignedTwice
        | Refusal::Repeated(_)
        | Refusal::NotASignature { .. }
        | Refusal::HeaderIncomplete { .. }
        | Refusal::QueryIncomplete { .. }
        | Refusal::Algorithm(_)
        | Refusal::Credential(_)
        | Refusal::Date(_)
        | Refusal::Expires(_)
        | Refusal::UnknownKey
        | Refusal::WrongToken => Type::Default4xx,
        Refusal::HeaderNotSigned(_)
        | Refusal::HeaderUnreadable(_)
        | Refusal::PathNotNormal
        | Refusal::Scope(_)
        | Refusal::TooOld { .. }
        | Refusal::TooNew { .. }
        | Refusal::PayloadNotSigned
        | Refusal::PayloadInChunks
        | Refusal::PayloadDiffers
        | Refusal::WrongSignature { .. } => Type::InvalidSignature,
    }
}

/// The account's last four digits are all that a caller is shown of it.
fn without_account(arn: &str) -> String {
    let mut parts: Vec<_> = arn.splitn(6, ':').map(str::to_owned).collect();
    if let Some(account) = parts.get_mut(4) {
        let shown = account.len().saturating_sub(8);
        let from = account.len() - shown.min(4);
        *account = format!("********{}", account.get(from..).unwrap_or_default());
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn default_answers_have_the_services_status_type_and_bytes() {
        let route = || RouteRejection::NoSuchMethod {
            verb: "GET".into(),
            path: "/".into(),
        };
        let bearer = || AdmitRejection::NotASignature {
            header: "Bearer abc".into(),
            token: "abc".into(),
        };
        let timeout = || IntegrateRejection::Call(CallError::Timeout(Duration::from_secs(1)));
        for (rejection, status, error_type, body) in [
            (
                Rejection::from(AddressRejection::NoApi),
                403,
                "ForbiddenException",
                r#"{"message":"Forbidden"}"#,
            ),
            (
                route().into(),
                403,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            (
                bearer().into(),
                403,
                "IncompleteSignatureException",
                r#"{"message":"'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."}"#,
            ),
            (
                AdmitRejection::from(ApiKeyRejection::Absent).into(),
                403,
                "ForbiddenException",
                r#"{"message":"Forbidden"}"#,
            ),
            (
                IntegrateRejection::LambdaMethod.into(),
                500,
                "InternalServerErrorException",
                r#"{"message": "Internal server error"}"#,
            ),
            (
                IntegrateRejection::MalformedAnswer(String::new()).into(),
                502,
                "InternalServerErrorException",
                r#"{"message": "Internal server error"}"#,
            ),
            (
                timeout().into(),
                504,
                "InternalServerErrorException",
                r#"{"message": "Endpoint request timed out"}"#,
            ),
        ] {
            let answer = rejection.answer(ApiKind::Rest);
            assert_eq!(
                (answer.status, answer.error_type, answer.body().as_str()),
                (status, Some(error_type), body)
            );
        }
        // Lengths that were recorded.
        let length = |rejection: IntegrateRejection| {
            Rejection::from(rejection)
                .answer(ApiKind::Rest)
                .body()
                .len()
        };
        assert_eq!(
            (length(IntegrateRejection::LambdaMethod), length(timeout())),
            (36, 41)
        );
    }
}
