//! What a backend says to the holder itself: the JSON after `c:` in a TEXT event, once GRIP was agreed on.

use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub(crate) enum Control {
    /// What is published to the channel goes to this socket.
    Subscribe {
        channel: String,
    },
    Unsubscribe {
        channel: String,
    },
    /// The backend wants no more of the client's messages; it still hears how the socket ends.
    Detach,
    /// Text for the client whenever nothing else was sent for `timeout` seconds, so that what lies between keeps the connection.
    /// Without text or timeout: no more of it.
    KeepAlive {
        content: Option<String>,
        timeout: Option<u64>,
    },
    /// The same as the header `Set-Meta-{name}`.
    SetMeta {
        name: String,
        value: String,
    },
    /// A peer may know more than we do.
    #[serde(other)]
    Unknown,
}

impl Control {
    pub(crate) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_messages_are_read_and_unknown_ones_are_known_as_such() {
        let channel = || "ch".to_owned();
        for (json, expected) in [
            (
                r#"{"type":"subscribe","channel":"ch","prev-id":"1"}"#,
                Control::Subscribe { channel: channel() },
            ),
            (
                r#"{"type":"unsubscribe","channel":"ch"}"#,
                Control::Unsubscribe { channel: channel() },
            ),
            (r#"{"type":"detach"}"#, Control::Detach),
            (
                r#"{"type":"keep-alive","content":"{}","timeout":30}"#,
                Control::KeepAlive {
                    content: Some("{}".to_owned()),
                    timeout: Some(30),
                },
            ),
            (
                r#"{"type":"set-meta","name":"a","value":"b"}"#,
                Control::SetMeta {
                    name: "a".to_owned(),
                    value: "b".to_owned(),
                },
            ),
            (r#"{"type":"flush-delayed","x":{}}"#, Control::Unknown),
        ] {
            assert_eq!(Control::read(json.as_bytes()).unwrap(), expected, "{json}");
        }
        for json in ["", "{}", "[]", "x", r#"{"type":"subscribe"}"#] {
            assert!(Control::read(json.as_bytes()).is_err(), "{json}");
        }
    }
}
