//! Whether a party gets an access_token. Of the token itself only a prefix of its digest is shown.

use std::sync::Arc;

use super::finding::Finding;
use crate::platform::{PlatformError, TokenSource};
use crate::wire::{ApiErrcode, Locale};

/// What a line about a party's token is called.
pub(super) fn what(party: &str) -> String {
    format!("access_token {party}")
}

/// Asks the party's own source, which may hold one already.
pub(super) async fn check(party: String, tokens: Arc<dyn TokenSource>) -> Vec<Finding> {
    let what = what(&party);
    vec![match tokens.current().await {
        Ok(token) => Finding::ok(&what, format!("there is one (sha256 {}…)", token.token.digest_prefix())),
        Err(error @ PlatformError::Unreachable { .. }) => {
            Finding::failure(&what, error.to_string(), "see what is said of the platform")
        }
        Err(error @ PlatformError::NoToken { .. }) => {
            Finding::warning(&what, error.to_string(), "see nontax token show")
        }
        Err(error) => Finding::failure(&what, detail(&error), error.cure(Locale::English)),
    }]
}

/// Without an AppSecret there is nothing to ask with; the configuration's check says what that means for its role.
pub(super) fn without_app_secret(party: &str) -> Finding {
    Finding::ok(&what(party), "not asked: the party has no app_secret")
}

fn detail(error: &PlatformError) -> String {
    let PlatformError::Refused { errcode, errmsg, .. } = error else { return error.to_string() };
    let Some(known) = ApiErrcode::from_code(*errcode) else {
        return format!("the platform refused with errcode {errcode}: {errmsg}");
    };
    let meaning = format!("the platform refused with errcode {errcode} ({}, {})", known.text(), known.chinese());
    error.seen_ip().map_or_else(|| meaning.clone(), |address| format!("{meaning}: it saw {address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(errcode: i64, errmsg: &str) -> String {
        detail(&PlatformError::Refused { api: "/cgi-bin/stable_token", errcode, errmsg: errmsg.to_owned() })
    }

    #[test]
    fn the_address_that_the_platform_saw_is_told() {
        let errmsg = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6543-21";
        assert!(refused(40164, errmsg).ends_with("it saw 203.0.113.7"), "{}", refused(40164, errmsg));
        assert!(!refused(40164, "no address here").contains("it saw"));
    }

    #[test]
    fn an_unknown_errcode_keeps_the_platforms_words() {
        assert!(refused(50007, "account frozen").contains("50007: account frozen"));
    }
}
