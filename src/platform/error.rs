//! What can go wrong with a call to the platform, by whose fault it is.

use std::net::IpAddr;

use super::ErrcodeAdvice;
use crate::wire::{ApiErrcode, Locale, RequestProblem};

/// What stands for the path of an API where another central server was asked for the token.
pub(super) const TOKEN_SERVER: &str = "token_url";

/// A call that gave no usable reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The request breaks rules of the platform, which would refuse it. Nothing was sent.
    #[error("{api}: the request was not sent: {}", joined(.problems))]
    InvalidRequest {
        /// The path of the API.
        api: &'static str,
        /// All of them.
        problems: Vec<RequestProblem>,
    },
    /// The platform was not reached, or broke off, or took too long.
    #[error("{api}: the platform could not be reached: {problem}")]
    Unreachable {
        /// The path of the API.
        api: &'static str,
        /// What happened, without the URL: it holds the token.
        problem: String,
    },
    /// What came back is not the reply of this API.
    #[error("{api}: the platform's reply cannot be read: {problem}")]
    Unreadable {
        /// The path of the API.
        api: &'static str,
        /// What was received, cut and masked.
        problem: String,
    },
    /// The platform refused.
    #[error("{api}: the platform refused with errcode {errcode}: {errmsg}{}", address_seen(*.errcode, .errmsg))]
    Refused {
        /// The path of the API.
        api: &'static str,
        /// Its errcode.
        errcode: i64,
        /// Its words.
        errmsg: String,
    },
    /// The call was not made: there is no access_token to make it with.
    #[error("there is no access_token: {problem}")]
    NoToken {
        /// Why.
        problem: String,
    },
}

impl PlatformError {
    /// The path of the API that was called, or was to be called; `access_token` when there was none to call it with.
    #[must_use]
    pub const fn api(&self) -> &'static str {
        match self {
            Self::InvalidRequest { api, .. }
            | Self::Unreachable { api, .. }
            | Self::Unreadable { api, .. }
            | Self::Refused { api, .. } => api,
            Self::NoToken { .. } => "access_token",
        }
    }

    /// The platform's errcode, when it refused.
    #[must_use]
    pub const fn errcode(&self) -> Option<i64> {
        match self {
            Self::Refused { errcode, .. } => Some(*errcode),
            Self::InvalidRequest { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } | Self::NoToken { .. } => {
                None
            }
        }
    }

    /// What stands behind the errcode and what to do about it, when the platform refused.
    #[must_use]
    pub fn errcode_advice(&self, locale: Locale) -> Option<ErrcodeAdvice> {
        self.errcode().map(|errcode| ErrcodeAdvice::of_code(errcode, locale))
    }

    /// What an operator does about it.
    #[must_use]
    pub fn cure(&self, locale: Locale) -> &'static str {
        let in_language = |chinese, english| match locale {
            Locale::Chinese => chinese,
            Locale::English => english,
        };
        match self {
            Self::InvalidRequest { .. } => in_language("更正所指出的字段", "correct the fields that are named"),
            Self::Unreachable { .. } => in_language(
                "用 nontax doctor 查明是域名、线路还是证书的问题；更正 platform.base_url（或 platform.token_url），或放行本机的出口",
                "nontax doctor tells whether DNS, the way there or the certificate is at fault; correct platform.base_url (or \
                 platform.token_url), or let this host out to it",
            ),
            Self::Unreadable { .. } => in_language(
                "有其他程序代替平台作了应答：检查 platform.base_url（或 platform.token_url）和代理",
                "something between here and the platform answers in its place: check platform.base_url (or \
                 platform.token_url) and the proxy",
            ),
            Self::Refused { errcode, .. } => ErrcodeAdvice::of_code(*errcode, locale).cure,
            Self::NoToken { .. } => in_language(
                "检查数据库后重试；nontax doctor 会检查数据库和到平台的线路",
                "check the database, and try again; nontax doctor looks at it and at the way to the platform",
            ),
        }
    }

    /// The address that the platform saw this machine call from, when it is not on the account's whitelist (40164).
    #[must_use]
    pub fn seen_ip(&self) -> Option<IpAddr> {
        match self {
            Self::Refused { errcode, errmsg, .. } => seen_ip(*errcode, errmsg),
            Self::InvalidRequest { .. } | Self::Unreachable { .. } | Self::Unreadable { .. } | Self::NoToken { .. } => {
                None
            }
        }
    }

    /// Whether the platform may have done what was asked although it gave no word of it: the call broke off, its reply cannot be
    /// read, or it says -1. A call for an access token that failed leaves no doubt: the call that needed it was not made.
    #[must_use]
    pub fn outcome_is_unknown(&self) -> bool {
        match self {
            Self::InvalidRequest { .. } | Self::NoToken { .. } => false,
            Self::Unreachable { api, .. } | Self::Unreadable { api, .. } => {
                !api.starts_with("/cgi-bin/") && *api != TOKEN_SERVER
            }
            Self::Refused { errcode, .. } => ApiErrcode::from_code(*errcode) == Some(ApiErrcode::SystemError),
        }
    }
}

fn joined(problems: &[RequestProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The first address in the words of 40164: `invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist`.
fn seen_ip(errcode: i64, errmsg: &str) -> Option<IpAddr> {
    if ApiErrcode::from_code(errcode) != Some(ApiErrcode::IpNotListed) {
        return None;
    }
    let words = errmsg.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':'));
    words.filter_map(|word| word.parse::<IpAddr>().ok()).map(|address| address.to_canonical()).next()
}

fn address_seen(errcode: i64, errmsg: &str) -> String {
    seen_ip(errcode, errmsg).map_or_else(String::new, |address| {
        format!("; the platform saw the address {address}, which is not on the account's IP whitelist")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errcode: i64, errmsg: &str) -> PlatformError {
        PlatformError::Refused { api: "/cgi-bin/stable_token", errcode, errmsg: errmsg.to_owned() }
    }

    #[test]
    fn an_address_that_is_not_listed_is_told() {
        for (errmsg, seen) in [
            ("invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 5f1a-b2", "203.0.113.9"),
            ("invalid ip ::ffff:203.0.113.9, not in whitelist", "203.0.113.9"),
            ("invalid ip 2001:db8::7, not in whitelist", "2001:db8::7"),
        ] {
            let error = refused(40164, errmsg);
            assert_eq!(error.seen_ip(), Some(seen.parse().unwrap()), "{errmsg}");
            let told = error.to_string();
            assert!(
                told.contains(&format!("saw the address {seen}, which is not on the account's IP whitelist")),
                "{told}"
            );
        }
        assert_eq!(refused(40164, "invalid ip").seen_ip(), None);
        assert_eq!(refused(40013, "invalid appid 203.0.113.9").seen_ip(), None);
    }

    #[test]
    fn every_failure_has_a_cure_in_both_languages() {
        let (api, problem) = ("/nontax/getorder", String::new());
        for error in [
            PlatformError::InvalidRequest { api, problems: Vec::new() },
            PlatformError::Unreachable { api, problem: problem.clone() },
            PlatformError::Unreadable { api, problem: problem.clone() },
            PlatformError::NoToken { problem },
            refused(40164, "invalid ip"),
        ] {
            let (chinese, english) = (error.cure(Locale::Chinese), error.cure(Locale::English));
            assert!(english.is_ascii() && !chinese.is_ascii(), "{error}");
        }
    }

    #[test]
    fn only_a_call_that_was_made_leaves_its_outcome_open() {
        let broken = |api| PlatformError::Unreachable { api, problem: String::new() };
        assert!(broken("/nontax/refund").outcome_is_unknown());
        assert!(!broken("/cgi-bin/stable_token").outcome_is_unknown());
        assert!(refused(-1, "").outcome_is_unknown() && !refused(9_202_011, "").outcome_is_unknown());
        let problem = RequestProblem { field: "fee".into(), rule: "must be above 0".into() };
        let unsent = PlatformError::InvalidRequest { api: "/nontax/refund", problems: vec![problem] };
        assert!(!unsent.outcome_is_unknown());
        assert_eq!(unsent.to_string(), "/nontax/refund: the request was not sent: fee: must be above 0");
    }
}
