//! Whether the platform is reached, and by a certificate that is its own.

use std::sync::Arc;

use super::finding::Finding;
use super::patient::Patient;
use super::probe::probe;
use crate::app::chain;

const WHAT: &str = "platform";

pub(super) async fn check(patient: Arc<Patient>) -> Vec<Finding> {
    let base_url = &patient.config.platform.base_url;
    vec![match probe(base_url).await {
        Ok(_) if base_url.starts_with("http://") => {
            Finding::ok(WHAT, format!("{base_url} answers, on this host without TLS"))
        }
        Ok(_) => Finding::ok(WHAT, format!("{base_url} answers, and its certificate is good")),
        Err(error) => {
            let cure = cure(&chain(&error).to_lowercase());
            Finding::failure(WHAT, format!("{base_url}: {}", chain(&error.without_url())), cure)
        }
    }]
}

/// What to do, by what the libraries of TLS and HTTP said.
fn cure(said: &str) -> &'static str {
    if said.contains("certificate") {
        return if said.contains("expired") || said.contains("notvalidyet") || said.contains("not valid yet") {
            "the certificate's time does not fit: check this host's clock first (证书有效期)"
        } else if said.contains("notvalidforname") || said.contains("not valid for name") {
            "another host answers: check platform.base_url, DNS and proxies (证书域名不符)"
        } else {
            "a firewall that opens TLS answers in the platform's place, or this host lacks the root certificates: install \
             ca-certificates (证书不受信任)"
        };
    }
    if said.contains("invalidcontenttype") || said.contains("corrupt message") || said.contains("handshake") {
        return "what answers there does not speak TLS: check host and port of platform.base_url, and proxies";
    }
    "let this host out to the platform's port in the firewall, or set HTTPS_PROXY (无法连接微信接口)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_certificate_is_told_from_no_way_there() {
        for (said, part) in [
            ("error sending request: invalid peer certificate: unknownissuer", "ca-certificates"),
            ("error sending request: invalid peer certificate: expired", "clock"),
            ("invalid peer certificate: certificate expired: verification time 1 (unix)", "clock"),
            ("invalid peer certificate: certificate not valid for name \"api.weixin.qq.com\"", "another host answers"),
            ("received corrupt message of type invalidcontenttype", "does not speak TLS"),
            ("error sending request: client error (connect): tcp connect error: connection refused", "firewall"),
        ] {
            assert!(cure(said).contains(part), "{said}: {}", cure(said));
        }
    }
}
