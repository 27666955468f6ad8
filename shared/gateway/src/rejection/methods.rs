//! What a REST API answers to whoever it refuses, where its owner has not said otherwise: with each answer the gateway response that
//! an owner may change it by. The other kinds of API begin from it.

use super::{
    AddressRejection, AdmitRejection, ApiKeyRejection, AuthorizeRejection, CacheRejection,
    IntegrateRejection, Rejection, RouteRejection, UnpackRejection, ValidateRejection,
};
use crate::CallError;
use crate::admit::ExceededLimit;
use crate::authorize::Challenge;
use crate::gateway_response::DefaultAnswer;
use postern_definition::rest::GatewayResponseType;
use postern_identity::sigv4::Refusal;

impl Rejection {
    pub(super) fn answer_of_methods(&self) -> DefaultAnswer {
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
                | AddressRejection::NotMapped { .. }
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
    use postern_plan::ApiKind;
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
