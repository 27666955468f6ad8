//! The variables of the functions that answer for WebSocket APIs.

use crate::Variables;
use postern_websocket::{HolderList, Keys, Limits, Settings};

impl Variables<'_> {
    /// Who holds sockets, and how long these may be and live. Nothing where what must be said is not, which is told.
    pub fn sockets(&mut self) -> Option<Settings> {
        let keys: Option<Keys> = self.needed("POSTERN_SOCKETS_KEY");
        let holders: Option<HolderList> = self.needed("POSTERN_HOLDERS");
        let token = self.named("POSTERN_FANOUT_TOKEN");
        if token.is_none() && holders.as_ref().is_some_and(HolderList::has_fanout) {
            self.wrong("POSTERN_FANOUT_TOKEN is not set, which Fastly wants of whoever publishes");
        }
        let limits = Limits::default();
        let limits = Limits {
            idle: self.seconds("POSTERN_SOCKET_IDLE").unwrap_or(limits.idle),
            life: self.seconds("POSTERN_SOCKET_LIFE").unwrap_or(limits.life),
            message_bytes_max: self
                .parsed("POSTERN_SOCKET_MESSAGE", "a whole number of bytes")
                .unwrap_or(limits.message_bytes_max),
        };
        let (keys, holders) = keys.zip(holders)?;
        Some(Settings {
            keys: match token {
                Some(token) => keys.with_fanout_token(&token),
                None => keys,
            },
            holders,
            limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let find = |name: &str| {
            let mut found = variables.iter().filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let mut variables = Variables::new(&find);
        let settings = variables.sockets();
        variables.finish(settings)
    }

    #[test]
    fn all_that_is_wrong_is_reported_together() {
        let wrong = [
            ("POSTERN_SOCKETS_KEY", "short"),
            ("POSTERN_HOLDERS", "pushpin"),
            ("POSTERN_SOCKET_IDLE", "long"),
            ("POSTERN_SOCKET_LIFE", "long"),
            ("POSTERN_SOCKET_MESSAGE", "long"),
        ];
        let message = read(&wrong).unwrap_err();
        for (name, _) in wrong {
            assert!(message.contains(name), "{message}");
        }
        let message = read(&[]).unwrap_err();
        for name in ["POSTERN_SOCKETS_KEY", "POSTERN_HOLDERS"] {
            assert!(message.contains(&format!("{name} is not set")), "{message}");
        }
    }

    #[test]
    fn what_is_not_set_is_as_on_aws() {
        let needed = [
            ("POSTERN_SOCKETS_KEY", "0123456789abcdef"),
            ("POSTERN_HOLDERS", "pushpin=http://h:5561"),
        ];
        assert_eq!(read(&needed).unwrap().limits, Limits::default());
        let [key, holders] = needed;
        let settings = read(&[key, holders, ("POSTERN_SOCKET_IDLE", "5")]).unwrap();
        assert_eq!(settings.limits.idle, Duration::from_secs(5));
    }

    #[test]
    fn fanout_is_published_to_with_a_token() {
        let key = ("POSTERN_SOCKETS_KEY", "0123456789abcdef");
        let fanout = (
            "POSTERN_HOLDERS",
            "fastly:svc=https://api.fastly.com/service/svc",
        );
        let message = read(&[key, fanout]).unwrap_err();
        assert!(
            message.contains("POSTERN_FANOUT_TOKEN is not set"),
            "{message}"
        );
        assert!(read(&[key, fanout, ("POSTERN_FANOUT_TOKEN", "t")]).is_ok());
    }
}
