//! Where a webhook may go: to public addresses by https, and into networks that are listed.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use reqwest::Url;

/// IPv4 networks that are nobody's on the internet: this host, private ones, link-local (where clouds keep their secrets),
/// documentation, benchmarks, multicast, reserved.
const NOT_PUBLIC_V4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

/// What is given out of IPv6; all else is private, local, multicast or a way to an IPv4 address.
const PUBLIC_V6: &str = "2000::/3";

/// Within that: Teredo and other special uses, documentation, and 6to4, which leads to an IPv4 address.
const NOT_PUBLIC_V6: [&str; 4] = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

/// Which addresses a webhook may reach.
#[derive(Clone, Debug)]
pub struct TargetRules {
    /// The networks that are listed.
    pub networks: Vec<IpNet>,
    /// Whether public addresses are allowed besides.
    pub public: bool,
}

impl TargetRules {
    /// Whether an address may be reached.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address)) || (self.public && is_public(address))
    }
}

/// Reads the URL of a webhook. `networks` are those that are listed.
///
/// # Errors
/// What is wrong with it, to stand behind the key.
pub fn check_target(url: &str, networks: &[IpNet]) -> Result<(Url, TargetRules), String> {
    let url: Url = url.parse().map_err(|error| format!("it is not a URL: {error}"))?;
    let rules = TargetRules { networks: networks.to_vec(), public: url.scheme() == "https" };
    match url.scheme() {
        "https" => {}
        "http" if !networks.is_empty() => {}
        "http" => {
            return Err("http is taken for a network in allow_networks only: nothing of it is encrypted".to_owned());
        }
        _ => return Err("it begins neither with https:// nor with http://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or password in it is not taken: the signature tells who calls".to_owned());
    }
    if let Some(address) = literal(&url).filter(|address| !rules.permits(*address)) {
        return Err(format!("{address} is not a public address: list its network in allow_networks if it is meant"));
    }
    Ok((url, rules))
}

/// The address, where the host is one.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_public(address: IpAddr) -> bool {
    let within = |network: &str| network.parse::<IpNet>().is_ok_and(|network| network.contains(&address));
    match address {
        IpAddr::V4(_) => !NOT_PUBLIC_V4.into_iter().any(within),
        IpAddr::V6(Ipv6Addr { .. }) => within(PUBLIC_V6) && !NOT_PUBLIC_V6.into_iter().any(within),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached_unless_their_network_is_listed() {
        let open = TargetRules { networks: Vec::new(), public: true };
        for address in ["8.8.8.8", "203.0.114.1", "2606:4700::1"] {
            assert!(open.permits(address.parse().unwrap()), "{address}");
        }
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "100.64.0.1",
        ];
        for address in private {
            assert!(!open.permits(address.parse().unwrap()), "{address}");
        }
        let listed = TargetRules { networks: vec!["10.1.0.0/16".parse().unwrap()], public: false };
        assert!(listed.permits("10.1.2.3".parse().unwrap()) && listed.permits("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!listed.permits("10.2.0.1".parse().unwrap()) && !listed.permits("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn a_url_says_what_is_wrong_with_it() {
        let networks = ["10.0.0.0/8".parse().unwrap()];
        assert!(check_target("https://erp.example.gov.cn/hook?a=b", &[]).is_ok());
        assert!(check_target("http://10.1.2.3:8080/hook", &networks).is_ok());
        for (url, cause) in [
            ("http://erp.example/hook", "encrypted"),
            ("https://127.0.0.1/hook", "not a public address"),
            ("https://[::1]/hook", "not a public address"),
            ("https://2130706433/hook", "not a public address"),
            ("https://user:secret@erp.example/", "user or password"),
            ("ftp://erp.example/", "neither"),
            ("erp", "not a URL"),
        ] {
            let told = check_target(url, &[]).unwrap_err();
            assert!(told.contains(cause) && !told.contains("secret"), "{url}: {told}");
        }
    }
}
