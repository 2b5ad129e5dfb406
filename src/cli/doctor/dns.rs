//! Whether the name of the platform's host can be resolved.

use std::net::IpAddr;
use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;

const WHAT: &str = "dns";

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let Some(platform) = patient.platform() else { return Vec::new() };
    if platform.host.parse::<IpAddr>().is_ok() {
        return vec![Finding::ok(WHAT, format!("{} is an address and needs none", platform.host))];
    }
    if let Some(variable) = platform.proxy_variable() {
        return vec![Finding::ok(WHAT, format!("not asked: calls go through the proxy of {variable}"))];
    }
    vec![match tokio::net::lookup_host((platform.host.as_str(), platform.port)).await {
        Ok(found) => {
            let mut addresses: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            Finding::ok(WHAT, format!("{} is {}", platform.host, addresses.join(", ")))
        }
        Err(fault) => {
            let detail = format!("{} cannot be resolved: {fault}", platform.host);
            let cure = "check /etc/resolv.conf and whether this host reaches its name server (域名解析失败)";
            Finding::failure(WHAT, detail, cure)
        }
    }]
}
