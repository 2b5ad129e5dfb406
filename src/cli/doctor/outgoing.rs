//! From which address of this host the platform is called.

use std::sync::Arc;

use tokio::net::TcpStream;

use super::finding::Finding;
use super::patient::Patient;

const WHAT: &str = "outgoing address";

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let Some(platform) = patient.platform() else { return Vec::new() };
    if let Some(variable) = platform.proxy_variable() {
        let detail = format!("the proxy's: calls go through the one of {variable}; the IP whitelist needs its address");
        return vec![Finding::ok(WHAT, detail)];
    }
    let connected = TcpStream::connect((platform.host.as_str(), platform.port)).await;
    let addresses = connected.and_then(|stream| Ok((stream.local_addr()?.ip(), stream.peer_addr()?)));
    vec![match addresses {
        Ok((local, peer)) if peer.ip().is_loopback() => {
            Finding::ok(WHAT, format!("{local}: the platform is on this host"))
        }
        Ok((local, peer)) => {
            let detail =
                format!("{local} towards {peer}; behind NAT the IP whitelist needs the address that is seen outside");
            Finding::ok(WHAT, detail)
        }
        Err(fault) => {
            let detail = format!("unknown: {}:{} takes no connection: {fault}", platform.host, platform.port);
            Finding::warning(WHAT, detail, "see what is said of the platform")
        }
    }]
}
