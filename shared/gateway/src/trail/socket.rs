//! What is observed of a connection and of what happens on it, for `$context`, events and logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;
use std::borrow::Cow;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct SocketTrail {
    pub(crate) happening: Happening,
    pub(crate) connection_id: String,
    /// Since 1970.
    pub(crate) connected_at: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Connect,
    Message { id: String },
    Disconnect { code: u16, reason: String },
}

impl Happening {
    /// A message's id ends as its connection's does, which says where both are.
    pub(crate) fn message(connection_id: &str) -> Self {
        let mut random = [0_u8; 6];
        rand::rng().fill_bytes(&mut random);
        let end = connection_id.len().saturating_sub(8);
        let end = connection_id.get(end..).unwrap_or_default();
        Self::Message {
            id: format!("{}{end}", STANDARD.encode(random)),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message { .. } => "MESSAGE",
            Self::Disconnect { .. } => "DISCONNECT",
        }
    }

    pub(crate) fn message_id(&self) -> Option<&str> {
        match self {
            Self::Message { id } => Some(id),
            Self::Connect | Self::Disconnect { .. } => None,
        }
    }

    pub(crate) fn end(&self) -> Option<(u16, &str)> {
        match self {
            Self::Disconnect { code, reason } => Some((*code, reason)),
            Self::Connect | Self::Message { .. } => None,
        }
    }
}

impl SocketTrail {
    pub(crate) fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match name {
            "connectionId" => self.connection_id.as_str().into(),
            "connectedAt" => self.connected_at.as_millis().to_string().into(),
            "eventType" => self.happening.name().into(),
            "messageDirection" => "IN".into(),
            "messageId" => self.happening.message_id()?.into(),
            "disconnectStatusCode" => self.happening.end()?.0.to_string().into(),
            "disconnectReason" => self.happening.end()?.1.into(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_messages_id_ends_as_its_connections() {
        for (connection, end) in [
            ("SOqGjdZioAMCEeg=", "oAMCEeg="),
            ("short", "short"),
            ("", ""),
            ("ééééé", "éééé"),
        ] {
            let happening = Happening::message(connection);
            let id = happening.message_id().unwrap();
            assert_eq!(&id[8..], end, "{connection}");
        }
    }
}
