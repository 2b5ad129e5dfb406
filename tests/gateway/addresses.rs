//! Who may call, over HTTP: addresses, networks, and what a proxy says of who calls.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nontax_gateway::server::AddressRules;
use tokio::net::TcpListener;

use crate::book::party;
use crate::served::{Served, Setup};
use crate::weixin::{envelope, query};

/// A gateway with these rules on one of this machine's addresses, over a new SQLite file.
async fn served(listen: IpAddr, allow_from: &[&str], trusted_proxies: &[&str]) -> (Served, crate::stores::TestStore) {
    let test = crate::stores::sqlite().await;
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let rules = AddressRules { allow_from: networks(allow_from), trusted_proxies: networks(trusted_proxies) };
    let served = Setup { listen, address_rules: rules, ..Setup::default() }.serve(&test.store).await;
    (served, test)
}

/// The status of a query, with these values of X-Forwarded-For.
async fn status(served: &Served, forwarded: &[&str]) -> u16 {
    let url = format!("http://{}/callback/{}/receivables", served.callbacks, party());
    let mut request = served.client.post(url).body(envelope(query("1").to_string().as_bytes()).to_string());
    for value in forwarded {
        request = request.header("x-forwarded-for", *value);
    }
    request.send().await.unwrap().status().as_u16()
}

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

#[tokio::test]
async fn addresses_and_networks_of_both_kinds() {
    let cases: [(&[&str], u16); 5] = [
        (&[], 200),
        (&["127.0.0.1/32"], 200),
        (&["127.0.0.0/8", "192.0.2.0/24"], 200),
        (&["192.0.2.0/24"], 403),
        (&["::1/128"], 403),
    ];
    for (allow_from, expected) in cases {
        let (served, _test) = served(V4, allow_from, &[]).await;
        assert_eq!(status(&served, &[]).await, expected, "{allow_from:?}");
        let rejected = if expected == 403 { 1.0 } else { 0.0 };
        assert_eq!(served.sample("nontax_rejected_addresses_total").await, Some(rejected));
    }
}

#[tokio::test]
async fn addresses_of_ipv6() {
    if TcpListener::bind((V6, 0)).await.is_err() {
        eprintln!("this machine has no IPv6: nothing to test");
        return;
    }
    let cases: [(&[&str], u16); 4] =
        [(&["::1/128"], 200), (&["::/64"], 200), (&["2001:db8::/32"], 403), (&["127.0.0.0/8"], 403)];
    for (allow_from, expected) in cases {
        let (served, _test) = served(V6, allow_from, &[]).await;
        assert_eq!(status(&served, &[]).await, expected, "{allow_from:?}");
    }
    // An IPv4 caller of a listener for both is known by its IPv4 address.
    let both = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let (mut served, _test) = served(both, &["127.0.0.0/8"], &[]).await;
    served.callbacks.set_ip(V4);
    assert_eq!(status(&served, &[]).await, 200);
}

#[tokio::test]
async fn a_stranger_s_word_on_who_calls_is_not_believed() {
    let (closed, _test) = served(V4, &["192.0.2.0/24"], &[]).await;
    assert_eq!(status(&closed, &["192.0.2.1"]).await, 403);
    // Nor is a stranger told which paths there are.
    for path in ["/", "/metrics", "/callback/nobody/receivables"] {
        let response = closed.client.post(format!("http://{}{path}", closed.callbacks)).send().await.unwrap();
        assert_eq!(response.status(), 403, "{path}");
    }
    let (open, _other_test) = served(V4, &["127.0.0.1/32"], &[]).await;
    assert_eq!(status(&open, &["203.0.113.9"]).await, 200);
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_from_the_right() {
    let (served, _test) = served(V4, &["192.0.2.0/24", "2001:db8::/32"], &["127.0.0.0/8", "10.0.0.0/8"]).await;
    let cases: [(&[&str], u16); 12] = [
        (&["192.0.2.1"], 200),
        (&["2001:db8::7"], 200),
        (&["192.0.2.1:4711"], 200),
        (&["203.0.113.9"], 403),
        // What a caller wrote himself stands on the left.
        (&["192.0.2.1, 203.0.113.9"], 403),
        (&["192.0.2.1", "203.0.113.9"], 403),
        (&["203.0.113.9, 192.0.2.1"], 200),
        (&["203.0.113.9", "192.0.2.1, 10.0.0.3"], 200),
        (&["192.0.2.1, 203.0.113.9, 10.0.0.3"], 403),
        // The chain ends where it cannot be read, or there is none: the proxy itself may not call.
        (&["192.0.2.1, nonsense"], 403),
        (&["192.0.2.1, "], 403),
        (&[], 403),
    ];
    for (forwarded, expected) in cases {
        assert_eq!(status(&served, forwarded).await, expected, "{forwarded:?}");
    }
}

#[tokio::test]
async fn the_admin_listener_asks_nobody_where_he_comes_from() {
    let (served, _test) = served(V4, &["192.0.2.0/24"], &[]).await;
    assert_eq!(served.admin("/livez").await.0, 200);
}
