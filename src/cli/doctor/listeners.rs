//! Whether the addresses that are listened on, those that may call and the proxies go together.

use super::finding::Finding;
use super::patient::Patient;
use crate::config::ServerConfig;

const WHAT: &str = "listeners";

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    vec![judge(&patient.config.server)]
}

fn judge(server: &ServerConfig) -> Finding {
    let listen = server.listen;
    if server.allow_from.is_empty() && !listen.ip().is_loopback() {
        let detail = format!("callbacks are taken on {listen} from anybody");
        let cure =
            "list Weixin's addresses in server.allow_from, unless a firewall does it. 建议配置微信出口地址白名单";
        return Finding::warning(WHAT, detail, cure);
    }
    let lets_itself_in = server.allow_from.iter().any(|network| network.contains(&listen.ip()));
    if listen.ip().is_loopback()
        && !server.allow_from.is_empty()
        && server.trusted_proxies.is_empty()
        && !lets_itself_in
    {
        let detail = format!(
            "{listen} is reached through a proxy on this host alone, whose address server.allow_from does not list: every \
             callback is refused with 403"
        );
        let cure =
            "add the proxy to server.trusted_proxies, such as \"127.0.0.1\", so that X-Forwarded-For is believed";
        return Finding::failure(WHAT, detail, cure);
    }
    let from = match server.allow_from.len() {
        0 => "this host".to_owned(),
        1 => "1 network".to_owned(),
        more => format!("{more} networks"),
    };
    Finding::ok(WHAT, format!("callbacks on {listen} from {from}, admin on {}", server.admin_listen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Level;
    use crate::config;

    fn judged(listen: &str, allow_from: &[&str], trusted_proxies: &[&str]) -> Level {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let server = ServerConfig {
            listen: listen.parse().unwrap(),
            allow_from: networks(allow_from),
            trusted_proxies: networks(trusted_proxies),
            ..config::built_in().server
        };
        judge(&server).level
    }

    #[test]
    fn who_may_call_must_be_able_to() {
        assert_eq!(judged("127.0.0.1:8080", &[], &[]), Level::Ok);
        assert_eq!(judged("0.0.0.0:8080", &["203.0.113.0/24"], &[]), Level::Ok);
        assert_eq!(judged("0.0.0.0:8080", &[], &[]), Level::Warning);
        assert_eq!(judged("127.0.0.1:8080", &["203.0.113.0/24"], &[]), Level::Failure);
        assert_eq!(judged("127.0.0.1:8080", &["203.0.113.0/24"], &["127.0.0.1/32"]), Level::Ok);
        assert_eq!(judged("127.0.0.1:8080", &["127.0.0.0/8"], &[]), Level::Ok);
    }
}
