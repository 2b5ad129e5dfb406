//! Who calls: the address behind trusted proxies, and whether it may.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;

use super::Gateway;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddress(pub(super) SocketAddr);

/// The address that a request comes from, behind trusted proxies.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// Who may call, and whose word on who calls is believed.
#[derive(Clone, Debug, Default)]
pub struct AddressRules {
    /// Addresses or networks that may call; empty means anybody.
    pub allow_from: Vec<IpNet>,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl AddressRules {
    /// The client's address. X-Forwarded-For is read from the right: each trusted proxy vouches for the address that it
    /// appended, and the first address that is no trusted proxy's is the client. What stands left of it, anybody may have written.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = headers.get_all(X_FORWARDED_FOR).iter().rev();
        // Bytes, not text: whatever a client wrote at the left must not hide what a proxy appended at the right.
        for hop in hops.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')) {
            if !contains(&self.trusted_proxies, client) {
                break;
            }
            // What cannot be read is where the chain of trust ends.
            let Some(address) = std::str::from_utf8(hop).ok().and_then(parse_hop) else { break };
            client = address;
        }
        client
    }

    fn admits(&self, client: IpAddr) -> bool {
        self.allow_from.is_empty() || contains(&self.allow_from, client)
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: alone, with a port, in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop
        .parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| hop.trim_start_matches('[').trim_end_matches(']').parse());
    address.ok().map(|address| address.to_canonical())
}

/// Turns away whoever may not call, before anything of the request is read.
pub(super) async fn admit(State(gateway): State<Arc<Gateway>>, mut request: Request, next: Next) -> Response {
    let Some(PeerAddress(peer)) = request.extensions().get::<PeerAddress>().copied() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let client = gateway.address_rules.client(peer.ip(), request.headers());
    if !gateway.address_rules.admits(client) {
        gateway.metrics.rejected_addresses.inc();
        tracing::warn!(%client, path = request.uri().path(), "turned away: the address is not in server.allow_from");
        return StatusCode::FORBIDDEN.into_response();
    }
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow: &[&str], trust: &[&str]) -> AddressRules {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        AddressRules { allow_from: networks(allow), trusted_proxies: networks(trust) }
    }

    fn client(rules: &AddressRules, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        rules.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_trusted() {
        let rules = rules(&[], &["10.0.0.0/8"]);
        assert_eq!(client(&rules, "203.0.113.9", &["192.0.2.1"]), "203.0.113.9");
        assert_eq!(client(&rules, "10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn the_chain_is_read_from_the_right() {
        let rules = rules(&[], &["10.0.0.0/8", "fd00::/8"]);
        assert_eq!(client(&rules, "10.0.0.1", &["192.0.2.1, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client(&rules, "10.0.0.1", &["192.0.2.1", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(client(&rules, "10.0.0.1", &["192.0.2.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client(&rules, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client(&rules, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_writes_does_not_hide_what_a_proxy_appends() {
        let rules = rules(&[], &["10.0.0.0/8"]);
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, axum::http::HeaderValue::from_bytes(b"\xff, 198.51.100.9").unwrap());
        assert_eq!(rules.client("10.0.0.1".parse().unwrap(), &headers).to_string(), "198.51.100.9");
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        let rules = rules(&[], &["10.0.0.0/8"]);
        assert_eq!(client(&rules, "10.0.0.1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client(&rules, "10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client(&rules, "10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client(&rules, "::ffff:10.0.0.1", &["::ffff:192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn an_empty_list_admits_anybody() {
        assert!(rules(&[], &[]).admits("192.0.2.1".parse().unwrap()));
        let listed = rules(&["192.0.2.0/24", "2001:db8::7/128"], &[]);
        assert!(listed.admits("192.0.2.200".parse().unwrap()));
        assert!(listed.admits("2001:db8::7".parse().unwrap()));
        assert!(!listed.admits("192.0.3.1".parse().unwrap()));
        assert!(!listed.admits("2001:db8::8".parse().unwrap()));
    }
}
