//! Every way in which a request can be refused: one small enum per stage, and one place per kind of API that maps them to answers.
//!
//! `Display` is for the operator and says what is known. [`DefaultAnswer`] is for the caller. Neither leaks into the other.

mod methods;
mod routes;
mod sockets;

use crate::admit::Exceeded;
use crate::authorize::{Challenge, NoKeys};
use crate::gateway_response::DefaultAnswer;
use crate::mapping::MalformedBody;
use crate::{CallError, CollectError};
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
    UriTooLong {
        kind: ApiKind,
        bytes: usize,
        max: usize,
    },
    #[error("the request's {} {bytes} bytes, and at most {max} are allowed", if *.with_line { "line, query and headers have" } else { "headers have" })]
    HeadersTooLong {
        kind: ApiKind,
        /// Whether the request's line counts too.
        with_line: bool,
        bytes: usize,
        max: usize,
    },
    #[error("the request names no API: neither host nor path nor a default say which")]
    NoApi,
    #[error("nothing of `{domain}` leads from the path to an API")]
    NotMapped { kind: ApiKind, domain: String },
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

impl AddressRejection {
    /// What kind of API refuses. A REST API, where that is not known.
    pub(crate) fn kind(&self) -> ApiKind {
        match self {
            Self::UriTooLong { kind, .. }
            | Self::HeadersTooLong { kind, .. }
            | Self::NotMapped { kind, .. }
            | Self::NoSuchStage { kind, .. }
            | Self::EndpointDisabled { kind, .. } => *kind,
            Self::NoApi | Self::Store(_) | Self::Deployment(_) | Self::NoCertificate(_) => {
                ApiKind::Rest
            }
        }
    }
}

impl AdmitRejection {
    /// What `$context` says of it. What a client is told is [`Rejection::answer`]'s.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::NotASignature { .. }
            | Self::Signature(_)
            | Self::DeniedToBearer { .. }
            | Self::Denied { .. }
            | Self::ApiKey(_) => 403,
            Self::Authorize(rejection) => rejection.status(),
            Self::Body(IntegrateRejection::BodyTooLarge(_)) => 413,
            Self::Body(_) => 400,
            Self::ArnTooLong { .. } => 414,
            Self::Exceeded(_) => 429,
            Self::Signers(_)
            | Self::Iam(_)
            | Self::Authorizer(_)
            | Self::Policy(_)
            | Self::Uncounted => 500,
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
            Self::Address(rejection) => rejection.kind(),
            Self::Route(_)
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
}
