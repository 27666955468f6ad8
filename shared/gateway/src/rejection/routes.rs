//! What an HTTP API answers to whoever it refuses.

use super::{AddressRejection, IntegrateRejection, Rejection, RouteRejection};
use crate::CallError;
use crate::gateway_response::DefaultAnswer;

impl Rejection {
    /// HTTP APIs say the status in words, and nothing else. What is not known is not found there, and whatever is wrong behind
    /// them is either away or an error of theirs.
    pub(super) fn answer_of_routes(&self) -> DefaultAnswer {
        let answer = self.answer_of_methods();
        let status = match self {
            Self::Address(
                AddressRejection::NoApi
                | AddressRejection::NotMapped { .. }
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
}
