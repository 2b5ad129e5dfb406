//! What to do when there is no access_token.

use crate::platform::PlatformError;
use crate::wire::ApiErrcode;

/// The cure, for an operator.
#[must_use]
pub fn token_cure(error: &PlatformError) -> &'static str {
    match error {
        PlatformError::Refused { errcode, .. } => match ApiErrcode::from_code(*errcode) {
            Some(ApiErrcode::IpNotListed) => {
                "add the address that errmsg tells to the account's IP whitelist at mp.weixin.qq.com"
            }
            Some(ApiErrcode::InvalidAppSecret) => {
                "correct the party's app_secret; mp.weixin.qq.com shows a new one once"
            }
            Some(ApiErrcode::InvalidAppid) => "correct the party's appid",
            Some(ApiErrcode::DailyQuotaReached) => "wait for the next day, and see who else asks for tokens",
            _ => "look the errcode up in docs/protocol.md; try again when it is one that passes",
        },
        PlatformError::Unreachable { .. } => {
            "check that this machine reaches platform.base_url (or platform.token_url), and try again"
        }
        PlatformError::Unreadable { .. } => "check what answers at platform.base_url (or platform.token_url)",
        PlatformError::NoToken { .. } | PlatformError::InvalidRequest { .. } => "check the database, and try again",
    }
}
