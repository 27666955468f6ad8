//! The answers that the gateway gives by itself.

use postern_definition::rest::GatewayResponseType;
use std::borrow::Cow;

/// What a rejection becomes where nobody has changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultAnswer {
    /// `None` for what happens before API and stage are known: such an answer cannot be changed.
    pub response_type: Option<GatewayResponseType>,
    pub status: u16,
    /// The value of `x-amzn-ErrorType`. HTTP APIs have none.
    pub error_type: Option<&'static str>,
    /// `None` is written as null.
    pub message: Option<Cow<'static, str>>,
    /// Once a method's execution has begun, the service writes a space after the colon.
    pub spaced: bool,
    /// Whether the member is called `Message`, as what refuses access calls it.
    pub capital: bool,
}

impl DefaultAnswer {
    pub fn body(&self) -> String {
        let message = serde_json::Value::from(self.message.as_deref());
        let name = if self.capital { "Message" } else { "message" };
        let space = if self.spaced { " " } else { "" };
        format!("{{\"{name}\":{space}{message}}}")
    }
}
