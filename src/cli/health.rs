//! `nontax health`: asks a running gateway whether it is ready, for container and service checks.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Exit, Failure, Shared, config};

/// How long the gateway may take to answer. Longer than its own wait for the database.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks `/readyz` of the configured admin listener.
///
/// # Errors
/// [`Failure`]: 4 when nobody answers, 1 when the gateway is not ready.
pub async fn run(shared: &Shared, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let config = config::load(shared)?.config;
    let url = format!("http://{}/readyz", reachable(config.server.admin_listen));
    let asked = async {
        let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        let response = client.get(&url).send().await?;
        Ok::<_, reqwest::Error>((response.status(), response.text().await?))
    };
    let (status, text) = asked.await.map_err(|error| {
        Failure::from_error(Exit::Network, &error).with_help("is nontax serve running with this configuration?")
    })?;
    if !status.is_success() {
        return Err(Failure::new(Exit::Failure, format!("not ready: {}", text.trim())));
    }
    writeln!(out, "{}", text.trim()).map_err(|error| Failure::from_error(Exit::Failure, &error))
}

/// A listener on all addresses is reached through loopback.
pub(super) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    listen
}
