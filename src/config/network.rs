//! IP networks in the notation of RFC 4632 §3.1 and RFC 4291 §2.3: `10.1.0.0/16`, `fd00::/8`.
//!
//! In: a text. Out: a network that can be asked whether an address lies in it.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer};

use super::value;

/// An IP network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether the address lies in it. An IPv4 address in IPv6 clothing (`::ffff:127.0.0.1`) is
    /// judged as the IPv4 address that the packet would go to.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                u128::from(first.to_bits() ^ address.to_bits()) >> (32 - self.prefix_bits) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(u32::from(128 - self.prefix_bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// What a network looks like.
const WANTED: &str = "an IP network such as \"10.1.0.0/16\", with nothing but zeros after the prefix";

impl FromStr for Network {
    type Err = crate::message::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(crate::message::Malformed(WANTED))
    }
}

fn parse(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/')?;
    let first: IpAddr = address.parse().ok()?;
    let prefix_bits: u8 = prefix.parse().ok()?;
    let (bits, width) = match first {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32_u8),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let host_bits = u32::from(width.checked_sub(prefix_bits)?);
    // `10.1.2.3/8` is either a slip of the prefix or of the address: which one cannot be known.
    let host = bits & !u128::MAX.checked_shl(host_bits).unwrap_or(0);
    (host == 0).then_some(Network { first, prefix_bits })
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        value::checked(from, WANTED, parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("0.0.0.0/0", "203.0.113.7", "::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
            ("::1/128", "::1", "::2"),
            ("fd00::/8", "fdff::1", "fe80::1"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::ffff:128.0.0.1"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert_eq!(parsed.to_string(), network);
            assert!(parsed.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn a_network_with_host_bits_or_without_prefix_is_none() {
        for bad in ["", "10.0.0.1", "10.0.0.1/8", "10.0.0.0/33", "::/129", "fd00::1/8", "10.0.0.0/", "a/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
