//! From where an account calls: the platform's IP lists (source §4.1.1, §4.1.5).

use std::net::IpAddr;

use super::Simulator;
use super::api_error::ApiError;
use crate::wire::ApiErrcode;

impl Simulator {
    /// # Errors
    /// 40164 for an address that may not ask for access_tokens, with a text like the real platform's, which names the address.
    pub(super) fn check_token_ip(&self, from: IpAddr) -> Result<(), ApiError> {
        if is_allowed(self.allowed_token_ips.as_deref(), from) {
            return Ok(());
        }
        let ip = from.to_canonical();
        let ipv6 = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let rid = self.state().tokens.rid();
        let errmsg = format!("invalid ip {ip} ipv6 {ipv6}, not in whitelist rid: {rid}");
        Err(ApiError { errcode: ApiErrcode::IpNotListed.code(), errmsg })
    }

    /// # Errors
    /// 9202003 for an address that may not ask for refunds.
    pub(super) fn check_refund_ip(&self, from: IpAddr) -> Result<(), ApiError> {
        if is_allowed(self.allowed_refund_ips.as_deref(), from) {
            return Ok(());
        }
        Err(ApiError::because(ApiErrcode::IpRestricted, format_args!("{} is not in the list", from.to_canonical())))
    }
}

fn is_allowed(allowed: Option<&[IpAddr]>, from: IpAddr) -> bool {
    allowed.is_none_or(|allowed| allowed.iter().any(|ip| ip.to_canonical() == from.to_canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_the_same_and_an_empty_list_lets_nobody_in() {
        let listed: IpAddr = "203.0.113.9".parse().unwrap();
        let mapped: IpAddr = "::ffff:203.0.113.9".parse().unwrap();
        assert!(is_allowed(Some(&[listed]), mapped) && is_allowed(None, listed));
        assert!(!is_allowed(Some(&[]), listed));
    }
}
