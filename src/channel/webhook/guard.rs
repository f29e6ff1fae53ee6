//! Where a push may go: to the internet, and elsewhere only where the operator says so.
//!
//! In: an address, or a name to be resolved. Out: the addresses that may be dialled. An agency chooses
//! its own URL; without this it could make the gateway post into its operator's own network, to the
//! metadata service of a cloud or to itself. The name is judged by what it resolves to at each
//! connection, and exactly those addresses are dialled: a name that changes in between gains nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::config::Network;

/// The name resolves, but only to addresses that are not to be dialled.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the server is in a network that it may not be in")]
pub(super) struct Forbidden;

/// A rule of addresses: all public ones, and those in the listed networks.
#[derive(Clone, Default)]
pub(super) struct Guard {
    allow: Arc<[Network]>,
}

impl Guard {
    pub(super) fn new(allow: Vec<Network>) -> Self {
        Self { allow: allow.into() }
    }

    /// Whether the address may be dialled.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.allow.iter().any(|network| network.contains(address))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            let permitted: Vec<_> = found.into_iter().filter(|to| guard.permits(to.ip())).collect();
            if permitted.is_empty() {
                return Err(Forbidden.into());
            }
            let permitted: Addrs = Box::new(permitted.into_iter());
            Ok(permitted)
        })
    }
}

/// The address in a URL that names its host by one. `Url` has brought it to its usual form before:
/// `https://0x7f.1/` is 127.0.0.1 here.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Whether the address is one of the internet's, after the special-purpose registries of IANA (RFC
/// 6890 and those that followed). What is not known to be public is not.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127, ..]                   // this network, private, loopback
            | [100, 64..=127, ..]            // shared by carriers (RFC 6598)
            | [169, 254, ..]                 // link-local, metadata services
            | [172, 16..=31, ..]             // private
            | [192, 0, 0 | 2, _]             // protocol assignments, documentation
            | [192, 88, 99, _]               // relays of 6to4 (RFC 7526)
            | [192, 168, ..]                 // private
            | [198, 18 | 19, ..]             // benchmarks
            | [198, 51, 100, _]              // documentation
            | [203, 0, 113, _]               // documentation
            | [224..=255, ..] // multicast, reserved, broadcast
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // An IPv4 server seen through a translator (RFC 6052 section 2.1): judged as what it is.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        [0x2001, 0..=0x1ff, ..]              // protocol assignments, Teredo, benchmarks
        | [0x2001, 0xdb8, ..]                // documentation
        | [0x2002, ..]                       // 6to4: an IPv4 address in disguise
        | [0x3fff, 0..=0xfff, ..] => false,  // documentation (RFC 9637)
        // Global unicast is 2000::/3; loopback, unique-local, link-local and multicast lie outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 \
        192.167.255.255 223.255.255.255 2606:4700::1111 2001:200::1 64:ff9b::101:101";

    const NOT_PUBLIC: &str = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.254 \
        169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 \
        198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 \
        255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 \
        64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1 \
        2002:7f00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";

    fn addresses(list: &str) -> impl Iterator<Item = IpAddr> {
        list.split(' ').map(|text| text.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_are_dialled() {
        let guard = Guard::default();
        for address in addresses(PUBLIC) {
            assert!(guard.permits(address), "{address}");
        }
        for address in addresses(NOT_PUBLIC) {
            assert!(!guard.permits(address), "{address}");
        }
    }

    #[test]
    fn a_listed_network_is_open_and_its_neighbours_are_not() {
        let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
        for address in addresses("10.1.2.3 ::ffff:10.1.2.3 ::1 1.1.1.1") {
            assert!(guard.permits(address), "{address}");
        }
        for address in addresses("10.2.0.1 127.0.0.1 ::2 fd00::1") {
            assert!(!guard.permits(address), "{address}");
        }
    }

    #[test]
    fn an_address_in_a_url_is_seen_through_its_disguises() {
        for (url, wanted) in [
            ("https://127.0.0.1/", Some("127.0.0.1")),
            ("https://0x7f.1:8443/", Some("127.0.0.1")),
            ("https://2130706433/", Some("127.0.0.1")),
            ("https://0177.0.0.1./", Some("127.0.0.1")),
            ("https://１２７.0.0.1/", Some("127.0.0.1")),
            ("https://[::1]/", Some("::1")),
            ("https://[::ffff:7f00:1]/", Some("::ffff:127.0.0.1")),
            ("https://127.0.0.1.example/", None),
            ("https://localhost/", None),
        ] {
            let wanted = wanted.map(|text| text.parse().unwrap());
            assert_eq!(literal(&url.parse().unwrap()), wanted, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_resolves_to() {
        let localhost = || "localhost".parse().unwrap();
        let refused = Guard::default().resolve(localhost()).await.err().unwrap();
        assert!(refused.is::<Forbidden>());
        let loopback = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let open = Guard::new(loopback.into());
        assert!(open.resolve(localhost()).await.unwrap().all(|address| address.ip().is_loopback()));
    }
}
