//! What the gateway itself says on an open connection. Spaces are where the service has them.

use crate::rejection::{Rejection, ValidateRejection};
use crate::trail::Trail;
use postern_plan::ApiKind;
use serde_json::Value;

/// What whoever sent a message is told of why it went no further.
pub(super) fn of(rejection: &Rejection, trail: &Trail) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let socket = trail.socket.as_deref();
    let connection = quoted(socket.map_or("", |socket| &socket.connection_id));
    if let Rejection::Validate(ValidateRejection::InvalidBody { .. }) = rejection {
        let message = socket.and_then(|socket| socket.happening.message_id());
        let message = quoted(message.unwrap_or_default());
        return format!(
            r#"{{"message" : "Bad request body", "connectionId": {connection}, "messageId": {message}}}"#
        );
    }
    let text = match rejection.answer(ApiKind::WebSocket).status {
        403 => "Forbidden",
        429 => "Too Many Requests",
        400..=499 => "Bad Request",
        _ => "Internal server error",
    };
    let request = quoted(&trail.request_id);
    format!(r#"{{"message": "{text}", "connectionId":{connection}, "requestId":{request}}}"#)
}
