//! What a WebSocket API answers to whoever it refuses.

use super::{AdmitRejection, Rejection};
use crate::gateway_response::DefaultAnswer;
use crate::socket::CONNECTIONS;

impl Rejection {
    /// Whoever is not let in by a WebSocket API learns little: all that goes wrong behind it is one status, and who may not is
    /// told no more than that.
    pub(super) fn answer_of_sockets(&self) -> DefaultAnswer {
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
}
