//! What a backend publishes: items for channels, as the body of a `POST /publish/`.

use crate::close::{CloseError, Closing};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

/// One thing for every socket that listens to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub channel: String,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Text(String),
    Binary(Vec<u8>),
    Close(Option<Closing>),
}

/// Why a body is refused, whole: of its items none is published.
#[derive(Debug, Error)]
pub enum PublishError {
    #[error("Invalid format: {0}")]
    Json(#[from] serde_json::Error),
    #[error("Invalid format: 'ws-message' does not contain 'content' or 'content-bin'")]
    NoContent,
    #[error("Invalid format: 'content-bin' is not base64")]
    NotBase64,
    #[error(
        "Invalid format: 'ws-message' has the unknown 'action' `{0}`; there are 'send' and 'close'"
    )]
    UnknownAction(String),
    #[error("Invalid format: {0}")]
    Close(#[from] CloseError),
}

#[derive(Deserialize)]
struct Body {
    items: Vec<RawItem>,
}

#[derive(Deserialize)]
struct RawItem {
    channel: String,
    formats: Formats,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Formats {
    /// Other formats are for other kinds of clients, which we have none of.
    ws_message: Option<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Message {
    action: Option<String>,
    content: Option<String>,
    content_bin: Option<String>,
    code: Option<u16>,
    reason: Option<String>,
}

impl Item {
    /// Reads a body's items in their order.
    pub fn read_all(json: &[u8]) -> Result<Vec<Self>, PublishError> {
        let body: Body = serde_json::from_slice(json)?;
        let mut items = Vec::with_capacity(body.items.len());
        for RawItem { channel, formats } in body.items {
            if let Some(message) = formats.ws_message {
                let action = message.action()?;
                items.push(Self { channel, action });
            }
        }
        Ok(items)
    }

    /// Writes what [`Item::read_all`] reads.
    pub fn write_all(items: &[Self]) -> Vec<u8> {
        let items: Vec<_> = items
            .iter()
            .map(|item| {
                json!({ "channel": item.channel, "formats": { "ws-message": item.action.message() } })
            })
            .collect();
        json!({ "items": items }).to_string().into_bytes()
    }
}

impl Action {
    fn message(&self) -> Value {
        match self {
            Self::Text(text) => json!({ "content": text }),
            Self::Binary(bytes) => json!({ "content-bin": STANDARD.encode(bytes) }),
            Self::Close(None) => json!({ "action": "close" }),
            Self::Close(Some(closing)) => {
                json!({ "action": "close", "code": closing.code(), "reason": closing.reason() })
            }
        }
    }
}

impl Message {
    fn action(self) -> Result<Action, PublishError> {
        match self.action.as_deref() {
            None | Some("send") => {}
            Some("close") => {
                let reason = self.reason.unwrap_or_default();
                let closing = Closing::new(self.code.unwrap_or(1000), reason)?;
                return Ok(Action::Close(Some(closing)));
            }
            Some(other) => return Err(PublishError::UnknownAction(other.to_owned())),
        }
        match (self.content, self.content_bin) {
            (_, Some(base64)) => STANDARD
                .decode(base64)
                .map(Action::Binary)
                .map_err(|_| PublishError::NotBase64),
            (Some(text), None) => Ok(Action::Text(text)),
            (None, None) => Err(PublishError::NoContent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn items_are_read_or_refused_with_their_mistake() {
        let item = |action| Item {
            channel: "ch".to_owned(),
            action,
        };
        let close = |code, reason: &str| Action::Close(Some(Closing::new(code, reason).unwrap()));
        for (formats, expected) in [
            (
                r#"{"ws-message":{"content":"text"}}"#,
                Ok(vec![item(Action::Text("text".to_owned()))]),
            ),
            (
                r#"{"ws-message":{"action":"send","content-bin":"AAE="}}"#,
                Ok(vec![item(Action::Binary(vec![0, 1]))]),
            ),
            (
                r#"{"ws-message":{"action":"close","code":1001}}"#,
                Ok(vec![item(close(1001, ""))]),
            ),
            (
                r#"{"ws-message":{"action":"close","reason":"bye"}}"#,
                Ok(vec![item(close(1000, "bye"))]),
            ),
            (r#"{"http-stream":{"content":"x"}}"#, Ok(vec![])),
            (
                r#"{"ws-message":{}}"#,
                Err("Invalid format: 'ws-message' does not contain 'content' or 'content-bin'"),
            ),
            (
                r#"{"ws-message":{"content-bin":"?"}}"#,
                Err("Invalid format: 'content-bin' is not base64"),
            ),
            (
                r#"{"ws-message":{"action":"shout"}}"#,
                Err(
                    "Invalid format: 'ws-message' has the unknown 'action' `shout`; there are 'send' and 'close'",
                ),
            ),
            (
                r#"{"ws-message":{"action":"close","code":7}}"#,
                Err(
                    "Invalid format: close code 7 may not be sent: take 1000 to 1003, 1007 to 1014, or 3000 to 4999",
                ),
            ),
        ] {
            let body = format!(r#"{{"items":[{{"channel":"ch","id":"1","formats":{formats}}}]}}"#);
            let items = Item::read_all(body.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(items, expected.map_err(str::to_owned), "{formats}");
        }
        for body in ["", "{}", r#"{"items":[{"formats":{}}]}"#] {
            assert!(Item::read_all(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let of = |action| Item {
            channel: "a=".to_owned(),
            action,
        };
        let items = [
            of(Action::Text("say \"hi\"\n".to_owned())),
            of(Action::Binary(vec![0, 255])),
            of(Action::Close(Some(Closing::new(4001, "bye").unwrap()))),
        ];
        assert_eq!(Item::read_all(&Item::write_all(&items)).unwrap(), items);
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Item::read_all(&body);
        }
    }
}
