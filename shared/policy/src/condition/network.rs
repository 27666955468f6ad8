//! Addresses and blocks of addresses.

use std::net::{IpAddr, Ipv6Addr};

/// All addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    is_v4: bool,
    /// Without the bits that do not count.
    start: u128,
    /// How many bits count, of the 128 that an address of either kind is widened to.
    mask: u128,
}

/// An address of the old kind in the clothes of the new one is what it is.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

impl Network {
    /// A bare address is a block of one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (written, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let written: IpAddr = written.parse().ok()?;
        let width = if written.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => width,
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().ok()?
            }
            Some(_) => return None,
        };
        if bits > width {
            return None;
        }
        let counted = bits + (128 - width);
        let mask = u128::MAX.checked_shl(128 - counted).unwrap_or(0);
        // A block that is wider than all of the old addresses holds those of the new kind, in which none of the old occurs.
        let is_v4 = written.to_canonical().is_ipv4() && counted >= 96;
        Some(Self {
            is_v4,
            start: widened(written) & mask,
            mask,
        })
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.is_v4 == address.is_ipv4() && widened(address) & self.mask == self.start
    }
}

fn widened(address: IpAddr) -> u128 {
    let address: Ipv6Addr = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_the_addresses_that_begin_like_it() {
        for (block, given, expected) in [
            ("203.0.113.0/24", "203.0.113.9", true),
            ("203.0.113.0/24", "203.0.114.9", false),
            ("203.0.113.77/24", "203.0.113.9", true),
            ("203.0.113.9", "203.0.113.9", true),
            ("203.0.113.9", "203.0.113.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::ffff:203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1", "2001:db8:0:0:0:0:0:1", true),
            ("::ffff:203.0.113.0/120", "203.0.113.9", true),
            ("::ffff:0:0/96", "203.0.113.9", true),
            ("10.0.0.0/31", "10.0.0.1", true),
            ("10.0.0.0/31", "10.0.0.2", false),
        ] {
            let network = Network::read(block).unwrap();
            assert_eq!(
                network.has(address(given).unwrap()),
                expected,
                "{block} {given}"
            );
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "203.0.113",
            "203.0.113.0/33",
            "203.0.113.0/",
            "203.0.113.0/+8",
            "203.0.113.0/a",
            "::/129",
            "203.0.113.256",
            "203.0.113.0/24/8",
            "*",
            "203.0.113.0/0024",
        ] {
            assert_eq!(Network::read(text), None, "{text}");
        }
    }
}
