//! A connection's id: eleven bytes as sixteen characters, in the form that AWS gives them. The first four bytes say which holder has
//! the socket, the rest is random.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ring::digest::{SHA256, digest};
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

const BYTES: usize = 11;
/// What begins tags of names. No machine has an address that begins so.
const NAMED: u8 = 0xf0;

/// Which holder has a socket. A holder that calls itself by an IPv4 address is known by that, so that a fleet needs no list;
/// another by a hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag([u8; 4]);

impl Tag {
    pub fn of(name: &str) -> Self {
        if let Ok(address) = name.parse::<Ipv4Addr>()
            && address.octets()[0] < NAMED
        {
            return Self(address.octets());
        }
        let hash = digest(&SHA256, name.as_bytes());
        let hash = hash.as_ref();
        Self([NAMED | hash[0], hash[1], hash[2], hash[3]])
    }

    /// The address of a holder that is called by it.
    pub fn address(self) -> Option<Ipv4Addr> {
        (self.0[0] < NAMED).then(|| self.0.into())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionId([u8; BYTES]);

impl ConnectionId {
    /// A new one. That two of the same holder are the same is as likely as guessing 56 bits.
    pub fn new(holder: Tag) -> Self {
        let mut bytes: [u8; BYTES] = rand::random();
        bytes[..4].copy_from_slice(&holder.0);
        Self(bytes)
    }

    pub fn holder(self) -> Tag {
        let [a, b, c, d, ..] = self.0;
        Tag([a, b, c, d])
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE.encode(self.0))
    }
}

impl FromStr for ConnectionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = URL_SAFE.decode(text).map_err(drop)?;
        bytes.try_into().map(Self).map_err(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_looks_like_one_of_aws_and_says_its_holder() {
        for name in ["pushpin", "10.0.3.4", "", "255.255.255.255"] {
            let tag = Tag::of(name);
            for _ in 0..100 {
                let id = ConnectionId::new(tag);
                let text = id.to_string();
                assert!(text.len() == 16 && text.ends_with('='), "{text}");
                assert_eq!(text.parse(), Ok(id));
                assert_eq!(id.holder(), tag);
            }
            assert_ne!(ConnectionId::new(tag), ConnectionId::new(tag));
        }
    }

    #[test]
    fn a_holder_is_known_by_its_address_or_by_its_name() {
        assert_eq!(
            Tag::of("10.0.3.4").address(),
            Some(Ipv4Addr::new(10, 0, 3, 4))
        );
        for name in ["pushpin", "10.0.3", "240.0.0.1", "::1"] {
            assert_eq!(Tag::of(name).address(), None, "{name}");
        }
        assert_ne!(Tag::of("one"), Tag::of("two"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "short",
            "IU3kkeN4IAMCJwA",
            "IU3kkeN4IAMCJwA==",
            "IU3kkeN4IAMCJwAA",
            "IU3kkeN4IAMCJwB=",
            "IU3kkeN4IAMCJw?=",
            "ü",
        ] {
            assert_eq!(text.parse::<ConnectionId>(), Err(()), "{text}");
        }
        assert!("IU3kkeN4IAMCJwA=".parse::<ConnectionId>().is_ok());
    }
}
